"""Brier score and expected calibration error against plain sums and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from training.statistics import brier_score, expected_calibration_error

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
