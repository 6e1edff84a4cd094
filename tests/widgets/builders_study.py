"""Studies of made-up videos that are listed and never decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.study import Failure, Study
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource

PER_GROUP = 14


class NoFrames:
    """A store of nothing: a list of videos must not read any."""

    def read(self, i: int) -> NDArray[np.uint8]:
        raise AssertionError(f"frame {i} was read")

    def video_id(self) -> str:
        raise AssertionError("the file was read")

    def frame_digest(self, i: int) -> str:
        raise AssertionError(f"frame {i} was read")

    def close(self) -> None:
        """Nothing is open."""


def build_study(n_videos: int, n_frames: int = 152, n_failures: int = 0) -> Study:
    """Videos `1.dcm`, `2.dcm`, ... titled `Loop 1` ..., every fourteen of one patient; zones R1, L2, R3, ..."""
    timing = Timing(np.arange(n_frames) / 30, TimingSource.FRAME_TIME)
    cache = FrameCache(1000)
    videos = tuple(
        Video(
            title=f"Loop {i + 1}",
            height=48,
            width=64,
            timing=timing,
            region=(0, 0, 64, 48),
            spacing_mm=None,
            source=VideoSource(Path(f"study/{i + 1}.dcm"), None, "DICOM, JPEG Baseline"),
            group=StudyGroup(f"key {i // PER_GROUP}", f"Patient {i // PER_GROUP + 1}"),
            store=NoFrames(),
            cache=cache,
            zone=f"{'RL'[i % 2]}{i % 6 + 1}",
        )
        for i in range(n_videos)
    )
    failures = tuple(Failure(Path(f"study/bad_{i}"), "is damaged") for i in range(n_failures))
    return Study("study", Path("study"), videos, failures)
