"""The play head: which frame is shown, at which speed, in which loop, and which frames came too late."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from luv_viewer.domain.playback import SPEEDS, LoopMode, PlaybackClock, Position
from luv_viewer.domain.span import Span
from luv_viewer.domain.video import Video

LONGEST_WAIT_MS = 200
"""The clock is read at least this often while playing, so that a slow video still answers."""


@dataclass(frozen=True)
class PlayTicket:
    """run: counts the starts of the clock; ordinal: frames since that start in playing order."""

    run: int
    ordinal: int


class Player(QObject):
    """The part of the session that moves by itself.

    sought: before `frame_changed`, where the play head is put elsewhere while playing, so that no frames passed.
    clip_span: gives the clip around a frame for `LoopMode.CLIP`, None where there is none.
    now: clock in monotonic seconds; tests hand in their own.
    """

    frame_changed = Signal(int)
    sought = Signal(int)
    playback_changed = Signal()

    def __init__(
        self,
        clip_span: Callable[[int], Span | None],
        now: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._clip_span = clip_span
        self._now = now
        self._video: Video | None = None
        self._interval: Span | None = None
        self.frame = 0
        self.speed = 1.0
        self.loop_mode = LoopMode.VIDEO
        self.dropped = 0
        self._clock: PlaybackClock | None = None
        self._run = 0
        self._ordinal = 0
        self._shown_ordinal = -1
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)

    @property
    def is_playing(self) -> bool:
        """True while the clock runs."""
        return self._clock is not None

    @property
    def times_s(self) -> NDArray[np.float64] | None:
        """(T,) seconds of the video loaded."""
        return None if self._video is None else self._video.times_s

    @property
    def loop_interval(self) -> Span | None:
        """The interval that is played over and over, None when none is."""
        return self._interval

    @property
    def playing_span(self) -> Span | None:
        """The frames that the clock goes through; None while paused."""
        return None if self._clock is None else self._clock.span

    @property
    def loops(self) -> bool:
        """Whether playing goes on from the start after the last frame."""
        return self.loop_mode is not LoopMode.OFF or self._interval is not None

    @property
    def loop_span(self) -> Span:
        """The frames that play now."""
        whole = Span(0, self._video.n_frames if self._video is not None else 1)
        if self._interval is not None:
            return self._interval
        return (self._clip_span(self.frame) or whole) if self.loop_mode is LoopMode.CLIP else whole

    def loop(self, interval: Span | None) -> None:
        """Play an interval over and over, from its first frame; None: as the loop mode says again."""
        self._interval = interval
        if interval is None:
            self._restart_clock()
            self.playback_changed.emit()
        elif self._video is not None:
            self.pause()
            self._interval = interval
            self.show_frame(interval.start)
            self.play()

    def load(self, video: Video | None) -> None:
        """Stand paused on the first frame of a video, or on nothing; says nothing: the session tells of new videos."""
        self.pause()
        self._video, self._interval, self.frame, self.dropped = video, None, 0, 0

    def show_frame(self, frame: int) -> None:
        """Move the play head, clamped to the video; playing goes on from there."""
        if self._video is None:
            return
        frame = max(0, min(self._video.n_frames - 1, frame))
        if self._interval is not None and frame not in self._interval:
            self._interval = None
            self.playback_changed.emit()
        if self.is_playing:
            self._start_clock(frame)
            if frame != self.frame:
                self.sought.emit(frame)
        if frame != self.frame:
            self.frame = frame
            self.frame_changed.emit(frame)

    def step_frames(self, step: int) -> None:
        """Pause and move by `step` frames."""
        self.stop_at(self.frame + step)

    def stop_at(self, frame: int) -> None:
        """Pause and show a frame."""
        self.pause()
        self.show_frame(frame)

    def play(self) -> None:
        """Start the clock at the play head; from the start when the head stands at the end of a single pass."""
        if self._video is None or self._video.is_still:
            return
        start = self.frame
        if self.loop_mode is LoopMode.OFF and self._interval is None and start == self._video.n_frames - 1:
            start = 0
        self._start_clock(start)
        self.show_frame(start)
        self.playback_changed.emit()

    def pause(self) -> None:
        """Stop the clock; the play head stays."""
        self._timer.stop()
        if self._clock is not None:
            self._clock = None
            self.playback_changed.emit()

    def toggle_playing(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """Play at `speed` times true speed. Raises ValueError unless it is one of SPEEDS."""
        if speed not in SPEEDS:
            raise ValueError(f"speed must be one of {SPEEDS}, got {speed}")
        self.speed = speed
        self._restart_clock()
        self.playback_changed.emit()

    def change_speed(self, step: int) -> None:
        """One step faster (1) or slower (-1)."""
        index = max(0, min(len(SPEEDS) - 1, SPEEDS.index(self.speed) + step))
        self.set_speed(SPEEDS[index])

    def set_loop_mode(self, mode: LoopMode) -> None:
        """What happens at the end of the video."""
        self.loop_mode = mode
        self._restart_clock()
        self.playback_changed.emit()

    def tick(self) -> None:
        """Move the play head to the frame that is due."""
        position = self._due()
        if position is None:
            return
        self._ordinal = position.ordinal
        if position.finished:
            self.pause()
        else:
            self._wait_for_next()
        if position.frame != self.frame:
            self.frame = position.frame
            self.frame_changed.emit(position.frame)

    def due_ticket(self) -> PlayTicket | None:
        """The place in playing order of the frame shown, to hand back when it is painted; None while paused."""
        return None if self._clock is None else PlayTicket(self._run, self._ordinal)

    def count_shown(self, ticket: PlayTicket | None) -> None:
        """A frame was painted; ticket: what `due_ticket` said when the frame was asked for.

        Frames that came due between two painted ones of the same run were never on the screen: they count as dropped.
        """
        if ticket is None or ticket.run != self._run or not self.is_playing:
            return
        skipped = ticket.ordinal - self._shown_ordinal - 1
        self._shown_ordinal = max(ticket.ordinal, self._shown_ordinal)
        if skipped > 0:
            self.dropped += skipped
            self.playback_changed.emit()

    def _due(self) -> Position | None:
        return None if self._clock is None else self._clock.at(self._now())

    def _wait_for_next(self) -> None:
        """Wake when the next frame is due: a clock read more often than that would take time from others."""
        if self._clock is not None:
            wait_ms = math.ceil(1000 * self._clock.wait_s(self._now()))
            self._timer.start(max(1, min(LONGEST_WAIT_MS, wait_ms)))

    def _restart_clock(self) -> None:
        """Go on from the frame that is due, under the speed and loop of now."""
        self.tick()
        if self._clock is not None:
            self._start_clock(self.frame)

    def _start_clock(self, frame: int) -> None:
        if self._video is None:
            return
        span = self._interval or Span(0, self._video.n_frames)
        if self._interval is None and self.loop_mode is LoopMode.CLIP:
            span = self._clip_span(frame) or span
        self._run += 1
        self._ordinal, self._shown_ordinal = 0, -1
        self._clock = PlaybackClock(self._video.times_s, span, frame, self._now(), self.speed, self.loops)
        self._wait_for_next()
