"""Agreement between two readers: kappa with its errors, measures that prevalence does not bend, intervals of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.optimize import linear_sum_assignment

Weights = Literal["none", "linear", "quadratic"]

_AGREEMENT_WEIGHTS = {"none": "unweighted", "linear": "linear weights", "quadratic": "quadratic weights"}


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of n paired ratings.

    kappa, low, high: NaN where chance alone would agree always (`reason` says so). standard_error: asymptotic, of
    Fleiss, Cohen and Everitt (1969), for the interval; null_error: under no agreement beyond chance, for z and the
    two-sided p.
    observed, expected: (weighted) agreement. method: how it was made.
    """

    kappa: float
    standard_error: float
    null_error: float
    low: float
    high: float
    z: float
    p_value: float
    observed: float
    expected: float
    n: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class BinaryAgreement:
    """Agreement of two readers on present (True) or absent.

    rate: share of equal ratings. positive, negative: specific agreement (NaN where neither reader used that answer).
    pabak: prevalence- and bias-adjusted kappa. ac1: Gwet's first coefficient.
    """

    rate: float
    positive: float
    negative: float
    pabak: float
    ac1: float
    n: int
    method: str = "two readers, present or absent"


@dataclass(frozen=True)
class ClusteredAgreement:
    """Agreement on present or absent of frames that come in clusters (the videos, or the patients, they are of).

    rate, kappa, jaccard: of all frames together; NaN where they cannot be told. Each with its percentile interval over
    resampled clusters, NaN where no draw gives a number. resamples: draws. undefined: draws without a kappa.
    """

    rate: float
    rate_low: float
    rate_high: float
    kappa: float
    low: float
    high: float
    jaccard: float
    jaccard_low: float
    jaccard_high: float
    clusters: int
    resamples: int
    undefined: int
    method: str


@dataclass(frozen=True, eq=False)
class IntervalMatch:
    """Intervals of two readers of one video, matched one to one.

    pairs: (M, 2) indices into the first's and the second's. iou: (M,) above 0, up to 1. starts, ends: (M,) frames, the
    second's minus the first's. alone_first, alone_second: indices of intervals without a partner.
    """

    pairs: NDArray[np.int64]
    iou: NDArray[np.float64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    alone_first: NDArray[np.int64]
    alone_second: NDArray[np.int64]
    method: str = "one to one, largest sum of intersection over union; intervals without a common frame never match"


@dataclass(frozen=True)
class EdgeDistance:
    """Distances of the edges of matched intervals, frames without sign; NaN without any. n: edges, two per pair."""

    mean: float
    median: float
    largest: float
    n: int


def contingency(first: ArrayLike, second: ArrayLike, categories: Sequence[object]) -> NDArray[np.int64]:
    """(C, C) counts of paired ratings, rows the first reader's, in the order of `categories`.

    Raises ValueError for ratings of different number or outside the categories.

    >>> contingency([0, 1, 1], [0, 0, 1], [0, 1]).tolist()
    [[1, 0], [1, 1]]
    """
    one, other = np.asarray(first).ravel(), np.asarray(second).ravel()
    if one.shape != other.shape:
        raise ValueError(f"both readers must rate the same cases, got {one.size} and {other.size} ratings")
    place = {category: i for i, category in enumerate(categories)}
    unknown = sorted({str(v) for v in (*one.tolist(), *other.tolist()) if v not in place})
    if unknown:
        raise ValueError(f"ratings {', '.join(unknown)} are not among the categories {list(categories)}")
    table = np.zeros((len(place), len(place)), dtype=np.int64)
    np.add.at(table, ([place[v] for v in one.tolist()], [place[v] for v in other.tolist()]), 1)
    return table


def cohen_kappa(table: ArrayLike, *, weights: Weights = "none", confidence: float = 0.95) -> Kappa:
    """Cohen's kappa of a (C, C) table of counts, categories in order where weights are used.

    Raises ValueError for a table that is not square, holds negative or no counts, or unknown weights.

    >>> result = cohen_kappa([[20, 5], [10, 15]])
    >>> round(result.kappa, 6), round(result.standard_error, 6), round(result.null_error, 6)
    (0.4, 0.126996, 0.138564)
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.shape[0] < 2:
        raise ValueError(f"the table must be square with at least two categories, got shape {counts.shape}")
    if np.any(counts < 0) or counts.sum() <= 0:
        raise ValueError("the table must hold counts, at least one of them above 0")
    agreement = _agreement_weights(len(counts), weights)
    n = int(counts.sum())
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = np.outer(rows, columns)
    observed, expected = float((agreement * p).sum()), float((agreement * chance).sum())
    method = f"Cohen's kappa, {_AGREEMENT_WEIGHTS[weights]}, Fleiss-Cohen-Everitt errors"
    if 1 - expected <= 1e-12:
        undefined = (float("nan"),) * 7
        reason = "both readers gave every case the same rating, so agreement by chance is complete"
        return Kappa(*undefined, observed, expected, n, method, reason)
    kappa = (observed - expected) / (1 - expected)
    means = (agreement @ columns)[:, None] + (rows @ agreement)[None, :]
    scale = n * (1 - expected) ** 2
    spread = float((p * (agreement - means * (1 - kappa)) ** 2).sum())
    error = np.sqrt(max(0.0, spread - (kappa - expected * (1 - kappa)) ** 2) / scale)
    null = np.sqrt(max(0.0, float((chance * (agreement - means) ** 2).sum()) - expected**2) / scale)
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    z = kappa / null if null > 0 else float("nan")
    return Kappa(
        kappa=kappa,
        standard_error=float(error),
        null_error=float(null),
        low=max(-1.0, kappa - half),
        high=min(1.0, kappa + half),
        z=float(z),
        p_value=float(2 * stats.norm.sf(abs(z))),
        observed=observed,
        expected=expected,
        n=n,
        method=method,
    )


def binary_agreement(first: ArrayLike, second: ArrayLike) -> BinaryAgreement:
    """How two readers agree on present or absent, frame by frame or case by case. Raises ValueError as `contingency`.

    >>> result = binary_agreement([1, 1, 0, 0], [1, 0, 0, 0])
    >>> result.rate, result.pabak, round(result.positive, 3), round(result.negative, 3)
    (0.75, 0.5, 0.667, 0.8)
    """
    (neither, only_second), (only_first, both) = contingency(
        np.asarray(first, dtype=bool), np.asarray(second, dtype=bool), [False, True]
    ).tolist()
    n = neither + only_first + only_second + both
    if n == 0:
        raise ValueError("there must be at least one rating")
    differ = only_first + only_second
    rate = (both + neither) / n
    prevalence = (2 * both + differ) / (2 * n)
    chance = 2 * prevalence * (1 - prevalence)
    return BinaryAgreement(
        rate=rate,
        positive=2 * both / (2 * both + differ) if both + differ else float("nan"),
        negative=2 * neither / (2 * neither + differ) if neither + differ else float("nan"),
        pabak=2 * rate - 1,
        ac1=(rate - chance) / (1 - chance),
        n=n,
    )


def clustered_agreement(
    tables: ArrayLike, *, resamples: int = 2000, confidence: float = 0.95, seed: int = 0
) -> ClusteredAgreement:
    """Bootstrap that draws whole clusters with replacement; the same seed gives the same intervals.

    tables: (V, 2, 2) counts of frames per cluster as `contingency` gives them: [[neither, only second], [only first,
    both]]. Frames of one video resemble each other, so the interval of `cohen_kappa`, which takes frames for
    independent, is too narrow. With a single cluster its spread cannot be told and the intervals are NaN.
    Raises ValueError for another shape, negative counts, or no frame at all.

    >>> result = clustered_agreement([[[40, 10], [0, 50]], [[50, 0], [10, 40]]])
    >>> result.rate, round(result.kappa, 6), result.clusters
    (0.9, 0.8, 2)
    """
    counts = np.asarray(tables, dtype=np.float64)
    if counts.ndim != 3 or counts.shape[1:] != (2, 2):
        raise ValueError(f"there must be one 2 x 2 table per cluster, got shape {counts.shape}")
    if np.any(counts < 0) or counts.sum() <= 0:
        raise ValueError("the tables must hold counts, at least one of them above 0")
    counts = counts[counts.sum(axis=(1, 2)) > 0]
    clusters = len(counts)
    whole = _two_by_two(counts.sum(axis=0).reshape(1, 4))[0]
    bounds = np.full((2, 3), np.nan)
    undefined = 0
    if clusters > 1:
        times = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=resamples)
        drawn = _two_by_two(times @ counts.reshape(clusters, 4))
        undefined = int(np.isnan(drawn[:, 1]).sum())
        tail = (1 - confidence) / 2
        for place, values in enumerate(drawn.T):
            known = values[~np.isnan(values)]
            if known.size:
                bounds[:, place] = np.quantile(known, [tail, 1 - tail])
    low, high = bounds.tolist()
    return ClusteredAgreement(
        rate=float(whole[0]),
        rate_low=low[0],
        rate_high=high[0],
        kappa=float(whole[1]),
        low=low[1],
        high=high[1],
        jaccard=float(whole[2]),
        jaccard_low=low[2],
        jaccard_high=high[2],
        clusters=clusters,
        resamples=resamples if clusters > 1 else 0,
        undefined=undefined,
        method=f"bootstrap over {clusters} clusters, percentile, {resamples} draws, seed {seed}",
    )


def interval_iou(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """(N, M) intersection over union of half-open intervals (N, 2) and (M, 2), in frames.

    Raises ValueError for another shape or an empty interval.

    >>> interval_iou([[0, 10]], [[5, 15], [10, 20]]).round(3).tolist()
    [[0.333, 0.0]]
    """
    one, other = _intervals(first), _intervals(second)
    shared = np.minimum(one[:, None, 1], other[None, :, 1]) - np.maximum(one[:, None, 0], other[None, :, 0])
    shared = np.maximum(shared, 0)
    lengths = (one[:, 1] - one[:, 0])[:, None] + (other[:, 1] - other[:, 0])[None, :]
    return np.asarray(shared / (lengths - shared), dtype=np.float64)


def match_intervals(first: ArrayLike, second: ArrayLike) -> IntervalMatch:
    """The one-to-one matching of half-open intervals (N, 2) and (M, 2) with the largest sum of IoU.

    Raises ValueError as `interval_iou`.

    >>> found = match_intervals([[0, 10], [20, 30]], [[21, 33]])
    >>> found.pairs.tolist(), found.starts.tolist(), found.ends.tolist(), found.alone_first.tolist()
    ([[1, 0]], [1], [3], [0])
    """
    one, other = _intervals(first), _intervals(second)
    iou = interval_iou(one, other)
    rows, columns = linear_sum_assignment(iou, maximize=True)
    matched = iou[rows, columns] > 0
    rows, columns = rows[matched], columns[matched]
    edges = other[columns] - one[rows]
    return IntervalMatch(
        pairs=np.stack([rows, columns], axis=1).astype(np.int64),
        iou=iou[rows, columns],
        starts=edges[:, 0],
        ends=edges[:, 1],
        alone_first=np.setdiff1d(np.arange(len(one)), rows),
        alone_second=np.setdiff1d(np.arange(len(other)), columns),
    )


def edge_distance(differences: ArrayLike) -> EdgeDistance:
    """Summary of signed differences of edges, in frames.

    >>> edge_distance([-1, 3, 0, 0])
    EdgeDistance(mean=1.0, median=0.5, largest=3.0, n=4)
    """
    distances = np.abs(np.asarray(differences, dtype=np.float64)).ravel()
    if not distances.size:
        return EdgeDistance(float("nan"), float("nan"), float("nan"), 0)
    return EdgeDistance(
        float(distances.mean()), float(np.median(distances)), float(distances.max()), int(distances.size)
    )


def _agreement_weights(n: int, weights: Weights) -> NDArray[np.float64]:
    if weights not in _AGREEMENT_WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(_AGREEMENT_WEIGHTS)}, got {weights!r}")
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / (n - 1)
    if weights == "none":
        return np.eye(n)
    return np.asarray(1 - (distance if weights == "linear" else distance**2))


def _two_by_two(tables: NDArray[np.float64]) -> NDArray[np.float64]:
    """(R, 3) rate, kappa and Jaccard index of (R, 4) counts neither, only second, only first, both; NaN: undefined."""
    total = tables.sum(axis=1)
    neither, only_second, only_first, both = (tables / total[:, None]).T
    rate = neither + both
    first, second = only_first + both, only_second + both
    chance = first * second + (1 - first) * (1 - second)
    marked = 1 - neither
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.where(1 - chance > 1e-12, (rate - chance) / (1 - chance), np.nan)
        jaccard = np.where(tables[:, 1:].sum(axis=1) > 0, both / marked, np.nan)
    return np.stack([rate, kappa, jaccard], axis=1)


def _intervals(intervals: ArrayLike) -> NDArray[np.int64]:
    pairs = np.asarray(intervals, dtype=np.int64)
    pairs = pairs.reshape(0, 2) if pairs.size == 0 else pairs
    if pairs.ndim != 2 or pairs.shape[1] != 2 or np.any(pairs[:, 0] >= pairs[:, 1]):
        raise ValueError(f"intervals are (N, 2) with start below stop, got {np.asarray(intervals).tolist()}")
    return pairs
