"""The timeline under the cine: one frame axis and one play head for curves and annotation tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from luv_viewer.domain.annotation import Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from luv_viewer.widgets.timeline_gutter import LaneGutter
from luv_viewer.widgets.timeline_labels import Name
from luv_viewer.widgets.timeline_lanes import Lane, clip_lanes, empty_lanes, video_lanes
from luv_viewer.widgets.timeline_picture import AXIS_PX
from luv_viewer.widgets.timeline_rows import least_px, wanted_px
from luv_viewer.widgets.timeline_tracks import Draft, Tracks, tell_seen, tell_stated

WITHOUT_TRACKS = "Frames and attention curves"
WITH_TRACKS = "Frames, attention curves and annotation tracks"


class Timeline(QWidget):
    """Attention curves of a video with their key frames, and a reader's intervals; the mouse seeks, zooms, pans, draws.

    It shows the values it is given and says what the user asked for; frames are counted from 0 in this interface.
    In a track a click seeks and selects; dragging from an empty part draws an interval (with Shift: absence), dragging
    an end or the body moves it. Wishes to change something are said once, when the button is released.

    interval_drawn, absence_drawn: Pattern, Span. edge_moved: Pattern, index, "start" or "end", the frame that is the
    first or last now. interval_moved: Pattern, index, by how many frames. interval_selected, interval_loop_requested:
    Pattern, index. track_menu_requested: Pattern, index or None, frame, place on the screen.
    suggestion_clicked: Pattern, Span.
    """

    frame_requested = Signal(int)
    pattern_selected = Signal(object)
    interval_selected = Signal(object, int)
    interval_drawn = Signal(object, object)
    absence_drawn = Signal(object, object)
    edge_moved = Signal(object, int, str, int)
    interval_moved = Signal(object, int, int)
    interval_loop_requested = Signal(object, int)
    suggestion_clicked = Signal(object, object)
    track_menu_requested = Signal(object, object, int, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Timeline")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._n_frames = 0
        self._prediction: Prediction | None = None
        self._clip: int | None = None
        self._ai_shown = True
        self._gutter = LaneGutter(AXIS_PX, self)
        self._canvas = LaneCanvas(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._gutter)
        layout.addWidget(self._canvas, 1)
        self._gutter.clicked.connect(self.pattern_selected)
        self._canvas.frame_requested.connect(self.frame_requested)
        self._canvas.track_menu_requested.connect(self.track_menu_requested)
        mouse = self._canvas.mouse
        for said, passed_on in (
            (mouse.frame_requested, self.frame_requested),
            (mouse.pattern_selected, self.pattern_selected),
            (mouse.interval_selected, self.interval_selected),
            (mouse.interval_drawn, self.interval_drawn),
            (mouse.absence_drawn, self.absence_drawn),
            (mouse.edge_moved, self.edge_moved),
            (mouse.interval_moved, self.interval_moved),
            (mouse.interval_loop_requested, self.interval_loop_requested),
            (mouse.suggestion_clicked, self.suggestion_clicked),
        ):
            said.connect(passed_on)
        self.set_theme(DARK)
        self._show_lanes()

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._gutter.set_theme(theme)
        self._canvas.show_values(theme=theme)
        self._show_lanes()

    def set_video(self, n_frames: int, times_s: NDArray[np.floating]) -> None:
        """Show the axis of a video of `n_frames` frames at `times_s` ((T,), seconds), nothing assessed yet, no reader.

        Raises ValueError when there is not one time per frame.
        """
        if times_s.shape != (n_frames,):
            raise ValueError(f"expected one time for each of {n_frames} frames, got shape {times_s.shape}")
        self._n_frames, self._prediction, self._clip = n_frames, None, None
        self._canvas.show_video(n_frames, times_s)
        tracks = self._canvas.picture.tracks
        self._canvas.show_values(truth={}, tracks=Tracks(hidden=tracks.hidden, hatched=tracks.hatched))
        self._canvas.mouse.cancel()
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

    def set_annotation(self, annotation: VideoAnnotation | None) -> None:
        """Show a reader's statements in tracks; None: no reader, no tracks.

        Raises ValueError when it is that of a video with another number of frames.
        """
        if annotation is not None and annotation.n_frames != self._n_frames:
            raise ValueError(f"the annotation has {annotation.n_frames} frames, the video {self._n_frames}")
        self._show_tracks(annotation=annotation)

    def set_annotation_shown(self, shown: bool) -> None:
        """Switch the tracks off, or on again."""
        self._show_tracks(hidden=not shown)

    def set_ai_shown(self, shown: bool) -> None:
        """Switch curves, verdicts and key frames off, or on again."""
        self._ai_shown = shown
        self._show_lanes()

    def set_marks(self, mark_in: int | None, mark_out: int | None) -> None:
        """The first and the last frame of the interval to come, both inclusive."""
        self._show_tracks(marks=(mark_in, mark_out))

    def set_running(self, pattern: Pattern | None, span: Span | None, absent: bool = False) -> None:
        """The frames being labelled while a key is held; None: none."""
        running = None if pattern is None or span is None else Draft(pattern, span, absent)
        self._show_tracks(running=running)

    def set_selected_interval(self, pattern: Pattern | None, index: int | None) -> None:
        """Outline one of the reader's intervals."""
        self._show_tracks(selected=None if pattern is None or index is None else (pattern, index))

    def set_editable(self, editable: bool, why: str = "This annotation cannot be changed") -> None:
        """Whether the mouse changes intervals; where not, a lock and, in tool tips, `why` say so."""
        self._show_tracks(lock="" if editable else why)

    def set_other_sheet(self, present: tuple[SpanSet, ...] | None, name: str) -> None:
        """Outline the intervals of another sheet, one set per TRACK_PATTERNS, in dashed green; None: none."""
        self._show_tracks(other=present, other_name=name)

    def set_suggestions(self, suggestions: Sequence[Suggestion]) -> None:
        """Outline the model's suggestions that are still to be decided."""
        self._show_tracks(suggestions=tuple(suggestions))

    def set_disagreement(self, pattern: Pattern | None, span: Span | None) -> None:
        """Point at a stretch two readers differ on; None: at none."""
        self._show_tracks(disagreement=None if pattern is None or span is None else (pattern, span))

    def set_hatched(self, hatched: bool) -> None:
        """Tell intervals apart by hatching as well as by colour: for print and high contrast."""
        self._show_tracks(hatched=hatched)

    def sizeHint(self) -> QSize:
        """As high as on a full screen."""
        return QSize(super().sizeHint().width(), AXIS_PX + wanted_px(self._canvas.picture.rows))

    def _show_tracks(self, **changes: Any) -> None:
        old = self._canvas.picture.tracks
        new = replace(old, **changes)
        if new == old:
            return
        self._canvas.show_tracks(new)
        if new.are_shown != old.are_shown:
            self._show_lanes()
        else:
            self._show_names()

    def _show_lanes(self) -> None:
        prediction, clip = (self._prediction, self._clip) if self._ai_shown else (None, None)
        span, heading = None, "Frame"
        if not self._ai_shown and self._canvas.picture.tracks.are_shown:
            lanes: tuple[Lane, ...] = ()
        elif prediction is None:
            lanes = empty_lanes(self._n_frames)
        elif clip is None:
            lanes = video_lanes(prediction)
        else:
            lanes = clip_lanes(prediction, clip)
            span = prediction.span(clip)
            heading = f"Clip {clip + 1}: {span.start + 1}–{span.stop}"
        self._canvas.show_values(lanes=lanes, clip=span)
        self._gutter.set_heading(heading)
        self._show_names()
        self.setMinimumHeight(AXIS_PX + least_px(self._canvas.picture.rows))
        self.updateGeometry()

    def _show_names(self) -> None:
        """Names, verdicts and what was stated, beside the rows of the picture."""
        picture, tracks = self._canvas.picture, self._canvas.picture.tracks
        lanes = {lane.pattern: lane for lane in picture.lanes}
        patterns = dict.fromkeys(row.pattern for row in picture.rows if row.pattern is not None)
        names = []
        for pattern in patterns:
            stated = tell_stated(tracks, pattern) if tracks.are_shown else ""
            names.append(Name(pattern, lanes.get(pattern), stated, tracks.lock if tracks.are_shown else ""))
        self._gutter.set_rows(picture.rows, names)
        self._gutter.set_selected(picture.selected)
        self._gutter.set_seen(f"Seen {len(tracks.seen)} of {self._n_frames}", tell_seen(tracks, self._n_frames))
        self._canvas.setAccessibleName(WITH_TRACKS if tracks.are_shown else WITHOUT_TRACKS)
