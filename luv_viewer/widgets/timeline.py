"""The timeline under the cine: one frame axis, one lane per pattern, one play head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from luv_viewer.widgets.timeline_labels import LaneGutter
from luv_viewer.widgets.timeline_lanes import clip_lanes, empty_lanes, video_lanes
from luv_viewer.widgets.timeline_paint import AXIS_PX

LANE_PX = 44


class Timeline(QWidget):
    """Attention curves of a video with their key frames; the mouse seeks, zooms and pans along the frame axis.

    It shows the values it is given and says what the user asked for; frames are counted from 0 in this interface.
    """

    frame_requested = Signal(int)
    pattern_selected = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._n_frames = 0
        self._prediction: Prediction | None = None
        self._clip: int | None = None
        self._gutter = LaneGutter(AXIS_PX, self)
        self._canvas = LaneCanvas(self)
        self._canvas.setAccessibleName("Frames and attention curves")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._gutter)
        layout.addWidget(self._canvas, 1)
        self._gutter.clicked.connect(self.pattern_selected)
        self._canvas.frame_requested.connect(self.frame_requested)
        self.set_theme(DARK)
        self._show_lanes()

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._gutter.set_theme(theme)
        self._canvas.show_values(theme=theme)
        self._show_lanes()

    def set_video(self, n_frames: int, times_s: NDArray[np.floating]) -> None:
        """Show the axis of a video of `n_frames` frames at `times_s` ((T,), seconds), nothing assessed yet.

        Raises ValueError when there is not one time per frame.
        """
        if times_s.shape != (n_frames,):
            raise ValueError(f"expected one time for each of {n_frames} frames, got shape {times_s.shape}")
        self._n_frames, self._prediction, self._clip = n_frames, None, None
        self._canvas.show_video(n_frames, times_s)
        self._canvas.show_values(truth={})
        self._show_lanes()

    def clear(self) -> None:
        """No video."""
        self.set_video(0, np.zeros(0))

    def set_prediction(self, prediction: Prediction | None) -> None:
        """Show a prediction for the current video, complete or still growing; None: nothing assessed.

        Raises ValueError when it has another number of frames.
        """
        if prediction is not None and prediction.n_frames != self._n_frames:
            raise ValueError(f"the prediction has {prediction.n_frames} frames, the video {self._n_frames}")
        self._prediction = prediction
        if prediction is None or (self._clip is not None and self._clip >= len(prediction.clip_spans)):
            self._clip = None
        self._show_lanes()

    def set_frame(self, frame: int) -> None:
        """Move the play head to a frame (from 0)."""
        self._canvas.show_frame(frame)

    def set_selected_pattern(self, pattern: Pattern | None) -> None:
        """Mark the pattern whose key frames the window shows."""
        self._gutter.set_selected(pattern)
        self._canvas.show_values(selected=pattern)

    def set_clip_shown(self, clip: int | None) -> None:
        """Show the curves of one clip alone (its index in the prediction), or of the whole video."""
        if clip != self._clip:
            self._clip = clip if self._prediction is not None else None
            self._show_lanes()

    def set_ground_truth(self, spans: dict[Pattern, tuple[Span, ...]]) -> None:
        """Draw reference intervals, dashed, in the lanes of their patterns."""
        self._canvas.show_values(truth=dict(spans))

    def key_frames(self, pattern: Pattern) -> tuple[int, ...]:
        """The frames marked A B C in a pattern's lane now; empty without that lane."""
        return next((lane.key_frames for lane in self._canvas.picture.lanes if lane.pattern is pattern), ())

    def _show_lanes(self) -> None:
        prediction, clip = self._prediction, self._clip
        span, heading = None, "Frame"
        if prediction is None:
            lanes = empty_lanes(self._n_frames)
        elif clip is None:
            lanes = video_lanes(prediction)
        else:
            lanes = clip_lanes(prediction, clip)
            span = prediction.span(clip)
            heading = f"Clip {clip + 1}: {span.start + 1}–{span.stop}"
        self._gutter.set_lanes(lanes)
        self._gutter.set_heading(heading)
        self._gutter.set_selected(self._canvas.picture.selected)
        self._canvas.show_values(lanes=lanes, clip=span)
        self.setMinimumHeight(AXIS_PX + LANE_PX * len(lanes))
