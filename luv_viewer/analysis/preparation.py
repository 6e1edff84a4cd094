"""Bringing a checkpoint to this computer: conversion, int8 calibration and the probe behind `auto`, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import model
from luv_viewer.analysis.engine import find_prepared_file, prepare_file
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError, open_study
from model.preprocessing import Region
from model.runtimes.choice import Choice, read_choice
from model.runtimes.prepared import StoreError
from resources import demo_study_path

ReportStage = Callable[[str, int, int], None]

MAX_VIDEOS = 12
MAX_FRAMES = 60


@dataclass(frozen=True)
class FirstFrames:
    """The first frames of a video, as frames for a network."""

    video: Video
    n_frames: int

    @property
    def region(self) -> Region:
        """As the video's."""
        return self.video.region

    def frame(self, i: int) -> NDArray[np.uint8]:
        """As the video's."""
        return self.video.frame(i)


def measure_engines(
    checkpoint: Path, calibration: Sequence[Path], report: ReportStage, *, again: bool = False
) -> Choice:
    """What `auto` runs for a checkpoint file on this computer: as measured before, or measured now.

    calibration: files and folders to take frames from, at most 60 of each of 12 videos spread over them; without any
    the bundled demo study. again: measure even when that was done. report(what, done, total).
    Raises AnalysisError, one sentence, when it cannot be measured; what `report` raises stops it.
    """
    try:
        prepared = find_prepared_file(checkpoint)
        if prepared is None:
            report("converting LUV-Net", 0, 1)
            prepared = prepare_file(checkpoint)
        choice = None if again else read_choice(prepared)
        if choice is not None:
            return choice
        from model.runtimes.measuring import measure

        return measure(prepared, calibration_videos(calibration or [demo_study_path()]), report)
    except (StoreError, model.PredictionError) as error:
        raise AnalysisError(f"The engines cannot be measured: {error}.") from error
    except StudyError as error:
        raise AnalysisError(str(error)) from error


def calibration_videos(paths: Sequence[Path]) -> list[FirstFrames]:
    """At most 12 videos spread evenly over what `paths` hold. Raises StudyError, or AnalysisError without a video."""
    videos = [video for path in paths for video in open_study(path).videos if not video.is_still]
    if not videos:
        raise AnalysisError("The engines cannot be measured: the given paths hold no video.")
    places = np.unique(np.linspace(0, len(videos) - 1, min(MAX_VIDEOS, len(videos))).round().astype(int))
    return [FirstFrames(videos[place], min(MAX_FRAMES, videos[place].n_frames)) for place in places]
