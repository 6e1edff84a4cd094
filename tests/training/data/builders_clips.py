"""Small clips with their table, as `luv prepare clips` writes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.training.prepare.builders_prepare import grey
from training.prepare.coding import SUFFIXES, Coding, coded_video

HEADER = (
    *("32_clip_path", "PatientID", "study_id", "A-line_lbl", "B-line_lbl", "Confluent B-line_lbl"),
    *("Consolidation_lbl", "Pleural effusion_lbl", "raw_avi_path", "Lung ultrasound score_lbl", "total-B-line_lbl"),
)
LENGTH, SIZE = 6, 32


@dataclass(frozen=True)
class ClipFolder:
    """root: with `clips/` in it. files: relative to it. patients: of each. levels: (N, L, H, W) that went in."""

    root: Path
    files: tuple[str, ...]
    patients: tuple[str, ...]
    levels: NDArray[np.uint8]

    def rows(self) -> list[list[str]]:
        """The table: A-line in every second clip, confluent B-line in every third, effusion in those of patient 0."""
        return [
            [
                *(file, patient, f"{patient}_2", str(i % 2), "0", str(int(i % 3 == 0)), str(int(i % 4 == 1))),
                *(str(int(patient.endswith("0"))), f"{patient}/00002.mkv", "1", str(int(i % 3 == 0))),
            ]
            for i, (file, patient) in enumerate(zip(self.files, self.patients, strict=True))
        ]


def write_clips(root: Path, n_patients: int = 3, coding: Coding = "ffv1", n_frames: int = LENGTH) -> ClipFolder:
    """Four clips of each patient, the last ending in a repeated frame."""
    (root / "clips").mkdir(parents=True)
    files, patients, levels = [], [], []
    for i in range(4 * n_patients):
        patient = f"9000000{i // 4}"
        frames = grey(n_frames, seed=i, size_px=(SIZE, SIZE))
        if i % 4 == 3:
            frames[n_frames // 2 :] = frames[n_frames // 2]
        files.append(f"clips/{patient}_00002_{24 * (i % 4) + 1}_{24 * (i % 4) + n_frames}{SUFFIXES[coding]}")
        patients.append(patient)
        levels.append(frames)
        (root / files[-1]).write_bytes(coded_video(frames, 30, coding))
    return ClipFolder(root, tuple(files), tuple(patients), np.stack(levels))


def write_table(path: Path, rows: Sequence[Sequence[str]], header: Sequence[str] = HEADER) -> Path:
    """A CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def write_png_clip(folder: Path, frames: NDArray[np.uint8]) -> Path:
    """A clip as numbered images."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames, start=1):
        Image.fromarray(frame).save(folder / f"frame_{number}.png")
    return folder
