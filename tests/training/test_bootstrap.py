"""The interval over clusters: reproducible, wider when cases of a cluster repeat each other, honest about draws."""

from __future__ import annotations

import numpy as np
import pytest

from training.statistics import auc, clustered_interval, delong_interval


def _cohort(clusters: int, copies: int) -> tuple[list[int], list[float], list[str]]:
    generator = np.random.default_rng(5)
    truth = np.arange(clusters) % 2
    score = generator.normal(size=clusters) + truth
    names = [f"patient {i}" for i in range(clusters)]
    return np.repeat(truth, copies).tolist(), np.repeat(score, copies).tolist(), np.repeat(names, copies).tolist()


def test_the_same_seed_gives_the_same_interval() -> None:
    truth, score, names = _cohort(20, 1)
    first = clustered_interval(truth, score, names, resamples=200, seed=7)
    assert first == clustered_interval(truth, score, names, resamples=200, seed=7)
    assert first != clustered_interval(truth, score, names, resamples=200, seed=8)
    assert 0 <= first.low <= first.auc == auc(truth, score) <= first.high <= 1


def test_clusters_of_one_case_agree_with_delong() -> None:
    truth, score, names = _cohort(200, 1)
    ours, theirs = clustered_interval(truth, score, names, resamples=1000), delong_interval(truth, score)
    assert ours.low == pytest.approx(theirs.low, abs=0.015)
    assert ours.high == pytest.approx(theirs.high, abs=0.015)


def test_repeated_cases_of_a_cluster_add_no_certainty() -> None:
    once, many = _cohort(40, 1), _cohort(40, 8)
    single = clustered_interval(*once, resamples=400, seed=1)
    repeated = clustered_interval(*many, resamples=400, seed=1)
    assert repeated.high - repeated.low == pytest.approx(single.high - single.low)
    assert delong_interval(many[0], many[1]).high - delong_interval(many[0], many[1]).low < 0.5 * (
        repeated.high - repeated.low
    )


def test_draws_without_both_classes_are_counted() -> None:
    found = clustered_interval([1, 1, 0, 0], [0.9, 0.8, 0.3, 0.2], ["a", "a", "b", "b"], resamples=300)
    assert found.resamples + found.discarded == 300
    assert 100 < found.discarded < 200
    assert (found.clusters, found.positive_clusters, found.negative_clusters) == (2, 1, 1)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one cluster per case"):
        clustered_interval([0, 1], [0.1, 0.2], ["a"])
    found = clustered_interval([1, 1], [0.1, 0.2], ["a", "b"])
    assert np.isnan([found.auc, found.low, found.high]).all()
    assert "negative" in found.reason
    alone = clustered_interval([1, 0], [0.1, 0.2], ["a", "b"], resamples=0)
    assert alone.auc == 0.0
    assert "draw" in alone.reason
