"""Below the live picture: probability and attention of each pattern over the last seconds, the newest at the right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from luv_viewer.domain.live_history import LiveCurves
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.widgets.colors import DARK, Theme, faint
from luv_viewer.widgets.timeline_labels import CHIP_PX, SMALL, draw_chip, text_font

LABEL_PX = 168
AXIS_PX = 24
LEGEND_PX = 22
LANE_PX = (36, 64)
_PAD_PX = 5
_RIGHT_PX = 12
LONG_GAP_S = 1.0
"""Frames further apart than this are not joined by a line."""


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
        self.update()

    def set_network(self, patterns: Sequence[Pattern], thresholds: Sequence[float]) -> None:
        """Whose lanes are drawn, and where their thresholds lie."""
        self._patterns, self._thresholds = tuple(patterns), tuple(thresholds)
        self.updateGeometry()
        self.update()

    def set_curves(self, curves: LiveCurves | None) -> None:
        """Show these seconds; None: nothing is known yet."""
        self._curves = curves
        self.update()

    def set_empty(self, words: str) -> None:
        """What stands in the middle while there is no line to draw."""
        self._empty = words
        self.update()

    def sizeHint(self) -> QSize:
        """Lanes of a comfortable height."""
        return QSize(800, AXIS_PX + LEGEND_PX + len(self._patterns) * 40)

    def minimumSizeHint(self) -> QSize:
        """Lanes that can still be read."""
        return QSize(400, AXIS_PX + LEGEND_PX + len(self._patterns) * LANE_PX[0])

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axis, names, lanes."""
        painter, theme = QPainter(self), self.theme
        painter.fillRect(self.rect(), QColor(theme.background))
        lanes_px = self.height() - AXIS_PX - LEGEND_PX
        plot = QRectF(LABEL_PX, AXIS_PX, self.width() - LABEL_PX - _RIGHT_PX, lanes_px)
        self._draw_axis(painter, plot)
        height = min(plot.height() / len(self._patterns), LANE_PX[1])
        for p, pattern in enumerate(self._patterns):
            lane = QRectF(plot.left(), plot.top() + p * height, plot.width(), height)
            self._draw_name(painter, lane, pattern, p)
            self._draw_lane(painter, lane, pattern, p)
        if self._empty and not self._has_lines():
            painter.setFont(self.font())
            painter.setPen(QColor(theme.muted))
            painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, self._empty)
        self._draw_legend(painter, QRectF(LABEL_PX, plot.bottom(), plot.width(), LEGEND_PX))

    def _has_lines(self) -> bool:
        curves = self._curves
        return curves is not None and bool(np.isfinite(curves.probabilities).any())

    def _draw_axis(self, painter: QPainter, plot: QRectF) -> None:
        theme = self.theme
        painter.setFont(text_font(self.font(), SMALL))
        metrics = QFontMetricsF(painter.font())
        painter.setPen(QColor(theme.muted))
        legend = QRectF(12, 0, LABEL_PX - 12, AXIS_PX)
        painter.drawText(legend, Qt.AlignmentFlag.AlignVCenter, f"LAST {self._seconds:.0f} SECONDS")
        step = 1 if plot.width() / self._seconds > 48 else 2
        for ago in range(0, int(self._seconds) + 1, step):
            x = round(plot.right() - ago / self._seconds * plot.width())
            painter.fillRect(QRectF(x, AXIS_PX, 1, plot.height()), faint(theme.line, 0.5))
            words = "now" if ago == 0 else f"−{ago} s"
            width = metrics.horizontalAdvance(words)
            left = min(max(x - width / 2, plot.left()), self.width() - width - 4)
            painter.drawText(QRectF(left, 0, width + 1, AXIS_PX), Qt.AlignmentFlag.AlignVCenter, words)
        painter.fillRect(QRectF(0, AXIS_PX - 1, self.width(), 1), QColor(theme.line))

    def _draw_legend(self, painter: QPainter, area: QRectF) -> None:
        """What line, dashes and shade mean."""
        theme = self.theme
        font = text_font(self.font(), SMALL)
        metrics, middle, x = QFontMetricsF(font), area.center().y(), area.left()
        dashed = QPen(QColor(theme.muted), 1)
        dashed.setDashPattern([4, 4])
        for pen, words in (
            (QPen(QColor(theme.text), 2), "probability of the clip that ended there"),
            (dashed, "threshold"),
            (None, f"attention to each frame, 0 to 1 over these {self._seconds:.0f} s"),
        ):
            if pen is None:
                painter.fillRect(QRectF(x, middle - 5, 20, 10), faint(theme.text, 0.28))
            else:
                painter.setPen(pen)
                painter.drawLine(QPointF(x, middle), QPointF(x + 20, middle))
            painter.setFont(font)
            painter.setPen(QColor(theme.muted))
            width = metrics.horizontalAdvance(words) + 2
            painter.drawText(QRectF(x + 26, area.top(), width, area.height()), Qt.AlignmentFlag.AlignVCenter, words)
            x += 26 + width + 24

    def _draw_name(self, painter: QPainter, lane: QRectF, pattern: Pattern, p: int) -> None:
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

    def _draw_lane(self, painter: QPainter, lane: QRectF, pattern: Pattern, p: int) -> None:
        theme, curves = self.theme, self._curves
        one, zero = lane.top() + _PAD_PX, lane.bottom() - _PAD_PX
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        if p < len(self._thresholds):
            y = round(zero - self._thresholds[p] * (zero - one)) + 0.5
            pen = QPen(QColor(theme.muted), 1)
            pen.setDashPattern([4, 4])
            painter.setPen(pen)
            painter.drawLine(QPointF(lane.left(), y), QPointF(lane.right(), y))
        if curves is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

        def points(times_s: NDArray[np.floating], values: NDArray[np.floating]) -> list[list[QPointF]]:
            x = lane.right() - (curves.end_s - times_s) / self._seconds * lane.width()
            y = zero - values * (zero - one)
            return [[QPointF(x[i], y[i]) for i in run] for run in runs(times_s, values)]

        color = theme.pattern(pattern)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint(color.name(), 0.28))
        for run in points(curves.frame_times_s, curves.attention[:, p]):
            painter.drawPolygon(QPolygonF([QPointF(run[0].x(), zero), *run, QPointF(run[-1].x(), zero)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 2))
        for run in points(curves.result_times_s, curves.probabilities[:, p]):
            painter.drawPolyline(QPolygonF(run))


def runs(times_s: NDArray[np.floating], values: NDArray[np.floating]) -> list[list[int]]:
    """Indices that a line may join: finite values, neighbours in time.

    >>> runs(np.array([0.0, 0.1, 0.2, 3.0, 3.1]), np.array([1.0, np.nan, 1.0, 1.0, 1.0]))
    [[0], [2], [3, 4]]
    """
    found: list[list[int]] = []
    before = -np.inf
    for i, (time_s, value) in enumerate(zip(times_s.tolist(), values.tolist(), strict=True)):
        if value != value:
            before = -np.inf
            continue
        if time_s - before > LONG_GAP_S:
            found.append([])
        found[-1].append(i)
        before = time_s
    return found
