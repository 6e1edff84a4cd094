"""Drawing of the timeline around its curves: axis, lanes, key frames, ground truth, play head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPolygonF

from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION
from luv_viewer.domain.span import Span
from luv_viewer.widgets.colors import faint
from luv_viewer.widgets.timeline_labels import SMALL, text_font
from luv_viewer.widgets.timeline_picture import AXIS_PX, Picture
from luv_viewer.widgets.timeline_rows import RowKind
from luv_viewer.widgets.track_paint import draw_marks, draw_tracks

LETTERS = "ABC"
DOT_PX = 4.5
"""Radius of a key frame's dot."""

_EMPTY = "Open a study to see its frames here"
_FLAT = "flat: no frame stands out"


def draw_background(painter: QPainter, picture: Picture, exposed: QRectF) -> None:
    """What does not change while the video plays: grounds, clip band, axis, baselines, tracks; within `exposed`."""
    theme, axis = picture.theme, picture.axis
    painter.fillRect(QRectF(0, 0, axis.width_px, picture.height_px), QColor(theme.background))
    for row, rect in picture.rows_in(exposed):
        if axis.n_frames and row.pattern is not None and row.pattern is picture.selected:
            painter.fillRect(rect, QColor(theme.panel))
    if picture.clip is not None:
        _draw_clip_band(painter, picture, picture.clip)
    _draw_axis(painter, picture)
    if axis.n_frames:
        _draw_separators(painter, picture, exposed)
        for i, lane in enumerate(picture.lanes):
            if picture.lane_rect(i).intersects(exposed):
                _draw_baseline(painter, picture, i)
                for span in picture.truth.get(lane.pattern, ()):
                    _draw_truth(painter, picture, i, span)
        draw_tracks(painter, picture, exposed)
        draw_marks(painter, picture)
    if not axis.n_frames:
        painter.setFont(picture.font)
        painter.setPen(QColor(theme.muted))
        area = QRectF(0, AXIS_PX, axis.width_px, picture.height_px - AXIS_PX)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, _EMPTY)


def draw_foreground(painter: QPainter, picture: Picture, exposed: QRectF) -> None:
    """What lies above the curves: key frames and the play head; only what touches `exposed` is drawn."""
    if not picture.axis.n_frames:
        return
    if exposed.top() < AXIS_PX:
        _draw_numbers(painter, picture)
    for i, lane in enumerate(picture.lanes):
        if (lane.flat or not lane.has_attention) and picture.lane_rect(i).intersects(exposed):
            _draw_note(painter, picture, i, _FLAT if lane.has_attention else NO_PATTERN_ATTENTION)
        _draw_key_frames(painter, picture, i, exposed)
    if picture.axis.shows(picture.frame) and play_head_area(picture).intersects(exposed):
        _draw_play_head(painter, picture)


def play_head_area(picture: Picture) -> QRectF:
    """What must be drawn again when the play head leaves its frame."""
    half = _handle_width(picture) + _number_width(picture, str(picture.axis.n_frames)) + 8
    return QRectF(picture.axis.x_px(picture.frame) - half, 0, 2 * half, picture.height_px)


def place_letters(dots: Sequence[QPointF], size: tuple[float, float], bounds: QRectF) -> list[QRectF]:
    """One box of `size` (width, height) beside each dot, inside `bounds`, clear of all dots and of one another.

    Tried from near to far: right, left, then below and above; where nothing is free, the nearest place inside wins.
    """
    width, height = size
    taken = [QRectF(d.x() - DOT_PX - 1, d.y() - DOT_PX - 1, 2 * DOT_PX + 2, 2 * DOT_PX + 2) for d in dots]
    placed: list[QRectF] = []
    for dot in dots:
        inside = []
        for ring in range(4):
            dx = DOT_PX + 2 + width / 2 + ring * width
            dy = DOT_PX + 4 + height / 2 + ring * 0.5 * height
            steps = [(dx, 0), (-dx, 0), (0, dy), (0, -dy), (dx, dy), (-dx, dy), (dx, -dy), (-dx, -dy)]
            for x, y in steps:
                box = QRectF(dot.x() + x - width / 2, dot.y() + y - height / 2, width, height)
                if bounds.contains(box):
                    inside.append(box)
        free = [box for box in inside if not any(box.intersects(other) for other in taken)]
        box = (free or inside or [QRectF(dot.x(), dot.y(), width, height)])[0]
        placed.append(box)
        taken.append(box)
    return placed


def _draw_axis(painter: QPainter, picture: Picture) -> None:
    theme, axis = picture.theme, picture.axis
    painter.fillRect(QRectF(0, AXIS_PX - 1, axis.width_px, 1), QColor(theme.line))
    numbered, minor = _ticks(picture)
    for frame in minor:
        painter.fillRect(QRectF(round(axis.x_px(frame)), AXIS_PX - 4, 1, 3), QColor(theme.line))
    for frame in numbered:
        x = round(axis.x_px(frame))
        painter.fillRect(QRectF(x, AXIS_PX - 7, 1, 6), QColor(theme.muted))
        painter.fillRect(QRectF(x, AXIS_PX, 1, picture.height_px - AXIS_PX), faint(theme.line, 0.5))


def _draw_separators(painter: QPainter, picture: Picture, exposed: QRectF) -> None:
    """A line under each pattern; a fainter one between its curve and its track."""
    rows = picture.rows
    for i, (row, rect) in enumerate(zip(rows, picture.row_rects, strict=True)):
        if rect.intersects(exposed):
            goes_on = row.kind is RowKind.CURVE and i + 1 < len(rows) and rows[i + 1].pattern is row.pattern
            color = faint(picture.theme.line, 0.5) if goes_on else QColor(picture.theme.line)
            painter.fillRect(QRectF(0, rect.bottom() - 1, picture.axis.width_px, 1), color)


def _draw_numbers(painter: QPainter, picture: Picture) -> None:
    """Frame numbers from 1; the handle of the play head hides a number it would cut."""
    axis = picture.axis
    painter.setFont(_small_font(picture))
    painter.setPen(QColor(picture.theme.muted))
    handle = _handle_rect(picture).adjusted(-4, 0, 4, 0) if axis.shows(picture.frame) else QRectF()
    for label, left, width in picture.once("numbers", lambda: list(_numbers(picture))):
        if not handle.intersects(QRectF(left, handle.top(), width, 1)):
            painter.drawText(QPointF(left, AXIS_PX - 10), label)


def _numbers(picture: Picture) -> Iterator[tuple[str, float, float]]:
    """(text, left, width) of each frame number."""
    axis = picture.axis
    for frame in _ticks(picture)[0]:
        label = str(frame + 1)
        width = _number_width(picture, label)
        yield label, min(max(round(axis.x_px(frame)) - width / 2, 2), axis.width_px - width - 2), width


def _ticks(picture: Picture) -> tuple[list[int], list[int]]:
    return picture.axis.ticks(max(_number_width(picture, str(picture.axis.n_frames)) + 24, 48))


def _small_font(picture: Picture, *, bold: bool = False) -> QFont:
    return picture.once(("font", bold), lambda: text_font(picture.font, SMALL, bold=bold))


def _number_width(picture: Picture, text: str, *, bold: bool = False) -> float:
    font = _small_font(picture, bold=bold)
    return picture.once(("width", text, bold), lambda: QFontMetricsF(font).horizontalAdvance(text))


def _draw_clip_band(painter: QPainter, picture: Picture, clip: Span) -> None:
    left, right = picture.axis.x_px(clip.start - 0.5), picture.axis.x_px(clip.stop - 0.5)
    painter.fillRect(QRectF(left, 0, right - left, picture.height_px), faint(picture.theme.accent, 0.12))
    for x in (left, right):
        painter.fillRect(QRectF(round(x), 0, 1, picture.height_px), faint(picture.theme.accent, 0.6))


def _draw_baseline(painter: QPainter, picture: Picture, lane: int) -> None:
    """The value 0: a line; dots where the network has not looked."""
    axis, theme = picture.axis, picture.theme
    zero, _ = picture.value_range_px(lane)
    y = round(zero) + 0.5
    shown = picture.clip or Span(0, axis.n_frames)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(QColor(theme.line), 1))
    painter.drawLine(QPointF(axis.x_px(shown.start - 0.5), y), QPointF(axis.x_px(shown.stop - 0.5), y))
    dots = QPen(QColor(theme.muted), 1)
    dots.setDashPattern([1, 4])
    for span in picture.lanes[lane].waiting:
        left, right = axis.x_px(span.start - 0.5), axis.x_px(span.stop - 0.5)
        painter.setPen(QPen(QColor(theme.background), 1))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        painter.setPen(dots)
        painter.drawLine(QPointF(left, y), QPointF(right, y))


def _draw_truth(painter: QPainter, picture: Picture, lane: int, span: Span) -> None:
    """A reference interval as the paper draws it: dashed, 1 inside; with its frame numbers where they fit."""
    zero, one = picture.value_range_px(lane)
    left, right = picture.axis.x_px(span.start - 0.5), picture.axis.x_px(span.stop - 0.5)
    color = QColor(picture.theme.other_sheet)
    pen = QPen(color, 1.5)
    pen.setDashPattern([4, 3])
    painter.setPen(pen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.drawPolyline([QPointF(left, zero), QPointF(left, one - 4), QPointF(right, one - 4), QPointF(right, zero)])
    font = text_font(picture.font, SMALL)
    metrics = QFontMetricsF(font)
    label = f"{span.start + 1}–{span.stop}"
    width = metrics.horizontalAdvance(label) + 8
    if width < right - left:
        frames_below = max(round(width / picture.axis.px_per_frame), 1)
        curve = np.nan_to_num(picture.lanes[lane].curve[span.start : span.start + frames_below])
        curve_is_low = curve.size == 0 or float(curve.max()) < 0.5
        painter.setFont(font)
        painter.setPen(color)
        painter.drawText(QPointF(left + 4, one - 2 + metrics.ascent() if curve_is_low else zero - 4), label)


def _draw_note(painter: QPainter, picture: Picture, lane: int, text: str) -> None:
    axis = picture.axis
    shown = picture.clip or Span(0, axis.n_frames)
    left = max(axis.x_px(shown.start - 0.5), 0) + 8
    painter.setFont(text_font(picture.font, SMALL))
    painter.setPen(QColor(picture.theme.muted))
    rect = picture.lane_rect(lane)
    area = QRectF(left, rect.top(), axis.width_px - left, rect.height() - 7)
    painter.drawText(area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)


@dataclass(frozen=True)
class _KeyFrame:
    """A dot and, in `box`, the outline of its letter."""

    place: QPointF
    box: QRectF
    letter: QPainterPath


def _key_frames(picture: Picture, lane: int) -> list[_KeyFrame]:
    """Those in view, the first by rank drawn last."""
    ranked = [
        (letter, place)
        for letter, (frame, place) in zip(LETTERS, picture.dots(lane), strict=False)
        if picture.axis.shows(frame)
    ]
    if not ranked:
        return []
    font = _small_font(picture, bold=True)
    metrics = QFontMetricsF(font)
    size = (metrics.horizontalAdvance("B") + 1, metrics.capHeight() + 2)
    boxes = place_letters([place for _, place in ranked], size, picture.lane_rect(lane).adjusted(1, 1, -1, -2))
    marks = []
    for (letter, place), box in reversed(list(zip(ranked, boxes, strict=True))):
        path = QPainterPath()
        path.addText(box.left() + 0.5, box.bottom() - 1, font, letter)
        marks.append(_KeyFrame(place, box, path))
    return marks


def _draw_key_frames(painter: QPainter, picture: Picture, lane: int, exposed: QRectF) -> None:
    theme = picture.theme
    strength = 1.0 if picture.lanes[lane].present else 0.55
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for mark in picture.once(("key frames", lane), lambda: _key_frames(picture, lane)):
        if not mark.box.adjusted(-16, -16, 16, 16).intersects(exposed):
            continue
        painter.setPen(QPen(QColor("black"), 1))
        painter.setBrush(faint(theme.top_frame, strength))
        painter.drawEllipse(mark.place, DOT_PX, DOT_PX)
        painter.strokePath(mark.letter, QPen(QColor(theme.background), 3))
        painter.fillPath(mark.letter, QBrush(QColor(theme.text if strength == 1.0 else theme.muted)))


def _draw_play_head(painter: QPainter, picture: Picture) -> None:
    theme = picture.theme
    x = round(picture.axis.x_px(picture.frame))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(QRectF(x, AXIS_PX - 8, 1, picture.height_px - AXIS_PX + 8), QColor(theme.accent))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent))
    handle = _handle_rect(picture)
    painter.drawRoundedRect(handle, 4, 4)
    foot, middle = handle.bottom() - 1, x + 0.5
    painter.drawPolygon(QPolygonF([QPointF(middle - 4, foot), QPointF(middle + 4, foot), QPointF(middle, foot + 6)]))
    painter.setPen(QColor(theme.accent_text))
    painter.setFont(_small_font(picture, bold=True))
    painter.drawText(handle, Qt.AlignmentFlag.AlignCenter, str(picture.frame + 1))


def _handle_rect(picture: Picture) -> QRectF:
    """The play head's handle in the axis, whole even at the ends."""
    width = _handle_width(picture)
    left = min(max(picture.axis.x_px(picture.frame) - width / 2, 0), picture.axis.width_px - width)
    return QRectF(left, 3, width, AXIS_PX - 11)


def _handle_width(picture: Picture) -> float:
    digits = "0" * len(str(max(picture.axis.n_frames, 1)))
    return max(_number_width(picture, digits, bold=True) + 10, 20)
