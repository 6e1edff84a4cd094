"""The part of the timeline right of the names: drawing, and the mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsView, QToolTip, QWidget

from luv_viewer.widgets.timeline_axis import FrameAxis
from luv_viewer.widgets.timeline_curves import CurveItems
from luv_viewer.widgets.timeline_paint import draw_background, draw_foreground, play_head_area
from luv_viewer.widgets.timeline_picture import Picture, changed_areas
from luv_viewer.widgets.timeline_rows import RowKind
from luv_viewer.widgets.timeline_tracks import Draft, Tracks, tell_seen, tell_track
from luv_viewer.widgets.track_mouse import TrackMouse, hit_at

SNAP_PX = 6.0
"""A click this near to a key frame's dot shows that frame."""

_FOLLOW_JUMP = 12
"""A step of more frames than this is a jump, which the view follows even where the user had turned away."""


class LaneCanvas(QGraphicsView):
    """Curves, tracks and play head on one frame axis; says which frame the mouse asks for.

    What it asks for in a track is said by `mouse`.
    """

    frame_requested = Signal(int)
    track_menu_requested = Signal(object, object, int, QPoint)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._curves = CurveItems(self.scene())
        self.mouse = TrackMouse(self)
        self.mouse.draft_changed.connect(self._show_draft)
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
            self._curves.set_lanes(self._picture)
        self._place()

    def show_tracks(self, tracks: Tracks) -> None:
        """Show other annotation; only the rows it changes are drawn again."""
        old = self._picture
        if tracks == old.tracks:
            return
        if tracks.are_shown != old.tracks.are_shown:
            self.show_values(tracks=tracks)
        else:
            self._picture = replace(old, tracks=tracks)
            for area in changed_areas(old, tracks):
                self.invalidateScene(area, QGraphicsScene.SceneLayer.BackgroundLayer)
        self.mouse.cancel_if_stale(tracks)

    def show_frame(self, frame: int) -> None:
        """Move the play head; only what it leaves and enters is drawn again."""
        old = self._picture
        if frame == old.frame:
            return
        self._picture = old.at_frame(frame)
        axis = old.axis
        follows = axis.shows(old.frame) or abs(frame - old.frame) > _FOLLOW_JUMP
        if not axis.shows(frame) and follows and self._dragged_to is None and not self.mouse.is_pressed:
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
        """Frame, time and what the row says there: "frame 37 of 152, 1.23 s; B-lines attention 0.83"."""
        picture = self._picture
        frame = picture.axis.frame_at(place.x())
        text = f"frame {frame + 1} of {picture.axis.n_frames}, {self._times_s[frame]:.2f} s"
        row = picture.row_at(place.y())
        if row is None:
            return text
        if row.pattern is None:
            return tell_seen(picture.tracks, picture.axis.n_frames)
        if row.kind is RowKind.TRACK:
            return tell_track(picture.tracks, row.pattern, frame, self._times_s)
        value = next(lane.curve[frame] for lane in picture.lanes if lane.pattern is row.pattern)
        told = f"attention {value:.2f}" if np.isfinite(value) else "not assessed"
        return f"{text}; {row.pattern.plural} {told}"

    def _show_draft(self, draft: Draft | None) -> None:
        """While it is there, Esc is this widget's, whatever has the focus: it ends the drag."""
        if draft is None:
            self.releaseKeyboard()
        elif self._picture.tracks.draft is None:
            self.grabKeyboard()
        self.show_tracks(replace(self._picture.tracks, draft=draft))

    def _place(self) -> None:
        """Draw everything again."""
        self.setSceneRect(0, 0, self._picture.axis.width_px, self._picture.height_px)
        self._curves.place(self._picture)
        self.resetCachedContent()
        self.viewport().update()

    def _zoom_to(self, axis: FrameAxis) -> None:
        if self._picture.axis.n_frames:
            self.show_values(axis=axis)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Everything behind the curves; Qt keeps the result until it changes."""
        draw_background(painter, self._picture, QRectF(rect))

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Everything above the curves."""
        draw_foreground(painter, self._picture, QRectF(rect))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lanes and axis follow the size."""
        super().resizeEvent(event)
        self.show_values(axis=self._picture.axis.resized(self.width()), height_px=self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left: go to that frame and start to drag, in a track what lies there. Middle: start to pan."""
        if not self._picture.axis.n_frames:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            if not self.mouse.press(self._picture, event.position(), event.modifiers()):
                self._dragged_to = self.frame_near(event.position())
                self.frame_requested.emit(self._dragged_to)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = event.position().x()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Dragging seeks, panning moves the view, hovering keeps an open tool tip up to date."""
        axis = self._picture.axis
        self.mouse.move(self._picture, event.position(), event.modifiers())
        if not event.buttons() or self.mouse.is_pressed:
            self.viewport().setCursor(self.mouse.cursor(self._picture, event.position()))
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
            self.mouse.release(self._picture, event.position())
            self._dragged_to = None
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._pan_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Loop the interval there; elsewhere all frames in view again."""
        if event.button() == Qt.MouseButton.LeftButton and not self.mouse.double_click(self._picture, event.position()):
            self._zoom_to(FrameAxis.whole(self._picture.axis.n_frames, self.width()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of a track, at an interval or beside it."""
        hit = hit_at(self._picture, QPointF(event.pos()))
        if hit is not None:
            frame = self._picture.axis.frame_at(event.pos().x())
            self.track_menu_requested.emit(hit.pattern, hit.index, frame, event.globalPos())

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
        """Follow the font and the density of the screen; while dragging, take Esc before a shortcut does."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self.mouse.is_dragging:
            event.setAccepted(event.key() == Qt.Key.Key_Escape)
            return event.isAccepted()
        if event.type() == QEvent.Type.FontChange:
            self.show_values(font=self.font())
        return bool(super().event(event))

    def viewportEvent(self, event: QEvent) -> bool:
        """Answer Qt's question for a tool tip."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent) and self._picture.axis.n_frames:
            QToolTip.showText(event.globalPos(), self.describe(QPointF(event.pos())), self)
            return True
        return bool(super().viewportEvent(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc ends a drag that then never was; all other keys belong to the window."""
        if event.key() == Qt.Key.Key_Escape and self.mouse.is_dragging:
            self.mouse.cancel()
        else:
            event.ignore()
