"""Names at the left of the timeline's rows, and the chip and fonts the pattern widgets share."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

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


def draw_lock(painter: QPainter, middle: QPointF, color: QColor) -> None:
    """A small closed lock around a point."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawArc(QRectF(middle.x() - 3, middle.y() - 6, 6, 8), 0, 180 * 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(QRectF(middle.x() - 5, middle.y() - 2, 10, 7), 1, 1)


@dataclass(frozen=True, eq=False)
class Name:
    """What stands beside a pattern's rows.

    lane: its curve, None without one. stated: the reader's intervals in words, "" without a track.
    lock: why the track cannot be changed, "" when it can.
    """

    pattern: Pattern
    lane: Lane | None
    stated: str = ""
    lock: str = ""

    @property
    def sentence(self) -> str:
        """All of it, for the tool tip and for screen readers."""
        parts = [self.lane.sentence if self.lane else "", self.stated, self.lock]
        return "\n".join(part for part in parts if part)


class LaneLabel(QAbstractButton):
    """One pattern's name; clicking it selects the pattern. Takes no focus: the keys belong to the window."""

    def __init__(self, name: Name, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(name.pattern.plural)
        self.pattern = name.pattern
        self.theme = DARK
        self._curve_px = 0
        self._name = name
        self._tell()

    def set_name(self, name: Name) -> None:
        """Show another state of the same pattern."""
        changed = name.sentence != self._name.sentence
        self._name = name
        if changed:
            self._tell()
            self.update()

    def set_rows(self, area: QRect, curve_px: int) -> None:
        """Stand beside `area`, the first `curve_px` pixels of which belong to the curve."""
        self._curve_px = curve_px
        self.setGeometry(area)
        self.update()

    def _tell(self) -> None:
        self.setToolTip(self._name.sentence)
        self.setAccessibleDescription(self._name.sentence)

    def nextCheckState(self) -> None:
        """Only the window decides which pattern is selected."""

    def sizeHint(self) -> QSize:
        """Room for the name and a state below it, and for whose each row is."""
        metrics, small = QFontMetrics(self.font()), QFontMetrics(text_font(self.font(), SMALL))
        text = max(
            metrics.horizontalAdvance(self.pattern.plural),
            small.horizontalAdvance("0.000 below 0.000"),
            small.horizontalAdvance("not assessed"),
        )
        whose = small.horizontalAdvance("me") + _GAP_PX if self._name.stated else 0
        return QSize(12 + CHIP_PX + _GAP_PX + text + whose + 12, metrics.height() + small.height() + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chip, name, the state below it where there is room, and at the right whose each row is."""
        painter = QPainter(self)
        theme, lane = self.theme, self._name.lane
        if self.isChecked():
            painter.fillRect(self.rect(), QColor(theme.line))
            painter.fillRect(QRectF(0, 0, 3, self.height()), QColor(theme.accent))
        elif self.underMouse():
            painter.fillRect(self.rect(), QColor(theme.panel))
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), QColor(theme.line))
        small = text_font(self.font(), SMALL)
        metrics, small_metrics = QFontMetrics(self.font()), QFontMetrics(small)
        middle, chip = (self.height() - 1) / 2, min(CHIP_PX, self.height() - 4)
        draw_chip(painter, QRectF(12 + (CHIP_PX - chip) / 2, middle - chip / 2, chip, chip), self.pattern, theme)
        left = 12 + CHIP_PX + _GAP_PX
        whose = small_metrics.horizontalAdvance("me") + _GAP_PX if self._name.stated else 0
        width = self.width() - left - 8 - whose
        below = small_metrics.height() if lane and self.height() > metrics.height() + small_metrics.height() else 0
        top = middle - (metrics.height() + below) / 2
        name = metrics.elidedText(self.pattern.plural, Qt.TextElideMode.ElideRight, width)
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        painter.drawText(QRectF(left, top, width, metrics.height()), Qt.AlignmentFlag.AlignLeft, name)
        painter.setFont(small)
        if lane and below:
            painter.setPen(QColor(theme.text if lane.present else theme.muted))
            verdict = small_metrics.elidedText(lane.verdict, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(left, top + metrics.height(), width, below), Qt.AlignmentFlag.AlignLeft, verdict)
        if self._name.stated:
            self._draw_whose(painter, QRectF(self.width() - 8 - whose, 0, whose, self.height() - 1))

    def _draw_whose(self, painter: QPainter, column: QRectF) -> None:
        """AI beside the curve, me or a lock beside the track."""
        painter.setPen(QColor(self.theme.muted))
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if self._name.lane:
            painter.drawText(QRectF(column.left(), 0, column.width(), self._curve_px), align, "AI")
        area = column.adjusted(0, self._curve_px, 0, 0)
        if self._name.lock:
            draw_lock(painter, QPointF(area.right() - 6, area.center().y()), QColor(self.theme.muted))
        else:
            painter.drawText(area, align, "me")
