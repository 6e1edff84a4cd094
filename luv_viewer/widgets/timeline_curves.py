"""The attention curves of the timeline as pyqtgraph items."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QTransform
from PySide6.QtWidgets import QGraphicsItem

from luv_viewer.widgets.colors import opaque
from luv_viewer.widgets.timeline_picture import Picture

_SEGMENTS_BELOW_PX = 2.0
"""Where frames lie closer than this, curves are drawn as separate segments: four times as fast in Qt, and as smooth."""


class CurveItems:
    """One curve per lane of a picture, in a view box whose x counts frames and whose y counts pixels."""

    def __init__(self, view: pg.ViewBox) -> None:
        self._view = view
        self._items: list[pg.PlotDataItem] = []

    def set_lanes(self, picture: Picture, ratio: float) -> None:
        """Show the curves of other lanes; `ratio`: device pixels per pixel."""
        lanes = picture.lanes
        while len(self._items) > len(lanes):
            self._view.removeItem(self._items.pop())
        while len(self._items) < len(lanes):
            curve = pg.PlotDataItem(antialias=True, connect="finite", skipFiniteCheck=False, autoDownsampleFactor=0.7)
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            curve.curve.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
            self._view.addItem(curve, ignoreBounds=True)
            self._items.append(curve)
        for curve, lane in zip(self._items, lanes, strict=True):
            if np.isfinite(lane.curve).any():
                curve.setData(np.arange(len(lane.curve), dtype=float), np.asarray(lane.curve, dtype=float))
            else:
                curve.setData([], [])
        self.set_style(picture, ratio)

    def set_style(self, picture: Picture, ratio: float) -> None:
        """Pens are in device pixels: as wide on a dense screen as on any other; opaque, because segments overlap."""
        for curve, lane in zip(self._items, picture.lanes, strict=True):
            color = opaque(picture.theme.curve(lane.pattern, lane.present), QColor(picture.theme.background))
            curve.setPen(pg.mkPen(color, width=(1.8 if lane.present else 1.2) * ratio))

    def place(self, picture: Picture) -> None:
        """Bring pyqtgraph's coordinates in line with the picture."""
        self._view.setRange(xRange=picture.axis.edges, yRange=(0, max(picture.height_px, 1)), padding=0)
        for lane, curve in enumerate(self._items):
            zero, one = picture.value_range_px(lane)
            curve.curve.setSegmentedLineMode("on" if picture.axis.px_per_frame < _SEGMENTS_BELOW_PX else "off")
            curve.setTransform(QTransform.fromTranslate(0, zero).scale(1, one - zero))
