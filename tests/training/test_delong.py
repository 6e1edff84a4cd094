"""DeLong's variance against the definition by pairs and the jackknife."""

from __future__ import annotations

import re
import tracemalloc
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tests.training.builders_reference import reference_numbers, reference_text
from training.statistics import OneClassError, auc, delong_covariance, delong_interval, delong_test, holm

# Twelve cases, two scores with ties. The expected numbers come from `_by_definition` (all pairs, no ranks).
TRUTH = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
FIRST = np.array([0.9, 0.8, 0.8, 0.6, 0.3, 0.8, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1])
SECOND = np.array([0.7, 0.9, 0.4, 0.5, 0.6, 0.6, 0.5, 0.7, 0.2, 0.3, 0.4, 0.1])


def _by_definition(
    truth: NDArray[np.int64], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas and covariance from the kernel over all pairs, as DeLong et al. define them."""
    kernels = [
        np.array([[float(p > n) + 0.5 * float(p == n) for n in row[truth == 0]] for p in row[truth == 1]])
        for row in scores
    ]
    m, n = kernels[0].shape
    v10 = np.stack([kernel.mean(axis=1) for kernel in kernels])
    v01 = np.stack([kernel.mean(axis=0) for kernel in kernels])
    return np.array([kernel.mean() for kernel in kernels]), np.cov(v10) / m + np.cov(v01) / n


def test_covariance_equals_the_definition_by_pairs() -> None:
    scores = np.stack([FIRST, SECOND])
    areas, covariance = delong_covariance(TRUTH, scores)
    expected_areas, expected = _by_definition(TRUTH, scores)
    np.testing.assert_allclose(areas, expected_areas, rtol=1e-12)
    np.testing.assert_allclose(covariance, expected, rtol=1e-12)
    np.testing.assert_allclose(areas, [29.5 / 35, 27 / 35])


@given(
    st.lists(st.integers(0, 5), min_size=4, max_size=12),
    st.lists(st.integers(0, 5), min_size=4, max_size=12),
)
def test_variance_equals_the_definition_for_any_scores(positives: list[int], negatives: list[int]) -> None:
    truth = np.array([1] * len(positives) + [0] * len(negatives))
    score = np.array(positives + negatives, dtype=float)
    twice = np.stack([score, score])
    assert delong_interval(truth, score).variance == pytest.approx(_by_definition(truth, twice)[1][0, 0], abs=1e-12)


def test_variance_agrees_with_the_jackknife_on_many_cases() -> None:
    generator = np.random.default_rng(3)
    truth = np.repeat([1, 0], 150)
    score = np.round(generator.normal(size=300) + 0.8 * truth, 1)
    left_out = np.array([auc(np.delete(truth, i), np.delete(score, i)) for i in range(300)])
    jackknife = 299 / 300 * float(np.square(left_out - left_out.mean()).sum())
    assert delong_interval(truth, score).variance == pytest.approx(jackknife, rel=0.02)


def test_interval_is_symmetric_and_clipped() -> None:
    found = delong_interval(TRUTH, FIRST)
    half = 1.959964 * np.sqrt(found.variance)
    assert found.low == pytest.approx(found.auc - half, abs=1e-6)
    assert found.high == 1.0
    assert (found.positives, found.negatives, found.method) == (5, 7, "DeLong")
    perfect = delong_interval([0, 0, 1, 1], [1, 2, 3, 4])
    assert (perfect.low, perfect.auc, perfect.high) == (1.0, 1.0, 1.0)


def test_paired_test_follows_from_the_covariance() -> None:
    areas, covariance = _by_definition(TRUTH, np.stack([FIRST, SECOND]))
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    z = (areas[0] - areas[1]) / np.sqrt(variance)
    found = delong_test(TRUTH, FIRST, SECOND)
    assert found.z == pytest.approx(z)
    assert found.p == pytest.approx(2 * (1 - stats.norm.cdf(abs(z))))
    assert delong_test(TRUTH, SECOND, FIRST).z == pytest.approx(-z)


def test_paired_test_without_variance() -> None:
    assert delong_test(TRUTH, FIRST, 3 * FIRST).p == 1.0
    opposite = delong_test([0, 0, 1, 1], [1, 2, 3, 4], [4, 3, 2, 1])
    assert (opposite.difference, opposite.p) == (1.0, 0.0)


def test_too_few_cases() -> None:
    one = delong_interval([1, 0, 0], [0.5, 0.6, 0.1])
    assert one.auc == 0.5
    assert np.isnan([one.variance, one.low, one.high]).all()
    assert one.reason


def test_a_missing_class_gives_nan_and_a_reason() -> None:
    interval, test = delong_interval([1, 1], [0.2, 0.3]), delong_test([0, 0], [0.2, 0.3], [0.1, 0.1])
    assert np.isnan([interval.auc, interval.low, interval.high, test.z, test.p]).all()
    assert "negative" in interval.reason
    assert "negative" in test.reason
    alone = delong_test([1, 0, 0], [0.5, 0.6, 0.1], [0.5, 0.1, 0.1])
    assert np.isnan(alone.p)
    assert "single" in alone.reason
    with pytest.raises(OneClassError):
        delong_covariance([1, 1], [0.2, 0.3])


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=30),
    st.lists(st.integers(0, 9), min_size=2, max_size=30),
    st.integers(0, 2**31),
)
def test_midranks_equal_all_pairs_for_two_scores(positives: list[int], negatives: list[int], seed: int) -> None:
    truth = np.array([1] * len(positives) + [0] * len(negatives))
    scores = np.stack([np.array(positives + negatives) / 9, np.random.default_rng(seed).random(truth.size).round(1)])
    areas, covariance = delong_covariance(truth, scores)
    expected_areas, expected = _by_definition(truth, scores)
    np.testing.assert_allclose(areas, expected_areas, rtol=0, atol=1e-10)
    np.testing.assert_allclose(covariance, expected, rtol=0, atol=1e-10)


def test_twenty_thousand_cases_are_never_compared_pair_by_pair() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 2, 20_000)
    first, second = generator.random((2, 20_000)) + 0.3 * truth
    tracemalloc.start()
    found = delong_test(truth, first, second)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 100 * truth.nbytes, "all pairs of a positive and a negative would be 5,000 times the truth"
    assert found.auc_first == pytest.approx(0.755, abs=0.02)


def test_logit_interval_stays_inside_and_agrees_with_many_cases() -> None:
    generator = np.random.default_rng(1)
    truth = np.repeat([0, 1], 2000)
    score = generator.normal(size=4000) + truth
    plain, logit = delong_interval(truth, score), delong_interval(truth, score, scale="logit")
    assert (logit.low, logit.high) == (pytest.approx(plain.low, abs=1e-3), pytest.approx(plain.high, abs=1e-3))
    few = delong_interval(TRUTH, FIRST, scale="logit")
    assert 0 < few.low < few.auc < few.high < 1
    half = (np.log(few.high / (1 - few.high)) - np.log(few.low / (1 - few.low))) / 2
    assert half == pytest.approx(1.959964 * np.sqrt(few.variance) / (few.auc * (1 - few.auc)), rel=1e-6)
    perfect = delong_interval([0, 0, 1, 1], [1, 2, 3, 4], scale="logit")
    assert np.isnan([perfect.low, perfect.high]).all()
    assert "logit" in perfect.reason
    with pytest.raises(ValueError, match="scale"):
        delong_interval(TRUTH, FIRST, scale="probit")  # type: ignore[arg-type]


def test_asah_equals_proc(statistics_dir: Path) -> None:
    table = pd.read_csv(statistics_dir / "aSAH.csv")
    truth = (table["outcome"] == "Poor").to_numpy().astype(int)
    scores = {name: table[name].to_numpy(float) for name in ("wfns", "s100b", "ndka")}
    areas = reference_numbers(statistics_dir, "aSAH", "AUC wfns s100b ndka")
    bounds = [
        v for interval in (delong_interval(truth, score) for score in scores.values()) for v in astuple(interval)[2:4]
    ]
    published = reference_text(statistics_dir, "aSAH", "DeLong CI wfns s100b ndka").replace("-", " ").split()
    np.testing.assert_allclose([auc(truth, score) for score in scores.values()], areas, atol=5.1e-8)
    np.testing.assert_allclose(bounds, [float(v) for v in published], atol=5.1e-5)
    pairs = [("wfns", "s100b"), ("wfns", "ndka"), ("s100b", "ndka")]
    tests = [delong_test(truth, scores[one], scores[other]) for one, other in pairs]
    row = "paired DeLong wfns-s100b, wfns-ndka, s100b-ndka (Z, p)"
    expected = np.array(reference_numbers(statistics_dir, "aSAH", row)).reshape(3, 2)
    np.testing.assert_allclose([test.z for test in tests], expected[:, 0], atol=5.1e-4)
    np.testing.assert_allclose([test.p for test in tests], expected[:, 1], rtol=5e-4)


def test_van_dyke_intervals_equal_proc(statistics_dir: Path) -> None:
    table = pd.read_csv(statistics_dir / "VanDyke.csv")
    text = reference_text(statistics_dir, "VanDyke", "DeLong CI of AUC, treatment 1, readers 1-5", "DeLong")
    published = re.findall(r"(\d\.\d+)-(\d\.\d+)", text)
    for reader, bounds in enumerate(published, start=1):
        rows = table[(table["reader"] == reader) & (table["treatment"] == 1)]
        found = delong_interval(rows["truth"], rows["rating"])
        np.testing.assert_allclose([found.low, found.high], [float(v) for v in bounds], atol=6e-7)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_step_down_rule(values: list[float]) -> None:
    found = holm(values)
    for level in (0.01, 0.05, 0.2, 0.999):
        rejected = set()
        for step, place in enumerate(np.argsort(values, kind="stable")):
            if values[place] * (len(values) - step) > level:
                break
            rejected.add(int(place))
        assert rejected == set(np.flatnonzero(found <= level).tolist())


def test_holm_leaves_the_unknown_out() -> None:
    np.testing.assert_allclose(holm([0.02, np.nan, 0.03]), [0.04, np.nan, 0.04])
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm([1.5])
