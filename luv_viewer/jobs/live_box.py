"""How live frames wait for LUV-Net and for the disk: bounded, and never holding up the capture."""

from __future__ import annotations

import threading
import time
from collections import deque

from luv_viewer.domain.live import LiveFrame
from luv_viewer.domain.live_pace import Pace
from luv_viewer.domain.live_timing import Rate


class AssessBox:
    """Frames that wait for LUV-Net, evenly spaced as `Pace` says; the newest win where too many wait.

    dropped: frames that were due and had to go.
    """

    def __init__(self, limit: int = 16) -> None:
        self._limit = limit
        self._pace = Pace()
        self._rate = Rate()
        self._waiting: deque[LiveFrame] = deque()
        self._is_open = self._is_closed = False
        self._changed = threading.Condition()
        self.dropped = 0

    @property
    def spacing(self) -> int:
        """1: every frame is due, 2: every second one, ..."""
        return self._pace.spacing

    @property
    def is_too_slow(self) -> bool:
        """True while even the widest spacing brings more frames than can be assessed."""
        return self._pace.is_too_slow

    def open(self) -> None:
        """LUV-Net is ready; frames before this moment are nobody's."""
        with self._changed:
            self._is_open = True

    def put(self, frame: LiveFrame) -> None:
        """Let a frame wait if it is due."""
        with self._changed:
            self._rate.count(frame.arrived_s)
            if not self._is_open or not self._pace.is_due(frame.number):
                return
            self._waiting.append(frame)
            while len(self._waiting) > self._limit:
                self._waiting.popleft()
                self.dropped += 1
            self._changed.notify()

    def take(self, n: int, patience_s: float) -> list[LiveFrame] | None:
        """The n oldest that wait, in order, at least one; none after `patience_s`; None once the box is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, patience_s)
            if self._is_closed:
                return None
            return [self._waiting.popleft() for _ in range(min(n, len(self._waiting)))]

    def note_step(self, n_frames: int, step_s: float) -> None:
        """A step with room for n_frames took step_s: choose the spacing anew, and let go of what is no longer due."""
        with self._changed:
            now_s = time.monotonic()
            self._pace.note(n_frames, step_s, len(self._waiting), now_s, self._rate.per_second(now_s))
            self._waiting = deque(frame for frame in self._waiting if self._pace.is_due(frame.number))

    def close(self) -> None:
        """Let the taker go home."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class RecordBox:
    """Frames on their way to the disk, all of them, up to `limit_bytes`; n_lost: those for which there was no room."""

    def __init__(self, limit_bytes: int = 256 * 2**20) -> None:
        self._limit_bytes = limit_bytes
        self._frames: deque[LiveFrame] = deque()
        self._n_bytes = 0
        self._is_finished = False
        self._changed = threading.Condition()
        self.n_lost = 0

    def put(self, frame: LiveFrame) -> None:
        """Let a frame wait; the first one always finds room."""
        with self._changed:
            if self._is_finished:
                return
            if self._frames and self._n_bytes + frame.rgb.nbytes > self._limit_bytes:
                self.n_lost += 1
                return
            self._frames.append(frame)
            self._n_bytes += frame.rgb.nbytes
            self._changed.notify()

    def take(self) -> LiveFrame | None:
        """The next frame, waited for; None when the recording was finished and all frames were taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._is_finished)
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._n_bytes -= frame.rgb.nbytes
            return frame

    def finish(self) -> None:
        """No frame comes after those that wait."""
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()


class PictureBox:
    """The newest frame for the screen. `put` says whether the screen must be told, which it is once per look."""

    def __init__(self) -> None:
        self._frame: LiveFrame | None = None
        self._lock = threading.Lock()

    def put(self, frame: LiveFrame) -> bool:
        """True when nobody was told of a frame that still waits."""
        with self._lock:
            was_empty = self._frame is None
            self._frame = frame
            return was_empty

    def take(self) -> LiveFrame | None:
        """The newest frame, if it was not taken yet."""
        with self._lock:
            frame, self._frame = self._frame, None
            return frame
