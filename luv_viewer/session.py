"""The only owner of what changes while the program runs. Methods are the verbs; each change emits one signal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from luv_viewer.domain.ai_state import AiPhase, AiState
from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.playback import SPEEDS, LoopMode, PlaybackClock, Position
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video

TICK_MS = 5
"""How often the clock is read while playing: well below the 16 ms of a 60 Hz screen."""


@dataclass(frozen=True)
class WindowLevel:
    """Display window on 8-bit grey values: `level` is shown mid-grey, `window` values around it span black to white."""

    window: float = 256.0
    level: float = 128.0

    @property
    def is_identity(self) -> bool:
        """True when stored values are shown as they are."""
        return self == WindowLevel()


@dataclass(frozen=True)
class PlayTicket:
    """run: counts the starts of the clock; ordinal: frames since that start in playing order."""

    run: int
    ordinal: int


class Session(QObject):
    """One open study, the video shown, the play head, and what LUV-Net said.

    now: clock in monotonic seconds; tests hand in their own.
    """

    study_changed = Signal()
    video_changed = Signal()
    frame_changed = Signal(int)
    playback_changed = Signal()
    prediction_changed = Signal()
    ai_state_changed = Signal()
    view_changed = Signal()
    seen_changed = Signal(int)
    checkpoint_changed = Signal()
    problem_raised = Signal(str)

    def __init__(self, now: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self.study: Study | None = None
        self.video_index = -1
        self.frame = 0
        self.speed = 1.0
        self.loop_mode = LoopMode.VIDEO
        self.dropped = 0
        self.prediction: Prediction | None = None
        self.ai_state = AiState(AiPhase.IDLE, "")
        self.checkpoint: CheckpointInfo | None = None
        self.selected_pattern = NETWORK_PATTERNS[1]
        self.shows_clip_alone = False
        self.window_level = WindowLevel()
        self._clock: PlaybackClock | None = None
        self._run = 0
        self._shown_ordinal = -1
        self._seen: dict[int, NDArray[np.bool_]] = {}
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def video(self) -> Video | None:
        """The video shown, or None."""
        if self.study is None or self.video_index < 0:
            return None
        return self.study.videos[self.video_index]

    @property
    def is_playing(self) -> bool:
        """True while the clock runs."""
        return self._clock is not None

    def set_study(self, study: Study | None) -> None:
        """Show another study from its first video; the old one's files are released."""
        self.pause()
        old, self.study = self.study, study
        self.video_index, self.frame, self.dropped = -1, 0, 0
        self.prediction = None
        self._seen = {}
        self.study_changed.emit()
        if study is not None and study.videos:
            self.show_video(0)
        else:
            self.video_changed.emit()
        if old is not None and old is not study:
            old.close()

    def show_video(self, index: int) -> None:
        """Show video `index` of the study from its first frame, paused; IndexError when there is none."""
        if self.study is None or not 0 <= index < len(self.study.videos):
            raise IndexError(f"there is no video {index + 1}")
        self.pause()
        self.video_index, self.frame, self.dropped = index, 0, 0
        self.prediction = None
        self.window_level = WindowLevel()
        self.video_changed.emit()
        self.frame_changed.emit(0)

    def step_video(self, step: int) -> None:
        """The next (1) or previous (-1) video; nothing happens at the ends."""
        if self.study is not None and 0 <= self.video_index + step < len(self.study.videos):
            self.show_video(self.video_index + step)

    def show_next_unfinished(self) -> None:
        """The next video, after this one and round, of which not every frame was on the screen yet."""
        if self.study is None:
            return
        count = len(self.study.videos)
        for step in range(1, count + 1):
            index = (self.video_index + step) % count
            if self.seen_fraction(index) < 1:
                self.show_video(index)
                return

    def show_frame(self, frame: int) -> None:
        """Move the play head, clamped to the video; playing goes on from there."""
        if self.video is None:
            return
        frame = max(0, min(self.video.n_frames - 1, frame))
        if self.is_playing:
            self._start_clock(frame)
        if frame != self.frame:
            self.frame = frame
            self.frame_changed.emit(frame)

    def step_frames(self, step: int) -> None:
        """Pause and move by `step` frames."""
        self.pause()
        self.show_frame(self.frame + step)

    def key_frames(self) -> tuple[int, ...] | None:
        """Top frames of the selected pattern by rank, of the video or of the clip shown alone.

        None: not assessed; empty: the attention is constant, so that no frame stands out.
        """
        prediction = self.prediction
        if prediction is None or self.selected_pattern not in prediction.patterns:
            return None
        index = prediction.patterns.index(self.selected_pattern)
        if not self.shows_clip_alone:
            if np.isnan(prediction.video_probabilities[index]):
                return None
            return () if prediction.constant_attention[index] else prediction.top_frames[index]
        clip = prediction.clip_at(self.frame)
        if clip is None or np.isnan(prediction.probabilities[clip, index]):
            return None
        return prediction.clip_top_frames(clip)[index]

    def step_key_frame(self, direction: int) -> None:
        """Pause on the next (1) or previous (-1) of the key frames in time; none further: stay."""
        further = [frame for frame in self.key_frames() or () if (frame - self.frame) * direction > 0]
        if further:
            self.pause()
            self.show_frame(min(further, key=lambda frame: abs(frame - self.frame)))

    def play(self) -> None:
        """Start the clock at the play head; from the start when the head stands at the end of a single pass."""
        if self.video is None or self.video.is_still:
            return
        start = self.frame
        if self.loop_mode is LoopMode.OFF and start == self.video.n_frames - 1:
            start = 0
        self._start_clock(start)
        self._timer.start()
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
        """Play at `speed` times true speed; must be one of SPEEDS."""
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
        position = self.due()
        if position is None:
            return
        if position.finished:
            self.pause()
        if position.frame != self.frame:
            self.frame = position.frame
            self.frame_changed.emit(position.frame)

    def due(self) -> Position | None:
        """What the clock says now, or None while paused."""
        return None if self._clock is None else self._clock.at(self._now())

    def due_ticket(self) -> PlayTicket | None:
        """The place in playing order of the frame due now, to hand back when it is painted; None while paused."""
        position = self.due()
        return None if position is None else PlayTicket(self._run, position.ordinal)

    def frame_was_shown(self, video: Video, frame: int, ticket: PlayTicket | None) -> None:
        """The view painted `frame`; ticket: what `due_ticket` said when the frame was asked for.

        Frames that came due between two painted ones of the same run were never on the screen: they count as dropped.
        """
        if video is not self.video:
            return
        if ticket is not None and ticket.run == self._run and self.is_playing:
            skipped = ticket.ordinal - self._shown_ordinal - 1
            if skipped > 0:
                self.dropped += skipped
                self.playback_changed.emit()
            self._shown_ordinal = max(ticket.ordinal, self._shown_ordinal)
        seen = self._seen.setdefault(self.video_index, np.zeros(video.n_frames, bool))
        if not seen[frame]:
            seen[frame] = True
            self.seen_changed.emit(self.video_index)

    def seen_fraction(self, index: int) -> float:
        """Share of the frames of a video that have been on the screen, 0 to 1."""
        seen = self._seen.get(index)
        return 0.0 if seen is None else float(seen.mean())

    def set_prediction(self, video: Video, prediction: Prediction | None) -> None:
        """Take a result for `video`; one for a video no longer shown is dropped."""
        if video is self.video:
            self.prediction = prediction
            self.prediction_changed.emit()

    def set_ai_state(self, state: AiState) -> None:
        """What the AI worker is doing."""
        if state != self.ai_state:
            self.ai_state = state
            self.ai_state_changed.emit()

    def set_checkpoint(self, checkpoint: CheckpointInfo | None) -> None:
        """The model card of the network in use."""
        self.checkpoint = checkpoint
        self.checkpoint_changed.emit()

    def select_pattern(self, pattern: Pattern) -> None:
        """The pattern whose top frames are shown and walked."""
        self.selected_pattern = pattern
        self.view_changed.emit()

    def step_pattern(self, step: int) -> None:
        """The next (1) or previous (-1) pattern lane."""
        patterns = self.prediction.patterns if self.prediction else NETWORK_PATTERNS
        index = patterns.index(self.selected_pattern) if self.selected_pattern in patterns else 0
        self.select_pattern(patterns[max(0, min(len(patterns) - 1, index + step))])

    def show_clip_alone(self, alone: bool) -> None:
        """Show the attention of the clip under the play head instead of the whole video's."""
        self.shows_clip_alone = alone
        self.view_changed.emit()

    def set_window_level(self, window_level: WindowLevel) -> None:
        """Brightness and contrast of the cine; never changes what LUV-Net sees."""
        self.window_level = window_level
        self.view_changed.emit()

    def _restart_clock(self) -> None:
        if self._clock is not None:
            self.tick()
            if self._clock is not None:
                self._start_clock(self.frame)

    def _start_clock(self, frame: int) -> None:
        if self.video is None:
            return
        span = Span(0, self.video.n_frames)
        if self.loop_mode is LoopMode.CLIP and self.prediction is not None:
            clip = self.prediction.clip_at(frame)
            span = span if clip is None else self.prediction.span(clip)
        self._run += 1
        self._shown_ordinal = -1
        loops = self.loop_mode is not LoopMode.OFF
        self._clock = PlaybackClock(self.video.times_s, span, frame, self._now(), self.speed, loops)
