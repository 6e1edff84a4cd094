"""One area for several patterns: micro, macro by curve, macro by mean (systems specification 5.2, decision D24)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.statistics.roc import ONE_CLASS, Bools, Floats, RocCurve, auc, roc_curve


@dataclass(frozen=True)
class AveragedAuc:
    """An area over several patterns. patterns: how many of them went in; reason: why others did not, or why NaN."""

    value: float
    patterns: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class AveragedAucs:
    """The three averages, which are different numbers: micro pools scores, macro takes patterns for equal."""

    micro: AveragedAuc
    macro_by_curve: AveragedAuc
    macro_by_mean: AveragedAuc


def averaged_aucs(truth: ArrayLike, scores: ArrayLike) -> AveragedAucs:
    """All three averages of truth (N, P) 0 or 1 and scores (N, P).

    A pattern of one class only is left out of both macros, which say so. Raises ValueError for other bad input.

    >>> found = averaged_aucs([[1, 0], [0, 1]], [[0.9, 0.2], [0.1, 0.7]])
    >>> found.micro.value, found.macro_by_curve.value, found.macro_by_mean.value
    (1.0, 1.0, 1.0)
    """
    labels, values = _checked_table(truth, scores)
    return AveragedAucs(_micro(labels, values), *_macros(labels, values))


def macro_curve(truth: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """False and true positive rate of the mean curve: over all false positive rates at which a pattern's curve turns,
    the mean of the interpolated true positive rates. Patterns of one class are left out.

    As the authors made it (with scikit-learn's curves, points inside a straight piece dropped): where a curve rises
    straight up the grid may skip its foot, so that the area lies up to about 0.0025 above the mean of the areas.
    Raises OneClassError when every pattern is of one class.
    """
    labels, values = _checked_table(truth, scores)
    kept = _with_both_classes(labels)
    curves = [corners(roc_curve(labels[:, p], values[:, p])) for p in (kept if kept.size else range(labels.shape[1]))]
    grid = np.unique(np.concatenate([curve.false_positive_rate for curve in curves]))
    rates = [np.interp(grid, curve.false_positive_rate, curve.true_positive_rate) for curve in curves]
    return grid, np.mean(rates, axis=0)


def corners(curve: RocCurve) -> RocCurve:
    """The curve without the points inside a straight piece that are as far from the one before as from the one after,
    as scikit-learn drops them: (0, 0) and the first point after it always stay."""
    x, y = curve.false_positive_rate, curve.true_positive_rate
    if x.size < 4:
        return curve
    turns = (np.abs(np.diff(x[1:], 2)) > 1e-12) | (np.abs(np.diff(y[1:], 2)) > 1e-12)
    kept = np.concatenate([[True, True], turns, [True]])
    return RocCurve(curve.thresholds[kept], x[kept], y[kept])


def _micro(labels: Bools, values: Floats) -> AveragedAuc:
    method = "micro: the scores of all patterns in one ROC curve"
    flat = labels.ravel()
    if flat.all() or not flat.any():
        return AveragedAuc(float("nan"), 0, method, ONE_CLASS)
    return AveragedAuc(auc(flat, values.ravel()), labels.shape[1], method)


def _macros(labels: Bools, values: Floats) -> tuple[AveragedAuc, AveragedAuc]:
    by_curve, by_mean = "macro by curve: area under the mean of the ROC curves", "macro by mean: mean of the areas"
    kept = _with_both_classes(labels)
    if not kept.size:
        return AveragedAuc(float("nan"), 0, by_curve, ONE_CLASS), AveragedAuc(float("nan"), 0, by_mean, ONE_CLASS)
    left_out = labels.shape[1] - kept.size
    reason = f"{left_out} of {labels.shape[1]} patterns left out, which have one class only" if left_out else ""
    x, y = macro_curve(labels[:, kept], values[:, kept])
    mean = float(np.mean([auc(labels[:, p], values[:, p]) for p in kept]))
    return (
        AveragedAuc(float(np.trapezoid(y, x)), int(kept.size), by_curve, reason),
        AveragedAuc(mean, int(kept.size), by_mean, reason),
    )


def _with_both_classes(labels: Bools) -> np.ndarray:
    return np.flatnonzero(labels.any(axis=0) & ~labels.all(axis=0))


def _checked_table(truth: ArrayLike, scores: ArrayLike) -> tuple[Bools, Floats]:
    labels, values = np.asarray(truth), np.asarray(scores, dtype=np.float64)
    if labels.ndim != 2 or labels.shape != values.shape or not labels.shape[1]:
        raise ValueError(f"truth and scores must both be (N, P), got shapes {labels.shape}, {values.shape}")
    if not np.all(np.isin(labels, (0, 1))):
        raise ValueError("truth must hold 0 and 1 only; leave out the cases whose label is unknown")
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} of {values.size} scores are not a number")
    return labels.astype(bool), values
