"""Labelled videos read from a manifest: what is known about each pattern, where the video came from, its licence."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LABEL_COLUMNS = ("use_A", "use_B", "use_C", "use_E")
COLUMNS = ("dataset", "file", "group", "probe", "licence", *LABEL_COLUMNS)
UNKNOWN = -1


class ManifestError(ValueError):
    """A manifest that does not hold what a cohort needs."""


@dataclass(frozen=True)
class LabelledVideo:
    """One video of a cohort.

    file: relative to the folder of videos. group: patient or source; never split. probe: `convex` or `linear`.
    labels: per pattern (A-line, B-line, consolidation, pleural effusion) 1 present, 0 absent, -1 unknown.
    """

    file: str
    dataset: str
    group: str
    probe: str
    licence: str
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Cohort:
    """Videos with labels, in the order of the manifest."""

    videos: tuple[LabelledVideo, ...]

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def groups(self) -> tuple[str, ...]:
        """(N,) the group of each video."""
        return tuple(video.group for video in self.videos)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N, P) 1 present, 0 absent, -1 unknown."""
        return np.array([video.labels for video in self.videos], dtype=np.int64).reshape(len(self.videos), -1)

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences that occur, sorted."""
        return tuple(sorted({video.licence for video in self.videos}))


def read_cohort(manifest: Path, dataset: str) -> Cohort:
    """The videos of one data set of a manifest; stray spaces around values are dropped.

    manifest: CSV with the columns `COLUMNS`. dataset: the beginning of the `dataset` column to keep.
    Raises ManifestError when a column is missing, a label is not 1, 0 or ?, or nothing is left.
    """
    with manifest.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        names = {name.strip(): name for name in reader.fieldnames or ()}
        missing = [column for column in COLUMNS if column not in names]
        if missing:
            raise ManifestError(
                f"{manifest.name}: expected the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}"
            )
        rows = [[(row[names[column]] or "").strip() for column in COLUMNS] for row in reader]
    videos = tuple(_video(manifest, row) for row in rows if row[0].startswith(dataset))
    if not videos:
        raise ManifestError(f"{manifest.name}: no row whose data set begins with {dataset!r}")
    return Cohort(videos)


def _video(manifest: Path, row: Sequence[str]) -> LabelledVideo:
    dataset, file, group, probe, licence = row[:5]
    return LabelledVideo(file, dataset, group, probe, licence, tuple(_label(manifest, file, cell) for cell in row[5:]))


def _label(manifest: Path, file: str, cell: str) -> int:
    if cell in ("?", ""):
        return UNKNOWN
    if cell in ("0", "0.0", "1", "1.0"):
        return int(float(cell))
    raise ManifestError(f"{manifest.name}, {file}: a label must be 1, 0 or ?, found {cell!r}")
