"""DeLong's variance where cases come in clusters, such as clips of a patient (Obuchowski 1997, systems spec 5.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.statistics.delong import PairedAucTest, Scale, compared_areas, normal_interval, placements
from training.statistics.roc import ONE_CLASS, Floats, OneClassError, checked

TOO_FEW = "the variance needs two clusters with a positive case and two with a negative one"
TEST_METHOD = "paired clustered DeLong (Obuchowski)"


@dataclass(frozen=True)
class ClusteredAucInterval:
    """An area under the ROC curve with an interval that takes clusters, not cases, for independent.

    low, high: of `confidence`, within [0, 1]. reason: why numbers are NaN, else "".
    """

    auc: float
    variance: float
    low: float
    high: float
    confidence: float
    clusters: int
    positive_clusters: int
    negative_clusters: int
    method: str
    reason: str = ""


def clustered_delong_covariance(truth: ArrayLike, scores: ArrayLike, clusters: Sequence[str]) -> tuple[Floats, Floats]:
    """Areas (S,) of S scores of the same cases and their covariance (S, S), clusters being independent.

    truth: (N,) 0 or 1. scores: (S, N). clusters: (N,) names. A cluster may hold both classes. With clusters of one
    case it is DeLong's covariance. NaN with less than two clusters of a class.
    Raises OneClassError without a positive or a negative case, ValueError for other bad input.
    """
    rows = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    labels, _ = checked(truth, rows[0])
    names = np.asarray(clusters)
    if names.shape != labels.shape:
        raise ValueError(f"clusters must name one cluster per case, got {names.shape} for {labels.shape} cases")
    unique, member = np.unique(names, return_inverse=True)
    positive, negative = member[labels], member[~labels]
    pairs = [placements(labels, checked(truth, row)[1]) for row in rows]
    areas = np.array([of_positives.mean() for of_positives, _ in pairs])
    excess = np.array(
        [
            [
                np.bincount(positive, of_positives - area, minlength=unique.size) / positive.size,
                np.bincount(negative, of_negatives - area, minlength=unique.size) / negative.size,
            ]
            for (of_positives, of_negatives), area in zip(pairs, areas, strict=True)
        ]
    )
    counts = (np.unique(positive).size, np.unique(negative).size)
    if min(counts) < 2:
        return areas, np.full((len(rows), len(rows)), np.nan)
    of_positives, of_negatives = excess[:, 0], excess[:, 1]
    covariance = sum(
        n / (n - 1) * (part @ part.T) for n, part in zip(counts, (of_positives, of_negatives), strict=True)
    )
    crossed = unique.size / (unique.size - 1) * (of_positives @ of_negatives.T)
    return areas, np.asarray(covariance + crossed + crossed.T, dtype=np.float64)


def clustered_delong_interval(
    truth: ArrayLike, score: ArrayLike, clusters: Sequence[str], *, confidence: float = 0.95, scale: Scale = "area"
) -> ClusteredAucInterval:
    """Area with an interval from `clustered_delong_covariance`; scale as `delong_interval`.

    NaN and a reason where a class is missing or comes from one cluster only. Raises ValueError for other bad input.
    """
    method = "clustered DeLong (Obuchowski)" + (", logit" if scale == "logit" else "")
    labels, values = checked(truth, score)
    names = np.asarray(clusters)
    try:
        areas, covariance = clustered_delong_covariance(labels, values, clusters)
    except OneClassError:
        area, variance, low, high, reason = *(float("nan"),) * 4, ONE_CLASS
    else:
        area, variance = float(areas[0]), float(covariance[0, 0])
        # It is a sum of squares, which rounding alone can leave below 0.
        low, high, reason = normal_interval(area, max(variance, 0.0), confidence, scale)
        if np.isnan(variance):
            low, high, reason = float("nan"), float("nan"), TOO_FEW
    return ClusteredAucInterval(
        auc=area,
        variance=variance,
        low=low,
        high=high,
        confidence=confidence,
        clusters=int(np.unique(names).size),
        positive_clusters=int(np.unique(names[labels]).size),
        negative_clusters=int(np.unique(names[~labels]).size),
        method=method,
        reason=reason,
    )


def clustered_delong_test(
    truth: ArrayLike, first: ArrayLike, second: ArrayLike, clusters: Sequence[str]
) -> PairedAucTest:
    """Two-sided test that two scores of the same cases have equal areas, clusters being independent.

    As `delong_test`; NaN and a reason where a class is missing or comes from one cluster only.
    """
    scores = np.stack([np.asarray(first, float), np.asarray(second, float)])
    try:
        areas, covariance = clustered_delong_covariance(truth, scores, clusters)
    except OneClassError:
        nothing = (float("nan"),) * 6
        return PairedAucTest(*nothing, TEST_METHOD, ONE_CLASS)
    return compared_areas(areas, covariance, TEST_METHOD, TOO_FEW)
