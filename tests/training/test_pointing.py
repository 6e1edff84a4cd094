"""Where attention points, against enumeration: what is called chance is the mean over everything that could be."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training.evaluate.pointing import TOP_K, pointing


@pytest.mark.parametrize("truth", [(1, 0, 0, 1, 0), (0, 1), (1, 1, 0), (1, 0, 0, 0, 0, 1)])
def test_chance_is_the_mean_over_all_orders_of_the_attention(truth: tuple[int, ...]) -> None:
    values = np.arange(1.0, len(truth) + 1) ** 2
    found = [pointing(order, truth) for order in permutations(values)]
    share = sum(truth) / len(truth)
    assert np.mean([one.top_share for one in found]) == pytest.approx(share)
    assert np.mean([one.mass for one in found]) == pytest.approx(share)
    assert np.mean([one.area for one in found]) == pytest.approx(0.5)
    assert {one.labelled_share for one in found} == {share}
    k = min(TOP_K, len(truth))
    drawn = [np.mean([truth[i] for i in chosen]) for chosen in combinations(range(len(truth)), k)]
    assert np.mean(drawn) == pytest.approx(share)


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=2, max_size=30))
def test_the_numbers_are_those_of_other_programs(frames: list[tuple[int, bool]]) -> None:
    values, truth = np.array([v for v, _ in frames], dtype=float), np.array([t for _, t in frames])
    if truth.all() or not truth.any() or len(set(values)) == 1:
        return
    found = pointing(values, truth)
    assert found.area == pytest.approx(roc_auc_score(truth, values))
    assert found.mass == pytest.approx(sum(v for v, t in zip(values, truth, strict=True) if t) / values.sum())
    best = sorted(range(len(values)), key=lambda i: (-values[i], i))[:TOP_K]
    assert found.top_share == pytest.approx(np.mean(truth[best]))


def test_the_scale_of_the_attention_does_not_matter() -> None:
    truth = [0, 1, 1, 0, 0]
    values = np.array([0.1, 0.3, 0.2, 0.25, 0.15])
    one, other = pointing(values, truth), pointing(8 * values, truth)
    assert (one.top_share, one.area) == (other.top_share, other.area)
    assert one.mass == pytest.approx(other.mass)


def test_constant_attention_points_nowhere_and_is_flagged() -> None:
    found = pointing([0.25, 0.25, 0.25, 0.25 + 1e-9], [1, 0, 0, 0])
    assert found.is_constant
    assert (found.top_share, found.mass, found.area) == (0.25, 0.25, 0.5)


def test_frames_of_one_kind_are_refused() -> None:
    for truth in ([1, 1], [0, 0]):
        with pytest.raises(ValueError, match="a labelled and an unlabelled frame"):
            pointing([0.1, 0.2], truth)
    with pytest.raises(ValueError, match="of the same frames"):
        pointing([0.1, 0.2], [1, 0, 1])
