"""Below the live picture: probability and attention of each pattern over the last seconds, the newest at the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from luv_viewer.domain.live_history import LiveCurves
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.widgets.colors import DARK, Theme, faint
from luv_viewer.widgets.live_lanes import AXIS_PX, DASHES, RIGHT_PX, SHADE, LivePlot
from luv_viewer.widgets.timeline_labels import CHIP_PX, SMALL, draw_chip, text_font

LABEL_PX = 168
LEGEND_PX = 22
LANE_PX = (36, 64)
_TICK_PX = 48


class LiveTimeline(QWidget):
    """Lines: probability of the clip that ended there, against its threshold (dashes). Shade: attention, equation 8."""

    def __init__(self, seconds: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK
        self._seconds = seconds
        self._patterns: tuple[Pattern, ...] = NETWORK_PATTERNS
        self._thresholds: tuple[float, ...] = ()
        self._curves: LiveCurves | None = None
        self._empty = ""
        self.plot = LivePlot(seconds, self._draw_behind, self._draw_empty, self)
        self.plot.set_lanes(self._patterns, self._thresholds)
        self.setAccessibleName(f"Probability and attention over the last {seconds:.0f} seconds")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setToolTip(
            f"Line: probability of the clip that ends at that moment. Dashes: its threshold.\n"
            f"Shade: how much LUV-Net attended to each frame, the mean over the clips that held it,\n"
            f"scaled from 0 to 1 over the {seconds:.0f} s shown (equation 8 of the paper)."
        )

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self.theme = theme
        self.plot.set_theme(theme)

    def set_network(self, patterns: Sequence[Pattern], thresholds: Sequence[float]) -> None:
        """Whose lanes are drawn, and where their thresholds lie."""
        self._patterns, self._thresholds = tuple(patterns), tuple(thresholds)
        self.plot.set_lanes(self._patterns, self._thresholds)
        self._place()
        fits = self._curves is not None and self._curves.probabilities.shape[1] == len(self._patterns)
        self.set_curves(self._curves if fits else None)
        self.updateGeometry()

    def set_curves(self, curves: LiveCurves | None) -> None:
        """Show these seconds; None: nothing is known yet."""
        had_lines = self._has_lines()
        self._curves = curves
        self.plot.set_curves(curves)
        if self._has_lines() != had_lines:
            self.plot.viewport().update()

    def set_empty(self, words: str) -> None:
        """What stands in the middle while there is no line to draw."""
        self._empty = words
        self.plot.viewport().update()

    def sizeHint(self) -> QSize:
        """Lanes of a comfortable height."""
        return QSize(800, AXIS_PX + LEGEND_PX + len(self._patterns) * 40)

    def minimumSizeHint(self) -> QSize:
        """Lanes that can still be read."""
        return QSize(400, AXIS_PX + LEGEND_PX + len(self._patterns) * LANE_PX[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The lanes share what there is."""
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        """Another font: names and axis follow."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._place()

    @property
    def _area(self) -> QRectF:
        """Where curves are, in pixels."""
        lanes_px = self.height() - AXIS_PX - LEGEND_PX
        return QRectF(LABEL_PX, AXIS_PX, self.width() - LABEL_PX - RIGHT_PX, lanes_px)

    @property
    def _ticks_s(self) -> range:
        """The seconds ago that are written above."""
        step = 1 if self._area.width() / self._seconds > _TICK_PX else 2
        return range(0, int(self._seconds) + 1, step)

    def _lane(self, p: int) -> QRectF:
        area = self._area
        height = min(area.height() / len(self._patterns), LANE_PX[1])
        return QRectF(area.left(), area.top() + p * height, area.width(), height)

    def _place(self) -> None:
        self.plot.setGeometry(self.rect())
        lanes = [self._lane(p) for p in range(len(self._patterns))]
        self.plot.place(lanes, self._ticks_s, text_font(self.font(), SMALL))

    @property
    def is_empty(self) -> bool:
        """Whether there is no line to draw."""
        return not self._has_lines()

    def _has_lines(self) -> bool:
        curves = self._curves
        return curves is not None and bool(np.isfinite(curves.probabilities).any())

    def _draw_behind(self, painter: QPainter) -> None:
        """Axis, names, legend."""
        self._draw_axis(painter)
        for p, pattern in enumerate(self._patterns):
            self._draw_name(painter, self._lane(p), pattern)
        area = self._area
        self._draw_legend(painter, QRectF(LABEL_PX, area.bottom(), area.width(), LEGEND_PX))

    def _draw_empty(self, painter: QPainter) -> None:
        if self._empty and not self._has_lines():
            painter.setFont(self.font())
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(self._area, Qt.AlignmentFlag.AlignCenter, self._empty)

    def _draw_axis(self, painter: QPainter) -> None:
        theme, area = self.theme, self._area
        painter.setFont(text_font(self.font(), SMALL))
        painter.setPen(QColor(theme.muted))
        words = QRectF(12, 0, LABEL_PX - 12, AXIS_PX)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, f"LAST {self._seconds:.0f} SECONDS")
        for ago in self._ticks_s:
            x = round(area.right() - ago / self._seconds * area.width())
            painter.fillRect(QRectF(x, AXIS_PX, 1, area.height()), faint(theme.line, 0.5))
        painter.fillRect(QRectF(0, AXIS_PX - 1, self.width(), 1), QColor(theme.line))

    def _draw_legend(self, painter: QPainter, area: QRectF) -> None:
        """What line, dashes and shade mean."""
        theme = self.theme
        font = text_font(self.font(), SMALL)
        metrics, middle, x = QFontMetricsF(font), area.center().y(), area.left()
        dashed = QPen(QColor(theme.muted), 1)
        dashed.setDashPattern(DASHES)
        for pen, words in (
            (QPen(QColor(theme.text), 2), "probability of the clip that ended there"),
            (dashed, "threshold"),
            (None, f"attention to each frame, 0 to 1 over these {self._seconds:.0f} s"),
        ):
            if pen is None:
                painter.fillRect(QRectF(x, middle - 5, 20, 10), faint(theme.text, SHADE))
            else:
                painter.setPen(pen)
                painter.drawLine(QPointF(x, middle), QPointF(x + 20, middle))
            painter.setFont(font)
            painter.setPen(QColor(theme.muted))
            width = metrics.horizontalAdvance(words) + 2
            painter.drawText(QRectF(x + 26, area.top(), width, area.height()), Qt.AlignmentFlag.AlignVCenter, words)
            x += 26 + width + 24

    def _draw_name(self, painter: QPainter, lane: QRectF, pattern: Pattern) -> None:
        theme = self.theme
        middle = lane.center().y()
        draw_chip(painter, QRectF(12, middle - CHIP_PX / 2, CHIP_PX, CHIP_PX), pattern, theme)
        painter.setFont(self.font())
        painter.setPen(QColor(theme.text))
        area = QRectF(12 + CHIP_PX + 8, lane.top(), LABEL_PX - CHIP_PX - 48, lane.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, pattern.plural)
        painter.setFont(text_font(self.font(), 0.7))
        painter.setPen(QColor(theme.muted))
        scale = QRectF(LABEL_PX - 18, lane.top() + 1, 12, lane.height() - 2)
        painter.drawText(scale, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, "1")
        painter.drawText(scale, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, "0")
        painter.fillRect(QRectF(0, lane.bottom() - 1, self.width(), 1), QColor(theme.line))
