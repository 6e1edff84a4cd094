"""Bootstrap of an area under the ROC curve that draws whole clusters (patients, sources), not cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from training.statistics.roc import ONE_CLASS, auc, checked


@dataclass(frozen=True)
class ClusteredInterval:
    """An area under the ROC curve with a percentile interval over resampled clusters.

    resamples: draws used; discarded: draws left out because one class was missing from them.
    clusters: how many there are; low, high are NaN when every draw lacked a class. reason: why numbers are NaN.
    """

    auc: float
    low: float
    high: float
    confidence: float
    clusters: int
    positive_clusters: int
    negative_clusters: int
    resamples: int
    discarded: int
    method: str
    reason: str = ""


def clustered_interval(
    truth: ArrayLike,
    score: ArrayLike,
    clusters: Sequence[str],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> ClusteredInterval:
    """Percentile bootstrap of the AUC, drawing clusters with replacement; the same seed gives the same interval.

    truth: (N,) 0 or 1. score: (N,). clusters: (N,) name of the patient or source of each case.
    NaN and a reason without a positive or a negative case. Raises ValueError for other bad input.
    """
    labels, scores = checked(truth, score)
    names = np.asarray(clusters)
    if names.shape != labels.shape:
        raise ValueError(f"clusters must name one cluster per case, got {names.shape} for {labels.shape} cases")
    has_both = bool(labels.any() and not labels.all())
    area = auc(labels, scores) if has_both else float("nan")
    unique, member = np.unique(names, return_inverse=True)
    rows = [np.flatnonzero(member == i) for i in range(unique.size)]
    generator = np.random.default_rng(seed)
    areas: list[float] = []
    for _ in range(resamples if has_both else 0):
        drawn = np.concatenate([rows[i] for i in generator.integers(0, unique.size, unique.size)])
        if 0 < labels[drawn].sum() < drawn.size:
            areas.append(auc(labels[drawn], scores[drawn]))
    tail = (1 - confidence) / 2
    low, high = np.quantile(areas, [tail, 1 - tail]) if areas else (np.nan, np.nan)
    return ClusteredInterval(
        auc=area,
        low=float(low),
        high=float(high),
        confidence=confidence,
        clusters=int(unique.size),
        positive_clusters=int(np.unique(member[labels]).size),
        negative_clusters=int(np.unique(member[~labels]).size),
        resamples=len(areas),
        discarded=resamples - len(areas) if has_both else 0,
        method="bootstrap over clusters, percentile",
        reason=_reason(has_both, areas),
    )


def _reason(has_both: bool, areas: Sequence[float]) -> str:
    if not has_both:
        return ONE_CLASS
    return "" if areas else "every draw of clusters lacked a class"
