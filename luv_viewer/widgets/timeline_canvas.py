"""The part of the timeline with curves in it: drawing through pyqtgraph, and the mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsItem, QToolTip, QWidget

from luv_viewer.widgets.timeline_axis import FrameAxis
from luv_viewer.widgets.timeline_paint import Picture, draw_background, draw_foreground, opaque, play_head_area

SNAP_PX = 6.0
"""A click this near to a key frame's dot shows that frame."""

_FOLLOW_JUMP = 12
"""A step of more frames than this is a jump, which the view follows even where the user had turned away."""

_SEGMENTS_BELOW_PX = 2.0
"""Where frames lie closer than this, curves are drawn as separate segments: four times as fast in Qt, and as smooth."""


class LaneCanvas(pg.GraphicsView):
    """Curves, axis and play head on one frame axis; says which frame the mouse asks for."""

    frame_requested = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, background=None)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, defaultPadding=0)
        self.setCentralItem(self._view)
        self._curves: list[pg.PlotDataItem] = []
        self._times_s: NDArray[np.floating] = np.zeros(0)
        self._picture = Picture(FrameAxis.whole(0, self.width()), self.height(), self.font())
        self._dragged_to: int | None = None
        self._pan_from: float | None = None

    @property
    def picture(self) -> Picture:
        """What is shown now."""
        return self._picture

    def show_video(self, n_frames: int, times_s: NDArray[np.floating]) -> None:
        """Another video, all of it in view. n_frames 0: none."""
        self._times_s = times_s
        self.show_values(axis=FrameAxis.whole(n_frames, self.width()), frame=0)

    def show_values(self, **changes: Any) -> None:
        """Change fields of the picture and draw it again, unless they are the values shown already."""
        if all(getattr(self._picture, name) is value for name, value in changes.items()):
            return
        old, self._picture = self._picture, replace(self._picture, **changes)
        if self._picture.lanes is not old.lanes:
            self._set_curves()
        self._place()

    def show_frame(self, frame: int) -> None:
        """Move the play head; only what it leaves and enters is drawn again."""
        old = self._picture
        if frame == old.frame:
            return
        self._picture = replace(old, frame=frame)
        axis = old.axis
        follows = axis.shows(old.frame) or abs(frame - old.frame) > _FOLLOW_JUMP
        if not axis.shows(frame) and follows and self._dragged_to is None:
            self.show_values(axis=axis.revealing(frame))
            return
        for picture in (old, self._picture):
            self.viewport().update(play_head_area(picture).toAlignedRect())

    def frame_near(self, place: QPointF) -> int:
        """The frame a click asks for: a key frame whose dot is within SNAP_PX, else the one under the pixel."""
        picture = self._picture
        for lane in range(len(picture.lanes)):
            for frame, dot in picture.dots(lane):
                if picture.axis.shows(frame) and (dot - place).manhattanLength() <= SNAP_PX:
                    return frame
        return picture.axis.frame_at(place.x())

    def describe(self, place: QPointF) -> str:
        """Frame, time and, inside a lane, its attention there: "frame 37 of 152, 1.23 s; B-lines attention 0.83"."""
        picture = self._picture
        frame = picture.axis.frame_at(place.x())
        text = f"frame {frame + 1} of {picture.axis.n_frames}, {self._times_s[frame]:.2f} s"
        for i, lane in enumerate(picture.lanes):
            if picture.lane_rect(i).contains(place):
                value = lane.curve[frame]
                told = f"attention {value:.2f}" if np.isfinite(value) else "not assessed"
                return f"{text}; {lane.pattern.plural} {told}"
        return text

    def _set_curves(self) -> None:
        lanes = self._picture.lanes
        while len(self._curves) > len(lanes):
            self._view.removeItem(self._curves.pop())
        while len(self._curves) < len(lanes):
            curve = pg.PlotDataItem(antialias=True, connect="finite", skipFiniteCheck=False, autoDownsampleFactor=0.7)
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
            curve.curve.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
            self._view.addItem(curve, ignoreBounds=True)
            self._curves.append(curve)
        for curve, lane in zip(self._curves, lanes, strict=True):
            if np.isfinite(lane.curve).any():
                curve.setData(np.arange(len(lane.curve), dtype=float), np.asarray(lane.curve, dtype=float))
            else:
                curve.setData([], [])
        self._style_curves()

    def _style_curves(self) -> None:
        """Pens are in device pixels: as wide on a dense screen as on any other; opaque, because segments overlap."""
        picture, ratio = self._picture, self.devicePixelRatioF()
        for curve, lane in zip(self._curves, picture.lanes, strict=True):
            color = opaque(picture.theme.curve(lane.pattern, lane.present), QColor(picture.theme.background))
            curve.setPen(pg.mkPen(color, width=(1.8 if lane.present else 1.2) * ratio))

    def _place(self) -> None:
        """Bring pyqtgraph's coordinates in line with the picture: x in frames, y in pixels."""
        picture = self._picture
        self._view.setRange(xRange=picture.axis.edges, yRange=(0, max(picture.height_px, 1)), padding=0)
        for lane, curve in enumerate(self._curves):
            zero, one = picture.value_range_px(lane)
            curve.curve.setSegmentedLineMode("on" if picture.axis.px_per_frame < _SEGMENTS_BELOW_PX else "off")
            curve.setTransform(QTransform.fromTranslate(0, zero).scale(1, one - zero))
        self.resetCachedContent()
        self.viewport().update()

    def _zoom_to(self, axis: FrameAxis) -> None:
        if self._picture.axis.n_frames:
            self.show_values(axis=axis)

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """Everything behind the curves; Qt keeps the result until it changes."""
        draw_background(painter, self._picture)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Everything above the curves."""
        draw_foreground(painter, self._picture, rect)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Lanes and axis follow the size."""
        super().resizeEvent(event)
        if event is not None:
            self.show_values(axis=self._picture.axis.resized(self.width()), height_px=self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left: go to that frame and start to drag. Middle: start to pan."""
        if not self._picture.axis.n_frames:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_to = self.frame_near(event.position())
            self.frame_requested.emit(self._dragged_to)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Dragging seeks, panning moves the view, hovering keeps an open tool tip up to date."""
        axis = self._picture.axis
        if self._dragged_to is not None:
            frame = axis.frame_at(event.position().x())
            if frame != self._dragged_to:
                self._dragged_to = frame
                self.frame_requested.emit(frame)
        elif self._pan_from is not None:
            self._zoom_to(axis.panned((self._pan_from - event.position().x()) / axis.px_per_frame))
            self._pan_from = event.position().x()
        elif QToolTip.isVisible() and axis.n_frames:
            QToolTip.showText(event.globalPosition().toPoint(), self.describe(event.position()), self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The drag or pan ends."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged_to = None
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """All frames in view again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._zoom_to(FrameAxis.whole(self._picture.axis.n_frames, self.width()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the mouse; with Shift, or on a sideways wheel, pan."""
        axis, turn = self._picture.axis, event.angleDelta()
        sideways = turn.x() if abs(turn.x()) > abs(turn.y()) else 0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not sideways:
            sideways = turn.y()
        if sideways:
            self._zoom_to(axis.panned(-sideways / 120 * 0.1 * (axis.right - axis.left)))
        else:
            self._zoom_to(axis.zoomed(1.0015 ** -turn.y(), event.position().x()))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Follow the window's font, and the window to a screen of another density."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._style_curves()
        elif event.type() == QEvent.Type.FontChange:
            self.show_values(font=self.font())
        return bool(super().event(event))

    def viewportEvent(self, event: QEvent) -> bool:
        """Answer Qt's question for a tool tip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._picture.axis.n_frames:
            QToolTip.showText(event.globalPos(), self.describe(QPointF(event.pos())), self)
            return True
        return bool(super().viewportEvent(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys belong to the window."""
        event.ignore()

    def leaveEvent(self, event: QEvent | QEnterEvent) -> None:
        """Nothing in the scene reacts to hovering."""
