"""DeLong's variance against the definition by pairs and the jackknife."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from training.statistics import OneClassError, auc, delong_covariance, delong_interval, delong_test

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
    with pytest.raises(OneClassError):
        delong_interval([1, 1], [0.2, 0.3])
