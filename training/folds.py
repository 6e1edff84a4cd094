"""Folds that never split a patient or source, with each pattern's cases spread as evenly as the groups allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Fold:
    """Indices of the videos to fit on and of those held out; no group is in both.

    Raises ValueError when a group stands on both sides.
    """

    training: NDArray[np.int64]
    held_out: NDArray[np.int64]


def grouped_folds(groups: Sequence[str], labels: NDArray[np.int64], n_folds: int, seed: int) -> tuple[Fold, ...]:
    """Source-grouped folds by iterative stratification on groups: rarest label first, to the fold that wants it most.

    groups: (N,) names. labels: (N, P) 1, 0 or -1 (unknown). n_folds: at least 2. seed: orders equal choices.
    Every video is held out exactly once. Present and absent count as separate labels, so a fold keeps both if it can.
    Raises ValueError for fewer groups than folds.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    if not 2 <= n_folds <= names.size:
        raise ValueError(f"{names.size} groups cannot be dealt into {n_folds} folds")
    states = np.concatenate([labels == 1, labels == 0], axis=1)
    counts = np.stack([states[member == i].sum(axis=0) for i in range(names.size)])
    sizes = np.bincount(member, minlength=names.size)
    home = deal_groups(counts, sizes, (1 / n_folds,) * n_folds, np.random.default_rng(seed))
    folds = []
    for i in range(n_folds):
        held = home[member] == i
        fold = Fold(np.flatnonzero(~held), np.flatnonzero(held))
        _assert_disjoint(fold, member)
        folds.append(fold)
    return tuple(folds)


def deal_groups(
    counts: NDArray[np.int64], sizes: NDArray[np.int64], shares: Sequence[float], generator: np.random.Generator
) -> NDArray[np.int64]:
    """The fold (0 to len(shares) - 1) of each group, from its label counts (G, S) and its size (G,).

    shares: what part of all each fold is to get, together 1. generator: orders equal choices. No fold stays empty.
    """
    n_folds = len(shares)
    wanted = np.outer(shares, counts.sum(axis=0))
    room = np.asarray(shares, float) * sizes.sum()
    home = np.full(len(sizes), -1)
    carriers_left = (counts > 0).astype(np.int64)
    order = generator.permutation(len(sizes))
    while (home < 0).any():
        left = order[home[order] < 0]
        empty = np.flatnonzero(np.bincount(home[home >= 0], minlength=n_folds) == 0)
        carriers = carriers_left[left].sum(axis=0)
        if carriers.any():
            rarest = int(np.argmin(np.where(carriers > 0, carriers, np.inf)))
            group = int(left[np.argmax(counts[left, rarest])])
            need = wanted[:, rarest]
        else:
            group = int(left[np.argmax(sizes[left])])
            need = room
        choices = empty if empty.size and left.size <= empty.size else np.arange(n_folds)
        fold = int(max(choices, key=lambda i: (need[i], room[i], -i)))
        home[group] = fold
        wanted[fold] -= counts[group]
        room[fold] -= sizes[group]
    return home


def _assert_disjoint(fold: Fold, member: NDArray[np.int64]) -> None:
    shared = np.intersect1d(member[fold.training], member[fold.held_out])
    if shared.size:
        raise ValueError(f"{shared.size} groups stand on both sides of a fold")
