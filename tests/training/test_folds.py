"""Folds keep groups whole, hold every video out once, and spread rare labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.folds import grouped_folds

rows = st.lists(st.tuples(st.integers(0, 9), st.tuples(*[st.integers(-1, 1)] * 3)), min_size=12, max_size=60).filter(
    lambda found: len({group for group, _ in found}) >= 5
)


@given(rows, st.integers(2, 5), st.integers(0, 3))
def test_no_group_on_both_sides_and_every_video_held_out_once(
    found: list[tuple[int, tuple[int, int, int]]], n_folds: int, seed: int
) -> None:
    groups = [f"source {group}" for group, _ in found]
    labels = np.array([label for _, label in found])
    folds = grouped_folds(groups, labels, n_folds, seed)
    assert len(folds) == n_folds
    for fold in folds:
        assert fold.held_out.size > 0
        assert fold.training.size > 0
        assert not {groups[i] for i in fold.training} & {groups[i] for i in fold.held_out}
        assert sorted([*fold.training, *fold.held_out]) == list(range(len(found)))
    assert sorted(np.concatenate([fold.held_out for fold in folds]).tolist()) == list(range(len(found)))


def test_the_same_seed_gives_the_same_folds() -> None:
    groups, labels = [f"g{i % 8}" for i in range(40)], np.eye(8, dtype=np.int64)[np.arange(40) % 8]
    first, second = (grouped_folds(groups, labels, 4, seed=3) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.held_out, other.held_out)


def test_a_rare_label_is_spread_over_the_folds() -> None:
    groups = [f"g{i}" for i in range(20)]
    labels = np.zeros((20, 2), dtype=np.int64)
    labels[[0, 1, 2, 3], 0] = 1
    labels[::2, 1] = 1
    folds = grouped_folds(groups, labels, 4, seed=0)
    assert [int(labels[fold.held_out, 0].sum()) for fold in folds] == [1, 1, 1, 1]
    assert {len(fold.held_out) for fold in folds} <= {4, 5, 6}
    assert all(2 <= int(labels[fold.held_out, 1].sum()) <= 3 for fold in folds)


@pytest.mark.parametrize("n_folds", [1, 4])
def test_impossible_numbers_of_folds_are_refused(n_folds: int) -> None:
    with pytest.raises(ValueError, match="3 groups cannot be dealt"):
        grouped_folds(["a", "b", "c"], np.zeros((3, 1), dtype=np.int64), n_folds, seed=0)
