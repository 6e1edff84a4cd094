"""Agreement of several readers: Fleiss' kappa, Krippendorff's alpha, Gwet's AC1, PABAK, Light's kappa (spec 8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from training.statistics.agreement import cohen_kappa, contingency
from training.statistics.roc import Floats

Level = Literal["nominal", "ordinal", "interval", "ratio"]

_LEVELS = ("nominal", "ordinal", "interval", "ratio")
_NAN = float("nan")
_ONE_ANSWER = "all ratings are the same, so agreement by chance is complete"


@dataclass(frozen=True)
class Agreement:
    """A coefficient of agreement beyond chance: 1 complete, 0 as by chance.

    low, high: of `confidence`, NaN where no interval is made. standard_error: named by the method. observed, expected:
    agreement (for alpha 1 - disagreement). n: rated subjects. reason: why numbers are NaN, else "".
    """

    value: float
    standard_error: float
    low: float
    high: float
    observed: float
    expected: float
    n: int
    readers: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class FleissKappa:
    """Fleiss' kappa. null_error: under no agreement beyond chance, for z and the two-sided p. reason: why NaN."""

    kappa: float
    null_error: float
    z: float
    p: float
    observed: float
    expected: float
    n: int
    readers: int
    method: str
    reason: str = ""


def category_counts(ratings: ArrayLike, categories: Sequence[object]) -> NDArray[np.int64]:
    """(N, C) how many readers put each subject into each category, of ratings (R, N), all present.

    Raises ValueError for a rating outside the categories or another shape.

    >>> category_counts([[0, 1], [0, 0]], [0, 1]).tolist()
    [[2, 0], [1, 1]]
    """
    table = np.asarray(ratings)
    if table.ndim != 2:
        raise ValueError(f"ratings must be (readers, subjects), got shape {table.shape}")
    counts = np.stack([(table == category).sum(axis=0) for category in categories], axis=1)
    if np.any(counts.sum(axis=1) != table.shape[0]):
        raise ValueError(f"some ratings are not among the categories {list(categories)}; for missing ones use alpha")
    return np.asarray(counts, dtype=np.int64)


def fleiss_kappa(counts: ArrayLike) -> FleissKappa:
    """Fleiss' kappa (1971) of counts (N, C): readers per category, the same number of readers m >= 2 for each subject.

    NaN and a reason where all ratings are the same. Raises ValueError for other shapes or unequal numbers of readers.

    >>> fleiss_kappa([[2, 0], [0, 2]]).kappa
    1.0
    """
    table = _checked_counts(counts)
    readers = table.sum(axis=1)
    m, n = int(readers[0]), len(table)
    if np.any(readers != m) or m < 2:
        raise ValueError("every subject needs the same number of readers, at least 2; for missing ratings use alpha")
    share = table.sum(axis=0) / (n * m)
    observed = float(((table**2).sum(axis=1) - m).mean() / (m * (m - 1)))
    expected = float((share**2).sum())
    method = "Fleiss' kappa, error under no agreement (Fleiss, Nee and Landis 1979)"
    if 1 - expected <= 1e-12:
        return FleissKappa(_NAN, _NAN, _NAN, _NAN, observed, expected, n, m, method, _ONE_ANSWER)
    kappa = (observed - expected) / (1 - expected)
    spread = share * (1 - share)
    whole = spread.sum()
    variance = 2 * (whole**2 - (spread * (1 - 2 * share)).sum()) / (n * m * (m - 1) * whole**2)
    error = float(np.sqrt(variance))
    return FleissKappa(
        kappa, error, kappa / error, float(2 * stats.norm.sf(abs(kappa / error))), observed, expected, n, m, method
    )


def gwet_ac1(counts: ArrayLike, *, confidence: float = 0.95) -> Agreement:
    """Gwet's AC1 (2008) of counts (N, C), which prevalence hardly bends; subjects may differ in their readers.

    Subjects of fewer than 2 readers tell only of the prevalence. Its error takes subjects for independent.
    NaN and a reason where no subject has 2 readers; NaN error with one subject. Raises ValueError for other shapes.

    >>> round(gwet_ac1([[2, 0], [2, 0], [2, 0], [1, 1]]).value, 4)
    0.68
    """
    table = _checked_counts(counts)
    readers = table.sum(axis=1)
    shares = table / readers[:, None]
    paired = readers >= 2
    m = int(readers.max())
    method = "Gwet's AC1, subjects independent"
    if not paired.any():
        return Agreement(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, len(table), m, method, "no subject has two readers")
    n, categories = int(paired.sum()), table.shape[1]
    share = shares.mean(axis=0)
    expected = float((share * (1 - share)).sum() / (categories - 1))
    pairs = (table * (table - 1)).sum(axis=1)[paired] / (readers * (readers - 1))[paired]
    observed = float(pairs.mean())
    value = (observed - expected) / (1 - expected)
    own = np.zeros(len(table))
    own[paired] = len(table) / n * (pairs - expected) / (1 - expected)
    by_chance = (shares * (1 - share)).sum(axis=1) / (categories - 1)
    leverage = own - 2 * (1 - value) * (by_chance - expected) / (1 - expected)
    error = (
        float(np.sqrt(((leverage - value) ** 2).sum() / (len(table) * (len(table) - 1)))) if len(table) > 1 else _NAN
    )
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    reason = "" if len(table) > 1 else "one subject has no spread"
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Agreement(
        value,
        error,
        low if error == error else _NAN,
        high if error == error else _NAN,
        observed,
        expected,
        n,
        m,
        method,
        reason,
    )


def pabak(table: ArrayLike, *, confidence: float = 0.95) -> Agreement:
    """Prevalence- and bias-adjusted kappa of two readers: (C po - 1) / (C - 1) of a (C, C) table of counts.

    For C = 2 it is 2 po - 1 (Byrt 1993). Raises ValueError for a table that is not square or holds no counts.

    >>> pabak([[40, 9], [6, 45]]).value
    0.7
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or len(counts) < 2:
        raise ValueError(f"the table must be square with at least two categories, got shape {counts.shape}")
    if np.any(counts < 0) or counts.sum() <= 0:
        raise ValueError("the table must hold counts, at least one of them above 0")
    categories, n = len(counts), int(counts.sum())
    observed = float(np.trace(counts) / n)
    value = (categories * observed - 1) / (categories - 1)
    error = float(np.sqrt(observed * (1 - observed) / n)) * categories / (categories - 1)
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    low, high = max(value - half, -1.0 / (categories - 1)), min(value + half, 1.0)
    return Agreement(round(value, 15), error, low, high, observed, 1 / categories, n, 2, "PABAK, binomial error")


def light_kappa(ratings: ArrayLike, categories: Sequence[object]) -> Agreement:
    """Light's kappa (1971): the mean of Cohen's over all pairs of readers of ratings (R, N); no interval is made.

    NaN and a reason where a pair's kappa is undefined. Raises ValueError for fewer than two readers.

    >>> light_kappa([[0, 1, 1], [0, 1, 1], [0, 1, 0]], [0, 1]).value.__round__(4)
    0.6
    """
    rows = np.asarray(ratings)
    if rows.ndim != 2 or len(rows) < 2:
        raise ValueError(f"ratings must be (readers, subjects) of at least two readers, got shape {rows.shape}")
    pairs = [cohen_kappa(contingency(rows[i], rows[j], categories)) for i, j in combinations(range(len(rows)), 2)]
    value, observed, expected = (
        float(np.mean([getattr(pair, name) for pair in pairs])) for name in ("kappa", "observed", "expected")
    )
    reason = next((pair.reason for pair in pairs if pair.reason), "")
    method = f"Light's kappa, mean of {len(pairs)} pairs"
    return Agreement(value, _NAN, _NAN, _NAN, observed, expected, rows.shape[1], len(rows), method, reason)


def krippendorff_alpha(
    ratings: ArrayLike, *, level: Level = "nominal", resamples: int = 1000, confidence: float = 0.95, seed: int = 0
) -> Agreement:
    """Krippendorff's alpha of ratings (R, N) as numbers, NaN where a reader did not rate.

    level: how far two ratings are apart. Subjects with fewer than two ratings do not count. Interval: percentiles over
    resampled subjects (0 resamples: none); draws without any difference do not count. NaN and a reason where nothing
    was rated twice or all ratings are the same. Raises ValueError for another level or shape.

    >>> round(krippendorff_alpha([[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]).value, 7)
    0.0952381
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or len(table) < 2:
        raise ValueError(f"ratings must be (readers, subjects) of at least two readers, got shape {table.shape}")
    if level not in _LEVELS:
        raise ValueError(f"the level must be one of {', '.join(_LEVELS)}, got {level!r}")
    values = np.unique(table[~np.isnan(table)])
    by_unit = _coincidences(table, values)
    n, method = len(by_unit), f"Krippendorff's alpha, {level}, bootstrap over subjects"
    if not n:
        reason = "no subject was rated twice"
        return Agreement(_NAN, _NAN, _NAN, _NAN, _NAN, _NAN, 0, len(table), method, reason)
    done, by_chance = _disagreements(by_unit.sum(axis=0), values, level)
    if by_chance <= 0:
        return Agreement(_NAN, _NAN, _NAN, _NAN, 1 - done, 1 - by_chance, n, len(table), method, _ONE_ANSWER)
    times = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    drawn = [_disagreements(np.tensordot(row, by_unit, 1), values, level) for row in times]
    alphas = [1 - part / whole for part, whole in drawn if whole > 0]
    tail = (1 - confidence) / 2
    low, high = np.quantile(alphas, [tail, 1 - tail]).tolist() if alphas else (_NAN, _NAN)
    error = float(np.std(alphas, ddof=1)) if len(alphas) > 1 else _NAN
    return Agreement(1 - done / by_chance, error, low, high, 1 - done, 1 - by_chance, n, len(table), method)


def _coincidences(table: Floats, values: Floats) -> Floats:
    """(U, V, V) coincidences of the V values in each subject that was rated at least twice."""
    counts = np.stack([(table == value).sum(axis=0) for value in values], axis=1) if values.size else np.zeros((0, 0))
    counts = counts[counts.sum(axis=1) >= 2].astype(np.float64)
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(values.size)
    return np.asarray(pairs / (counts.sum(axis=1) - 1)[:, None, None])


def _disagreements(coincidences: Floats, values: Floats, level: Level) -> tuple[float, float]:
    """Observed and expected disagreement of a (V, V) coincidence matrix; expected 0 where all ratings are the same."""
    totals = coincidences.sum(axis=1)
    n = float(totals.sum())
    distance = _distances(values, totals, level)
    return (
        float((coincidences * distance).sum() / n),
        float((np.outer(totals, totals) * distance).sum() / (n * (n - 1))),
    )


def _distances(values: Floats, totals: Floats, level: Level) -> Floats:
    """(V, V) squared distances of the values."""
    if level == "nominal":
        return 1 - np.eye(values.size)
    if level == "ordinal":
        middle = np.cumsum(totals) - totals / 2
        return np.asarray(np.subtract.outer(middle, middle) ** 2)
    apart = np.subtract.outer(values, values) ** 2
    if level == "interval":
        return np.asarray(apart)
    whole = np.add.outer(values, values) ** 2
    return np.divide(apart, whole, out=np.zeros_like(apart), where=whole > 0)


def _checked_counts(counts: ArrayLike) -> Floats:
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or not len(table):
        raise ValueError(f"counts must be (subjects, categories), at least one and two, got shape {table.shape}")
    if np.any(table < 0) or np.any(table.sum(axis=1) < 1):
        raise ValueError("counts must not be negative, and every subject needs a rating")
    return table
