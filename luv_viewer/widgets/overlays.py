"""What is drawn over the cine: ruler, region outline, measurement, caption."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QTransform

from luv_viewer.widgets.colors import Theme

SMALL_TICK_PX, LARGE_TICK_PX = 4, 8
MIN_TICK_DISTANCE_PX = 6


@dataclass(frozen=True)
class Measurement:
    """A straight line between two points in image pixels."""

    start: QPointF
    end: QPointF

    def length_mm(self, spacing_mm: tuple[float, float]) -> float:
        """Length in millimetres; spacing is (horizontal, vertical) mm per pixel."""
        across = (self.end.x() - self.start.x()) * spacing_mm[0]
        down = (self.end.y() - self.start.y()) * spacing_mm[1]
        return math.hypot(across, down)


def ruler_ticks(depth_mm: float, px_per_mm: float) -> list[tuple[float, bool]]:
    """Depths in mm at which the ruler has ticks, each with whether it carries a number.

    Small ticks every 5 mm or 10 mm, whichever keeps them apart; numbers every 10, 20 or 50 mm.

    >>> ruler_ticks(25, 10)
    [(0.0, True), (5.0, False), (10.0, True), (15.0, False), (20.0, True), (25.0, False)]
    """
    small = next(
        step for step in (5, 10, 20, 50, 100, 1000) if step * px_per_mm >= MIN_TICK_DISTANCE_PX or step == 1000
    )
    large = next(step for step in (10, 20, 50, 100, 1000) if (step >= small and step * px_per_mm >= 28) or step == 1000)
    count = int(depth_mm / small + 1e-9)
    return [(float(i * small), (i * small) % large == 0) for i in range(count + 1)]


def draw_ruler(
    painter: QPainter,
    transform: QTransform,
    region: tuple[int, int, int, int],
    spacing_mm: tuple[float, float],
    theme: Theme,
) -> None:
    """A depth scale in centimetres along the right edge of the region, 0 at its top."""
    x0, y0, x1, y1 = region
    area = transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0))
    viewport = QRectF(painter.viewport())
    x = min(area.right(), viewport.right() - 30) + 0.5
    px_per_mm = transform.m22() / spacing_mm[1]
    painter.setPen(QPen(QColor("#C8D0DA"), 1))
    painter.setFont(_font(11))
    painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
    for depth_mm, numbered in ruler_ticks((y1 - y0) * spacing_mm[1], px_per_mm):
        y = area.top() + depth_mm * px_per_mm
        if not viewport.top() - 20 <= y <= viewport.bottom() + 20:
            continue
        painter.drawLine(QPointF(x, y), QPointF(x + (LARGE_TICK_PX if numbered else SMALL_TICK_PX), y))
        if numbered and depth_mm > 0:
            text = f"{depth_mm / 10:g}"
            painter.drawText(QPointF(x + LARGE_TICK_PX + 3, y + 4), text)
    painter.drawText(QPointF(x + LARGE_TICK_PX + 1, max(area.top(), viewport.top()) + 10), "cm")


def draw_region(painter: QPainter, transform: QTransform, region: tuple[int, int, int, int], theme: Theme) -> None:
    """A dashed outline of what LUV-Net is given."""
    x0, y0, x1, y1 = region
    painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DashLine))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0)))


def draw_measurement(
    painter: QPainter,
    transform: QTransform,
    measurement: Measurement,
    spacing_mm: tuple[float, float],
    theme: Theme,
) -> None:
    """The line with its length in millimetres."""
    start, end = transform.map(measurement.start), transform.map(measurement.end)
    painter.setPen(QPen(QColor(theme.accent), 1.5))
    painter.drawLine(start, end)
    for point in (start, end):
        painter.drawEllipse(point, 3, 3)
    _draw_label(painter, end + QPointF(8, -8), f"{measurement.length_mm(spacing_mm):.1f} mm", QColor(theme.accent))


def draw_caption(painter: QPainter, area: QRect, text: str, theme: Theme) -> None:
    """A sentence in the middle of the cine, on a dark plate."""
    painter.setFont(_font(13))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    inside = area.adjusted(24, 24, -24, -24)
    box = painter.boundingRect(inside, int(flags), text).adjusted(-12, -8, 12, 8)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(16, 20, 24, 220))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(QColor("#E6EAF0"))
    painter.drawText(inside, int(flags), text)


def _draw_label(painter: QPainter, at: QPointF, text: str, color: QColor) -> None:
    painter.setFont(_font(12))
    box = painter.boundingRect(QRectF(at.x(), at.y() - 16, 200, 20), int(Qt.AlignmentFlag.AlignLeft), text)
    painter.fillRect(box.adjusted(-3, -1, 3, 1), QColor(0, 0, 0, 190))
    painter.setPen(color)
    painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft), text)


def _font(pixels: int) -> QFont:
    font = QFont()
    font.setPixelSize(pixels)
    return font
