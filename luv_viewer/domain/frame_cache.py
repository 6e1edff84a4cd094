"""The decoded frames that are worth keeping, within a byte budget."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.play_path import PlayPath

DEFAULT_BUDGET_MB = 160
DEFAULT_BUDGET_BYTES = DEFAULT_BUDGET_MB * 2**20
_SPARE_SHARE = 16
"""One part in this many is freed at once where many small frames are kept, so that they are not ranked each time."""

Frame = NDArray[np.uint8]


class FrameKey(NamedTuple):
    """A frame of one video. video: any object that stands for it."""

    video: object
    frame: int


@dataclass(frozen=True)
class _Focus:
    video: object
    path: PlayPath


class FrameCache:
    """Frames of all videos of a study, bounded by bytes; safe to share between threads.

    What is needed last goes first: frames of other videos than the one looked at, the longest unused at the front, then
    those that playing comes to last. Frames at the play head stay.

    >>> cache = FrameCache(budget_bytes=8)
    >>> a, b = FrameKey("video", 0), FrameKey("video", 1)
    >>> cache.put(a, np.zeros(8, np.uint8)); cache.put(b, np.zeros(8, np.uint8))
    >>> cache.get(a) is None, cache.get(b) is not None, cache.used_bytes
    (True, True, 8)
    """

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        self._budget_bytes = _checked(budget_bytes)
        self._used_bytes = 0
        self._frames: OrderedDict[FrameKey, Frame] = OrderedDict()
        self._focus: _Focus | None = None
        self._lock = threading.Lock()

    @property
    def budget_bytes(self) -> int:
        """Bytes that may be held."""
        return self._budget_bytes

    @property
    def used_bytes(self) -> int:
        """Bytes held now; never above the budget."""
        return self._used_bytes

    def set_budget(self, budget_bytes: int) -> None:
        """Hold that many bytes at most from now on. Raises ValueError for a negative number."""
        with self._lock:
            self._budget_bytes = _checked(budget_bytes)
            self._make_room(0)

    def look_at(self, video: object, path: PlayPath) -> None:
        """The video shown and where its play head goes, which decides what is kept."""
        self._focus = _Focus(video, path)

    def get(self, key: FrameKey) -> Frame | None:
        """The frame stored under `key`, or None."""
        with self._lock:
            frame = self._frames.get(key)
            if frame is not None:
                self._frames.move_to_end(key)
            return frame

    def holds(self, key: FrameKey) -> bool:
        """Whether the frame is here, without counting as a use of it."""
        return key in self._frames

    def put(self, key: FrameKey, frame: Frame) -> None:
        """Keep `frame`; what is needed last leaves until the budget holds, were it this one."""
        with self._lock:
            old = self._frames.pop(key, None)
            if old is not None:
                self._used_bytes -= old.nbytes
            if frame.nbytes > self._budget_bytes:
                return
            self._frames[key] = frame
            self._used_bytes += frame.nbytes
            if self._used_bytes > self._budget_bytes:
                self._make_room(self._budget_bytes // _SPARE_SHARE - frame.nbytes)

    def clear(self) -> None:
        """Forget every frame."""
        with self._lock:
            self._frames.clear()
            self._used_bytes = 0

    def _make_room(self, spare_bytes: int) -> None:
        """Drop what is needed last until the budget holds, with `spare_bytes` to spare. Called with the lock held."""
        limit = self._budget_bytes - max(0, spare_bytes)
        if self._used_bytes <= limit:
            return
        for key in self._by_need():
            if self._used_bytes <= limit:
                return
            self._used_bytes -= self._frames.pop(key).nbytes

    def _by_need(self) -> list[FrameKey]:
        """Every key, the one needed last at the front."""
        focus = self._focus
        if focus is None:
            return list(self._frames)
        others = [key for key in self._frames if key.video is not focus.video]
        shown = [key for key in self._frames if key.video is focus.video]
        shown.sort(key=lambda key: focus.path.distance(key.frame), reverse=True)
        return others + shown


def _checked(budget_bytes: int) -> int:
    if budget_bytes < 0:
        raise ValueError(f"the cache budget must not be negative, got {budget_bytes} bytes")
    return budget_bytes
