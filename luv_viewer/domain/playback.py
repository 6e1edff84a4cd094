"""Which frame is due at a moment, at true speed: late frames are skipped, playback is never slowed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.span import Span

SPEEDS = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
"""Factors of true speed offered to the user."""


class LoopMode(Enum):
    """What happens at the end; the value is what the playback bar says."""

    VIDEO = "loop video"
    CLIP = "loop clip"
    OFF = "play once"

    @property
    def next(self) -> LoopMode:
        """The mode that the loop key switches to."""
        modes = list(LoopMode)
        return modes[(modes.index(self) + 1) % len(modes)]


@dataclass(frozen=True)
class Position:
    """frame: index due now. ordinal: frames since the start in playing order, repeats counted. finished: at the end."""

    frame: int
    ordinal: int
    finished: bool


@dataclass(frozen=True, eq=False)
class PlaybackClock:
    """Playing `span` of a video from `start_frame` since the moment `started_s` (monotonic seconds).

    times_s: (T,) frame times. The last frame of the span lasts as long as the one before it.
    """

    times_s: NDArray[np.float64]
    span: Span
    start_frame: int
    started_s: float
    speed: float
    loops: bool

    def __post_init__(self) -> None:
        if self.start_frame not in self.span or self.span.stop > len(self.times_s):
            raise ValueError(f"frame {self.start_frame} and span {self.span} do not fit {len(self.times_s)} frames")
        if self.speed <= 0:
            raise ValueError(f"speed must be positive, got {self.speed}")

    @property
    def _offsets_s(self) -> NDArray[np.float64]:
        return self.times_s[self.span.start : self.span.stop] - self.times_s[self.span.start]

    @property
    def _round_s(self) -> float:
        """Duration of one pass over the span."""
        offsets = self._offsets_s
        if offsets.size > 1:
            return float(offsets[-1] + offsets[-1] - offsets[-2])
        if self.times_s.size > 1:
            return float(np.diff(self.times_s).mean())
        return 1.0

    def at(self, now_s: float) -> Position:
        """The frame due at `now_s`.

        >>> clock = PlaybackClock(np.arange(4) / 10, Span(0, 4), 1, 0.0, 1.0, True)
        >>> [clock.at(t).frame for t in (0.0, 0.15, 0.25, 0.35)], clock.at(0.35).ordinal
        ([1, 2, 3, 0], 3)
        """
        offsets, round_s = self._offsets_s, self._round_s
        played_s = float(offsets[self.start_frame - self.span.start]) + max(0.0, now_s - self.started_s) * self.speed
        rounds = int(played_s // round_s)
        if rounds and not self.loops:
            last = self.span.stop - 1
            return Position(last, last - self.start_frame, True)
        frame = self.span.start + int(np.searchsorted(offsets, played_s - rounds * round_s, side="right")) - 1
        return Position(frame, rounds * len(self.span) + frame - self.start_frame, False)

    def wait_s(self, now_s: float) -> float:
        """Seconds from `now_s` until another frame is due.

        >>> clock = PlaybackClock(np.arange(4) / 10, Span(0, 4), 1, 0.0, 1.0, True)
        >>> round(clock.wait_s(0.06), 3), round(clock.wait_s(0.29), 3)
        (0.04, 0.01)
        """
        position, offsets = self.at(now_s), self._offsets_s
        index = position.frame - self.span.start
        start_s = float(offsets[self.start_frame - self.span.start])
        rounds = (position.ordinal + self.start_frame - self.span.start) // len(self.span)
        next_s = float(offsets[index + 1]) if index + 1 < len(offsets) else self._round_s
        return max(0.0, (rounds * self._round_s + next_s - start_s) / self.speed - (now_s - self.started_s))
