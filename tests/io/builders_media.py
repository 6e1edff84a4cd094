"""Small coded videos and images whose frames can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 96, 64


@dataclass(frozen=True)
class Coding:
    """How to code a test video: codec and pixel format as libav names them, B-frames and key-frame distance."""

    codec: str
    pixels: str = "yuv420p"
    b_frames: int = 2
    key_distance: int = 12
    options: dict[str, str] = field(default_factory=dict)


def picture(i: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB picture number i: grey level, one bright row and one red column move with i."""
    frame = np.full((height, width, 3), (3 * i) % 200, np.uint8)
    frame[i % height] = 255
    frame[:, (2 * i) % width] = (255, 0, 0)
    return frame


def write_video(
    path: Path,
    coding: Coding,
    n_frames: int = 40,
    *,
    ticks: Sequence[int] | None = None,
    container: str | None = None,
    rotation: int = 0,
) -> Path:
    """Code `picture(0)`, `picture(1)`, ... at 25 frames/s, or shown at `ticks` of 1/100 s."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(coding.codec, rate=25, options=coding.options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, coding.pixels
        stream.codec_context.gop_size = coding.key_distance
        stream.codec_context.max_b_frames = coding.b_frames
        if ticks is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        if rotation:
            stream.set_display_rotation(rotation)
        for i in range(n_frames):
            frame = av.VideoFrame.from_ndarray(picture(i), "rgb24")
            frame.pts = i if ticks is None else ticks[i]
            if ticks is not None:
                frame.time_base = Fraction(1, 100)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def decode_all(path: Path) -> list[NDArray[np.uint8]]:
    """Every frame by libav's own sequential decoding and default colour conversion."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def write_image(path: Path, pixels: NDArray[np.generic]) -> Path:
    """Store an array as an image, lossless except for JPEG."""
    Image.fromarray(pixels).save(path)
    return path
