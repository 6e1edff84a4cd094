"""The tables of one fold of a split by patient (systems.md 1.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from training.data.clip_table import PATTERNS, ClipTable, TableOptions, read_clip_table
from training.data.errors import DataError, some

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class FoldTables:
    """Raises DataError when a patient stands on two sides, when the patterns differ, or when a pattern is in no clip,
    or in every clip, of the training part."""

    train: ClipTable
    valid: ClipTable
    test: ClipTable

    def __post_init__(self) -> None:
        for a, b in combinations(PARTS, 2):
            _check_apart(self.parts()[a], self.parts()[b])
        _check_learnable(self.train)

    def parts(self) -> dict[str, ClipTable]:
        """By `train`, `valid`, `test`."""
        return {"train": self.train, "valid": self.valid, "test": self.test}


def read_fold(
    split: Path, fold: int, root: Path, patterns: Sequence[str] = PATTERNS, options: TableOptions | None = None
) -> FoldTables:
    """The tables `fold_{fold}/{train,valid,test}.csv` of a folder that `luv prepare split` wrote.

    root: the folder of the clips. Raises DataError.
    """
    place = split / f"fold_{fold}"
    if not place.is_dir():
        there = sorted(found.name for found in split.glob("fold_*")) if split.is_dir() else []
        told = f"it has {some(there)}" if there else "give a folder that luv prepare split wrote"
        raise DataError(f"{split} has no fold_{fold}; {told}.")
    train, valid, test = (read_clip_table(place / f"{part}.csv", root, patterns, options) for part in PARTS)
    return FoldTables(train, valid, test)


def _check_apart(one: ClipTable, other: ClipTable) -> None:
    if one.patterns != other.patterns:
        raise DataError(f"{one.name} was read for {one.patterns}, {other.name} for {other.patterns}.")
    both = sorted(set(one.patients) & set(other.patients))
    if both:
        raise DataError(
            f"{one.name} and {other.name} share patients, {some(both)}, so the result would be too good; "
            "split again with luv prepare split."
        )


def _check_learnable(train: ClipTable) -> None:
    positives = train.labels.sum(axis=0)
    told = [
        f"{'no' if count == 0 else 'every'} clip has {name}"
        for name, count in zip(train.patterns, positives, strict=True)
        if count in (0, len(train))
    ]
    if told:
        raise DataError(
            f"{train.name}: {', '.join(told)} ({len(train)} clips of {len(set(train.patients))} patients), which "
            "cannot be learnt from; split again stratified or with another seed, or leave the pattern out."
        )
