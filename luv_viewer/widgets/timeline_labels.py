"""Names at the left of the timeline's lanes, and the chip and fonts the pattern widgets share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_lanes import Lane

CHIP_PX = 20
_GAP_PX = 8


def text_font(font: QFont, scale: float = 1.0, *, bold: bool = False) -> QFont:
    """A copy of `font` in another size, digits all of one width."""
    scaled = QFont(font)
    if font.pixelSize() > 0:
        scaled.setPixelSize(round(font.pixelSize() * scale))
    else:
        scaled.setPointSizeF(font.pointSizeF() * scale)
    scaled.setFeature(QFont.Tag("tnum"), 1)
    if bold:
        scaled.setWeight(QFont.Weight.DemiBold)
    return scaled


SMALL = 11 / 13
"""Secondary text against the 13 px of normal text."""


def draw_chip(painter: QPainter, rect: QRectF, pattern: Pattern, theme: Theme) -> None:
    """A pattern's colour with its short name on it, so that colour is never alone."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.pattern(pattern))
    painter.drawRoundedRect(rect, 4, 4)
    painter.setPen(QColor(theme.background))
    painter.setFont(text_font(painter.font(), SMALL, bold=True))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, pattern.short)


class LaneLabel(QAbstractButton):
    """One lane's name; clicking it selects the pattern. Takes no focus: the keys belong to the window."""

    def __init__(self, lane: Lane, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pattern = lane.pattern
        self.theme = DARK
        self.set_lane(lane)

    def set_lane(self, lane: Lane) -> None:
        """Show another state of the same pattern."""
        self._lane = lane
        self.setToolTip(lane.sentence)
        self.setAccessibleName(lane.pattern.plural)
        self.setAccessibleDescription(lane.sentence)
        self.update()

    def nextCheckState(self) -> None:
        """Only the window decides which pattern is selected."""

    def sizeHint(self) -> QSize:
        """Room for the name and a state below it."""
        metrics, small = QFontMetrics(self.font()), QFontMetrics(text_font(self.font(), SMALL))
        text = max(
            metrics.horizontalAdvance(self.pattern.plural),
            small.horizontalAdvance("0.000 below 0.000"),
            small.horizontalAdvance("not assessed"),
        )
        return QSize(12 + CHIP_PX + _GAP_PX + text + 12, metrics.height() + small.height() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chip, name, and the state below it (beside it where the lane is low)."""
        painter = QPainter(self)
        theme, lane = self.theme, self._lane
        if self.isChecked():
            painter.fillRect(self.rect(), QColor(theme.line))
            painter.fillRect(QRectF(0, 0, 3, self.height()), QColor(theme.accent))
        elif self.underMouse():
            painter.fillRect(self.rect(), QColor(theme.panel))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(theme.line))
        middle = (self.height() - 1) / 2
        draw_chip(painter, QRectF(12, middle - CHIP_PX / 2, CHIP_PX, CHIP_PX), lane.pattern, theme)
        small = text_font(self.font(), SMALL)
        metrics, small_metrics = QFontMetrics(self.font()), QFontMetrics(small)
        left = 12 + CHIP_PX + _GAP_PX
        width = self.width() - left - 8
        top = middle - (metrics.height() + small_metrics.height()) / 2
        name = metrics.elidedText(lane.pattern.plural, Qt.TextElideMode.ElideRight, width)
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(left, top, width, metrics.height()), Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(small)
        painter.setPen(QColor(theme.text if lane.present else theme.muted))
        verdict = small_metrics.elidedText(lane.verdict, Qt.TextElideMode.ElideRight, width)
        below = QRectF(left, top + metrics.height(), width, small_metrics.height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, verdict)


class LaneGutter(QWidget):
    """The column of lane names, with a heading beside the axis."""

    clicked = Signal(object)

    def __init__(self, axis_px: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._axis_px = axis_px
        self._theme = DARK
        self._heading = QLabel("Frame", self)
        self._labels: list[LaneLabel] = []

    @property
    def labels(self) -> tuple[LaneLabel, ...]:
        """The names from top to bottom."""
        return tuple(self._labels)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        self._heading.setFont(text_font(self.font(), SMALL))
        self._heading.setStyleSheet(f"color: {theme.muted}; background: transparent; font-size: 11px;")
        for label in self._labels:
            label.theme = theme
        self.update()

    def set_heading(self, text: str) -> None:
        """What the axis counts."""
        self._heading.setText(text)
        self._heading.setToolTip(text)

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show these lanes; names stay the same objects as long as the patterns stay the same."""
        if [label.pattern for label in self._labels] != [lane.pattern for lane in lanes]:
            for label in self._labels:
                label.deleteLater()
            self._labels = [LaneLabel(lane, self) for lane in lanes]
            for label in self._labels:
                label.theme = self._theme
                label.clicked.connect(lambda _=False, pattern=label.pattern: self.clicked.emit(pattern))
                label.show()
            self._fit_width()
        for label, lane in zip(self._labels, lanes, strict=True):
            label.set_lane(lane)

    def set_selected(self, pattern: Pattern | None) -> None:
        """Mark one name."""
        for label in self._labels:
            label.setChecked(label.pattern is pattern)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the names beside their lanes."""
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The same ground as the lanes, and the line under the axis."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.fillRect(0, self._axis_px - 1, self.width(), 1, QColor(self._theme.line))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(self._theme.line))

    def event(self, event: QEvent) -> bool:
        """Make room when a name asks for it, as it does in another font."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit_width()
        return bool(super().event(event))

    def changeEvent(self, event: QEvent) -> None:
        """A style sheet or a setting changed the font: keep the longest name readable."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            for label in self._labels:
                label.ensurePolished()
            self._fit_width()

    def _fit_width(self) -> None:
        self.setFixedWidth(max((label.sizeHint().width() for label in self._labels), default=0))
        self._arrange()

    def _arrange(self) -> None:
        self._heading.setGeometry(12, 0, self.width() - 20, self._axis_px - 1)
        edges = lane_edges(len(self._labels), self._axis_px, self.height())
        for label, top, bottom in zip(self._labels, edges, edges[1:], strict=False):
            label.setGeometry(0, top, self.width() - 1, bottom - top)


def lane_edges(n_lanes: int, axis_px: int, height_px: int) -> list[int]:
    """n_lanes + 1 pixel rows: lane i reaches from edge i to edge i + 1, sharing what the axis leaves.

    >>> lane_edges(4, 28, 204)
    [28, 72, 116, 160, 204]
    """
    free = max(height_px - axis_px, 0)
    return [axis_px + round(i * free / max(n_lanes, 1)) for i in range(n_lanes + 1)]
