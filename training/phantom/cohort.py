"""Whole cohorts of synthetic videos: the published one with its counts (systems.md 1.4 to 1.6), or one of any size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from luv_viewer.domain.exclusion import EVERYWHERE, Exclusion
from luv_viewer.domain.reader_file import SheetKey
from training.phantom.scene import Lung, Scene, draw_scene

PUBLISHED_LENGTHS = (152,) * 297 + (62,) * 43 + (39,)
"""Frames of the 341 videos of version 1; other videos of the development set have 152."""
TEMPORAL_LENGTHS = (152,) * 53 + (151, 151, 150)
"""Frames of the 56 videos of the temporal set: 8,508."""
_N_PATIENTS, _N_TEMPORAL_PATIENTS = 35, 11
_N_STILLS = 36
_N_APART = 4
_IN_REVIEW = (("video",) * 4, ("image",) * 2)
_FIRST_PATIENT = 90000001
_FIRST_DATA_IDX = 2
_SHARES = {
    Lung.HEALTHY: 0.27,
    Lung.INTERSTITIAL: 0.08,
    Lung.CONFLUENT: 0.23,
    Lung.CONSOLIDATED: 0.16,
    Lung.EFFUSION: 0.12,
    Lung.COMPRESSED: 0.14,
}
"""Chosen so that clips of each score are about as many as in the published set; every video shows something."""


class Fate(Enum):
    """What becomes of a row when the labels are cleaned; the value is the reason in the list of exclusions."""

    USED = ""
    IN_REVIEW = "waiting for the senior reader"
    APART = "the readers' intervals have no common frame"
    STILL_DIFFERS = "a still of equal scores and different labels"


@dataclass(frozen=True)
class PlannedVideo:
    """A video or still to be made. key: its row in the sheets."""

    key: SheetKey
    scene: Scene
    fate: Fate = Fate.USED

    @property
    def stem(self) -> str:
        """The file's name without ending: Data_idx as five digits."""
        return f"{self.key.data_idx:05d}"


@dataclass(frozen=True)
class Cohort:
    """development: labelled by two readers, in the order of the sheets. temporal: labelled by a senior reader too."""

    seed: int
    development: tuple[PlannedVideo, ...]
    temporal: tuple[PlannedVideo, ...]

    @property
    def videos(self) -> tuple[PlannedVideo, ...]:
        """All, each once."""
        return tuple(dict.fromkeys((*self.development, *self.temporal)))

    @property
    def lengths(self) -> dict[str, int]:
        """Frames by study_id."""
        return {planned.key.study_id: planned.scene.n_frames for planned in self.videos}

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """The rows that are left out: of both versions, or of version 1 alone."""
        return tuple(
            Exclusion(
                planned.key.study_id,
                planned.fate.value,
                EVERYWHERE if planned.fate is Fate.IN_REVIEW else "version1",
            )
            for planned in self.development
            if planned.fate is not Fate.USED
        )


def published_cohort(seed: int) -> Cohort:
    """A cohort with the counts of the published one.

    Development: 388 rows of 36 patients, 349 videos and 39 stills. Six rows in review (of a patient who has no others)
    are left out of both versions, five more of version 1, which keeps 341 videos and 36 stills of 35 patients; version
    2 keeps 345 videos. Temporal: 56 videos of 11 other patients.

    >>> cohort = published_cohort(0)
    >>> len(cohort.development), len(cohort.temporal), len(cohort.exclusions)
    (388, 56, 11)
    """
    rng = np.random.default_rng((seed, 1))
    rows = [(n, Fate.USED) for n in PUBLISHED_LENGTHS]
    rows += [(152, Fate.APART)] * _N_APART
    rows += [(1, Fate.USED)] * _N_STILLS + [(1, Fate.STILL_DIFFERS)]
    rng.shuffle(rows)
    ordered = [(int(n), Fate(fate)) for n, fate in rows]
    patients = _patients(_FIRST_PATIENT, _N_PATIENTS)
    development = _numbered(seed, _dealt(rng, ordered, patients))
    in_review = [(1 if kind == "image" else 152, Fate.IN_REVIEW) for kinds in _IN_REVIEW for kind in kinds]
    last = _patients(_FIRST_PATIENT + _N_PATIENTS, 1)
    development += _numbered(seed, _dealt(rng, in_review, last))
    later = _patients(_FIRST_PATIENT + _N_PATIENTS + 1, _N_TEMPORAL_PATIENTS)
    temporal = _numbered(seed, _dealt(rng, [(n, Fate.USED) for n in TEMPORAL_LENGTHS], later))
    return Cohort(seed, tuple(development), tuple(temporal))


def small_cohort(seed: int, n_patients: int, n_videos: int, lengths: Sequence[int]) -> Cohort:
    """n_patients with n_videos each; lengths are used in turn, a length of 1 is a still. The senior reads all of them.

    Raises ValueError for a number below 1.
    """
    if min(n_patients, n_videos, *lengths) < 1 or not lengths:
        raise ValueError(f"patients, videos and lengths must be at least 1, got {n_patients}, {n_videos}, {lengths}")
    rows = [
        (patient, lengths[(place * n_videos + number) % len(lengths)], Fate.USED)
        for place, patient in enumerate(_patients(_FIRST_PATIENT, n_patients))
        for number in range(n_videos)
    ]
    videos = tuple(_numbered(seed, rows))
    return Cohort(seed, videos, videos)


def _patients(first: int, count: int) -> list[str]:
    return [str(first + number) for number in range(count)]


def _dealt(
    rng: np.random.Generator, rows: Sequence[tuple[int, Fate]], patients: Sequence[str]
) -> list[tuple[str, int, Fate]]:
    """(patient, frames, fate) in the order of the patients, each of whom has at least one."""
    rest = rng.integers(0, len(patients), len(rows) - len(patients))
    owners = sorted([*range(len(patients)), *rest.tolist()])
    return [(patients[owner], *row) for owner, row in zip(owners, rows, strict=True)]


def _numbered(seed: int, rows: Iterable[tuple[str, int, Fate]]) -> list[PlannedVideo]:
    """Rows with their numbers: a patient's first file, 1, is the screen with the patient's data."""
    next_idx: dict[str, int] = {}
    planned = []
    for patient, n_frames, fate in rows:
        idx = next_idx.get(patient, _FIRST_DATA_IDX)
        next_idx[patient] = idx + 1
        number = int(patient)
        key = SheetKey(
            patient, idx, f"2021{1 + number % 12:02d}{1 + number % 28:02d}", "image" if n_frames == 1 else "video"
        )
        rng = np.random.default_rng((seed, number, idx))
        lung = list(_SHARES)[int(rng.choice(len(_SHARES), p=list(_SHARES.values())))]
        scene = draw_scene(int(rng.integers(2**31)), n_frames, Lung.INTERSTITIAL if fate is not Fate.USED else lung)
        planned.append(PlannedVideo(key, scene, fate))
    return planned
