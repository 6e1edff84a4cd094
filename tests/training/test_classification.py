"""Confusion, precision, recall, F1 and accuracies against scikit-learn with 0 of 0 left undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from training.statistics import classify

PATTERNS = ("A-line", "B-line", "Consolidation")
_CALLS = hnp.arrays(np.int64, st.tuples(st.integers(1, 20), st.just(3)), elements=st.integers(0, 1))


@given(_CALLS, st.integers(0, 1000))
def test_every_number_equals_scikit_learn(truth: np.ndarray, seed: int) -> None:
    called = np.random.default_rng(seed).integers(0, 2, truth.shape)
    found = classify(truth, called, PATTERNS)
    # Where no weight is left scikit-learn goes over to the plain mean; ours is NaN.
    has_weight = truth.any() and called[:, truth.any(axis=0)].any(axis=0).all()
    for average in ("micro", "macro", "samples", *(["weighted"] if has_weight else [])):
        expected = metrics.precision_recall_fscore_support(truth, called, average=average, zero_division=np.nan)[:3]
        ours = getattr(found, average)
        np.testing.assert_allclose([ours.precision, ours.recall, ours.f1], expected, err_msg=average)
    each = np.array(metrics.precision_recall_fscore_support(truth, called, average=None, zero_division=np.nan))
    for pattern, column in zip(found.per_pattern, each.T, strict=True):
        np.testing.assert_allclose([pattern.precision, pattern.recall, pattern.f1, pattern.support], column)
        assert bool(pattern.reason) == bool(np.isnan(column[:3]).any())
    flat = metrics.precision_recall_fscore_support(
        truth.ravel(), called.ravel(), labels=[0, 1], average="weighted", zero_division=np.nan
    )[:3]
    if 0 < truth.sum() < truth.size and 0 < called.sum() < truth.size:
        np.testing.assert_allclose([found.flattened.precision, found.flattened.recall, found.flattened.f1], flat)
    assert found.subset_accuracy == pytest.approx(metrics.accuracy_score(truth, called))
    assert found.hamming_accuracy == pytest.approx(1 - metrics.hamming_loss(truth, called))
    matrices = metrics.multilabel_confusion_matrix(truth, called)
    for confusion, ((tn, fp), (fn, tp)) in zip(found.confusions, matrices.tolist(), strict=True):
        assert (confusion.true_positives, confusion.false_positives) == (tp, fp)
        assert (confusion.false_negatives, confusion.true_negatives) == (fn, tn)


def test_zero_of_zero_is_nan_with_a_reason_and_left_out_of_averages() -> None:
    found = classify([[1, 0, 0], [1, 0, 1]], [[1, 0, 0], [1, 0, 0]], PATTERNS)
    nothing, missed = found.per_pattern[1], found.per_pattern[2]
    assert np.isnan([nothing.precision, nothing.recall, nothing.f1]).all()
    assert "nothing is present" in nothing.reason
    assert (missed.recall, missed.f1, missed.reason) == (0.0, 0.0, "nothing was called present")
    assert (found.macro.precision, found.macro.recall, found.macro.f1) == (1.0, 0.5, 0.5)
    assert found.macro.reason == "left out of 3, being 0 of 0: precision of 2, recall of 1, F1 of 1"


def test_no_cases_are_nan_with_a_reason() -> None:
    found = classify(np.zeros((0, 3), int), np.zeros((0, 3), int), PATTERNS)
    assert np.isnan([found.subset_accuracy, found.hamming_accuracy, found.micro.f1, found.samples.f1]).all()
    assert found.reason
    assert found.micro.reason


@pytest.mark.parametrize(
    ("truth", "called"), [([[1, 0]], [[1, 0]]), ([[1, 0, 1]], [[1, 0, 2]]), ([1, 0, 1], [1, 0, 1])]
)
def test_other_input_is_refused(truth: list[object], called: list[object]) -> None:
    with pytest.raises(ValueError, match="truth and calls"):
        classify(truth, called, PATTERNS)  # type: ignore[arg-type]
