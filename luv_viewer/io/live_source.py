"""Where live frames come from: a capture device, an address, or a file played as if it came from one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.live import LiveFrame, SourcePhase, SourceStatus
from luv_viewer.domain.video import Region

LiveEvent = LiveFrame | SourceStatus
Wait = Callable[[float], None]
"""Waits so many seconds; raises when nobody wants the frames any more."""

BREAK = 1024
"""Frame numbers leap by this where frames before and after do not belong together; a multiple of every spacing."""

_DEVICE_PATH = re.compile(r"/dev/|\\\\[.?]\\")


class LiveSource(Protocol):
    """name: for people, without passwords."""

    @property
    def name(self) -> str: ...

    def events(self, wait: Wait) -> Iterator[LiveEvent]:
        """Frames as they come, and what happens meanwhile; the last event says how it ended.

        Raises only what `wait` raises; leaving the iterator closes the source.
        """
        ...


def live_source(text: str) -> LiveSource:
    """What `--live` names: a device's number or path, an address (rtsp://...), or else a file. Opens nothing yet."""
    from luv_viewer.io.live_source_device import CaptureSource
    from luv_viewer.io.live_source_file import FileSource

    text = text.strip()
    if text.isdecimal():
        return CaptureSource(int(text))
    if "://" in text or _DEVICE_PATH.match(text):
        return CaptureSource(text)
    return FileSource(Path(text))


def address_name(address: str) -> str:
    """An address without user, password and query, which may hold secrets.

    >>> address_name("rtsp://kim:secret@scanner:554/live?key=1")
    'rtsp://scanner:554/live'
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class FrameClock:
    """Numbers frames and gives them their times. now: monotonic seconds; tests hand in their own."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._next_number = 0
        self._first_s: float | None = None
        self._last_s = -1.0

    def frame(self, rgb: NDArray[np.uint8], region: Region | None = None, time_s: float | None = None) -> LiveFrame:
        """The next frame; time_s on the source's own clock, None where it has none but that of arrival."""
        arrived_s = self.now()
        stamp = arrived_s if time_s is None else time_s
        if self._first_s is None:
            self._first_s = stamp
        # A clock that stands still or steps back would put two frames on one place of the curves.
        self._last_s = max(stamp - self._first_s, self._last_s + 1e-4, 0.0)
        number, self._next_number = self._next_number, self._next_number + 1
        height, width = rgb.shape[:2]
        return LiveFrame(number, self._last_s, arrived_s, rgb, region or (0, 0, width, height))

    def leap(self) -> None:
        """What comes next does not follow on what came before."""
        self._next_number += BREAK

    @property
    def elapsed_s(self) -> float:
        """Time of the last frame."""
        return max(0.0, self._last_s)


def over(phase: SourcePhase, sentence: str) -> SourceStatus:
    """The last word of a source."""
    return SourceStatus(phase, sentence)
