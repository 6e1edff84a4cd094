"""Videos in AVI, MP4, MOV, MPEG, GIF and the like."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.timing import ASSUMED_FPS, Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource
from luv_viewer.domain.zone import zone_from_text
from luv_viewer.io.errors import MissingFileError, UnreadableFileError, UnsupportedFormatError, one_line

if TYPE_CHECKING:
    from luv_viewer.io.media_stream import EncodedStream

HEADER_BYTES = 1024  # enough for `is_media`

_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("AVI", re.compile(rb"RIFF.{4}AVI ", re.DOTALL)),
    ("MOV", re.compile(rb".{4}(?:ftypqt  |moov|mdat)|\0{3}.(?:wide|pnot)", re.DOTALL)),
    ("MP4", re.compile(rb".{4}ftyp(?!hei|hev|mif1|msf1|avif|jp2 |jpx |jxl )", re.DOTALL)),
    ("MKV", re.compile(rb"\x1a\x45\xdf\xa3")),
    ("MPEG", re.compile(rb"\0\0\x01[\xba\xb3\xb0]")),
    ("MPEG-TS", re.compile(rb"\x47.{187}\x47.{187}\x47", re.DOTALL)),
    ("MPEG-TS", re.compile(rb".{4}\x47.{191}\x47.{191}\x47", re.DOTALL)),
    ("GIF", re.compile(rb"GIF8[79]a")),
    ("H.264", re.compile(rb"\0?\0\0\x01(?:\x09[\x10-\xf0]\0?\0\0\x01)?[\x67\x47\x27]")),
    ("HEVC", re.compile(rb"\0?\0\0\x01(?:\x46\x01.\0?\0\0\x01)?\x40\x01", re.DOTALL)),
    ("FLV", re.compile(rb"FLV\x01")),
    ("WMV", re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),
    ("OGG", re.compile(rb"OggS")),
)
_CODEC_NAMES = {
    "h264": "H.264",
    "hevc": "HEVC",
    "mpeg1video": "MPEG-1",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "mjpeg": "Motion JPEG",
    "ffv1": "FFV1",
    "rawvideo": "uncompressed",
}


def is_media(header: bytes) -> str | None:
    """Name of the video container that begins with `header` (at least 600 bytes where there are as many), or None.

    >>> is_media(b"GIF89a"), is_media(bytes(4) + b"ftypisom"), is_media(bytes(128) + b"DICM")
    ('GIF', 'MP4', None)
    """
    return next((name for name, signature in _SIGNATURES if signature.match(header)), None)


def open_media(path: Path, cache: FrameCache, *, member: str | None = None, data: bytes | None = None) -> Video:
    """The video in a file, or in `data`, the bytes of `member` of the archive `path`. Content decides, not the name.

    Nothing is decoded but the first frame of an MP4 or MOV that asks to be turned. Raises MissingFileError,
    UnreadableFileError, UnsupportedFormatError.
    """
    name = Path(member).name if member else path.name
    header = data[:HEADER_BYTES] if data is not None else _header(path)
    container = is_media(header)
    if container is None:
        wanted = "AVI, MP4, MOV, MKV, MPEG or GIF"
        raise UnsupportedFormatError(f"{name} is not a video file of a known kind (expected {wanted}).")
    store = MediaStore(path if data is None else data, name)
    stream = store.stream
    timing, notes = _timing(stream)
    if stream.quarter_turns:
        notes.append(f"The file asks to be shown turned by {90 * stream.quarter_turns} degrees counter-clockwise.")
    if stream.index.damaged:
        notes.append(f"The file is damaged after frame {stream.n_frames}; what comes after it cannot be shown.")
    height, width = stream.size
    codec = _CODEC_NAMES.get(stream.index.codec, stream.index.codec)
    holder = path if member else path.parent
    return Video(
        title=one_line(Path(name).stem),
        height=height,
        width=width,
        timing=timing,
        region=(0, 0, width, height),
        spacing_mm=None,
        source=VideoSource(path, member, container if container.lower() == codec.lower() else f"{container}, {codec}"),
        group=folder_group(holder),
        store=store,
        cache=cache,
        zone=zone_from_text(Path(name).stem),
        notes=tuple(notes),
    )


def folder_group(folder: Path) -> StudyGroup:
    """The group of files that name no patient: those of one folder or archive."""
    return StudyGroup(hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16], folder.absolute().name)


class MediaStore:
    """Frames of one video file (or of its bytes, for a member of an archive)."""

    reads_in_order = True

    def __init__(self, source: Path | bytes, name: str) -> None:
        """Raises UnreadableFileError, UnsupportedFormatError."""
        self._source = source
        self._name = name
        from luv_viewer.io.media_stream import EncodedStream  # libav costs start-up time; most studies need none

        self.stream = EncodedStream(source, name)

    def read(self, i: int) -> NDArray[np.uint8]:
        """Frame i as (H, W, 3) uint8 RGB. Raises FrameDecodeError."""
        return self.stream.read(i)

    def video_id(self) -> str:
        """`sha256:<hex>` of the file. Raises UnreadableFileError."""
        return f"sha256:{self._digest}"

    def frame_digest(self, i: int) -> str:
        """SHA-256 (hex) of the whole file, for every frame: a frame's own bytes do not decode alone."""
        return self._digest

    def close(self) -> None:
        """Close the file; reading afterwards opens it again."""
        self.stream.close()

    @cached_property
    def _digest(self) -> str:
        if isinstance(self._source, bytes):
            return hashlib.sha256(self._source).hexdigest()
        try:
            with self._source.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise UnreadableFileError(f"{self._name} cannot be read: {error.strerror}.") from error


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEADER_BYTES)
    except FileNotFoundError as error:
        raise MissingFileError(f"{path.name} does not exist.") from error
    except OSError as error:
        raise MissingFileError(f"{path.name} cannot be read: {error.strerror}.") from error


def _timing(stream: EncodedStream) -> tuple[Timing, list[str]]:
    """Frame times: the container's, else its mean rate, else 30 frames/s assumed, with a note on what was missing."""
    if stream.times_s is not None and (stream.n_frames > 1 or stream.index.fps is None):
        return Timing(stream.times_s, TimingSource.CONTAINER), []
    if stream.index.fps is not None:
        return Timing.regular(stream.n_frames, stream.index.fps, TimingSource.CONTAINER), []
    note = f"The file states no frame rate; {ASSUMED_FPS:g} frames/s are assumed."
    return Timing.regular(stream.n_frames, ASSUMED_FPS, TimingSource.ASSUMED), [note]
