"""DeLong's variance of an area under the ROC curve, its interval, and the paired test (systems specification 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from training.statistics.roc import Floats, OneClassError, checked


@dataclass(frozen=True)
class AucInterval:
    """An area under the ROC curve with an interval that treats the cases as independent.

    low, high: of `confidence`, clipped to [0, 1]; method: how the interval was made.
    """

    auc: float
    variance: float
    low: float
    high: float
    confidence: float
    positives: int
    negatives: int
    method: str


@dataclass(frozen=True)
class PairedAucTest:
    """Two scores of the same cases compared. difference: auc_first - auc_second; p: two-sided, normal."""

    auc_first: float
    auc_second: float
    difference: float
    variance: float
    z: float
    p: float
    method: str


def _placements(labels: NDArray[np.bool_], scores: Floats) -> tuple[Floats, Floats]:
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
    pairs = [_placements(*checked(truth, row)) for row in rows]
    of_positives = np.stack([pair[0] for pair in pairs])
    of_negatives = np.stack([pair[1] for pair in pairs])
    areas = of_positives.mean(axis=1)
    m, n = of_positives.shape[1], of_negatives.shape[1]
    if m < 2 or n < 2:
        return areas, np.full((len(rows), len(rows)), np.nan)
    covariance = np.atleast_2d(np.cov(of_positives)) / m + np.atleast_2d(np.cov(of_negatives)) / n
    return areas, np.asarray(covariance, dtype=np.float64)


def delong_interval(truth: ArrayLike, score: ArrayLike, confidence: float = 0.95) -> AucInterval:
    """Area with DeLong's interval: auc +- z sqrt(variance), clipped to [0, 1]; NaN bounds where not estimable.

    truth: (N,) 0 or 1. score: (N,). Cases count as independent: clips of one patient make the interval too narrow.
    Raises OneClassError without a positive or a negative case, ValueError for other bad input.
    """
    labels, values = checked(truth, score)
    areas, covariance = delong_covariance(labels, values)
    area, variance = float(areas[0]), float(covariance[0, 0])
    half_width = float(stats.norm.ppf(0.5 + confidence / 2)) * float(np.sqrt(variance))
    return AucInterval(
        auc=area,
        variance=variance,
        low=float(np.clip(area - half_width, 0.0, 1.0)),
        high=float(np.clip(area + half_width, 0.0, 1.0)),
        confidence=confidence,
        positives=int(labels.sum()),
        negatives=int((~labels).sum()),
        method="DeLong",
    )


def delong_test(truth: ArrayLike, first: ArrayLike, second: ArrayLike) -> PairedAucTest:
    """Two-sided test that two scores of the same cases have equal areas: z = (A1 - A2) / sqrt(S11 + S22 - 2 S12).

    truth: (N,) 0 or 1. first, second: (N,). A variance of 0 gives p = 1 for equal areas and p = 0 for different ones.
    Raises OneClassError without a positive or a negative case, ValueError for other bad input.
    """
    areas, covariance = delong_covariance(truth, np.stack([np.asarray(first, float), np.asarray(second, float)]))
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if variance <= 1e-15:
        z = 0.0 if abs(difference) < 1e-12 else float(np.copysign(np.inf, difference))
    else:
        z = difference / float(np.sqrt(variance))
    return PairedAucTest(
        auc_first=float(areas[0]),
        auc_second=float(areas[1]),
        difference=difference,
        variance=variance,
        z=z,
        p=float(2 * stats.norm.sf(abs(z))),
        method="paired DeLong",
    )
