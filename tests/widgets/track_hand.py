"""A reader's hand on the annotation tracks of a timeline, for tests."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.widgets.timeline import Timeline
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from luv_viewer.widgets.timeline_rows import RowKind

N = 152
A, B, CB, C, E = TRACK_PATTERNS
LEFT = Qt.MouseButton.LeftButton
NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ANNOTATION = VideoAnnotation(N, seen=SpanSet.of(Span(0, 78))).with_track(B, (Span(23, 51), Span(89, 101)))
ASKED = (
    "frame_requested",
    "pattern_selected",
    "interval_selected",
    "interval_drawn",
    "absence_drawn",
    "edge_moved",
    "interval_moved",
    "interval_loop_requested",
    "suggestion_clicked",
    "track_menu_requested",
)


class Hand:
    """A reader's hand on the mouse: everything by frame and pattern; remembers what the timeline asked for."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.asked: list[tuple] = []
        for name in ASKED:
            getattr(timeline, name).connect(self._listener(name))

    def _listener(self, name: str) -> Callable[..., None]:
        return lambda *values: self.asked.append((name, *values))

    @property
    def canvas(self) -> LaneCanvas:
        found = self.timeline.findChild(LaneCanvas)
        assert isinstance(found, LaneCanvas)
        return found

    def place(self, pattern: Pattern, position: float, off_px: float = 0) -> QPointF:
        """The middle of a track's row at a position in frames."""
        picture = self.canvas.picture
        rect = next(
            rect
            for row, rect in zip(picture.rows, picture.row_rects, strict=True)
            if row.kind is RowKind.TRACK and row.pattern is pattern
        )
        return QPointF(picture.axis.x_px(position) + off_px, rect.center().y())

    def send(self, kind: QEvent.Type, place: QPointF, modifiers: Qt.KeyboardModifier = NONE, held: bool = True) -> None:
        viewport = self.canvas.viewport()
        single = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else LEFT
        buttons = LEFT if held and kind != QEvent.Type.MouseButtonRelease else Qt.MouseButton.NoButton
        globally = QPointF(viewport.mapToGlobal(place.toPoint()))
        QApplication.sendEvent(viewport, QMouseEvent(kind, place, globally, single, buttons, modifiers))

    def press(self, place: QPointF, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.send(QEvent.Type.MouseButtonPress, place, modifiers)

    def move(self, place: QPointF, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.send(QEvent.Type.MouseMove, place, modifiers)

    def release(self, place: QPointF) -> None:
        self.send(QEvent.Type.MouseButtonRelease, place)

    def drag(self, start: QPointF, end: QPointF, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.press(start, modifiers)
        for share in (0.3, 0.7, 1.0):
            self.move(start + share * (end - start), modifiers)
        self.release(end)

    def click(self, place: QPointF) -> None:
        self.press(place)
        self.release(place)

    def said(self, name: str) -> list[tuple]:
        return [values[1:] for values in self.asked if values[0] == name]

    @property
    def changes(self) -> list[tuple]:
        """What was asked that changes the annotation."""
        return [values for values in self.asked if values[0] in ("interval_drawn", "absence_drawn", "edge_moved")] + [
            values for values in self.asked if values[0] == "interval_moved"
        ]
