"""The scrolling curves of live mode, drawn with pyqtgraph: lanes below each other under one axis of seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from luv_viewer.domain.live_history import LiveCurves
from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, Theme, faint

AXIS_PX = 24
RIGHT_PX = 12
"""Between the lanes and the right edge of the widget."""
_WORD_MARGIN_PX = 4
PAD_PX = 5
"""Between a lane's edges and the values 0 and 1."""
LONG_GAP_S = 1.0
"""Samples further apart than this are not joined by a line."""
SHADE = 0.28
DASHES = [4.0, 4.0]
_DOT_S = 0.02
_NOTHING = np.empty(0)

Array = NDArray[np.floating]


def with_breaks(times_s: Array, values: Array) -> tuple[Array, Array]:
    """(n,) and (n, P) -> (m,) and (m, P) with a row of NaN wherever neighbours are too far apart to be joined.

    >>> times_s, values = with_breaks(np.array([0.0, 0.5, 3.0]), np.array([[0.1], [0.2], [0.3]]))
    >>> times_s.tolist(), values[:, 0].tolist()
    ([0.0, 0.5, 3.0, 3.0], [0.1, 0.2, nan, 0.3])
    """
    gaps = np.flatnonzero(np.diff(times_s) > LONG_GAP_S) + 1
    return np.insert(times_s, gaps, times_s[gaps]), np.insert(values, gaps, np.nan, axis=0)


def with_dots(times_s: Array, values: Array) -> tuple[Array, Array]:
    """Samples that no neighbour joins become as wide as a dot; otherwise a line would not show them.

    >>> times_s, values = with_dots(np.array([0.0, 0.5, 3.0, 3.0]), np.array([[0.1], [0.2], [np.nan], [0.3]]))
    >>> times_s.tolist(), values[:, 0].tolist()
    ([0.0, 0.5, 3.0, 2.98, 3.0], [0.1, 0.2, nan, 0.3, 0.3])
    """
    finite = np.concatenate(([False], np.isfinite(values).all(axis=1), [False]))
    alone = np.flatnonzero(finite[1:-1] & ~finite[:-2] & ~finite[2:])
    return np.insert(times_s, alone, times_s[alone] - _DOT_S), np.insert(values, alone, values[alone], axis=0)


class _Shade(pg.FillBetweenItem):
    """What lies between a curve and zero, with smooth edges."""

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Qt's call to draw."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        super().paint(painter, option, widget)


class Lane:
    """One pattern's curves: x in seconds before now, y from 0 to 1."""

    def __init__(self, pattern: Pattern, threshold: float | None, seconds: float) -> None:
        self.pattern = pattern
        self._seconds = seconds
        self.box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0)
        self.box.disableAutoRange()
        self.line = pg.PlotCurveItem(connect="finite", antialias=True)
        self.attention = pg.PlotCurveItem(connect="finite")
        self._zero = pg.PlotCurveItem(connect="finite")
        # The shade is worked out once, when the curve above has changed too.
        self._zero.blockSignals(True)
        self.shade = _Shade(self.attention, self._zero)
        self.threshold = None if threshold is None else pg.InfiniteLine(pos=threshold, angle=0)
        for item in (self.threshold, self.shade, self.line):
            if item is not None:
                self.box.addItem(item, ignoreBounds=True)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        color = theme.pattern(self.pattern)
        pen = QPen(color, 2)
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        # Round joins show as dots on a level line.
        pen.setJoinStyle(Qt.PenJoinStyle.BevelJoin)
        self.line.setPen(pen)
        self.shade.setBrush(faint(color.name(), SHADE))
        if self.threshold is not None:
            self.threshold.setPen(pg.mkPen(theme.muted, width=1, dash=DASHES))

    def place(self, area: QRectF) -> None:
        """Fill these pixels of the scene."""
        self.box.setGeometry(area)
        margin = PAD_PX / max(1.0, area.height() - 2 * PAD_PX)
        self.box.setRange(xRange=(-self._seconds, 0.0), yRange=(-margin, 1 + margin), padding=0)

    def set_line(self, x: Array, probabilities: Array) -> None:
        """The probabilities; NaN parts them."""
        self.line.setData(x, probabilities)

    def set_shade(self, x: Array, attention: Array) -> None:
        """The attention to each frame; NaN parts it."""
        self._zero.setData(x, np.where(np.isfinite(attention), 0.0, np.nan))
        self.attention.setData(x, attention)


class SecondsAxis(pg.AxisItem):
    """Words only, all of them within the widget: the line below and the grid lie behind the lanes."""

    def __init__(self) -> None:
        super().__init__("top", tickLength=0)

    def drawPicture(
        self, painter: QPainter, axis: object, ticks: object, words: Sequence[tuple[QRectF, int, str]]
    ) -> None:
        """pyqtgraph's call to draw, once until something changes."""
        right = self.size().width() + RIGHT_PX - _WORD_MARGIN_PX
        painter.setFont(self.style["tickFont"])
        painter.setPen(self.textPen())
        for place, flags, text in words:
            left = min(max(place.left(), 0.0), right - place.width())
            painter.drawText(QRectF(left, place.top(), place.width(), place.height()), flags, text)


class LivePlot(pg.GraphicsView):
    """All lanes and their axis; only looked at: mouse and keys go to the widget it lies in.

    behind: draws what stands still around the lanes, kept until `redraw_behind`. in_front: draws over them.
    """

    def __init__(
        self, seconds: float, behind: Callable[[QPainter], None], in_front: Callable[[QPainter], None], parent: QWidget
    ) -> None:
        super().__init__(parent=parent, background=DARK.background)
        self.lanes: list[Lane] = []
        self._seconds, self._behind, self._in_front = seconds, behind, in_front
        self._theme = DARK
        self.axis = SecondsAxis()
        self.scene().addItem(self.axis)
        for part in (self, self.viewport()):
            part.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setInteractive(False)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def set_lanes(self, patterns: Sequence[Pattern], thresholds: Sequence[float]) -> None:
        """Other lanes, still empty; `place` says where they lie."""
        self.axis.unlinkFromView()
        for lane in self.lanes:
            self.scene().removeItem(lane.box)
        known = [*thresholds, *[None] * (len(patterns) - len(thresholds))]
        self.lanes = [Lane(pattern, known[p], self._seconds) for p, pattern in enumerate(patterns)]
        for lane in self.lanes:
            self.scene().addItem(lane.box)
        self.axis.linkToView(self.lanes[0].box)
        self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        self.setBackground(theme.background)
        self.axis.setTextPen(theme.muted)
        for lane in self.lanes:
            lane.set_theme(theme)
        self.redraw_behind()

    def place(self, areas: Sequence[QRectF], ticks_s: Sequence[int], font: QFont) -> None:
        """Lay each lane into its pixels of this widget, with a word above for each of `ticks_s` seconds ago."""
        for lane, area in zip(self.lanes, areas, strict=True):
            lane.place(area)
        metrics, width = QFontMetricsF(font), areas[0].width()
        self.axis.setGeometry(QRectF(areas[0].left(), 0, width, AXIS_PX))
        self.axis.setHeight(AXIS_PX)
        # pyqtgraph leaves out words that stand further outside of the lanes than this.
        reach = round(metrics.horizontalAdvance(seconds_ago(max(ticks_s))))
        self.axis.setStyle(
            tickFont=font, tickTextOffset=round((AXIS_PX - metrics.height()) / 2), hideOverlappingLabels=reach
        )
        self.axis.setTicks([[(-ago, seconds_ago(ago)) for ago in ticks_s]])
        self.redraw_behind()

    def set_curves(self, curves: LiveCurves | None) -> None:
        """Show these seconds; None: nothing is known yet."""
        if curves is None:
            for lane in self.lanes:
                lane.set_line(_NOTHING, _NOTHING)
                lane.set_shade(_NOTHING, _NOTHING)
            return
        times_s, probabilities = with_dots(*with_breaks(curves.result_times_s, curves.probabilities))
        frame_times_s, attention = with_breaks(curves.frame_times_s, curves.attention)
        for p, lane in enumerate(self.lanes):
            lane.set_line(times_s - curves.end_s, probabilities[:, p])
            lane.set_shade(frame_times_s - curves.end_s, attention[:, p])

    def redraw_behind(self) -> None:
        """What `behind` draws has changed."""
        self.resetCachedContent()
        self.viewport().update()

    def drawBackground(self, painter: QPainter, area: QRectF) -> None:
        """Qt's call to draw what lies behind all curves; Qt keeps it."""
        super().drawBackground(painter, area)
        self._behind(painter)

    def drawForeground(self, painter: QPainter, area: QRectF) -> None:
        """Qt's call to draw over all curves."""
        self._in_front(painter)


def seconds_ago(ago: int) -> str:
    """A place on the axis in words.

    >>> seconds_ago(0), seconds_ago(3)
    ('now', '−3 s')
    """
    return "now" if ago == 0 else f"−{ago} s"
