"""The clips of videos as files: cropped, grey, letterboxed, tails filled up (systems.md 1.6, 2.1a)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.clip_rule import ClipRule
from luv_viewer.domain.span import Span
from luv_viewer.domain.video import Video
from luv_viewer.io.whole_file import make_folder, write_whole
from model.preprocessing import ChannelRule, Preprocessing, video_frame
from training.prepare.clip_tables import CLIP_FOLDER, Tail
from training.prepare.coding import SUFFIXES, Coding, coded_video
from training.prepare.journal import Finished, file_digest
from training.prepare.video_list import ListedVideo, open_listed

Resize = Literal["letterbox", "stretch"]
_FORMAT_VERSION = 1


@dataclass(frozen=True)
class ClipForm:
    """How a clip is stored. tail: what fills up a clip with fewer real frames; `drop` fills what is left, the first
    clip of a short video, as `duplicate` does. channel: which grey."""

    size: int = 256
    tail: Tail = "duplicate"
    resize: Resize = "letterbox"
    coding: Coding = "ffv1"
    channel: ChannelRule = "luminance"


@dataclass(frozen=True)
class ClipJob:
    """The clips of one video. root: data root. folder: where the clips' folder is. finished: of an earlier run."""

    root: Path
    folder: Path
    video: ListedVideo
    rule: ClipRule
    form: ClipForm
    finished: Finished | None = None


def fill_up(frames: Sequence[NDArray[np.uint8]], clip_length: int, tail: Tail) -> list[NDArray[np.uint8]]:
    """1 to clip_length real frames as clip_length: the last one repeated, or `black`, centred between black ones.

    >>> [int(frame[0, 0]) for frame in fill_up([np.full((1, 1), i, np.uint8) for i in (7, 9)], 5, "black")]
    [0, 7, 9, 0, 0]
    """
    missing = clip_length - len(frames)
    if tail == "black":
        black = np.zeros_like(frames[0])
        return [black] * (missing // 2) + list(frames) + [black] * (missing - missing // 2)
    return list(frames) + [frames[-1]] * missing


def clip_name(video: ListedVideo, span: Span, coding: Coding) -> str:
    """`{PatientID}_{idx5}_{first}_{last}`, 1-based inclusive real frames, with the ending."""
    return f"{video.key.patient_id}_{video.key.data_idx:05d}_{span.label}{SUFFIXES[coding]}"


def write_clips(job: ClipJob) -> Finished:
    """Write the clips of a video, unless they stand there already from the same frames and settings.

    Raises StudyError when a frame cannot be decoded (nothing is guessed in its place), WriteError.
    """
    video = open_listed(job.root, job.video)
    try:
        key = source_key(video, {"rule": asdict(job.rule), "form": asdict(job.form), "stem": job.video.stem})
        if job.finished is not None and job.finished.stands(job.folder, key):
            return replace(job.finished, is_new=False)
        make_folder(job.folder / CLIP_FOLDER)
        files = {}
        for span, frames in _clips(video, job):
            name = f"{CLIP_FOLDER}/{clip_name(job.video, span, job.form.coding)}"
            write_whole(job.folder / name, coded_video(frames, job.video.fps, job.form.coding))
            files[name] = file_digest(job.folder / name)
        return Finished(key, files)
    finally:
        video.store.close()


def source_key(video: Video, settings: object) -> str:
    """SHA-256 (hex) of the stored frames of a video, what is shown of them, and the settings. Raises StudyError."""
    stored = dict.fromkeys(video.store.frame_digest(i) for i in range(video.n_frames))
    shape = (video.n_frames, video.height, video.width, video.region)
    told = json.dumps([_FORMAT_VERSION, list(stored), shape, settings], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _clips(video: Video, job: ClipJob) -> Iterator[tuple[Span, list[NDArray[np.uint8]]]]:
    """Each clip with its frames; a frame is decoded once, and kept as long as a later clip needs it."""
    kept: dict[int, NDArray[np.uint8]] = {}
    for span in job.rule.spans(video.n_frames):
        kept = {i: frame for i, frame in kept.items() if i >= span.start}
        for i in range(span.start, span.stop):
            if i not in kept:
                kept[i] = _picture(video, i, job.form)
        real = [kept[i] for i in range(span.start, span.stop)]
        yield span, fill_up(real, job.rule.clip_length, job.form.tail)


def _picture(video: Video, i: int, form: ClipForm) -> NDArray[np.uint8]:
    """(size, size) grey."""
    frame = video.read(i)
    if form.resize == "letterbox":
        return video_frame(frame, video.region, Preprocessing(form.size, form.channel))
    grey = grey_crop(frame, video.region, form.channel)
    return cv2.resize(grey, (form.size, form.size), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def grey_crop(frame: NDArray[np.uint8], region: Iterable[int], channel: ChannelRule) -> NDArray[np.uint8]:
    """(H, W, 3) RGB cropped to a half-open region (x0, y0, x1, y1), as grey: luminance (BT.601), or the red channel."""
    x0, y0, x1, y1 = region
    crop = np.ascontiguousarray(frame[y0:y1, x0:x1])
    if channel == "channel0":
        return np.ascontiguousarray(crop[:, :, 0])
    return cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
