"""Grey frames as video bytes: lossless, or as the published data set has them.

The lossless form is FFV1 (RFC 9043) in Matroska: one file per video as in the published layout, every frame a key
frame, so that clips can be cut anywhere, about half the size of raw frames, and read by any player built on libav.
PNG folders need a file per frame; NPZ cannot be looked at without a program.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from typing import Literal

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Coding = Literal["ffv1", "mjpg"]
SUFFIXES: dict[Coding, str] = {"ffv1": ".mkv", "mjpg": ".avi"}
_MJPG_QUALITY = 95  # what OpenCV's video writer uses, as the published files were written


def coded_video(frames: Iterable[NDArray[np.uint8]], fps: float, coding: Coding = "ffv1") -> bytes:
    """(H, W) uint8 frames as a video file; the same frames give the same bytes.

    Raises ValueError for no frames, or frames of different size.
    """
    made = BytesIO()
    rate = Fraction(fps).limit_denominator(1001)
    shape: tuple[int, ...] | None = None
    options = {"fflags": "+bitexact"}
    with av.open(made, "w", format="matroska" if coding == "ffv1" else "avi", options=options) as container:
        stream = container.add_stream("ffv1" if coding == "ffv1" else "mjpeg", rate=rate)
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        for i, frame in enumerate(frames):
            if shape is None:
                shape = frame.shape
                stream.height, stream.width = shape
                stream.pix_fmt = "gray" if coding == "ffv1" else "yuvj420p"
            if frame.shape != shape:
                raise ValueError(f"frames of {shape} and {frame.shape} cannot stand in one video")
            if coding == "mjpg":
                container.mux(_jpeg_packet(frame, i, stream))
            else:
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "gray")
                picture.pts = i
                picture.time_base = 1 / rate
                container.mux(stream.encode(picture))
        if shape is None:
            raise ValueError("a video needs at least one frame")
        if coding == "ffv1":
            container.mux(stream.encode(None))
    return made.getvalue()


def _jpeg_packet(frame: NDArray[np.uint8], i: int, stream: av.VideoStream) -> av.Packet:
    """A frame as a JPEG picture, grey replicated to three channels."""
    three = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_GRAY2BGR)
    _, coded = cv2.imencode(".jpg", three, [cv2.IMWRITE_JPEG_QUALITY, _MJPG_QUALITY])
    packet = av.Packet(coded.tobytes())
    packet.stream = stream
    packet.pts = packet.dts = i
    packet.time_base = 1 / Fraction(stream.codec_context.rate or 30)
    packet.is_keyframe = True
    return packet
