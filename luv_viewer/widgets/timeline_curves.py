"""The attention curves of the timeline as items of its scene, whose coordinates are the pixels of the canvas."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QStyleOptionGraphicsItem, QWidget

from luv_viewer.widgets.colors import opaque
from luv_viewer.widgets.timeline_axis import FrameAxis
from luv_viewer.widgets.timeline_picture import Picture

_SEGMENTS_BELOW_PX = 2.0
"""Where frames lie closer than this, curves are drawn as separate segments: four times as fast in Qt, and as smooth."""

Points = NDArray[np.float64]


def curve_points(curve: NDArray[np.floating], axis: FrameAxis) -> list[Points]:
    """The unbroken stretches of a curve in view, each (N, 2): frame, value; NaN parts them.

    curve: (T,) values. Where several frames share a pixel, only the lowest and the highest of them are kept.

    >>> [points.tolist() for points in curve_points(np.array([0.1, np.nan, 0.2, 0.3]), FrameAxis.whole(4, 400))]
    [[[0.0, 0.1]], [[2.0, 0.2], [3.0, 0.3]]]
    """
    left, right = axis.edges
    first, last = max(0, int(np.floor(left)) - 1), min(len(curve), int(np.ceil(right)) + 2)
    frames, values = np.arange(first, last, dtype=float), np.asarray(curve[first:last], dtype=float)
    shared = int(1 / axis.px_per_frame)
    if shared > 1:
        frames, values = _peaks(frames, values, shared)
    finite = np.isfinite(values)
    edges = np.flatnonzero(np.diff(finite)) + 1
    stretches = np.split(np.column_stack((frames, values)), edges)
    return [stretch for stretch in stretches if len(stretch) and np.isfinite(stretch[0, 1])]


def _peaks(frames: Points, values: Points, shared: int) -> tuple[Points, Points]:
    """Of each run of `shared` frames the lowest and the highest; NaN where any of them is."""
    whole = len(values) // shared * shared
    runs = values[:whole].reshape(-1, shared)
    peaks = np.column_stack((runs.min(axis=1), runs.max(axis=1))).ravel()
    places = np.repeat(frames[:whole:shared] + (shared - 1) / 2, 2)
    return np.concatenate((places, frames[whole:])), np.concatenate((peaks, values[whole:]))


class CurveItem(QGraphicsItem):
    """One curve in its lane. Qt keeps what was drawn until the curve, its place or its pen changes."""

    def __init__(self) -> None:
        super().__init__()
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self.n_points = 0
        self._area = QRectF()
        self._pen = QPen()
        self._dots: list[QPointF] = []
        self._stretches: list[list[QPointF]] = []
        self._segments: list[QLineF] = []

    def set_pen(self, pen: QPen) -> None:
        """Draw with another pen."""
        self._pen = pen
        self.update()

    def place(self, curve: NDArray[np.floating], picture: Picture, lane: int) -> None:
        """Show (T,) values in a lane of the picture."""
        axis, area = picture.axis, picture.lane_rect(lane)
        zero, one = picture.value_range_px(lane)
        self.prepareGeometryChange()
        self._area = area
        stretches = []
        for points in curve_points(curve, axis):
            x, y = axis.x_px(0) + points[:, 0] * axis.px_per_frame, zero + (one - zero) * points[:, 1]
            stretches.append([QPointF(*place) for place in zip(x.tolist(), y.tolist(), strict=True)])
        self.n_points = sum(map(len, stretches))
        self._dots = [stretch[0] for stretch in stretches if len(stretch) == 1]
        self._stretches = [stretch for stretch in stretches if len(stretch) > 1]
        self._segments = []
        if axis.px_per_frame < _SEGMENTS_BELOW_PX:
            self._segments = [QLineF(a, b) for stretch in self._stretches for a, b in pairwise(stretch)]
            self._stretches = []
        self.update()

    def boundingRect(self) -> QRectF:
        """The lane."""
        return self._area

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Qt's call to draw."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._pen)
        if self._dots:
            painter.drawPoints(self._dots)
        if self._segments:
            painter.drawLines(self._segments)
        for stretch in self._stretches:
            painter.drawPolyline(stretch)


class CurveItems:
    """One curve per lane of a picture."""

    def __init__(self, scene: QGraphicsScene) -> None:
        self._scene = scene
        self._items: list[CurveItem] = []

    def set_lanes(self, picture: Picture) -> None:
        """As many curves as there are lanes; `place` draws them."""
        while len(self._items) > len(picture.lanes):
            self._scene.removeItem(self._items.pop())
        while len(self._items) < len(picture.lanes):
            item = CurveItem()
            self._scene.addItem(item)
            self._items.append(item)
        for item, lane in zip(self._items, picture.lanes, strict=True):
            # Opaque, because segments overlap.
            color = opaque(picture.theme.curve(lane.pattern, lane.present), QColor(picture.theme.background))
            pen = QPen(color, 1.8 if lane.present else 1.2)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            item.set_pen(pen)

    def place(self, picture: Picture) -> None:
        """Draw every curve where its lane and the axis are now."""
        for number, (item, lane) in enumerate(zip(self._items, picture.lanes, strict=True)):
            item.place(lane.curve, picture, number)
