"""Reads JPEG, JPEG-LS and JPEG 2000 stream headers, and decodes 8-bit JPEG fast through libjpeg-turbo."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_FRAME_MARKERS = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_LOSSLESS = 0xC3
_LIBJPEG_FRAMES = frozenset({0xC0, 0xC1, 0xC2, _LOSSLESS})
_RGB_IDS = ((82, 71, 66), (114, 103, 98))


@dataclass(frozen=True)
class StreamShape:
    """What an image's own header says about it."""

    width: int
    height: int
    components: int
    precision: int


@dataclass(frozen=True)
class JpegStream:
    """Header of a JPEG or JPEG-LS image (ITU T.81 annex B).

    frame_marker: second byte of the SOF marker. component_ids: of SOF. is_jfif: has the JFIF segment.
    adobe_transform: of the Adobe segment, None without one.
    """

    shape: StreamShape
    frame_marker: int
    component_ids: tuple[int, ...]
    is_jfif: bool
    adobe_transform: int | None

    def is_ycc_to_libjpeg(self) -> bool:
        """Whether libjpeg takes three components for YCbCr: JFIF first, then Adobe, then the component numbers.

        Lossless images without either are RGB to it.
        """
        if self.is_jfif:
            return True
        if self.adobe_transform is not None:
            return self.adobe_transform != 0
        if self.frame_marker == _LOSSLESS:
            return False
        return self.component_ids != _RGB_IDS[0]

    def is_ycc_to_dicom(self, photometric: str) -> bool:
        """Whether the samples are YCbCr by DICOM's element, as corrected by what the stream itself states."""
        if self.component_ids in _RGB_IDS:
            return False
        return self.is_jfif or photometric != "RGB"


def read_jpeg_stream(data: bytes) -> JpegStream | None:
    """The header of a JPEG or JPEG-LS image, None when `data` does not hold one whole header up to its first scan."""
    if data[:2] != b"\xff\xd8":
        return None
    position, is_jfif, adobe = 2, False, None
    frame: tuple[int, StreamShape, tuple[int, ...]] | None = None
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF or marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        segment = data[position + 4 : position + 2 + length]
        if marker == 0xE0 and segment[:4] == b"JFIF":
            is_jfif = True
        elif marker == 0xEE and segment[:5] == b"Adobe" and len(segment) >= 12:
            adobe = segment[11]
        elif marker in _FRAME_MARKERS:
            frame = _read_frame(marker, segment)
            if frame is None:
                return None
        elif marker == 0xDA:
            return JpegStream(frame[1], frame[0], frame[2], is_jfif, adobe) if frame is not None else None
        position += 2 + max(length, 2)
    return None


def _read_frame(marker: int, segment: bytes) -> tuple[int, StreamShape, tuple[int, ...]] | None:
    if len(segment) < 6:
        return None
    precision, height, width, components = struct.unpack(">BHHB", segment[:6])
    if len(segment) < 6 + 3 * components:
        return None
    return marker, StreamShape(width, height, components, precision), tuple(segment[6 : 6 + 3 * components : 3])


def read_j2k_shape(data: bytes) -> StreamShape | None:
    """The shape in the SIZ segment of a JPEG 2000 codestream (ITU T.800 A.5.1), bare or boxed; None without one."""
    start = 0
    if data[4:8] == b"jP  ":
        start = data.find(b"\xff\x4f\xff\x51", 0, 65536)
    if start < 0 or data[start : start + 4] != b"\xff\x4f\xff\x51" or len(data) < start + 43:
        return None
    x1, y1, x0, y0 = struct.unpack_from(">4L", data, start + 8)
    (components,) = struct.unpack_from(">H", data, start + 40)
    if x1 <= x0 or y1 <= y0 or components < 1:
        return None
    return StreamShape(x1 - x0, y1 - y0, components, (data[start + 42] & 0x7F) + 1)


def decode_8bit_jpeg(data: bytes, stream: JpegStream, photometric: str) -> NDArray[np.uint8] | None:
    """(H, W) grey or (H, W, 3) RGB by libjpeg-turbo; None where its colours could differ from DICOM's, or it fails.

    12-bit and unfinished streams are left to other decoders, and lossless ones too where libjpeg-turbo is older than 3.
    Rotation tags in the stream are not obeyed.
    """
    shape = stream.shape
    if stream.frame_marker not in _LIBJPEG_FRAMES or shape.precision != 8 or not is_finished(data):
        return None
    is_color = shape.components == 3
    if is_color and stream.is_ycc_to_libjpeg() != stream.is_ycc_to_dicom(photometric):
        return None
    flags = cv2.IMREAD_COLOR_RGB if is_color else cv2.IMREAD_GRAYSCALE
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    expected = (shape.height, shape.width, 3) if is_color else (shape.height, shape.width)
    if decoded is None or decoded.shape != expected or decoded.dtype != np.uint8:
        return None
    return np.asarray(decoded)


def is_finished(data: bytes) -> bool:
    """True when a JPEG or JPEG-LS image has its end marker, padding aside."""
    return b"\xff\xd9" in data[-4096:].rstrip(b"\0")[-64:]
