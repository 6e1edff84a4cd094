"""The only owner of what changes while the program runs. Methods are the verbs; each change emits one signal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from luv_viewer.domain.ai_state import AiPhase, AiState
from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.pattern import NETWORK_PATTERNS, TRACK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from luv_viewer.map_view import MapView
from luv_viewer.marking import Marking
from luv_viewer.notebook import Notebook
from luv_viewer.player import Player, PlayTicket


@dataclass(frozen=True)
class WindowLevel:
    """Display window on 8-bit grey values: `level` is shown mid-grey, `window` values around it span black to white."""

    window: float = 256.0
    level: float = 128.0

    @property
    def is_identity(self) -> bool:
        """True when stored values are shown as they are."""
        return self == WindowLevel()


class Session(QObject):
    """One open study, the video shown, the play head, and what LUV-Net said.

    now: clock in monotonic seconds; tests hand in their own.
    """

    study_changed = Signal()
    video_changed = Signal()
    prediction_changed = Signal()
    ai_state_changed = Signal()
    view_changed = Signal()
    seen_changed = Signal(int)
    checkpoint_changed = Signal()
    problem_raised = Signal(str)

    def __init__(self, now: Callable[[], float] = time.monotonic, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.player = Player(self._clip_span, now, self)
        self.notebook = Notebook(parent=self)
        self.maps = MapView(self)
        self.marking = Marking(self.notebook, self.player, lambda: self.selected_pattern, now, self)
        self.marking.pattern_wanted.connect(self.select_pattern)
        self.notebook.reader_changed.connect(self._forget_seen)
        self.study: Study | None = None
        self.video_index = -1
        self.prediction: Prediction | None = None
        self.ai_state = AiState(AiPhase.IDLE, "")
        self.checkpoint: CheckpointInfo | None = None
        self.selected_pattern: Pattern = NETWORK_PATTERNS[1]
        self.shows_clip_alone = False
        self.window_level = WindowLevel()
        self._seen: dict[int, NDArray[np.bool_]] = {}

    @property
    def video(self) -> Video | None:
        """The video shown, or None."""
        if self.study is None or self.video_index < 0:
            return None
        return self.study.videos[self.video_index]

    def set_study(self, study: Study | None) -> None:
        """Show another study from its first video; the old one's files are released."""
        self.player.load(None)
        self.notebook.close_video()
        old, self.study = self.study, study
        self.video_index = -1
        self.prediction = None
        self.maps.forget()
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
        self.notebook.close_video()
        self.video_index = index
        self.player.load(self.study.videos[index])
        self.prediction = None
        self.maps.forget()
        self.window_level = WindowLevel()
        self.video_changed.emit()
        self.player.frame_changed.emit(0)

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

    def key_frames(self) -> tuple[int, ...] | None:
        """Top frames of the selected pattern by rank, of the video or of the clip shown alone.

        None: not assessed; empty: no frame stands out, for the attention is constant or the network has none.
        """
        prediction = self.prediction
        if prediction is None or self.selected_pattern not in prediction.patterns:
            return None
        index = prediction.patterns.index(self.selected_pattern)
        if not self.shows_clip_alone:
            if np.isnan(prediction.video_probabilities[index]):
                return None
            return () if prediction.constant_attention[index] else prediction.top_frames[index]
        clip = prediction.clip_at(self.player.frame)
        if clip is None or np.isnan(prediction.probabilities[clip, index]):
            return None
        return prediction.clip_top_frames(clip)[index]

    def step_key_frame(self, direction: int) -> None:
        """Pause on the next (1) or previous (-1) key frame or interval of the selected pattern; none further: stay."""
        here = self.player.frame
        annotation = self.notebook.annotation
        intervals = annotation.track(self.selected_pattern) if annotation is not None else ()
        stops = (*(self.key_frames() or ()), *(span.start for span in intervals))
        further = [frame for frame in stops if (frame - here) * direction > 0]
        if further:
            self.player.stop_at(min(further, key=lambda frame: abs(frame - here)))

    def frame_was_shown(self, video: Video, frame: int, ticket: PlayTicket | None) -> None:
        """The view painted `frame` of `video`: it counts as seen. ticket: from the player, when it was asked for."""
        if video is not self.video:
            return
        self.player.count_shown(ticket)
        seen = self._seen.setdefault(self.video_index, np.zeros(video.n_frames, bool))
        if not seen[frame]:
            seen[frame] = True
            self.seen_changed.emit(self.video_index)
        self.notebook.see(frame)

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
        if self.notebook.reader is not None:
            patterns = TRACK_PATTERNS
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

    def seen_frames(self) -> NDArray[np.bool_] | None:
        """(T,) frames of the video shown that were on the screen since it, or the reader, was opened; a copy."""
        seen = self._seen.get(self.video_index)
        return None if seen is None else seen.copy()

    def _forget_seen(self) -> None:
        """Another reader has seen nothing yet."""
        self._seen = {}

    def _clip_span(self, frame: int) -> Span | None:
        """The clip around a frame, None before there is a prediction."""
        clip = None if self.prediction is None else self.prediction.clip_at(frame)
        return None if self.prediction is None or clip is None else self.prediction.span(clip)
