"""Small videos in the published layout, with their list."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.io import open_study
from tests.builders import moving_speckle
from training.prepare.coding import SUFFIXES, Coding, coded_video
from training.prepare.video_list import LIST_NAME, ListedVideo, write_video_list

SIZE_PX = (48, 64)


def grey(n_frames: int, seed: int = 0, size_px: tuple[int, int] = SIZE_PX) -> NDArray[np.uint8]:
    """(T, H, W) uint8."""
    return moving_speckle(n_frames, seed, size_px)[:, :, :, 0]


def write_videos(root: Path, lengths: dict[str, int], coding: Coding = "ffv1") -> tuple[ListedVideo, ...]:
    """Videos `{PatientID}/{idx5}` by study_id, and `videos.csv`."""
    listed = []
    for seed, (study_id, n_frames) in enumerate(lengths.items()):
        patient, _, idx = study_id.rpartition("_")
        path = root / patient / f"{int(idx):05d}{SUFFIXES[coding]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(coded_video(grey(n_frames, seed), 30, coding))
        name = path.relative_to(root).as_posix()
        listed.append(ListedVideo(SheetKey(patient, int(idx)), n_frames, 30.0, name))
    write_video_list(root / LIST_NAME, listed)
    return tuple(listed)


def frames_of(path: Path) -> NDArray[np.uint8]:
    """(T, H, W, 3) as our own reader shows them."""
    study = open_study(path)
    (video,) = study.videos
    frames = np.stack([video.frame(i) for i in range(video.n_frames)])
    study.close()
    return frames
