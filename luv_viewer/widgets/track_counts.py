"""How many intervals of each pattern a reader has marked, and how much nobody has looked at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import Track, track_text
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_labels import SMALL, draw_chip, text_font

ROW_PX, CHIP_PX, _COLUMN_PX = 24, 18, 44
_HEADINGS = (
    ("present", "intervals in which the pattern is marked present"),
    ("absent", "intervals in which it is stated absent"),
    ("unseen", "frames that you have not looked at; they are never exported as absent"),
)


def frames_words(frames: SpanSet) -> str:
    """Frames as people read them.

    >>> from luv_viewer.domain.span import Span
    >>> frames_words(SpanSet.of(Span(39, 51), Span(60, 61)))
    '40–51, 61'
    """
    return frames.label.replace("_", "–")


def track_words(track: Track) -> str:
    """Intervals as people read them; touching ones stay apart."""
    return track_text(track).replace("_", "–")


class TrackCounts(QWidget):
    """A row per pattern: intervals present, intervals stated absent, frames not looked at. A click selects one."""

    pattern_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self._annotation: VideoAnnotation | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Intervals by pattern")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_annotation(self, annotation: VideoAnnotation) -> None:
        """Show another state."""
        self._annotation = annotation
        self.setAccessibleDescription("; ".join(self.sentence(pattern) for pattern in TRACK_PATTERNS))
        self.update()

    def counts(self, pattern: Pattern) -> tuple[int, int, int]:
        """(intervals present, intervals stated absent, frames not looked at)."""
        if self._annotation is None:
            return 0, 0, 0
        track, denied = self._annotation.track(pattern), self._annotation.absent_track(pattern)
        return len(track), len(denied), len(self._annotation.unlooked_frames(pattern))

    def sentence(self, pattern: Pattern) -> str:
        """All about one pattern, for the tool tip."""
        if self._annotation is None:
            return pattern.plural
        stated = self._annotation.track(pattern), self._annotation.absent_track(pattern)
        parts = [
            f"{word} in frames {track_words(track)}"
            for word, track in zip(("present", "stated absent"), stated, strict=True)
            if track
        ]
        unseen = self._annotation.unlooked_frames(pattern)
        if unseen:
            parts.append(f"not looked at: frames {frames_words(unseen)}")
        return f"{pattern.plural}: {'; '.join(parts) or 'absent in all frames'}"

    def sizeHint(self) -> QSize:
        """A heading and five rows."""
        return QSize(240, self._heading_px() + ROW_PX * len(TRACK_PATTERNS))

    def minimumSizeHint(self) -> QSize:
        """Room for the numbers and some of the name."""
        return QSize(200, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Explain the row or the column under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            pattern = self._pattern_at(QPointF(event.pos()))
            tip = "\n".join(f"{name}: {words}" for name, words in _HEADINGS)
            QToolTip.showText(event.globalPos(), self.sentence(pattern) if pattern else tip, self)
            return True
        return super().event(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select the pattern under the pointer."""
        pattern = self._pattern_at(event.position())
        if pattern is not None and event.button() == Qt.MouseButton.LeftButton:
            self.pattern_chosen.emit(pattern)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Heading, then the rows."""
        painter = QPainter(self)
        theme, top = self.theme, self._heading_px()
        small = text_font(self.font(), SMALL)
        painter.setFont(text_font(self.font(), SMALL, bold=True))
        painter.setPen(QColor(theme.muted))
        painter.drawText(QRectF(0, 0, 120, top), Qt.AlignmentFlag.AlignVCenter, "INTERVALS")
        painter.setFont(small)
        for i, (name, _) in enumerate(_HEADINGS):
            painter.drawText(self._cell(i, 0, top), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, name)
        for row, pattern in enumerate(TRACK_PATTERNS):
            self._paint_row(painter, pattern, top + row * ROW_PX)

    def _paint_row(self, painter: QPainter, pattern: Pattern, top: float) -> None:
        theme = self.theme
        painter.setFont(text_font(self.font()))
        draw_chip(painter, QRectF(0, top + (ROW_PX - CHIP_PX) / 2, CHIP_PX + 2, CHIP_PX), pattern, theme)
        counts = self.counts(pattern)
        left = CHIP_PX + 10
        painter.setFont(text_font(self.font()))
        painter.setPen(QColor(theme.text if counts[0] else theme.muted))
        numbers = painter.fontMetrics().horizontalAdvance("00") + 6
        name = QRectF(left, top, self._cell(0, 0, 0).right() - numbers - left, ROW_PX)
        text = painter.fontMetrics().elidedText(pattern.plural, Qt.TextElideMode.ElideRight, int(name.width()))
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, text)
        for i, count in enumerate(counts):
            painter.setPen(QColor(theme.text if count else theme.muted))
            cell = self._cell(i, top, ROW_PX)
            painter.drawText(cell, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(count or "–"))

    def _cell(self, column: int, top: float, height: float) -> QRectF:
        right = self.width() - (len(_HEADINGS) - 1 - column) * _COLUMN_PX
        return QRectF(right - _COLUMN_PX, top, _COLUMN_PX, height)

    def _pattern_at(self, point: QPointF) -> Pattern | None:
        row = int((point.y() - self._heading_px()) // ROW_PX)
        return TRACK_PATTERNS[row] if 0 <= row < len(TRACK_PATTERNS) else None

    def _heading_px(self) -> int:
        return QFontMetrics(text_font(self.font(), SMALL)).height() + 4
