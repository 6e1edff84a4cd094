"""Synthetic videos as AVI, MP4 or plain arrays, and their ground truth as tables and masks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.io.whole_file import write_whole
from training.phantom.scene import Scene
from training.phantom.video import PhantomVideo

_CODECS = {".avi": ("avi", "mjpeg", "yuvj420p"), ".mp4": ("mp4", "mpeg4", "yuv420p")}
_BITS_PER_PX = 3


def write_movie(path: Path, video: PhantomVideo) -> None:
    """AVI (motion JPEG, as the published clips) or MP4 by the ending of `path`.

    Sides of an odd number of pixels lose the last one. Raises ValueError for another ending, WriteError.
    """
    if path.suffix not in _CODECS:
        raise ValueError(f"a movie is {' or '.join(_CODECS)}, got {path.name}")
    container, codec, pixels = _CODECS[path.suffix]
    height, width = (side - side % 2 for side in video.shape)
    stored = io.BytesIO()
    with av.open(stored, "w", format=container) as output:
        rate = Fraction(video.scene.fps).limit_denominator(1000)
        stream = cast(av.VideoStream, output.add_stream(codec, rate=rate))
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.bit_rate = round(_BITS_PER_PX * height * width * video.scene.fps)
        for index in range(video.n_frames):
            picture = np.ascontiguousarray(video.frame(index)[:height, :width])
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    write_whole(path, stored.getvalue())


def write_array(path: Path, video: PhantomVideo) -> None:
    """`.npy` with (frames, height, width) uint8. Raises WriteError."""
    write_whole(path, _npy(video))


def write_truth(path: Path, scene: Scene) -> None:
    """CSV: per frame, counted from 1, and pattern 1 where it is present, else 0. Raises WriteError."""
    present = np.stack([frames.mask(scene.n_frames) for frames in scene.present], axis=1).astype(int)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("frame", *(pattern.value for pattern in TRACK_PATTERNS)))
    writer.writerows((number, *row) for number, row in enumerate(present.tolist(), start=1))
    write_whole(path, text.getvalue().encode())


def write_masks(path: Path, video: PhantomVideo) -> None:
    """npz: by name of a pattern that is ever there, (frames, height, width) bool. Raises WriteError."""
    shown = [place for place, frames in enumerate(video.scene.present) if frames]
    masks = np.zeros((len(shown), video.n_frames, *video.shape), bool)
    for index in range(video.n_frames):
        masks[:, index] = video.masks(index)[shown]
    stored = io.BytesIO()
    named = {TRACK_PATTERNS[place].value: mask for place, mask in zip(shown, masks, strict=True)}
    np.savez_compressed(stored, allow_pickle=False, **named)
    write_whole(path, stored.getvalue())


def read_masks(path: Path) -> dict[str, NDArray[np.bool_]]:
    """What `write_masks` wrote. Raises OSError, ValueError."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _npy(video: PhantomVideo) -> Iterator[bytes]:
    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "|u1", "fortran_order": False, "shape": (video.n_frames, *video.shape)})
    yield head.getvalue()
    for picture in video.greys():
        yield picture.tobytes()
