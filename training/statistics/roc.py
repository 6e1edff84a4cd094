"""Receiver operating characteristic of one score: area, curve, Youden threshold (systems specification 3.9, 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FALLBACK_THRESHOLD = 0.5
ONE_CLASS = "an area under the curve needs positive and negative cases, and one of them is missing"


class OneClassError(ValueError):
    """The truth has no positive or no negative case, so an area under the curve does not exist."""


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Operating points of the rule `score >= threshold`, from the strictest threshold to the loosest.

    thresholds: (M + 1,) falling; thresholds[0] is +inf (nothing called positive), the rest are the M distinct scores.
    false_positive_rate, true_positive_rate: (M + 1,) in [0, 1], rising, from 0 to 1.
    """

    thresholds: Floats
    false_positive_rate: Floats
    true_positive_rate: Floats


@dataclass(frozen=True)
class Threshold:
    """A decision threshold: a case is called positive when its score is at least `value`.

    youden: sensitivity + specificity - 1 on the cases it was chosen from, NaN for the fallback.
    method: the rule it was chosen by, such as `Youden`, or `fallback`; reason: why the rule could not be kept, else "".
    """

    value: float
    sensitivity: float
    specificity: float
    youden: float
    method: str
    reason: str = ""

    @property
    def is_fallback(self) -> bool:
        """True when the rule gave no threshold (one class only, as a rule) and 0.5 was taken."""
        return self.method == "fallback"


def checked(truth: ArrayLike, score: ArrayLike) -> tuple[Bools, Floats]:
    """Truth as (N,) bool and score as (N,) float64.

    Raises ValueError when the shapes differ, truth holds anything but 0 and 1, or a score is not a number.
    """
    labels = np.asarray(truth)
    scores = np.asarray(score, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(f"truth and score must be two rows of equal length, got shapes {labels.shape}, {scores.shape}")
    if not np.all(np.isin(labels, (0, 1))):
        raise ValueError("truth must hold 0 and 1 only; leave out the cases whose label is unknown")
    if np.isnan(scores).any():
        raise ValueError(f"{int(np.isnan(scores).sum())} of {scores.size} scores are not a number")
    return labels.astype(bool), scores


def auc(truth: ArrayLike, score: ArrayLike) -> float:
    """Area under the ROC curve: the share of (positive, negative) pairs ranked rightly, ties counting 1/2.

    truth: (N,) 0 or 1. score: (N,), larger means more likely positive.
    Raises OneClassError without a positive or a negative case, ValueError for other bad input.

    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    labels, scores = checked(truth, score)
    m, n = int(labels.sum()), int((~labels).sum())
    if m == 0 or n == 0:
        raise OneClassError(f"an AUC needs positive and negative cases, got {m} positive and {n} negative")
    rank_sum = float(stats.rankdata(scores)[labels].sum())
    return (rank_sum - m * (m + 1) / 2) / (m * n)


def roc_curve(truth: ArrayLike, score: ArrayLike) -> RocCurve:
    """All operating points of the rule `score >= threshold`. Arguments and errors as `auc`.

    >>> roc_curve([0, 1], [0.2, 0.7]).thresholds.tolist()
    [inf, 0.7, 0.2]
    """
    labels, scores = checked(truth, score)
    m, n = int(labels.sum()), int((~labels).sum())
    if m == 0 or n == 0:
        raise OneClassError(f"a ROC curve needs positive and negative cases, got {m} positive and {n} negative")
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last_of_value = np.append(np.flatnonzero(np.diff(falling)), falling.size - 1)
    true_positives = np.cumsum(labels[order])[last_of_value]
    false_positives = last_of_value + 1 - true_positives
    return RocCurve(
        thresholds=np.append(np.inf, falling[last_of_value]),
        false_positive_rate=np.append(0.0, false_positives / n),
        true_positive_rate=np.append(0.0, true_positives / m),
    )


def youden_threshold(truth: ArrayLike, score: ArrayLike) -> Threshold:
    """Threshold of the largest sensitivity + specificity - 1; the strictest of equals; a score that occurs, never inf.

    truth: (N,) 0 or 1. score: (N,). Without a positive or without a negative case the threshold is 0.5 and the result
    says so (`is_fallback`). Raises ValueError for other bad input.

    >>> youden_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.8
    >>> youden_threshold([1, 1], [0.2, 0.3]).is_fallback
    True
    """
    labels, scores = checked(truth, score)
    if labels.all() or not labels.any():
        return fallback_threshold(labels, scores, "there are no positive or no negative cases to choose from")
    curve = roc_curve(labels, scores)
    gain = curve.true_positive_rate[1:] - curve.false_positive_rate[1:]
    best = int(np.argmax(np.round(gain, 12)))
    return Threshold(
        value=float(curve.thresholds[1:][best]),
        sensitivity=float(curve.true_positive_rate[1:][best]),
        specificity=float(1.0 - curve.false_positive_rate[1:][best]),
        youden=float(gain[best]),
        method="Youden",
    )


def fallback_threshold(labels: Bools, scores: Floats, reason: str) -> Threshold:
    """0.5 and what it does to these cases; NaN for the class that is missing."""
    called = scores >= FALLBACK_THRESHOLD
    sensitivity = float(called[labels].mean()) if labels.any() else float("nan")
    specificity = float((~called[~labels]).mean()) if not labels.all() else float("nan")
    return Threshold(FALLBACK_THRESHOLD, sensitivity, specificity, float("nan"), "fallback", reason)
