"""Obuchowski's clustered DeLong: equal to DeLong for single cases, to its own sums, to the bootstrap of clusters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.statistics import (
    OneClassError,
    auc,
    clustered_delong_covariance,
    clustered_delong_interval,
    clustered_delong_test,
    clustered_interval,
    delong_covariance,
    delong_interval,
)


def _cohort(clusters: int, size: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Two scores of clips that share their patient's effect; most patients have clips of both classes."""
    generator = np.random.default_rng(seed)
    patient = generator.normal(size=clusters)
    truth = (generator.normal(size=(clusters, size)) + patient[:, None] > 0).astype(int)
    noise = generator.normal(size=(2, clusters, size)) + generator.normal(size=(clusters, 1))
    scores = truth + noise * np.array([1.0, 1.3])[:, None, None]
    names = [f"patient {i}" for i in range(clusters) for _ in range(size)]
    return truth.ravel(), scores.reshape(2, -1), names


def _by_sums(truth: NDArray[np.int64], score: NDArray[np.float64], names: list[str]) -> float:
    """Obuchowski 1997, written out over clusters and pairs."""
    positives = [i for i, t in enumerate(truth) if t]
    negatives = [i for i, t in enumerate(truth) if not t]
    psi = {(i, j): float(score[i] > score[j]) + 0.5 * float(score[i] == score[j]) for i in positives for j in negatives}
    m, n, area = len(positives), len(negatives), sum(psi.values()) / (len(positives) * len(negatives))
    groups = sorted(set(names))
    sums_10, sums_01 = dict.fromkeys(groups, 0.0), dict.fromkeys(groups, 0.0)
    for i in positives:
        sums_10[names[i]] += sum(psi[i, j] for j in negatives) / n - area
    for j in negatives:
        sums_01[names[j]] += sum(psi[i, j] for i in positives) / m - area
    k10, k01, k = len({names[i] for i in positives}), len({names[j] for j in negatives}), len(groups)
    s10 = k10 / ((k10 - 1) * m) * sum(v**2 for v in sums_10.values())
    s01 = k01 / ((k01 - 1) * n) * sum(v**2 for v in sums_01.values())
    s11 = k / (k - 1) * sum(sums_10[g] * sums_01[g] for g in groups)
    return s10 / m + s01 / n + 2 * s11 / (m * n)


@given(st.integers(0, 10_000))
def test_variance_is_obuchowskis_sum(seed: int) -> None:
    truth, scores, names = _cohort(6, 4, seed)
    if (
        len({n for n, t in zip(names, truth, strict=True) if t}) < 2
        or len({n for n, t in zip(names, truth, strict=True) if not t}) < 2
    ):
        return
    areas, covariance = clustered_delong_covariance(truth, np.round(scores, 1), names)
    assert areas[1] == pytest.approx(auc(truth, np.round(scores[1], 1)))
    assert covariance[1, 1] == pytest.approx(_by_sums(truth, np.round(scores[1], 1), names), abs=1e-12)
    np.testing.assert_allclose(covariance, covariance.T, rtol=1e-12)
    assert (np.diag(covariance) > -1e-15).all()


def test_clusters_of_one_case_are_plain_delong() -> None:
    truth, scores, _ = _cohort(30, 2, 1)
    _, expected = delong_covariance(truth, scores)
    _, found = clustered_delong_covariance(truth, scores, [str(i) for i in range(truth.size)])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_repeated_cases_add_no_certainty() -> None:
    truth, scores, names = _cohort(40, 1, 2)
    once = clustered_delong_interval(truth, scores[0], names)
    many = clustered_delong_interval(np.repeat(truth, 7), np.repeat(scores[0], 7), np.repeat(names, 7).tolist())
    assert many.variance == pytest.approx(once.variance)
    assert (many.clusters, many.positive_clusters) == (once.clusters, once.positive_clusters)


def test_interval_agrees_with_the_bootstrap_of_patients_and_is_wider_than_the_plain_one() -> None:
    truth, scores, names = _cohort(150, 6, 3)
    ours, drawn = clustered_delong_interval(truth, scores[0], names), clustered_interval(truth, scores[0], names)
    assert ours.low == pytest.approx(drawn.low, abs=0.01)
    assert ours.high == pytest.approx(drawn.high, abs=0.01)
    plain = delong_interval(truth, scores[0])
    assert ours.high - ours.low > 1.2 * (plain.high - plain.low)


def test_paired_test_follows_from_the_covariance() -> None:
    truth, scores, names = _cohort(30, 5, 4)
    areas, covariance = clustered_delong_covariance(truth, scores, names)
    found = clustered_delong_test(truth, scores[0], scores[1], names)
    spread = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert found.z == pytest.approx((areas[0] - areas[1]) / spread)
    assert clustered_delong_test(truth, scores[0], 2 * scores[0], names).p == 1.0


def test_degenerate_input_gives_nan_and_a_reason() -> None:
    one_class = clustered_delong_interval([1, 1], [0.2, 0.3], ["a", "b"])
    assert np.isnan(one_class.auc)
    assert one_class.reason
    one_cluster = clustered_delong_interval([1, 1, 0, 0], [0.9, 0.8, 0.1, 0.2], ["a", "a", "b", "c"])
    assert one_cluster.auc == 1.0
    assert np.isnan([one_cluster.variance, one_cluster.low]).all()
    assert "two clusters" in one_cluster.reason
    test = clustered_delong_test([1, 1, 0, 0], [0.9, 0.8, 0.1, 0.2], [0.1, 0.8, 0.1, 0.2], ["a", "a", "b", "c"])
    assert np.isnan(test.p)
    assert "two clusters" in test.reason
    assert np.isnan(clustered_delong_test([1, 1], [1, 2], [1, 2], ["a", "b"]).p)
    with pytest.raises(OneClassError):
        clustered_delong_covariance([1, 1], [0.2, 0.3], ["a", "b"])
    with pytest.raises(ValueError, match="one cluster per case"):
        clustered_delong_interval([1, 0], [0.2, 0.3], ["a"])


def test_logit_interval_is_inside() -> None:
    truth, scores, names = _cohort(12, 3, 5)
    found = clustered_delong_interval(truth, scores[0], names, scale="logit")
    assert 0 < found.low < found.auc < found.high < 1
    assert "logit" in found.method
