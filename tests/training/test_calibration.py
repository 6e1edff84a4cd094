"""Platt scaling finds what was put in, keeps every order, and becomes part of the network exactly."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from training.calibration import (
    MIN_SCALE,
    Platt,
    calibration_rows,
    fit_patterns,
    fit_platt,
    fold_into,
    left_out_probabilities,
    probabilities,
    reliability_rows,
)
from training.evaluation import Judged, pattern_aucs
from training.fit import HeadSettings, new_network
from training.folds import Fold, grouped_folds

_SHRINK = Platt(0.25, -1.5, 5, 9, "Platt")
_STRETCH = Platt(2.0, 0.75, 7, 7, "Platt")


def _drawn(scale: float, offset: float, n: int = 20_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (1, n) and outcomes (n,) of probability sigmoid(scale * logit + offset)."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(-1.0, 4.0, n)
    return logits[None], (generator.random(n) < expit(scale * logits + offset)).astype(np.int64)


@pytest.mark.parametrize(("scale", "offset"), [(1.0, 0.0), (0.3, -1.0), (0.1, 2.0), (2.5, -0.5)])
def test_known_scale_and_offset_are_found(scale: float, offset: float) -> None:
    found = fit_platt(*_drawn(scale, offset))
    assert found.scale == pytest.approx(scale, rel=0.08)
    assert found.offset == pytest.approx(offset, abs=0.12)
    assert found.method == "Platt"


def test_it_is_the_likelihood_with_platts_targets() -> None:
    """The same optimum as unpenalised logistic regression with every case split by its smoothed target."""
    logits, truth = _drawn(0.4, -1.0, n=60)
    positives, negatives = int(truth.sum()), int((1 - truth).sum())
    target = np.where(truth == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.tile(logits[0], 2)[:, None], np.repeat([1, 0], 60), sample_weight=np.concatenate([target, 1 - target])
    )
    found = fit_platt(logits, truth)
    assert (found.positives, found.negatives) == (positives, negatives)
    assert found.scale == pytest.approx(reference.coef_[0, 0], rel=1e-3)
    assert found.offset == pytest.approx(reference.intercept_[0], abs=1e-3)


def test_repeated_scorings_of_a_video_make_it_no_surer() -> None:
    logits, truth = _drawn(3.0, 0.0, n=12)
    once, thrice = fit_platt(logits, truth), fit_platt(np.repeat(logits, 3, axis=0), truth)
    assert (thrice.positives, thrice.negatives) == (once.positives, once.negatives)
    assert (thrice.scale, thrice.offset) == pytest.approx((once.scale, once.offset), rel=1e-4)


@given(
    logits=hnp.arrays(np.float64, (2, 9), elements=st.integers(-40, 40).map(lambda x: x / 4)),
    truth=hnp.arrays(np.int64, 9, elements=st.integers(0, 1)),
)
def test_every_order_and_area_stays(logits: np.ndarray, truth: np.ndarray) -> None:
    found = fit_platt(logits, truth)
    assert np.isfinite([found.scale, found.offset]).all()
    assert found.scale >= MIN_SCALE
    judged = Judged(logits[0][:, None], truth[:, None], ["a"] * 9)
    calibrated = probabilities(judged, [found])
    order = np.argsort(logits[0], kind="stable")
    steps, moved = np.diff(logits[0][order]), np.diff(calibrated.scores[order, 0])
    assert (moved[steps == 0] == 0).all()
    assert (moved >= 0).all()
    extreme = np.abs(found.scale * logits[0] + found.offset).max() > 20
    if not extreme:
        assert (moved[steps > 0] > 0).all()
        np.testing.assert_array_equal(pattern_aucs(calibrated), pattern_aucs(judged))


def test_reversed_scores_keep_their_order_at_the_lower_bound() -> None:
    logits, truth = _drawn(-0.5, 0.0, n=200)
    found = fit_platt(logits, truth)
    assert found.scale == pytest.approx(MIN_SCALE)
    assert "lower bound" in found.method
    assert expit(found.scale * logits + found.offset).mean() == pytest.approx(truth.mean(), abs=0.02)


@pytest.mark.parametrize("n_negative", [1, 5, 65])
def test_few_separated_positives_give_no_certainty(n_negative: int) -> None:
    logits = np.concatenate([[9.0], np.linspace(-12.0, -6.0, n_negative)])[None]
    truth = np.array([1] + [0] * n_negative)
    found = fit_platt(logits, truth)
    assert 0.3 < expit(found.scale * 9.0 + found.offset) < 0.7
    assert expit(found.scale * logits[0, 1:] + found.offset).max() < 0.5


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_is_left_as_it_is_and_flagged(label: int) -> None:
    found = fit_platt(np.array([[1.0, -4.0, 2.0]]), np.full(3, label))
    assert (found.scale, found.offset, found.is_fitted, found.method) == (1.0, 0.0, False, "as trained")


def test_equal_scores_become_the_share_of_positives() -> None:
    found = fit_platt(np.full((1, 4), 3.0), np.array([1, 0, 0, 0]))
    assert expit(found.scale * 3.0 + found.offset) == pytest.approx((2 / 3 + 3 * 0.2) / 4, abs=1e-4)


def test_unknown_labels_are_left_out() -> None:
    logits, truth = _drawn(0.5, 0.0, n=40)
    labels = np.stack([truth, np.full(40, -1)], axis=1)
    judged = Judged(np.stack([logits[0], logits[0]], axis=1), labels, ["a"] * 40)
    hidden = Judged(
        np.concatenate([judged.scores, [[99.0, 1.0]]]), np.concatenate([labels, [[-1, -1]]]), [*judged.clusters, "b"]
    )
    first, second = fit_patterns([hidden])
    assert first == fit_platt(logits, truth)
    assert (second.is_fitted, second.positives, second.negatives) == (False, 0, 0)


def test_seeds_of_other_videos_are_refused() -> None:
    one = Judged(np.zeros((2, 1)), np.array([[0], [1]]), ["a", "b"])
    other = Judged(np.zeros((2, 1)), np.array([[1], [0]]), ["a", "b"])
    with pytest.raises(ValueError, match="same videos"):
        fit_patterns([one, other])
    with pytest.raises(ValueError, match="shapes"):
        fit_platt(np.zeros((1, 3)), np.zeros(2, dtype=np.int64))


@pytest.mark.parametrize("temporal", [True, False])
def test_the_folded_network_scales_its_logits_and_nothing_else(temporal: bool) -> None:
    settings = HeadSettings(projection=16, mlp_hidden=16, n_heads=4, kernel_size=3, temporal=temporal)
    network = new_network(settings, 2, seed=0).eval()
    folded = copy.deepcopy(network)
    fold_into(folded, [_SHRINK, _STRETCH])
    features = torch.randn(3, 8, 16, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        before, attention = network.head(features)
        after, folded_attention = folded.head(features)
    expected = before * torch.tensor([_SHRINK.scale, _STRETCH.scale]) + torch.tensor([_SHRINK.offset, _STRETCH.offset])
    torch.testing.assert_close(after, expected, atol=1e-6, rtol=1e-6)
    assert torch.equal(attention, folded_attention)
    changed = [key for key, value in network.state_dict().items() if not torch.equal(value, folded.state_dict()[key])]
    assert changed == [key for key in network.state_dict() if key.startswith("output.")][-2:]


def test_too_few_calibrations_are_refused() -> None:
    network = new_network(HeadSettings(projection=16, mlp_hidden=16, n_heads=4, kernel_size=3), 2, seed=0)
    with pytest.raises(ValueError, match="1 calibrations do not fit 2 outputs"):
        fold_into(network, [_SHRINK])


def _judged(seed: int) -> Judged:
    """60 videos of 12 groups, two patterns, logits four times too large."""
    logits, truth = _drawn(0.25, 0.0, n=120, seed=seed)
    return Judged(logits.reshape(60, 2), truth.reshape(60, 2), [f"source {i % 12}" for i in range(60)])


def test_left_out_probabilities_know_nothing_of_the_labels_of_their_fold() -> None:
    judged = _judged(0)
    fold = Fold(np.arange(20, 60), np.arange(20))
    others = Fold(np.arange(20), np.arange(20, 60))
    turned = Judged(judged.scores, judged.labels.copy(), judged.clusters)
    turned.labels[:20] = 1 - turned.labels[:20]
    (plain,), (other,) = (
        left_out_probabilities([judged], [(fold, others)]),
        left_out_probabilities([turned], [(fold, others)]),
    )
    np.testing.assert_array_equal(plain.scores[:20], other.scores[:20])
    assert not np.array_equal(plain.scores[20:], other.scores[20:])


def test_left_out_calibration_makes_overconfident_scores_better() -> None:
    judged = _judged(3)
    folds = grouped_folds(judged.clusters, judged.labels, 5, 0)
    left_out = left_out_probabilities([judged], [folds])
    rows = reliability_rows([probabilities(judged)], left_out, ["one", "two"], set_name="folds")
    assert [row["pattern"] for row in rows] == ["one", "two"]
    for row in rows:
        assert float(row["Brier after"]) < float(row["Brier before"])
        assert float(row["ECE after"]) < float(row["ECE before"])
        assert abs(float(row["mean after"]) - float(row["prevalence"])) < 0.05


def test_rows_leave_out_unknown_labels_and_patterns_of_one_class() -> None:
    judged = Judged(np.array([[0.5, 0.5], [0.25, 0.5], [0.99, 0.5]]), np.array([[1, 0], [0, 0], [-1, 0]]), ["a"] * 3)
    (row,) = reliability_rows([judged], [judged], ["one", "two"], set_name="made up")
    assert row["pattern"] == "one"
    assert (row["prevalence"], row["mean before"], row["Brier after"]) == (0.5, 0.375, pytest.approx(0.156))
    assert row["Brier of prevalence"] == 0.25


def test_calibration_rows_are_plain_values() -> None:
    (row,) = calibration_rows([Platt(0.123456, -1.0, 3, 4, "Platt")], ["B-line"])
    expected = {"scale": 0.1235, "offset": -1.0, "positives": 3, "negatives": 4, "method": "Platt"}
    assert row == {"pattern": "B-line", **expected}
