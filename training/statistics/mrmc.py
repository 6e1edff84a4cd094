"""Readers and tests compared on the same cases: Obuchowski-Rockette with Hillis' degrees of freedom (systems spec 8.2).

The three analyses differ in what is taken as a random sample: RRRC readers and cases, FRRC the cases, RRFC the readers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from training.statistics.delong import delong_covariance
from training.statistics.roc import Bools, Floats, OneClassError, auc

CONFIDENCE = 0.95

# Mean squares of equal areas, and differences of equal covariances, are left at about these sizes by rounding alone.
ZERO_MEAN_SQUARE = 1e-24
ZERO_COVARIANCE = 1e-18


@dataclass(frozen=True)
class MrmcInterval:
    """An estimate with its 95 % t interval; df is inf where the normal distribution is used. method: the analysis."""

    value: float
    standard_error: float
    df: float
    low: float
    high: float
    method: str


@dataclass(frozen=True)
class MrmcFTest:
    """F test of equal mean areas. difference: area of test 0 minus area of test 1, None unless there are two tests."""

    f: float
    df1: int
    df2: float
    p: float
    difference: MrmcInterval | None
    method: str


@dataclass(frozen=True)
class MrmcChiSquareTest:
    """Chi-square test of equal mean areas. difference: as in MrmcFTest."""

    chi2: float
    df: int
    p: float
    difference: MrmcInterval | None
    method: str


@dataclass(frozen=True)
class MrmcComponents:
    """Mean squares of the areas, error covariances, and the variance components that follow; a component may be < 0.

    cov1: same reader, other test; cov2: same test, other reader; cov3: both differ.
    """

    ms_test: float
    ms_reader: float
    ms_test_reader: float
    var_error: float
    cov1: float
    cov2: float
    cov3: float
    var_reader: float
    var_test_reader: float


@dataclass(frozen=True, eq=False)
class MrmcResult:
    """Obuchowski-Rockette analysis of t tests and r readers.

    aucs: (t, r). covariance: (t, r, t, r), of the areas over cases. per_test: t mean areas with RRRC intervals, clipped
    to [0, 1]. reader_difference_se: (r,) standard error of a difference of two tests for one reader, cases random.
    method: names the analysis and how the covariance was made.
    """

    aucs: Floats
    covariance: Floats
    components: MrmcComponents
    rrrc: MrmcFTest
    frrc: MrmcChiSquareTest
    rrfc: MrmcFTest
    per_test: tuple[MrmcInterval, ...]
    reader_difference_se: Floats
    method: str


def analyse_mrmc(
    truth: ArrayLike, scores: ArrayLike, *, covariance: Literal["jackknife", "delong"] = "jackknife"
) -> MrmcResult:
    """Compare tests read by the same readers on the same cases.

    truth: (c,) 0 or 1. scores: (t, r, c), larger means more likely positive, t >= 2 tests and r >= 2 readers, none
    missing. covariance: `jackknife` over cases or `delong`. Formulas: systems specification 8.2.
    Raises OneClassError unless each class has at least two cases, ValueError for any other bad input.
    """
    labels, values = _crossed(truth, scores)
    t, r = values.shape[:2]
    areas = np.array([[auc(labels, row) for row in test] for test in values])
    if covariance == "jackknife":
        matrix = _jackknife_covariance(labels, values)
    elif covariance == "delong":
        matrix = delong_covariance(labels, values.reshape(t * r, -1))[1].reshape(t, r, t, r)
    else:
        raise ValueError(f"covariance must be 'jackknife' or 'delong', got {covariance!r}")
    parts = _components(areas, matrix)
    return MrmcResult(
        aucs=areas,
        covariance=matrix,
        components=parts,
        rrrc=_random_readers_random_cases(areas, parts),
        frrc=_fixed_readers_random_cases(areas, parts),
        rrfc=_random_readers_fixed_cases(areas, parts),
        per_test=tuple(_single_test(areas[i], matrix[i, :, i, :]) for i in range(t)),
        reader_difference_se=np.array([_reader_difference_se(matrix[:, j, :, j]) for j in range(r)]),
        method=f"Obuchowski-Rockette, Hillis df, {'DeLong' if covariance == 'delong' else 'jackknife'} covariance",
    )


def _crossed(truth: ArrayLike, scores: ArrayLike) -> tuple[Bools, Floats]:
    """Truth (c,) as bool and scores (t, r, c) as float64. Errors: see analyse_mrmc."""
    labels, values = np.asarray(truth), np.asarray(scores, dtype=np.float64)
    if labels.ndim != 1 or values.ndim != 3 or values.shape[2] != labels.size:
        raise ValueError(f"truth must be (c,) and scores (t, r, c), got shapes {labels.shape} and {values.shape}")
    if values.shape[0] < 2 or values.shape[1] < 2:
        raise ValueError(f"at least 2 tests and 2 readers are needed, got {values.shape[0]} and {values.shape[1]}")
    if not np.all(np.isin(labels, (0, 1))):
        raise ValueError("truth must hold 0 and 1 only; leave out the cases whose label is unknown")
    if missing := int(np.isnan(values).sum()):
        raise ValueError(f"the design is not fully crossed: {missing} of {values.size} scores are missing (NaN)")
    m, n = int(np.sum(labels == 1)), int(np.sum(labels == 0))
    if min(m, n) < 2:
        raise OneClassError(f"at least 2 positive and 2 negative cases are needed, got {m} positive and {n} negative")
    return labels.astype(bool), values


def _jackknife_covariance(labels: Bools, values: Floats) -> Floats:
    """Covariance (t, r, t, r) of the areas: (c - 1) / c times the products about the mean of the left-one-out areas."""
    t, r, c = values.shape
    left_out = np.stack([_areas_without_each_case(labels, row) for row in values.reshape(t * r, c)])
    deviation = left_out - left_out.mean(axis=1, keepdims=True)
    return np.asarray((c - 1) / c * (deviation @ deviation.T)).reshape(t, r, t, r)


def _areas_without_each_case(labels: Bools, score: Floats) -> Floats:
    """Area (c,) with each case left out in turn, from the (positive, negative) pairs that case is part of."""
    positive, negative = score[labels][:, None], score[~labels][None, :]
    won = (positive > negative) + 0.5 * (positive == negative)
    m, n = won.shape
    areas = np.empty(labels.size)
    areas[labels] = (won.sum() - won.sum(axis=1)) / ((m - 1) * n)
    areas[~labels] = (won.sum() - won.sum(axis=0)) / (m * (n - 1))
    return areas


def _components(areas: Floats, matrix: Floats) -> MrmcComponents:
    t, r = areas.shape
    by_test, by_reader = areas.mean(axis=1), areas.mean(axis=0)
    residual = areas - by_test[:, None] - by_reader[None, :] + areas.mean()
    ms_reader, ms_test_reader = float(t * by_reader.var(ddof=1)), float((residual**2).sum() / ((t - 1) * (r - 1)))
    same_test, same_reader = np.eye(t, dtype=bool)[:, None, :, None], np.eye(r, dtype=bool)[None, :, None, :]
    groups = (same_test & same_reader, ~same_test & same_reader, same_test & ~same_reader, ~same_test & ~same_reader)
    var_error, cov1, cov2, cov3 = (float(matrix[group].mean()) for group in groups)
    return MrmcComponents(
        ms_test=float(r * by_test.var(ddof=1)),
        ms_reader=ms_reader,
        ms_test_reader=ms_test_reader,
        var_error=var_error,
        cov1=cov1,
        cov2=cov2,
        cov3=cov3,
        var_reader=(ms_reader - ms_test_reader) / t - cov1 + cov3,
        var_test_reader=ms_test_reader - var_error + cov1 + max(cov2 - cov3, 0.0),
    )


def _random_readers_random_cases(areas: Floats, parts: MrmcComponents) -> MrmcFTest:
    t, r = areas.shape
    shared = r * max(parts.cov2 - parts.cov3, 0.0)
    df = _hillis_df(parts.ms_test_reader, shared, (t - 1) * (r - 1))
    return _f_test(areas, parts.ms_test, parts.ms_test_reader + shared, df, "RRRC, Obuchowski-Rockette, Hillis df")


def _random_readers_fixed_cases(areas: Floats, parts: MrmcComponents) -> MrmcFTest:
    t, r = areas.shape
    return _f_test(areas, parts.ms_test, parts.ms_test_reader, (t - 1) * (r - 1), "RRFC, Obuchowski-Rockette")


def _fixed_readers_random_cases(areas: Floats, parts: MrmcComponents) -> MrmcChiSquareTest:
    t, r = areas.shape
    error = parts.var_error - parts.cov1 + (r - 1) * max(parts.cov2 - parts.cov3, 0.0)
    chi2 = (t - 1) * _ratio(parts.ms_test, error)
    p, method = float(stats.chi2.sf(chi2, t - 1)), "FRRC, Obuchowski-Rockette"
    return MrmcChiSquareTest(chi2, t - 1, p, _difference(areas, error, np.inf, method), method)


def _single_test(areas: Floats, matrix: Floats) -> MrmcInterval:
    """Mean area of one test, readers and cases random. areas: (r,). matrix: (r, r)."""
    r, ms_reader = areas.size, float(areas.var(ddof=1))
    shared = r * max(float(matrix[~np.eye(r, dtype=bool)].mean()), 0.0)
    error, df = float(np.sqrt((ms_reader + shared) / r)), _hillis_df(ms_reader, shared, r - 1)
    mean, half_width = float(areas.mean()), float(stats.t.ppf(0.5 + CONFIDENCE / 2, df) * error)
    method = "RRRC single test, Obuchowski-Rockette, Hillis df"
    return MrmcInterval(mean, error, df, max(mean - half_width, 0.0), min(mean + half_width, 1.0), method)


def _reader_difference_se(matrix: Floats) -> float:
    """One reader, cases random. matrix: (t, t)."""
    cov1 = matrix[~np.eye(len(matrix), dtype=bool)].mean()
    return float(np.sqrt(2 * max(np.diag(matrix).mean() - cov1, 0.0)))


def _f_test(areas: Floats, ms_test: float, error: float, df2: float, method: str) -> MrmcFTest:
    df1, f = areas.shape[0] - 1, _ratio(ms_test, error)
    # The F distribution of scipy is undefined at df2 = inf, where df1 * F is chi-square.
    p = float(stats.f.sf(f, df1, df2) if np.isfinite(df2) else stats.chi2.sf(df1 * f, df1))
    return MrmcFTest(f, df1, float(df2), p, _difference(areas, error, df2, method), method)


def _difference(areas: Floats, error: float, df: float, method: str) -> MrmcInterval | None:
    if areas.shape[0] != 2:
        return None
    value = float(areas[0].mean() - areas[1].mean())
    standard_error = float(np.sqrt(2 / areas.shape[1] * max(error, 0.0)))
    half_width = float(stats.t.ppf(0.5 + CONFIDENCE / 2, df)) * standard_error
    return MrmcInterval(value, standard_error, float(df), value - half_width, value + half_width, method)


def _hillis_df(mean_square: float, shared: float, df: int) -> float:
    if mean_square <= ZERO_MEAN_SQUARE:
        return float(df) if shared <= ZERO_COVARIANCE else float("inf")
    return df * ((mean_square + shared) / mean_square) ** 2


def _ratio(ms_test: float, error: float) -> float:
    """Mean square over its error; 0 for equal areas, inf for different areas without error."""
    if ms_test <= ZERO_MEAN_SQUARE:
        return 0.0
    return ms_test / error if error > ZERO_COVARIANCE else float("inf")
