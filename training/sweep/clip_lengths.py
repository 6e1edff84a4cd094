"""Clips of another length from the same videos, divided among the same patients (systems.md 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from training.prepare.clip_tables import ClipChoice
from training.prepare.clips import CLIPS_NAME, Labels, PixelSource, make_clips
from training.prepare.split import PatientSplit
from training.prepare.split_files import read_rows, write_split

SPLIT_FOLDER = "split"
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class ClipCutting:
    """What clips of any length are cut from. lengths: frames by study_id. choice: rule and names of the clips of a
    length; raises PrepareError for one that cannot be. split: who trains and who tests, whatever the length."""

    labels: Labels
    lengths: Mapping[str, int]
    pixels: PixelSource
    choice: Callable[[int], ClipChoice]
    split: PatientSplit


@dataclass(frozen=True)
class CutClips:
    """clips, split: folders as `luv prepare clips` and `luv prepare split` write them. failed: why videos that have
    labels gave no clips, by study_id."""

    clips: Path
    split: Path
    n_clips: int
    failed: Mapping[str, str]


def cut_clips(cutting: ClipCutting, clip_length: int, folder: Path, report: Report | None = None) -> CutClips:
    """Write the clips of one length into `folder`, and their split into `folder/split`.

    What stands there from the same frames and settings is kept. report(done, total): videos.
    Raises PrepareError, also for clips of a patient that the split does not know; WriteError.
    """
    choice = cutting.choice(clip_length)
    written = make_clips(folder, cutting.labels, cutting.lengths, choice, cutting.pixels, report)
    write_split(folder / SPLIT_FOLDER, read_rows(folder / CLIPS_NAME), cutting.split)
    failed = {name: why for name, why in written.left_out.items() if name not in cutting.labels.left_out}
    return CutClips(folder, folder / SPLIT_FOLDER, written.n_clips, failed)
