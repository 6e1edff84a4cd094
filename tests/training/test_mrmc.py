"""Obuchowski-Rockette analysis against brute force, its symmetries and the published VanDyke numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from tests.training.builders_reference import reference_numbers
from training.statistics import MrmcResult, OneClassError, analyse_mrmc, auc, delong_test

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Covariance = Literal["jackknife", "delong"]
COVARIANCES: tuple[Covariance, ...] = ("jackknife", "delong")


def _study(tests: int = 2, readers: int = 3, cases: int = 30) -> tuple[Integers, Floats]:
    """Ratings 1..9 with ties that share a case effect; later tests separate the classes better."""
    random = np.random.default_rng(5)
    truth = (np.arange(cases) % 5 < 2).astype(np.int64)
    gain = 0.8 + 0.5 * np.arange(tests)[:, None, None]
    noise = random.normal(size=cases) + random.normal(size=(tests, readers, cases))
    return truth, np.clip(np.round(4 + gain * truth + noise), 1, 9)


def _summary(result: MrmcResult) -> list[float]:
    return [
        *(result.rrrc.f, result.rrrc.df2, result.rrrc.p),
        *(result.frrc.chi2, result.frrc.p),
        *(result.rrfc.f, result.rrfc.p),
    ]


@pytest.fixture(scope="module")
def van_dyke(statistics_dir: Path) -> tuple[Integers, Floats]:
    """Truth (114,) and ratings (2, 5, 114)."""
    table = pd.read_csv(statistics_dir / "VanDyke.csv")
    truth = table.groupby("case")["truth"].first().to_numpy()
    ratings = table.pivot(index=["treatment", "reader"], columns="case", values="rating").to_numpy(dtype=np.float64)
    return truth, ratings.reshape(2, 5, -1)


def test_jackknife_covariance_equals_a_loop_over_left_out_cases() -> None:
    truth, scores = _study(tests=2, readers=3)
    cases = truth.size
    left_out = np.empty((cases, 2, 3))
    for case in range(cases):
        kept = np.arange(cases) != case
        for test in range(2):
            for reader in range(3):
                left_out[case, test, reader] = auc(truth[kept], scores[test, reader, kept])
    expected = np.zeros((2, 3, 2, 3))
    for areas in left_out:
        deviation = areas - left_out.mean(axis=0)
        expected += (cases - 1) / cases * np.multiply.outer(deviation, deviation)
    np.testing.assert_allclose(analyse_mrmc(truth, scores).covariance, expected, rtol=1e-10)


def test_components_equal_averages_by_loops() -> None:
    truth, scores = _study(tests=3, readers=4)
    result = analyse_mrmc(truth, scores)
    sums: dict[tuple[bool, bool], list[float]] = {}
    for index, value in np.ndenumerate(result.covariance):
        sums.setdefault((index[0] == index[2], index[1] == index[3]), []).append(float(value))
    parts = result.components
    assert parts.var_error == pytest.approx(np.mean(sums[True, True]))
    assert parts.cov1 == pytest.approx(np.mean(sums[False, True]))
    assert parts.cov2 == pytest.approx(np.mean(sums[True, False]))
    assert parts.cov3 == pytest.approx(np.mean(sums[False, False]))
    total = float(((result.aucs - result.aucs.mean()) ** 2).sum())
    assert 2 * parts.ms_test + 3 * parts.ms_reader + 6 * parts.ms_test_reader == pytest.approx(total)


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_identical_tests_do_not_differ(covariance: Covariance) -> None:
    truth, scores = _study()
    result = analyse_mrmc(truth, np.stack([scores[0], scores[0]]), covariance=covariance)
    assert (result.rrrc.f, result.rrrc.p) == (0.0, 1.0)
    assert (result.frrc.chi2, result.frrc.p) == (0.0, 1.0)
    assert (result.rrfc.f, result.rrfc.p) == (0.0, 1.0)
    assert result.rrrc.difference is not None
    assert result.rrrc.difference.value == 0.0


def test_perfect_test_against_a_useless_one_differs_without_error() -> None:
    truth = np.array([0, 0, 0, 1, 1, 1])
    perfect, useless = np.tile(truth, (2, 1)), np.ones((2, 6))
    result = analyse_mrmc(truth, np.stack([perfect, useless]))
    assert result.rrrc.f == np.inf
    assert (result.rrrc.p, result.frrc.p, result.rrfc.p) == (0.0, 0.0, 0.0)
    assert [(test.low, test.high) for test in result.per_test] == [(1.0, 1.0), (0.5, 0.5)]


@pytest.mark.parametrize("covariance", COVARIANCES)
def test_order_of_tests_readers_and_cases_does_not_matter(covariance: Covariance) -> None:
    truth, scores = _study(tests=3, readers=4)
    expected = _summary(analyse_mrmc(truth, scores, covariance=covariance))
    random = np.random.default_rng(8)
    tests, readers, cases = (random.permutation(size) for size in scores.shape)
    moved = analyse_mrmc(truth[cases], scores[np.ix_(tests, readers, cases)], covariance=covariance)
    np.testing.assert_allclose(_summary(moved), expected, rtol=1e-8)


def test_only_the_order_of_the_ratings_counts_and_swapped_tests_turn_the_sign() -> None:
    truth, scores = _study()
    expected = analyse_mrmc(truth, scores)
    np.testing.assert_allclose(_summary(analyse_mrmc(truth, np.exp(scores))), _summary(expected), rtol=1e-12)
    swapped = analyse_mrmc(truth, scores[::-1])
    assert expected.rrrc.difference is not None
    assert swapped.rrrc.difference is not None
    assert swapped.rrrc.difference.value == pytest.approx(-expected.rrrc.difference.value)
    assert swapped.rrrc.difference.low == pytest.approx(-expected.rrrc.difference.high)


def test_two_tests_agree_with_the_t_test_of_the_difference() -> None:
    result = analyse_mrmc(*_study())
    for test in (result.rrrc, result.rrfc):
        assert test.difference is not None
        t = test.difference.value / test.difference.standard_error
        assert test.f == pytest.approx(t**2)
        assert test.p == pytest.approx(2 * stats.t.sf(abs(t), test.df2))
    assert result.frrc.difference is not None
    z = result.frrc.difference.value / result.frrc.difference.standard_error
    assert result.frrc.chi2 == pytest.approx(z**2)


def test_error_of_one_reader_is_the_paired_delong_test() -> None:
    truth, scores = _study()
    result = analyse_mrmc(truth, scores, covariance="delong")
    expected = [np.sqrt(delong_test(truth, first, second).variance) for first, second in zip(*scores, strict=True)]
    np.testing.assert_allclose(result.reader_difference_se, expected)


def test_three_tests_have_no_single_difference_and_every_result_names_its_method() -> None:
    result = analyse_mrmc(*_study(tests=3), covariance="delong")
    assert result.rrrc.difference is None
    assert (result.rrrc.df1, result.frrc.df, result.rrfc.df2) == (2, 2, 4)
    assert "Obuchowski-Rockette" in result.method
    assert "DeLong" in result.method
    assert [test.method.split(",")[0] for test in (result.rrrc, result.frrc, result.rrfc)] == ["RRRC", "FRRC", "RRFC"]


def test_bad_input_is_named() -> None:
    truth, scores = _study()
    with pytest.raises(ValueError, match="shapes"):
        analyse_mrmc(truth[:-1], scores)
    with pytest.raises(ValueError, match="shapes"):
        analyse_mrmc(truth, scores[0])
    with pytest.raises(ValueError, match="2 tests and 2 readers"):
        analyse_mrmc(truth, scores[:1])
    with pytest.raises(ValueError, match="2 tests and 2 readers"):
        analyse_mrmc(truth, scores[:, :1])
    with pytest.raises(ValueError, match="0 and 1 only"):
        analyse_mrmc(truth + 1, scores)
    with pytest.raises(ValueError, match="covariance must be"):
        analyse_mrmc(truth, scores, covariance="bootstrap")  # type: ignore[arg-type]
    scores[1, 2, 3] = np.nan
    with pytest.raises(ValueError, match="not fully crossed: 1 of 180"):
        analyse_mrmc(truth, scores)


@pytest.mark.parametrize("positives", [0, 1, 29, 30])
def test_too_few_cases_of_a_class_are_refused(positives: int) -> None:
    _, scores = _study()
    with pytest.raises(OneClassError, match="2 positive and 2 negative"):
        analyse_mrmc((np.arange(30) < positives).astype(int), scores)


def test_van_dyke_with_the_jackknife(van_dyke: tuple[Integers, Floats], statistics_dir: Path) -> None:
    result = analyse_mrmc(*van_dyke)
    parts = result.components
    for test in range(2):
        areas = reference_numbers(statistics_dir, "VanDyke", f"per-reader AUC treatment {test + 1}")
        np.testing.assert_allclose(result.aucs[test], areas, atol=5e-9)
        interval = result.per_test[test]
        expected = reference_numbers(statistics_dir, "VanDyke", f"single treatment RRRC AUC SE df CI, {test + 1}")
        found = [interval.value, interval.standard_error, interval.df, interval.low, interval.high]
        np.testing.assert_allclose(found, expected, rtol=4e-4)
    squares = reference_numbers(statistics_dir, "VanDyke", "MS(T) MS(R) MS(TR)")
    np.testing.assert_allclose([parts.ms_test, parts.ms_reader, parts.ms_test_reader], squares, atol=6e-9)
    components = reference_numbers(
        statistics_dir, "VanDyke", "OR components jackknife VarE Cov1 Cov2 Cov3 Var(R) Var(TR)"
    )
    found = [parts.var_error, parts.cov1, parts.cov2, parts.cov3, parts.var_reader, parts.var_test_reader]
    np.testing.assert_allclose(found, components, atol=6e-9)


def test_van_dyke_tests_with_the_jackknife(van_dyke: tuple[Integers, Floats], statistics_dir: Path) -> None:
    result = analyse_mrmc(*van_dyke)
    rrrc, frrc, rrfc = result.rrrc, result.frrc, result.rrfc
    f_df_p = reference_numbers(statistics_dir, "VanDyke", "RRRC F ddf p", "jackknife")
    np.testing.assert_allclose([rrrc.f, rrrc.df2, rrrc.p], f_df_p, rtol=2e-5)
    np.testing.assert_allclose(
        [frrc.chi2, frrc.p], reference_numbers(statistics_dir, "VanDyke", "FRRC X2(1) p SE CI")[:2], rtol=3e-5
    )
    np.testing.assert_allclose(
        [rrfc.f, rrfc.p], reference_numbers(statistics_dir, "VanDyke", "RRFC F(1,4) p SE CI")[:2], rtol=3e-5
    )
    rows = ("RRRC difference SE CI", "FRRC X2(1) p SE CI", "RRFC F(1,4) p SE CI")
    for difference, row in zip((rrrc.difference, frrc.difference, rrfc.difference), rows, strict=True):
        assert difference is not None
        found = [difference.standard_error, difference.low, difference.high]
        np.testing.assert_allclose(found, reference_numbers(statistics_dir, "VanDyke", row)[-3:], atol=6e-6)


def test_van_dyke_with_delong(van_dyke: tuple[Integers, Floats], statistics_dir: Path) -> None:
    result = analyse_mrmc(*van_dyke, covariance="delong")
    parts, rrrc = result.components, result.rrrc
    components = reference_numbers(statistics_dir, "VanDyke", "OR components VarE Cov1 Cov2 Cov3", "DeLong")
    np.testing.assert_allclose([parts.var_error, parts.cov1, parts.cov2, parts.cov3], components, atol=6e-9)
    assert rrrc.difference is not None
    found = [rrrc.f, rrrc.df2, rrrc.p, rrrc.difference.standard_error]
    np.testing.assert_allclose(
        found, reference_numbers(statistics_dir, "VanDyke", "RRRC F ddf p SE", "DeLong"), rtol=2e-5
    )
    z = (result.aucs[0] - result.aucs[1]) / result.reader_difference_se
    np.testing.assert_allclose(z, reference_numbers(statistics_dir, "VanDyke", "paired DeLong per reader z"), atol=1e-7)
