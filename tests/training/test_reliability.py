"""Brier score and expected calibration error against plain sums and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss

from training.statistics import brier_score, expected_calibration_error, fit_temperature, reliability_diagram

_CASES = st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=40)


@given(_CASES)
def test_brier_is_scikit_learns(cases: list[tuple[bool, float]]) -> None:
    truth, probability = [int(label) for label, _ in cases], [value for _, value in cases]
    assert brier_score(truth, probability) == pytest.approx(brier_score_loss(truth, probability, labels=[0, 1]))


@given(_CASES)
def test_calibration_error_is_the_sum_over_bins(cases: list[tuple[bool, float]]) -> None:
    bins: dict[int, list[tuple[bool, float]]] = {}
    for label, value in cases:
        bins.setdefault(min(int(value * 10), 9), []).append((label, value))
    expected = sum(abs(sum(label - value for label, value in held)) for held in bins.values()) / len(cases)
    assert expected_calibration_error([int(label) for label, _ in cases], [v for _, v in cases]) == pytest.approx(
        expected, abs=1e-12
    )


def test_right_probabilities_of_many_cases_have_a_small_error() -> None:
    generator = np.random.default_rng(0)
    probability = generator.random(20_000)
    truth = (generator.random(20_000) < probability).astype(int)
    assert expected_calibration_error(truth, probability) < 0.02
    assert expected_calibration_error(truth, probability**3) > 0.15


@pytest.mark.parametrize(
    ("truth", "probability"), [([], []), ([1], [1.5]), ([0], [-0.1]), ([2], [0.5]), ([1], [np.nan])]
)
def test_other_input_is_refused(truth: list[int], probability: list[float]) -> None:
    for measure in (brier_score, expected_calibration_error):
        with pytest.raises(ValueError, match=r"probabilit|truth|not a number"):
            measure(truth, probability)


@given(_CASES, st.integers(1, 15))
def test_the_diagram_holds_every_case(cases: list[tuple[bool, float]], n_bins: int) -> None:
    truth, probability = np.array([int(label) for label, _ in cases]), np.array([value for _, value in cases])
    found = reliability_diagram(truth, probability, n_bins)
    assert found.counts.sum() == found.n == len(cases)
    for i, count in enumerate(found.counts):
        place = np.minimum((probability * n_bins).astype(int), n_bins - 1) == i
        assert place.sum() == count
        expected = [probability[place].mean(), truth[place].mean()] if count else [np.nan, np.nan]
        np.testing.assert_allclose([found.mean_probability[i], found.observed_share[i]], expected)
    filled = found.counts > 0
    distance = np.abs(found.mean_probability - found.observed_share)[filled]
    assert found.expected_error == pytest.approx((distance * found.counts[filled]).sum() / len(cases), abs=1e-12)
    assert found.largest_error == distance.max()


def test_a_diagram_of_nothing_is_nan_with_a_reason() -> None:
    found = reliability_diagram([], [])
    assert np.isnan([found.expected_error, found.largest_error]).all()
    assert (found.n, bool(found.reason)) == (0, True)
    with pytest.raises(ValueError, match="bin"):
        reliability_diagram([1], [0.5], 0)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_temperature_that_was_put_in_is_found(temperature: float) -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(8000, 2)) * 3
    truth = (generator.random(logits.shape) < expit(logits / temperature)).astype(int)
    found = fit_temperature(truth, logits)
    assert found.value == pytest.approx(temperature, rel=0.06)
    assert found.loss_after <= found.loss_before
    assert found.loss_after == pytest.approx(log_loss(truth.ravel(), expit(logits.ravel() / found.value)))


def test_a_temperature_that_cannot_be_told() -> None:
    one_class = fit_temperature([1, 1], [2.0, 3.0])
    assert np.isnan(one_class.value)
    assert one_class.reason
    separated = fit_temperature([0, 1], [-2.0, 2.0])
    assert "bound" in separated.reason
    with pytest.raises(ValueError, match="one shape"):
        fit_temperature([0, 1], [[0.1, 0.2]])
