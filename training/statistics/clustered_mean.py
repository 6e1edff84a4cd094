"""The mean of numbers of cases, with an interval from a bootstrap that draws whole clusters (patients), not cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

NOTHING = "there is no case"
ONE_CLUSTER = "there is one cluster only, so its spread cannot be told"


@dataclass(frozen=True)
class ClusteredMean:
    """value: mean over the n cases; low, high: percentile interval over resampled clusters. resamples: draws used.

    value is NaN without a case, the interval with fewer than two clusters; reason says which.
    """

    value: float
    low: float
    high: float
    n: int
    clusters: int
    resamples: int
    method: str
    reason: str = ""


def clustered_mean(
    values: ArrayLike, clusters: Sequence[str], *, resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> ClusteredMean:
    """Mean of (N,) values, every case weighing the same; the same seed gives the same interval.

    A draw takes as many clusters as there are, with replacement, and averages over all cases of those drawn.
    Raises ValueError for values that are not numbers, or another number of clusters.

    >>> found = clustered_mean([0.0, 1.0, 1.0, 1.0], ["a", "a", "b", "b"])
    >>> found.value, found.low, found.high, found.clusters
    (0.75, 0.5, 1.0, 2)
    """
    cases = np.asarray(values, dtype=np.float64).ravel()
    names = np.asarray(clusters)
    if not np.isfinite(cases).all():
        raise ValueError("values must be numbers; leave out cases whose value is unknown")
    if names.shape != cases.shape:
        raise ValueError(f"clusters must name one cluster per case, got {names.shape} for {cases.size} cases")
    unique, member = np.unique(names, return_inverse=True)
    n = unique.size
    low = high = float("nan")
    if n > 1:
        sums, counts = np.bincount(member, cases, n), np.bincount(member, minlength=n)
        times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
        tail = (1 - confidence) / 2
        low, high = (float(v) for v in np.quantile((times @ sums) / (times @ counts), [tail, 1 - tail]))
    return ClusteredMean(
        value=float(cases.mean()) if cases.size else float("nan"),
        low=low,
        high=high,
        n=cases.size,
        clusters=n,
        resamples=resamples if n > 1 else 0,
        method="mean over cases; bootstrap over clusters, percentile",
        reason=NOTHING if not cases.size else ONE_CLUSTER if n == 1 else "",
    )
