"""The cine: one frame painted as large as it can be, with zoom, pan, window/level and a ruler."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from luv_viewer.player import PlayTicket
from luv_viewer.session import WindowLevel
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.map_overlay import MapOverlay, draw_map, draw_plate
from luv_viewer.widgets.overlays import Measurement, draw_caption, draw_measurement, draw_region, draw_ruler

MAX_ZOOM = 32.0
WHEEL_FACTOR = 1.2


def grey_table(window_level: WindowLevel) -> NDArray[np.uint8]:
    """(256,) uint8 display value of every stored value (DICOM PS3.3 C.11.2.1.2, linear function on 8 bits).

    >>> int(grey_table(WindowLevel())[100]), grey_table(WindowLevel(window=1, level=128))[[126, 130]].tolist()
    (100, [0, 255])
    """
    if window_level.is_identity:
        return np.arange(256, dtype=np.uint8)
    values = np.arange(256, dtype=np.float64)
    width, centre = max(1.0, window_level.window), window_level.level
    scaled = ((values - (centre - 0.5)) / max(width - 1, 1e-6) + 0.5) * 255
    return np.asarray(np.clip(np.rint(scaled), 0, 255), dtype=np.uint8)


class VideoView(QWidget):
    """Paints frames on pure black. Left or middle drag pans, wheel zooms at the pointer, right drag sets window and
    level, Shift+drag measures where the spacing is known, double click fits.
    """

    painted = Signal(int, object)
    window_level_chosen = Signal(object)
    zoomed = Signal(float)
    measuring_refused = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("video_view")
        self.setAccessibleName("Cine")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setMinimumSize(320, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.theme: Theme = DARK
        self.shows_ruler = True
        self.shows_region = False
        self._rgb: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._frame = -1
        self._ticket: PlayTicket | None = None
        self._unpainted = False
        self._caption = ""
        self._map: MapOverlay | None = None
        self._region: tuple[int, int, int, int] | None = None
        self._spacing_mm: tuple[float, float] | None = None
        self._window_level = WindowLevel()
        self._zoom = 1.0
        self._centre: QPointF | None = None
        self._drag_from: QPointF | None = None
        self._drag_button = Qt.MouseButton.NoButton
        self._measurement: Measurement | None = None

    def set_video(self, region: tuple[int, int, int, int] | None, spacing_mm: tuple[float, float] | None) -> None:
        """Forget the old picture; region and spacing of the new video, None for no video."""
        self._rgb = self._image = None
        self._frame, self._unpainted = -1, False
        self._caption = ""
        self._region, self._spacing_mm = region, spacing_mm
        self._measurement = None
        self.fit()

    def say_painted_again(self) -> None:
        """Paint the picture shown once more and say so, for somebody who did not listen the first time."""
        if self.picture is not None:
            self._unpainted, self._ticket = True, None
            self.update()

    def set_picture(self, rgb: NDArray[np.uint8], frame: int, ticket: PlayTicket | None) -> None:
        """Show (H, W, 3) uint8 RGB; `painted(frame, ticket)` follows when it is on the screen."""
        first = self._rgb is None
        self._rgb, self._frame, self._ticket = rgb, frame, ticket
        self._unpainted = True
        self._caption = ""
        self._render()
        if first:
            self.fit()

    def set_caption(self, text: str) -> None:
        """A sentence over the picture: a frame that cannot be decoded."""
        self._caption = text
        self.update()

    def set_map(self, overlay: MapOverlay | None) -> None:
        """What lies over the picture to show where the network finds its evidence; None for nothing."""
        if overlay is not self._map:
            self._map = overlay
            self.setAccessibleDescription("" if overlay is None else overlay.says)
            self.update()

    @property
    def map(self) -> MapOverlay | None:
        """What `set_map` was given."""
        return self._map

    def set_window_level(self, window_level: WindowLevel) -> None:
        """Show stored values through this window."""
        if window_level != self._window_level:
            self._window_level = window_level
            self._render()

    @property
    def picture(self) -> QImage | None:
        """The frame as shown, without zoom and overlays."""
        return self._image

    @property
    def zoom(self) -> float:
        """Screen pixels per image pixel; 0 without a picture."""
        return 0.0 if self._rgb is None else self._fit_scale() * self._zoom

    def fit(self) -> None:
        """Show the whole frame as large as it can be."""
        self._zoom, self._centre = 1.0, None
        self.update()
        self.zoomed.emit(self.zoom)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge by `factor` about a widget position, the middle without one."""
        if self._rgb is None:
            return
        at = at or QPointF(self.width() / 2, self.height() / 2)
        before = self._transform().inverted()[0].map(at)
        self._zoom = max(1.0, min(MAX_ZOOM, self._zoom * factor))
        if self._zoom == 1.0:
            self._centre = None
        else:
            shift = self._transform().inverted()[0].map(at) - before
            self._move_centre(self._centre_now() - shift)
        self.update()
        self.zoomed.emit(self.zoom)

    def to_image(self, position: QPointF) -> QPointF:
        """Widget position to image pixels (x right, y down, pixel corners at whole numbers)."""
        return self._transform().inverted()[0].map(position)

    def _render(self) -> None:
        if self._rgb is None:
            return
        rgb = np.ascontiguousarray(self._rgb if self._window_level.is_identity else self._through_window(self._rgb))
        height, width = rgb.shape[:2]
        # Qt scales and draws 32-bit pictures twice as fast as 24-bit ones, which pays for the conversion of each frame
        # (0.25 ms) and makes every other paint cheaper. The copy also owns its pixels.
        stored = QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = stored.convertToFormat(QImage.Format.Format_RGB32)
        self.update()

    def _through_window(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        import cv2  # OpenCV costs start-up time, and most people never change the window

        return np.asarray(cv2.LUT(rgb, grey_table(self._window_level)), dtype=np.uint8)

    def _fit_scale(self) -> float:
        assert self._rgb is not None
        height, width = self._rgb.shape[:2]
        return min(self.width() / width, self.height() / height)

    def _centre_now(self) -> QPointF:
        assert self._rgb is not None
        height, width = self._rgb.shape[:2]
        return self._centre or QPointF(width / 2, height / 2)

    def _move_centre(self, centre: QPointF) -> None:
        assert self._rgb is not None
        height, width = self._rgb.shape[:2]
        self._centre = QPointF(min(max(centre.x(), 0), width), min(max(centre.y(), 0), height))

    def _transform(self) -> QTransform:
        scale = self._fit_scale() * self._zoom
        centre = self._centre_now()
        return QTransform(
            scale, 0, 0, scale, self.width() / 2 - centre.x() * scale, self.height() / 2 - centre.y() * scale
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's call to draw."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor("#000000"))
        if self._image is not None:
            transform = self._transform()
            scale = transform.m11()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 4)
            painter.drawImage(transform.mapRect(QRectF(self._image.rect())), self._image)
            if self._map is not None:
                draw_map(painter, transform, self._map)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.shows_region and self._region is not None:
                draw_region(painter, transform, self._region, self.theme)
            if self.shows_ruler and self._spacing_mm is not None and self._region is not None:
                draw_ruler(painter, transform, self._region, self._spacing_mm, self.theme)
            if self._measurement is not None and self._spacing_mm is not None:
                draw_measurement(painter, transform, self._measurement, self._spacing_mm, self.theme)
            if self._map is not None:
                draw_plate(painter, self.rect(), self._map)
        if self._caption:
            draw_caption(painter, self.rect(), self._caption, self.theme)
        painter.end()
        if self._unpainted:
            self._unpainted = False
            self.painted.emit(self._frame, self._ticket)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer."""
        steps = event.angleDelta().y() / 120
        if steps:
            self.zoom_by(WHEEL_FACTOR**steps, event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan, to set window and level, or to measure."""
        if self._rgb is None:
            return
        self._drag_from, self._drag_button = event.position(), event.button()
        measures = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.button() is Qt.MouseButton.LeftButton and measures and self._spacing_mm is None:
            self._drag_from = None
            self.measuring_refused.emit()
            return
        if event.button() is Qt.MouseButton.LeftButton and measures:
            point = self.to_image(event.position())
            self._measurement = Measurement(point, point)
        elif event.button() is Qt.MouseButton.LeftButton and self._measurement is not None:
            self._measurement = None
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began."""
        if self._drag_from is None or self._rgb is None:
            return
        step = event.position() - self._drag_from
        if self._drag_button is Qt.MouseButton.RightButton:
            old = self._window_level
            chosen = WindowLevel(
                window=min(512.0, max(1.0, old.window + step.x())), level=min(255.0, max(0.0, old.level + step.y()))
            )
            self.window_level_chosen.emit(chosen)
        elif self._drag_button is Qt.MouseButton.LeftButton and self._measurement is not None:
            self._measurement = Measurement(self._measurement.start, self.to_image(event.position()))
        else:
            self._move_centre(self._centre_now() - step / (self._fit_scale() * self._zoom))
        self._drag_from = event.position()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        self._drag_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.fit()
