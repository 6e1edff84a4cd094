"""Area, curve and Youden threshold against scikit-learn, pair counting and answers written by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_curve

from training.statistics import OneClassError, auc, roc_curve, youden_threshold

cases = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40).filter(
    lambda rows: len({truth for truth, _ in rows}) == 2
)


def _arrays(rows: list[tuple[bool, int]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.array([int(t) for t, _ in rows]), np.array([s / 6 for _, s in rows])


@given(cases)
def test_auc_is_the_share_of_pairs_ranked_rightly(rows: list[tuple[bool, int]]) -> None:
    truth, score = _arrays(rows)
    pairs = [float(p > n) + 0.5 * float(p == n) for p in score[truth == 1] for n in score[truth == 0]]
    assert auc(truth, score) == pytest.approx(np.mean(pairs))
    assert auc(truth, score) == pytest.approx(roc_auc_score(truth, score))


@given(cases)
def test_curve_has_the_operating_points_of_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    truth, score = _arrays(rows)
    ours = roc_curve(truth, score)
    false_rate, true_rate, thresholds = sklearn_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(ours.false_positive_rate, false_rate)
    np.testing.assert_allclose(ours.true_positive_rate, true_rate)
    np.testing.assert_allclose(ours.thresholds, thresholds)


@given(cases)
def test_youden_is_the_best_score_that_occurs_and_the_strictest_of_equals(rows: list[tuple[bool, int]]) -> None:
    truth, score = _arrays(rows)
    found = youden_threshold(truth, score)

    def gain(threshold: float) -> float:
        return float((score[truth == 1] >= threshold).mean() - (score[truth == 0] >= threshold).mean())

    values = sorted(set(score.tolist()), reverse=True)
    best = max(gain(value) for value in values)
    strictest = next(value for value in values if gain(value) > best - 1e-9)
    assert found.value == strictest
    assert found.youden == pytest.approx(best)
    assert found.sensitivity + found.specificity - 1 == pytest.approx(best)


def test_youden_takes_the_optimum_and_not_the_point_after_it() -> None:
    assert youden_threshold([0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9]).value == 0.7
    assert youden_threshold([1, 0, 0], [0.9, 0.2, 0.1]).value == 0.9


def test_youden_is_finite_when_the_score_is_useless() -> None:
    found = youden_threshold([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9])
    assert math.isfinite(found.value)
    assert found.value == 0.1


@pytest.mark.parametrize("truth", [[1, 1, 1], [0, 0, 0]])
def test_one_class_gives_the_flagged_fallback(truth: list[int]) -> None:
    found = youden_threshold(truth, [0.2, 0.6, 0.9])
    assert (found.value, found.is_fallback) == (0.5, True)
    with pytest.raises(OneClassError, match="positive and negative"):
        auc(truth, [0.2, 0.6, 0.9])
    with pytest.raises(OneClassError):
        roc_curve(truth, [0.2, 0.6, 0.9])


@pytest.mark.parametrize(
    ("truth", "score", "message"),
    [
        ([0, 1, -1], [0.1, 0.2, 0.3], "0 and 1"),
        ([0, 1], [0.1, float("nan")], "not a number"),
        ([0, 1, 1], [0.1, 0.2], "equal length"),
    ],
)
def test_bad_input_is_refused(truth: list[int], score: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        auc(truth, score)
