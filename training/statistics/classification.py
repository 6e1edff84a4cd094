"""Calls (present or absent) against the truth: confusion, precision, recall, F1, two accuracies (systems spec 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.statistics.roc import Bools, Floats


@dataclass(frozen=True)
class Confusion:
    """Counts of the four outcomes."""

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int


@dataclass(frozen=True)
class Scores:
    """Precision, recall and F1, each in [0, 1] or NaN with a reason. support: positive cases (patterns) behind them."""

    precision: float
    recall: float
    f1: float
    support: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class Classification:
    """All numbers of N cases and P patterns.

    confusions, per_pattern: P each. micro: outcomes of all patterns together. macro: mean over patterns. weighted: mean
    over patterns weighted by positives. samples: mean over cases. flattened: all N x P labels as one row, present and
    absent both scored and weighted by how often they occur, as the authors print it.
    subset_accuracy: share of cases with every pattern right (the authors' accuracy in validation).
    hamming_accuracy: share of single labels that are right (theirs in the test). reason: why both are NaN, else "".
    """

    patterns: tuple[str, ...]
    confusions: tuple[Confusion, ...]
    per_pattern: tuple[Scores, ...]
    micro: Scores
    macro: Scores
    weighted: Scores
    samples: Scores
    flattened: Scores
    subset_accuracy: float
    hamming_accuracy: float
    n: int
    reason: str = ""


def classify(truth: ArrayLike, called: ArrayLike, patterns: Sequence[str]) -> Classification:
    """Numbers of calls (N, P) 0 or 1 against truth (N, P) 0 or 1; patterns: P names.

    A ratio without cases is NaN (0 of 0 is not 0), is left out of averages, and its reason says so.
    Raises ValueError for other shapes or values.

    >>> found = classify([[1, 0], [1, 1]], [[1, 1], [0, 1]], ["A-line", "B-line"])
    >>> found.per_pattern[0].recall, found.per_pattern[1].precision, found.subset_accuracy, found.hamming_accuracy
    (0.5, 0.5, 0.0, 0.5)
    """
    labels, calls = _checked(truth, called, patterns)
    n = len(labels)
    counts = _outcomes(labels, calls, axis=0)
    ratios = _ratios(counts)
    positives = labels.sum(axis=0)
    per_pattern = tuple(_scores(ratios[:, p], int(positives[p]), "of one pattern") for p in range(len(patterns)))
    total = int(positives.sum())
    pooled = _ratios(counts.sum(axis=1))
    both = _ratios(np.stack([_outcomes(labels.ravel(), calls.ravel()), _outcomes(~labels.ravel(), ~calls.ravel())], 1))
    return Classification(
        patterns=tuple(patterns),
        confusions=tuple(Confusion(*(int(v) for v in column)) for column in counts.T),
        per_pattern=per_pattern,
        micro=_scores(pooled, total, "micro: outcomes of all patterns together"),
        macro=_mean(ratios, np.ones(len(patterns)), total, "macro: mean over patterns"),
        weighted=_mean(ratios, positives, total, "weighted: mean over patterns by positives"),
        samples=_mean(_ratios(_outcomes(labels, calls, axis=1)), np.ones(n), total, "samples: mean over cases"),
        flattened=_mean(
            both, np.array([total, labels.size - total]), labels.size, "flattened: present and absent weighted"
        ),
        subset_accuracy=float((labels == calls).all(axis=1).mean()) if n else float("nan"),
        hamming_accuracy=float((labels == calls).mean()) if n else float("nan"),
        n=n,
        reason="" if n else "there are no cases",
    )


def _outcomes(labels: Bools, calls: Bools, axis: int | None = None) -> Floats:
    """(4, ...) true positives, false positives, false negatives, true negatives along `axis`."""
    outcomes = (labels & calls, ~labels & calls, labels & ~calls, ~labels & ~calls)
    return np.stack([np.asarray(outcome.sum(axis=axis), dtype=np.float64) for outcome in outcomes])


def _ratios(counts: Floats) -> Floats:
    """(3, ...) precision, recall, F1 of (4, ...) outcomes; NaN for 0 of 0."""
    hits, false, missed, _ = counts
    whole = np.stack([hits + false, hits + missed, 2 * hits + false + missed])
    part = np.stack([hits, hits, 2 * hits])
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _mean(ratios: Floats, weights: ArrayLike, support: int, method: str) -> Scores:
    """Weighted mean over the last axis of (3, M), without the undefined."""
    known = ~np.isnan(ratios)
    shares = np.where(known, np.asarray(weights, dtype=np.float64), 0.0)
    total = shares.sum(axis=1)
    summed = (np.where(known, ratios, 0.0) * shares).sum(axis=1)
    means = np.divide(summed, total, out=np.full(3, np.nan), where=total > 0)
    return _scores(means, support, method, _left_out(known))


def _scores(ratios: Floats, support: int, method: str, left_out: str = "") -> Scores:
    precision, recall, f1 = (float(ratio) for ratio in ratios)
    return Scores(precision, recall, f1, support, method, _why(ratios) or left_out)


def _left_out(known: Bools) -> str:
    missing = (~known).sum(axis=1)
    if not missing.any():
        return ""
    parts = [f"{name} of {count}" for name, count in zip(("precision", "recall", "F1"), missing, strict=True) if count]
    return f"left out of {known.shape[1]}, being 0 of 0: {', '.join(parts)}"


def _why(ratios: Floats) -> str:
    """Why precision, recall or F1 (3,) are NaN."""
    reasons = ("nothing was called present", "nothing is present", "nothing is present and nothing was called present")
    found = [reason for value, reason in zip(ratios, reasons, strict=True) if np.isnan(value)]
    return found[-1] if found else ""


def _checked(truth: ArrayLike, called: ArrayLike, patterns: Sequence[str]) -> tuple[Bools, Bools]:
    labels, calls = np.asarray(truth), np.asarray(called)
    if labels.ndim != 2 or labels.shape != calls.shape or labels.shape[1] != len(patterns):
        raise ValueError(
            f"truth and calls must both be (N, {len(patterns)}), pattern by pattern, got {labels.shape}, {calls.shape}"
        )
    if not (np.all(np.isin(labels, (0, 1))) and np.all(np.isin(calls, (0, 1)))):
        raise ValueError("truth and calls must hold 0 and 1 only; leave out the cases whose label is unknown")
    return labels.astype(bool), calls.astype(bool)
