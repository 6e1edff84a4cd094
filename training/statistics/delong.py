"""DeLong's variance of an area under the ROC curve, its interval, and the paired test (systems specification 5.2).

The variance is made from midranks (Sun and Xu 2014), which is O(N log N) and equal to the definition over all pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from training.statistics.roc import ONE_CLASS, Floats, OneClassError, checked

Scale = Literal["area", "logit"]

ONE_CASE = "with a single positive or a single negative case the variance cannot be estimated"
NO_SPREAD = 1e-15


@dataclass(frozen=True)
class AucInterval:
    """An area under the ROC curve with an interval that treats the cases as independent.

    low, high: of `confidence`, within [0, 1]; method: how the interval was made. reason: why numbers are NaN, else "".
    """

    auc: float
    variance: float
    low: float
    high: float
    confidence: float
    positives: int
    negatives: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class PairedAucTest:
    """Two scores of the same cases compared. difference: auc_first - auc_second; p: two-sided, normal.

    reason: why numbers are NaN, else "".
    """

    auc_first: float
    auc_second: float
    difference: float
    variance: float
    z: float
    p: float
    method: str
    reason: str = ""


def placements(labels: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
    """Share of negatives below each positive (m,), and of positives above each negative (n,), ties 1/2: midranks."""
    m, n = int(labels.sum()), int((~labels).sum())
    if m == 0 or n == 0:
        raise OneClassError(f"an AUC needs positive and negative cases, got {m} positive and {n} negative")
    rank_all = stats.rankdata(scores)
    of_positives = (rank_all[labels] - stats.rankdata(scores[labels])) / n
    of_negatives = 1.0 - (rank_all[~labels] - stats.rankdata(scores[~labels])) / m
    return of_positives, of_negatives


def delong_covariance(truth: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """Areas (S,) of S scores of the same cases and their covariance (S, S), by DeLong's midranks.

    truth: (N,) 0 or 1. scores: (S, N). With one positive or one negative case the variance is NaN (not estimable).
    Raises OneClassError without a positive or a negative case, ValueError for other bad input.
    """
    rows = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    pairs = [placements(*checked(truth, row)) for row in rows]
    of_positives = np.stack([pair[0] for pair in pairs])
    of_negatives = np.stack([pair[1] for pair in pairs])
    areas = of_positives.mean(axis=1)
    m, n = of_positives.shape[1], of_negatives.shape[1]
    if m < 2 or n < 2:
        return areas, np.full((len(rows), len(rows)), np.nan)
    covariance = np.atleast_2d(np.cov(of_positives)) / m + np.atleast_2d(np.cov(of_negatives)) / n
    return areas, np.asarray(covariance, dtype=np.float64)


def delong_interval(
    truth: ArrayLike, score: ArrayLike, confidence: float = 0.95, *, scale: Scale = "area"
) -> AucInterval:
    """Area with DeLong's interval; NaN and a reason where a class is missing or has one case only.

    truth: (N,) 0 or 1. score: (N,). scale: `area` is auc +- z sqrt(variance), clipped to [0, 1]; `logit` makes the
    interval of log(auc / (1 - auc)) and brings it back, so that it stays inside [0, 1] by itself (NaN for an area of 0
    or 1). Cases count as independent: clips of one patient make the interval too narrow.
    Raises ValueError for other bad input.
    """
    labels, values = checked(truth, score)
    method = "DeLong" if scale == "area" else "DeLong, logit"
    m, n = int(labels.sum()), int((~labels).sum())
    if m == 0 or n == 0:
        nothing = float("nan")
        return AucInterval(nothing, nothing, nothing, nothing, confidence, m, n, method, ONE_CLASS)
    areas, covariance = delong_covariance(labels, values)
    area, variance = float(areas[0]), float(covariance[0, 0])
    low, high, reason = normal_interval(area, variance, confidence, scale)
    if np.isnan(variance):
        reason = ONE_CASE
    return AucInterval(area, variance, low, high, confidence, m, n, method, reason)


def normal_interval(area: float, variance: float, confidence: float, scale: Scale) -> tuple[float, float, str]:
    """Bounds of an area in [0, 1] from its variance, and why they are NaN. Raises ValueError for another scale."""
    if scale not in ("area", "logit"):
        raise ValueError(f"the scale must be 'area' or 'logit', got {scale!r}")
    half_width = float(stats.norm.ppf(0.5 + confidence / 2)) * float(np.sqrt(variance))
    if scale == "area":
        low, high = (float(np.clip(area + sign * half_width, 0.0, 1.0)) for sign in (-1, 1))
        return low, high, ""
    if not 0.0 < area < 1.0:
        return float("nan"), float("nan"), f"an area of {area:g} has no logit"
    centre, half_width = np.log(area / (1 - area)), half_width / (area * (1 - area))
    low, high = (float(1 / (1 + np.exp(-(centre + sign * half_width)))) for sign in (-1, 1))
    return low, high, ""


def delong_test(truth: ArrayLike, first: ArrayLike, second: ArrayLike) -> PairedAucTest:
    """Two-sided test that two scores of the same cases have equal areas: z = (A1 - A2) / sqrt(S11 + S22 - 2 S12).

    truth: (N,) 0 or 1. first, second: (N,). A variance of 0 gives p = 1 for equal areas and p = 0 for different ones.
    NaN and a reason where a class is missing or has one case only. Raises ValueError for other bad input.
    """
    scores = np.stack([np.asarray(first, float), np.asarray(second, float)])
    try:
        areas, covariance = delong_covariance(truth, scores)
    except OneClassError:
        nothing = (float("nan"),) * 6
        return PairedAucTest(*nothing, "paired DeLong", ONE_CLASS)
    return compared_areas(areas, covariance, "paired DeLong", ONE_CASE)


def compared_areas(areas: Floats, covariance: Floats, method: str, no_variance: str) -> PairedAucTest:
    """The test of two areas (2,) from their covariance (2, 2). no_variance: the reason where that is NaN."""
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    reason = ""
    if np.isnan(variance):
        z, reason = float("nan"), no_variance
    elif variance <= NO_SPREAD:
        z = 0.0 if abs(difference) < 1e-12 else float(np.copysign(np.inf, difference))
    else:
        z = difference / float(np.sqrt(variance))
    p = float(2 * stats.norm.sf(abs(z)))
    return PairedAucTest(float(areas[0]), float(areas[1]), difference, variance, z, p, method, reason)


def holm(p: ArrayLike) -> Floats:
    """P values (N,) corrected for there being N of them (Holm 1979), in the order given; NaN stays and does not count.

    Raises ValueError for values outside [0, 1].

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64).ravel()
    known = np.flatnonzero(~np.isnan(values))
    if np.any((values[known] < 0) | (values[known] > 1)):
        raise ValueError(f"p values must lie in [0, 1], got {values.tolist()}")
    order = known[np.argsort(values[known], kind="stable")]
    corrected = np.full(values.size, np.nan)
    steps = values[order] * np.arange(order.size, 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected
