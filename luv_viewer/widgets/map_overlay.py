"""A map over the cine, and the plate that says what its colours mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QTransform

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.saliency import MapKind, SaliencyMaps, heat_rgba, scale_bar

PLATE_PX = 300
_MARGIN_PX, _INSET_PX, _LINE_PX = 12, 10, 18
_BAR_PX = (96, 10)
_LONG_SIDE = 128
"""Pixels of the map's picture, which Qt enlarges: maps have some eight cells a side."""


@dataclass(frozen=True)
class MapOverlay:
    """What is drawn. image: over `region` (x0, y0, x1, y1) of the frame; None for a sentence alone. lines: under the
    title, short. bar: the colour scale."""

    title: str
    lines: tuple[str, ...]
    image: QImage | None = None
    region: tuple[int, int, int, int] = (0, 0, 1, 1)
    bar: QImage | None = None

    @classmethod
    def sentence_only(cls, kind: MapKind, pattern: Pattern, sentence: str) -> MapOverlay:
        """A plate that says why there is no map yet, or none at all."""
        return cls(_title(kind, pattern), (sentence,) if sentence else ())

    @classmethod
    def of(cls, layer: SaliencyMaps, frame: int, pattern: Pattern, opacity: float) -> MapOverlay:
        """The map of a frame of the video; opacity: of the hottest, 0 to 1."""
        span = layer.span
        clip = f"clip of frames {span.start + 1} to {span.stop}"
        if layer.is_flat(pattern):
            return cls(_title(layer.kind, pattern), (f"The same everywhere in the {clip}.",))
        x0, y0, x1, y1 = layer.region
        heat = layer.heat(frame, pattern, step=max(1, max(x1 - x0, y1 - y0) // _LONG_SIDE))
        low, high = layer.limits(pattern)
        lines = (layer.kind.scale_words(low, high), f"{clip}; here up to {heat.max():.0%}")
        return cls(
            _title(layer.kind, pattern),
            lines,
            _image(heat_rgba(heat, opacity)),
            layer.region,
            _image(scale_bar(*_BAR_PX, opacity)),
        )

    @property
    def says(self) -> str:
        """Everything on the plate, for a screen reader."""
        return ". ".join((self.title, *self.lines))


def draw_map(painter: QPainter, transform: QTransform, overlay: MapOverlay) -> None:
    """The map on its part of the frame."""
    if overlay.image is None:
        return
    x0, y0, x1, y1 = overlay.region
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    painter.drawImage(transform.mapRect(QRectF(x0, y0, x1 - x0, y1 - y0)), overlay.image)


def draw_plate(painter: QPainter, area: QRect, overlay: MapOverlay) -> None:
    """Title, colour scale and lines on a dark plate in the lower left corner of the cine."""
    font = QFont()
    font.setPixelSize(12)
    metrics = QFontMetrics(font)
    texts = (overlay.title, *overlay.lines)
    widest = max(metrics.horizontalAdvance(text) for text in texts) + 1
    room = min(widest, PLATE_PX - 2 * _INSET_PX, area.width() - 2 * (_MARGIN_PX + _INSET_PX))
    wrap = int(Qt.TextFlag.TextWordWrap)
    heights = [metrics.boundingRect(QRect(0, 0, room, 1000), wrap, text).height() + 4 for text in texts]
    bar_px = _LINE_PX if overlay.bar is not None else 0
    height = sum(heights) + bar_px + 2 * _INSET_PX - 4
    plate = QRect(area.left() + _MARGIN_PX, area.bottom() - _MARGIN_PX - height, room + 2 * _INSET_PX, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(16, 20, 24, 220))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setFont(font)
    at = QPointF(plate.left() + _INSET_PX, plate.top() + _INSET_PX)
    for number, (text, text_px) in enumerate(zip(texts, heights, strict=True)):
        painter.setPen(QColor("#E6EAF0" if number == 0 else "#9AA5B1"))
        painter.drawText(QRect(round(at.x()), round(at.y()), room, text_px), wrap, text)
        at.setY(at.y() + text_px)
        if number == 0 and overlay.bar is not None:
            painter.drawImage(at + QPointF(0, 2), overlay.bar)
            at.setY(at.y() + bar_px)


def _title(kind: MapKind, pattern: Pattern) -> str:
    return f"{kind.title}: {pattern.plural}"


def _image(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage that owns its pixels, of (h, w, 3) RGB or (h, w, 4) RGBA."""
    height, width, channels = pixels.shape
    form = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_RGB888
    stored = np.ascontiguousarray(pixels)
    return QImage(stored.tobytes(), width, height, channels * width, form).convertToFormat(
        QImage.Format.Format_ARGB32_Premultiplied
    )
