"""Micro and the two macro areas against scikit-learn and the authors' recipe."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics

from training.statistics import OneClassError, averaged_aucs, macro_curve


def _drawn(seed: int, n: int = 40, p: int = 3) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, (n, p))
    truth[:2] = [[0] * p, [1] * p]
    return truth, np.round(generator.normal(size=(n, p)) + truth, int(generator.integers(0, 3)))


def _authors_macro(truth: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    """scikit-learn's example of a macro curve, which the authors follow."""
    curves = [metrics.roc_curve(truth[:, p], scores[:, p]) for p in range(truth.shape[1])]
    grid = np.unique(np.concatenate([curve[0] for curve in curves]))
    mean = np.mean([np.interp(grid, curve[0], curve[1]) for curve in curves], axis=0)
    return float(metrics.auc(grid, mean))


@settings(max_examples=60)
@given(st.integers(0, 10_000))
def test_all_three_equal_scikit_learn(seed: int) -> None:
    truth, scores = _drawn(seed)
    found = averaged_aucs(truth, scores)
    assert found.micro.value == pytest.approx(metrics.roc_auc_score(truth, scores, average="micro"))
    assert found.macro_by_mean.value == pytest.approx(metrics.roc_auc_score(truth, scores, average="macro"))
    assert found.macro_by_curve.value == pytest.approx(_authors_macro(truth, scores), abs=1e-12)


def test_macro_by_curve_lies_a_little_above_the_mean_of_the_areas() -> None:
    truth, scores = _drawn(3, n=400, p=4)
    scores = scores + np.random.default_rng(0).normal(size=scores.shape) * 0.01
    found = averaged_aucs(truth, scores)
    assert 0 < found.macro_by_curve.value - found.macro_by_mean.value < 0.004
    x, y = macro_curve(truth, scores)
    assert (x[0], x[-1], y[-1]) == (0.0, 1.0, 1.0)
    assert (np.diff(y) >= 0).all()


def test_a_pattern_of_one_class_is_left_out_and_named() -> None:
    truth, scores = _drawn(1, p=2)
    wider = np.column_stack([truth, np.zeros(len(truth), dtype=int)])
    found = averaged_aucs(wider, np.column_stack([scores, scores[:, 0]]))
    expected = averaged_aucs(truth, scores)
    assert found.macro_by_mean.value == expected.macro_by_mean.value
    assert found.macro_by_curve.value == expected.macro_by_curve.value
    assert (found.macro_by_mean.patterns, "1 of 3 patterns" in found.macro_by_mean.reason) == (2, True)


def test_nothing_to_average_is_nan_and_a_reason() -> None:
    found = averaged_aucs([[1, 1], [1, 1]], [[0.2, 0.3], [0.1, 0.4]])
    for one in (found.micro, found.macro_by_curve, found.macro_by_mean):
        assert np.isnan(one.value)
        assert one.reason
    with pytest.raises(OneClassError):
        macro_curve([[1], [1]], [[0.1], [0.2]])


@pytest.mark.parametrize(
    ("truth", "scores"), [([1, 0], [0.1, 0.2]), ([[1]], [[0.1, 0.2]]), ([[2]], [[0.1]]), ([[1]], [[np.nan]])]
)
def test_other_input_is_refused(truth: list[object], scores: list[object]) -> None:
    with pytest.raises(ValueError, match=r"truth|not a number"):
        averaged_aucs(truth, scores)  # type: ignore[arg-type]
