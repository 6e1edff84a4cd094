"""Pictures as a movie that any player shows."""

from __future__ import annotations

import io
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from luv_viewer.io.whole_file import write_whole

_BITS_PER_PX = 2


def write_mp4(path: Path, pictures: Iterable[NDArray[np.uint8]], size: tuple[int, int], fps: float) -> None:
    """MP4, MPEG-4 part 2, of (H, W, 3) uint8 RGB pictures; size: (width, height), both even. Whole or not at all.

    Raises ValueError for odd sides and pictures of another size, WriteError.
    """
    width, height = size
    if width % 2 or height % 2:
        raise ValueError(f"the sides of a movie must be even, got {width} x {height}")
    stored = io.BytesIO()
    with av.open(stored, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=Fraction(fps).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.bit_rate = round(_BITS_PER_PX * height * width * fps)
        for picture in pictures:
            if picture.shape != (height, width, 3):
                raise ValueError(f"a picture of {(height, width, 3)} was expected, got {picture.shape}")
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")))
        output.mux(stream.encode(None))
    write_whole(path, stored.getvalue())
