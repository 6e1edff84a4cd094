"""Rules that choose a decision threshold beside Youden's (systems specification 3.9). A case is positive at p >= t."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from training.statistics.averaged_roc import corners
from training.statistics.roc import (
    Bools,
    Floats,
    Threshold,
    checked,
    fallback_threshold,
    roc_curve,
    youden_threshold,
)

ThresholdRule = Literal["youden", "sensitivity", "specificity", "f1", "bootstrap", "legacy_threshold_shift"]

_ONE_CLASS = "there are no positive or no negative cases to choose from"


def sensitivity_threshold(truth: ArrayLike, score: ArrayLike, target: float = 0.95) -> Threshold:
    """The strictest threshold that reaches a sensitivity of `target`, in (0, 1].

    Without a positive or a negative case 0.5 and a reason, as all rules here. Raises ValueError for other bad input.

    >>> sensitivity_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 1.0).value
    0.35
    """
    _check_target(target)
    labels, scores = checked(truth, score)
    if _is_one_class(labels):
        return fallback_threshold(labels, scores, _ONE_CLASS)
    curve = roc_curve(labels, scores)
    first = int(np.argmax(curve.true_positive_rate >= target - 1e-12))
    return _at(labels, scores, float(curve.thresholds[first]), f"sensitivity of at least {target:g}")


def specificity_threshold(truth: ArrayLike, score: ArrayLike, target: float = 0.95) -> Threshold:
    """The loosest threshold that keeps a specificity of `target`, in (0, 1].

    Where no score that occurs does, the threshold lies just above the largest, and the reason says that nothing is
    called positive.

    >>> specificity_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.5).value
    0.35
    """
    _check_target(target)
    labels, scores = checked(truth, score)
    if _is_one_class(labels):
        return fallback_threshold(labels, scores, _ONE_CLASS)
    curve = roc_curve(labels, scores)
    last = int(np.flatnonzero(1 - curve.false_positive_rate >= target - 1e-12)[-1])
    method = f"specificity of at least {target:g}"
    if last == 0:
        above = float(np.nextafter(scores.max(), np.inf))
        reason = "no score that occurs keeps this specificity, so nothing is called positive"
        return _at(labels, scores, above, method, reason)
    return _at(labels, scores, float(curve.thresholds[last]), method)


def f1_threshold(truth: ArrayLike, score: ArrayLike) -> Threshold:
    """The threshold of the largest F1, the strictest of equals.

    >>> f1_threshold([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.35
    """
    labels, scores = checked(truth, score)
    if _is_one_class(labels):
        return fallback_threshold(labels, scores, _ONE_CLASS)
    curve = roc_curve(labels, scores)
    positives, negatives = int(labels.sum()), int((~labels).sum())
    hits = curve.true_positive_rate[1:] * positives
    called = hits + curve.false_positive_rate[1:] * negatives
    best = int(np.argmax(np.round(2 * hits / (positives + called), 12)))
    return _at(labels, scores, float(curve.thresholds[1:][best]), "largest F1")


def bootstrap_threshold(
    truth: ArrayLike,
    score: ArrayLike,
    clusters: Sequence[str] | None = None,
    *,
    resamples: int = 200,
    seed: int = 0,
) -> Threshold:
    """Mean of Youden's thresholds over resampled cases, or over resampled clusters (N,) where they are named.

    Draws of one class are left out. The same seed gives the same threshold.
    """
    labels, scores = checked(truth, score)
    if _is_one_class(labels):
        return fallback_threshold(labels, scores, _ONE_CLASS)
    names = np.arange(labels.size) if clusters is None else np.asarray(clusters)
    if names.shape != labels.shape:
        raise ValueError(f"clusters must name one cluster per case, got {names.shape} for {labels.shape} cases")
    unique, member = np.unique(names, return_inverse=True)
    rows = [np.flatnonzero(member == i) for i in range(unique.size)]
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(resamples):
        drawn = np.concatenate([rows[i] for i in generator.integers(0, unique.size, unique.size)])
        if not _is_one_class(labels[drawn]):
            found.append(youden_threshold(labels[drawn], scores[drawn]).value)
    if not found:
        return fallback_threshold(labels, scores, "every draw lacked a class")
    unit = "cases" if clusters is None else "clusters"
    return _at(labels, scores, float(np.mean(found)), f"mean of Youden's over {len(found)} draws of {unit}")


def legacy_threshold_shift(truth: ArrayLike, score: ArrayLike) -> Threshold:
    """The authors' threshold: one step of the ROC curve below Youden's, because an index is off by one.

    For comparison with their numbers only. The curve is without the points inside straight pieces, as theirs. Where
    Youden's is the last point their program stops; here it is 0.5 and a reason.

    >>> legacy_threshold_shift([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value
    0.4
    """
    labels, scores = checked(truth, score)
    if _is_one_class(labels):
        return fallback_threshold(labels, scores, _ONE_CLASS)
    curve = corners(roc_curve(labels, scores))
    best = int(np.argmax(curve.true_positive_rate - curve.false_positive_rate))
    if best + 1 == curve.thresholds.size:
        return fallback_threshold(labels, scores, "the best point is the last of the curve, so there is none below it")
    return _at(labels, scores, float(curve.thresholds[best + 1]), "legacy_threshold_shift")


THRESHOLD_RULES: dict[ThresholdRule, Callable[[ArrayLike, ArrayLike], Threshold]] = {
    "youden": youden_threshold,
    "sensitivity": sensitivity_threshold,
    "specificity": specificity_threshold,
    "f1": f1_threshold,
    "bootstrap": bootstrap_threshold,
    "legacy_threshold_shift": legacy_threshold_shift,
}
"""Every rule by its name, with its own default target."""


def _at(labels: Bools, scores: Floats, value: float, method: str, reason: str = "") -> Threshold:
    called = scores >= value
    sensitivity, specificity = float(called[labels].mean()), float((~called[~labels]).mean())
    return Threshold(value, sensitivity, specificity, sensitivity + specificity - 1, method, reason)


def _is_one_class(labels: Bools) -> bool:
    return bool(labels.all() or not labels.any())


def _check_target(target: float) -> None:
    if not 0 < target <= 1:
        raise ValueError(f"the target must lie in (0, 1], got {target:g}")
