"""How a row of the study panel looks: thumbnail with its zone, title, length, status with its sign."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from luv_viewer.domain.video_status import Progress
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.study_rows import ROW_ROLE, AnyIndex, GroupRow, VideoRow, video_details
from luv_viewer.widgets.timeline_labels import text_font

THUMBNAIL_PX = (64, 48)
SMALL_THUMBNAIL_PX, NARROW_PX = (40, 30), 200
"""Rows narrower than this leave more room for words."""
ROW_PX, HEADING_PX, MARGIN_PX = 64, 28, 12
_SIGN_PX, _LINE_PX = 10, 17
_TEXT_PX, _SMALL_PX, _CHIP_TEXT_PX = 13, 11, 10
_LEFT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter


class StudyRowPainter(QStyledItemDelegate):
    """Draws one video, or the heading of a group."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Rows and headings have fixed heights."""
        return QSize(120, HEADING_PX if isinstance(index.data(ROW_ROLE), GroupRow) else ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Qt's call to draw a row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row, rect = index.data(ROW_ROLE), QRect(option.rect)
        if isinstance(row, GroupRow):
            self._paint_heading(painter, rect, row)
        elif isinstance(row, VideoRow):
            self._paint_video(painter, rect, row, bool(option.state & QStyle.StateFlag.State_Selected))
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, group: GroupRow) -> None:
        line = rect.adjusted(MARGIN_PX, 8, -8, 0)
        small = _font(painter, _SMALL_PX)
        count_px = QFontMetrics(small).horizontalAdvance(group.count)
        count = QRect(line.right() - count_px, line.top(), count_px + 1, line.height())
        self._text(painter, count, group.count, self.theme.muted, small)
        space = line.adjusted(0, 0, -count_px - 8 if group.count else 0, 0)
        self._text(painter, space, group.label, self.theme.muted, _font(painter, _SMALL_PX, bold=True))

    def _paint_video(self, painter: QPainter, rect: QRect, row: VideoRow, selected: bool) -> None:
        if selected:
            painter.fillRect(rect, QColor(self.theme.line))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(self.theme.accent))
        width, height = THUMBNAIL_PX if rect.width() >= NARROW_PX else SMALL_THUMBNAIL_PX
        frame = QRect(rect.left() + MARGIN_PX, rect.top() + (ROW_PX - height) // 2, width, height)
        self._paint_thumbnail(painter, frame, row)
        left = frame.right() + 9
        line = QRect(left, rect.top() + 6, rect.right() - left - 5, _LINE_PX)
        small = _font(painter, _SMALL_PX)
        excluded = row.status is not None and row.status.progress is Progress.EXCLUDED
        title_color = self.theme.muted if excluded else self.theme.text
        self._text(painter, line, row.video.title, title_color, _font(painter, _TEXT_PX, bold=selected))
        details = _fitting(video_details(row.video), small, line.width())
        self._text(painter, line.translated(0, _LINE_PX), details, self.theme.muted, small)
        line.translate(0, 2 * _LINE_PX)
        sign = QRectF(left, line.top() + (_LINE_PX - _SIGN_PX) / 2, _SIGN_PX, _SIGN_PX)
        self._paint_sign(painter, sign, row)
        words = line.adjusted(_SIGN_PX + 4, 0, 0, 0)
        self._text(painter, words, _fitting(row.words, small, words.width()), self.theme.muted, small)

    def _paint_thumbnail(self, painter: QPainter, frame: QRect, row: VideoRow) -> None:
        painter.fillRect(frame, QColor("#000000"))
        if row.picture is not None:
            size = row.picture.deviceIndependentSize()
            if size.width() > frame.width() or size.height() > frame.height():
                size.scale(frame.size().toSizeF(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(QPointF(), size)
            target.moveCenter(QRectF(frame).center())
            painter.drawPixmap(target, row.picture, QRectF(row.picture.rect()))
        if not row.zone:
            return
        font = _font(painter, _CHIP_TEXT_PX, bold=True)
        width = min(QFontMetrics(font).horizontalAdvance(row.zone) + 8, frame.width())
        chip = QRect(frame.right() + 1 - width, frame.bottom() + 1 - 15, width, 15)
        painter.fillRect(chip, QColor(0, 0, 0, 190))
        painter.setFont(font)
        painter.setPen(QColor("#FFFFFF"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, row.zone)

    def _paint_sign(self, painter: QPainter, box: QRectF, row: VideoRow) -> None:
        """Empty circle, part of a disc, pen, tick, stroke through a circle: told apart without colour."""
        accent, muted = QColor(self.theme.accent), QColor(self.theme.muted)
        progress = row.status.progress if row.status else None
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if progress is Progress.FINALISED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(accent)
            painter.drawEllipse(box.adjusted(-1, -1, 1, 1))
            painter.setPen(QPen(QColor(self.theme.accent_text), 1.6))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF([_at(box, 0.2, 0.55), _at(box, 0.42, 0.78), _at(box, 0.82, 0.28)]))
        elif progress is Progress.EXCLUDED:
            painter.setPen(QPen(muted, 1.4))
            painter.drawEllipse(box)
            painter.drawLine(QLineF(_at(box, 0.15, 0.85), _at(box, 0.85, 0.15)))
        elif progress is Progress.LABELLED:
            painter.setPen(QPen(accent, 1.3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
            corners = ((0.0, 1.0), (0.08, 0.7), (0.75, 0.02), (0.98, 0.25), (0.3, 0.92))
            painter.drawPolygon(QPolygonF([_at(box, x, y) for x, y in corners]))
        else:
            fraction = row.status.fraction if row.status else row.seen
            painter.setPen(QPen(accent if fraction else muted, 1.2))
            painter.drawEllipse(box)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(accent)
            painter.drawPie(box, 90 * 16, -int(360 * 16 * fraction))

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str, color: str, font: QFont) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, int(_LEFT | _MIDDLE), elided)


def _at(box: QRectF, x: float, y: float) -> QPointF:
    return QPointF(box.left() + x * box.width(), box.top() + y * box.height())


def _fitting(words: Sequence[str], font: QFont, width: int) -> str:
    """The first of `words`, the longest first, that fits into `width`; the last where none does."""
    metrics = QFontMetrics(font)
    return next((text for text in words if metrics.horizontalAdvance(text) <= width), words[-1])


def _font(painter: QPainter, pixels: int, *, bold: bool = False) -> QFont:
    font = text_font(painter.font())
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font
