"""Keeps live frames in a file as they came: lossless, with their times, readable even where the program died."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import av
import platformdirs

from luv_viewer.domain.live import LiveFrame
from luv_viewer.io.errors import one_line
from luv_viewer.io.media_index import LIBAV_ERRORS

SUFFIX = ".mkv"
TICKS_PER_S = 1000
"""Matroska counts milliseconds: a frame's time is kept to half of one."""

_KEY_DISTANCE = 15
_CLUSTER_MS = "500"
"""Half a second of frames at most is lost where the program dies: that much is written at a time."""

_MAX_NAMES = 1000


class RecordingError(Exception):
    """A recording that cannot begin or go on; str(error) is one sentence for the user."""


class OpenNew(Protocol):
    """Opens a file that must not exist yet for writing, unbuffered. Raises OSError."""

    def __call__(self, path: Path, /) -> BinaryIO: ...


def open_new(path: Path) -> BinaryIO:
    """See `OpenNew`."""
    return open(path, "xb", buffering=0)


def recordings_folder() -> Path:
    """Where recordings go that nobody gave a place: below `LUV_CONFIG_DIR` when that is set, else the user's videos."""
    chosen = os.environ.get("LUV_CONFIG_DIR")
    return Path(chosen) / "recordings" if chosen else Path(platformdirs.user_videos_dir()) / "LUV Viewer"


def recording_path(wanted: Path | None, now: datetime) -> Path:
    """A file that does not exist yet: `wanted`, or one named after the time in it (a folder), or in the usual folder.

    Where the name is taken, _2, _3, ... is added. Raises RecordingError.
    """
    chosen = wanted if wanted is not None else recordings_folder()
    if wanted is None or wanted.is_dir():
        chosen = chosen / f"live_{now:%Y-%m-%d_%H%M%S}{SUFFIX}"
    for number in range(1, _MAX_NAMES):
        path = chosen if number == 1 else chosen.with_stem(f"{chosen.stem}_{number}")
        if not os.path.lexists(path):
            return path
    raise RecordingError(f"There are {_MAX_NAMES} recordings called {one_line(chosen.stem)} already: choose another.")


class LiveRecording:
    """One file of frames of one size: H.264 without loss in Matroska, or FFV1 where libav has no H.264.

    path: as `recording_path` gives it; its folder is made. The file is never one that was there before.
    """

    def __init__(self, path: Path, size_px: tuple[int, int], fps: float | None, open_file: OpenNew = open_new) -> None:
        """size_px: (height, width) of every frame. fps: what the source states. Raises RecordingError."""
        self.path, self.size_px = path, size_px
        self.n_frames = 0
        self.seconds = 0.0
        self._first_s: float | None = None
        self._last_tick = -1
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open_file(path)
        except OSError as error:
            raise RecordingError(
                f"{one_line(path.name)} cannot be written there: {_reason(error)}. Choose another folder."
            ) from error
        try:
            self._attempt(lambda: self._begin(fps))
        except RecordingError:
            self._file.close()
            path.unlink(missing_ok=True)
            raise

    @property
    def n_bytes(self) -> int:
        """Bytes written so far."""
        return 0 if self._file.closed else self._file.tell()

    def add(self, frame: LiveFrame) -> None:
        """Write a frame. Raises RecordingError; what was written before stays readable."""
        if frame.rgb.shape[:2] != self.size_px:
            raise ValueError(f"expected frames of {self.size_px}, got {frame.rgb.shape[:2]}")
        self._attempt(lambda: self._write(frame))
        self.n_frames += 1

    def close(self) -> None:
        """Finish the file. Raises RecordingError when its end cannot be written; closing twice does nothing."""
        if self._file.closed:
            return
        try:
            self._attempt(self._finish)
        finally:
            self._file.close()

    def _begin(self, fps: float | None) -> None:
        self._container = av.open(
            self._file, "w", format="matroska", options={"cluster_time_limit": _CLUSTER_MS, "flush_packets": "1"}
        )
        name, pixels, options = _codec()
        rate = Fraction(fps or 30).limit_denominator(1001)
        self._stream = cast(av.VideoStream, self._container.add_stream(name, rate=rate, options=options))
        self._stream.height, self._stream.width = self.size_px
        self._stream.pix_fmt = pixels
        self._stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        self._stream.codec_context.gop_size = _KEY_DISTANCE

    def _write(self, frame: LiveFrame) -> None:
        if self._first_s is None:
            self._first_s = frame.time_s
        elapsed_s = frame.time_s - self._first_s
        # Two frames within one millisecond would be one.
        tick = max(round(elapsed_s * TICKS_PER_S), self._last_tick + 1)
        picture = av.VideoFrame.from_ndarray(frame.rgb, "rgb24")
        picture.pts, picture.time_base = tick, Fraction(1, TICKS_PER_S)
        for packet in self._stream.encode(picture):
            self._container.mux(packet)
        self._last_tick, self.seconds = tick, elapsed_s

    def _finish(self) -> None:
        try:
            if self.n_frames:
                for packet in self._stream.encode(None):
                    self._container.mux(packet)
        finally:
            self._container.close()
        os.fsync(self._file.fileno())

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except LIBAV_ERRORS as error:
            done = f"The {self.seconds:.1f} s until then are in {one_line(self.path.name)}."
            raise RecordingError(f"Recording stopped: {_reason(error)}. {done}") from error


def _codec() -> tuple[str, str, dict[str, str]]:
    """Name, pixel format and options: three times as fast as FFV1 at the same size (measured)."""
    if "libx264rgb" in av.codecs_available:
        return "libx264rgb", "rgb24", {"preset": "ultrafast", "qp": "0", "tune": "zerolatency"}
    return "ffv1", "bgr0", {"level": "3", "slices": "4", "slicecrc": "1"}


def _reason(error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if code == errno.EFBIG:
        return "the file has become too large for its disk"
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
