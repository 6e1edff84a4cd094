"""Intraclass correlation of n subjects, k readers: the six forms of Shrout and Fleiss 1979 (systems spec 8.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from training.statistics.roc import Floats

TOO_LITTLE = "subjects differ too little beside the ratings of one subject for this form"
_NAN = float("nan")


@dataclass(frozen=True)
class IntraclassCorrelation:
    """One form: value with its interval (NaN with a reason where undefined) and the F test that it is 0."""

    value: float
    low: float
    high: float
    f: float
    df1: int
    df2: int
    p: float
    method: str
    reason: str = ""


@dataclass(frozen=True)
class IntraclassCorrelations:
    """All six. icc1: each subject has its own readers; icc2: readers are a sample, absolute agreement; icc3: these
    readers, consistency. Of a single rating, and (`_average`) of the mean of k ratings."""

    icc1: IntraclassCorrelation
    icc2: IntraclassCorrelation
    icc3: IntraclassCorrelation
    icc1_average: IntraclassCorrelation
    icc2_average: IntraclassCorrelation
    icc3_average: IntraclassCorrelation
    subjects: int
    readers: int


@dataclass(frozen=True)
class _MeanSquares:
    between: float
    within: float
    readers: float
    error: float
    n: int
    k: int


def intraclass_correlations(ratings: ArrayLike, *, confidence: float = 0.95) -> IntraclassCorrelations:
    """All six forms of ratings (n, k), subjects in rows, readers in columns, none missing, n and k at least 2.

    Where all ratings are the same, or all readers agree on subjects that do not differ, NaN and a reason.
    Raises ValueError for other shapes or a missing rating.

    >>> found = intraclass_correlations([[1, 2], [2, 3], [3, 4], [5, 6]])
    >>> round(found.icc2.value, 3), found.icc3.value
    (0.854, 1.0)
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"ratings must be (subjects, readers), at least two of each, got shape {table.shape}")
    if np.isnan(table).any():
        raise ValueError("ratings must not be missing; leave the subject out, or use Krippendorff's alpha")
    squares = _mean_squares(table)
    tail = (1 - confidence) / 2
    one, two, three = _one_way(squares, tail), _absolute(squares, tail), _consistent(squares, tail)
    return IntraclassCorrelations(one[0], two[0], three[0], one[1], two[1], three[1], squares.n, squares.k)


def _mean_squares(table: Floats) -> _MeanSquares:
    n, k = table.shape
    by_subject, by_reader = table.mean(axis=1, keepdims=True), table.mean(axis=0, keepdims=True)
    residual = table - by_subject - by_reader + table.mean()
    scale = max(float(np.abs(table).max()) ** 2, 1e-300)

    def cleaned(square: float) -> float:
        # Equal ratings leave mean squares of about this size by rounding alone.
        return square if square > 1e-28 * scale else 0.0

    return _MeanSquares(
        between=cleaned(k * float(by_subject.var(ddof=1))),
        within=cleaned(float(((table - by_subject) ** 2).sum() / (n * (k - 1)))),
        readers=cleaned(n * float(by_reader.var(ddof=1))),
        error=cleaned(float((residual**2).sum() / ((n - 1) * (k - 1)))),
        n=n,
        k=k,
    )


def _one_way(ms: _MeanSquares, tail: float) -> tuple[IntraclassCorrelation, IntraclassCorrelation]:
    df1, df2 = ms.n - 1, ms.n * (ms.k - 1)
    return _both(ms.between, ms.within, (df1, df2), ms.k, tail, ("ICC(1,1)", f"ICC(1,{ms.k})"))


def _consistent(ms: _MeanSquares, tail: float) -> tuple[IntraclassCorrelation, IntraclassCorrelation]:
    df1, df2 = ms.n - 1, (ms.n - 1) * (ms.k - 1)
    return _both(ms.between, ms.error, (df1, df2), ms.k, tail, ("ICC(3,1)", f"ICC(3,{ms.k})"))


def _both(
    between: float, error: float, df: tuple[int, int], k: int, tail: float, names: tuple[str, str]
) -> tuple[IntraclassCorrelation, IntraclassCorrelation]:
    """Single and average form of one mean square against another."""
    single, average = (f"{name}, Shrout-Fleiss" for name in names)
    if between == 0 and error == 0:
        return _undefined(df, single), _undefined(df, average)
    f, p = _f_test(between, error, df)
    low = f / stats.f.ppf(1 - tail, *df)
    high = f * stats.f.ppf(1 - tail, df[1], df[0])
    value = (between - error) / (between + (k - 1) * error)
    if error == 0:
        return (
            IntraclassCorrelation(1.0, 1.0, 1.0, f, *df, p, single),
            IntraclassCorrelation(1.0, 1.0, 1.0, f, *df, p, average),
        )
    bounds = [float((x - 1) / (x + k - 1)) for x in (low, high)]
    if between == 0:
        mean_form = IntraclassCorrelation(_NAN, _NAN, _NAN, f, *df, p, average, TOO_LITTLE)
    else:
        mean_form = IntraclassCorrelation(
            (between - error) / between, float(1 - 1 / low), float(1 - 1 / high), f, *df, p, average
        )
    return IntraclassCorrelation(float(value), bounds[0], bounds[1], f, *df, p, single), mean_form


def _absolute(ms: _MeanSquares, tail: float) -> tuple[IntraclassCorrelation, IntraclassCorrelation]:
    n, k = ms.n, ms.k
    df = (n - 1, (n - 1) * (k - 1))
    names = ("ICC(2,1), Shrout-Fleiss", f"ICC(2,{k}), Shrout-Fleiss")
    whole = ms.between + (k - 1) * ms.error + k * (ms.readers - ms.error) / n
    whole_of_mean = ms.between + (ms.readers - ms.error) / n
    if ms.between == 0 and ms.error == 0:
        return _undefined(df, names[0]), _undefined(df, names[1])
    f, p = _f_test(ms.between, ms.error, df)
    if whole <= 0:
        nothing = tuple(IntraclassCorrelation(_NAN, _NAN, _NAN, f, *df, p, name, TOO_LITTLE) for name in names)
        return nothing[0], nothing[1]
    value = (ms.between - ms.error) / whole
    low, high = _absolute_bounds(ms, value, tail)
    single = IntraclassCorrelation(float(value), low, high, f, *df, p, names[0])
    if whole_of_mean <= 0:
        return single, IntraclassCorrelation(_NAN, _NAN, _NAN, f, *df, p, names[1], TOO_LITTLE)
    of_mean = [float(bound * k / (1 + bound * (k - 1))) for bound in (low, high)]
    value = (ms.between - ms.error) / whole_of_mean
    return single, IntraclassCorrelation(float(value), of_mean[0], of_mean[1], f, *df, p, names[1])


def _absolute_bounds(ms: _MeanSquares, value: float, tail: float) -> tuple[float, float]:
    """Bounds of ICC(2,1) with Satterthwaite's degrees of freedom (Shrout and Fleiss 1979); rough below 0."""
    n, k = ms.n, ms.k
    if ms.error == 0 and ms.readers == 0:
        return 1.0, 1.0
    # Numerator and denominator are both multiplied by the error's mean square, which may be 0.
    part_readers, part_error = k * value * ms.readers, (n * (1 + (k - 1) * value) - k * value) * ms.error
    above = (k - 1) * (n - 1) * (part_readers + part_error) ** 2
    below = (n - 1) * part_readers**2 + part_error**2
    if below == 0 or above == 0:
        return _NAN, _NAN
    df = above / below
    upper, lower = stats.f.ppf(1 - tail, n - 1, df), stats.f.ppf(1 - tail, df, n - 1)
    rest = k * ms.readers + (k * n - k - n) * ms.error
    low = n * (ms.between - upper * ms.error) / (upper * rest + n * ms.between)
    high = n * (lower * ms.between - ms.error) / (rest + n * lower * ms.between)
    return float(low), float(high)


def _f_test(between: float, error: float, df: tuple[int, int]) -> tuple[float, float]:
    f = between / error if error > 0 else float("inf")
    return f, float(stats.f.sf(f, *df))


def _undefined(df: tuple[int, int], method: str) -> IntraclassCorrelation:
    reason = "subjects do not differ, and readers agree on them"
    return IntraclassCorrelation(_NAN, _NAN, _NAN, _NAN, *df, _NAN, method, reason)
