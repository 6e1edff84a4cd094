"""One clip file decoded to grey levels; apart, and without torch, so that worker processes start soon."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from luv_viewer.io import open_study
from luv_viewer.io.errors import UnreadableFileError
from luv_viewer.io.whole_file import write_whole
from model.preprocessing import Preprocessing, video_frame


@dataclass(frozen=True)
class DecodeJob:
    """source: a clip, as a file or a folder of numbered images. target: where its grey levels belong, as NPY.
    clip_length: frames it must have."""

    source: Path
    target: Path
    clip_length: int
    preprocessing: Preprocessing


def decode_clip(job: DecodeJob) -> None:
    """Write (L, size, size) uint8: cropped, grey by the channel rule, letterboxed, as the viewer does it.

    Raises StudyError when the clip is damaged or has another number of frames, WriteError.
    """
    study = open_study(job.source)
    try:
        if len(study.videos) != 1:
            raise UnreadableFileError(f"{job.source.name} holds {len(study.videos)} videos, expected one clip.")
        (video,) = study.videos
        if video.n_frames != job.clip_length:
            raise UnreadableFileError(
                f"{job.source.name} has {video.n_frames} frames, expected {job.clip_length}; it is damaged, or "
                "clips of another length were prepared."
            )
        frames = [video_frame(video.read(i), video.region, job.preprocessing) for i in range(job.clip_length)]
        stream = io.BytesIO()
        np.save(stream, np.stack(frames))
        write_whole(job.target, stream.getvalue())
    finally:
        study.close()
