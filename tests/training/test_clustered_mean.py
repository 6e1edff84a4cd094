"""The clustered mean: against a bootstrap written out plainly, and its edges."""

from __future__ import annotations

import numpy as np
import pytest

from training.statistics.clustered_mean import NOTHING, ONE_CLUSTER, clustered_mean


def test_the_interval_is_that_of_whole_clusters_put_together_case_by_case() -> None:
    generator = np.random.default_rng(5)
    clusters = [f"p{i}" for i in generator.integers(0, 7, 60)]
    values = generator.random(60) + np.array([int(name[1]) for name in clusters])
    found = clustered_mean(values, clusters, resamples=400, seed=3)
    names = sorted(set(clusters))
    by_name = {name: values[[one == name for one in clusters]] for name in names}
    times = np.random.default_rng(3).multinomial(len(names), [1 / len(names)] * len(names), size=400)
    means = [
        np.concatenate([by_name[name] for name, n in zip(names, row, strict=True) for _ in range(n)]).mean()
        for row in times
    ]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert found.value == pytest.approx(values.mean())
    assert (found.n, found.clusters, found.resamples, found.reason) == (60, 7, 400, "")
    # Cases of a cluster resemble each other here: taking them for independent would give a narrower interval.
    alone = clustered_mean(values, [str(i) for i in range(60)], resamples=400, seed=3)
    assert found.high - found.low > 1.5 * (alone.high - alone.low)


def test_too_little_is_nan_with_its_reason() -> None:
    nothing = clustered_mean([], [])
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
    assert nothing.reason == NOTHING
    one = clustered_mean([1.0, 0.0], ["a", "a"])
    assert one.value == 0.5
    assert np.isnan([one.low, one.high]).all()
    assert (one.reason, one.resamples) == (ONE_CLUSTER, 0)


def test_what_is_no_case_is_refused() -> None:
    with pytest.raises(ValueError, match="must be numbers"):
        clustered_mean([np.nan], ["a"])
    with pytest.raises(ValueError, match="one cluster per case"):
        clustered_mean([1.0, 2.0], ["a"])
