"""Drawing of the annotation tracks: intervals, what others say of the same frames, marks, the strip of frames seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.widgets.colors import HATCHES, faint, opaque
from luv_viewer.widgets.timeline_labels import SMALL, text_font
from luv_viewer.widgets.timeline_picture import AXIS_PX, Picture
from luv_viewer.widgets.timeline_rows import RowKind
from luv_viewer.widgets.timeline_tracks import frames_text

TINT, TINT_LIVE = 0.3, 0.5
"""How strongly an interval is filled with its pattern's colour: at rest, and selected or under the hand."""

_BAR_PX = 32
"""An interval is not drawn higher than this, however high its row is."""

_AI = "AI?"


@dataclass(frozen=True, eq=False)
class _Track:
    """One row while it is drawn. bar: (top, height) of its intervals in whole pixels."""

    painter: QPainter
    picture: Picture
    pattern: Pattern
    rect: QRectF
    metrics: QFontMetricsF

    @cached_property
    def bar(self) -> tuple[int, int]:
        height = min(round(self.rect.height()) - 5, _BAR_PX)
        return round(self.rect.top() + (self.rect.height() - 1 - height) / 2), height

    @cached_property
    def color(self) -> QColor:
        return self.picture.theme.pattern(self.pattern)

    @cached_property
    def fills(self) -> tuple[QColor, QColor]:
        """What an interval at rest and a live one are filled with; opaque, because that is drawn sooner."""
        ground, color = QColor(self.picture.theme.background), self.color.name()
        return opaque(faint(color, TINT), ground), opaque(faint(color, TINT_LIVE), ground)

    def across(self, span: Span) -> tuple[int, int]:
        """(left, width) in whole pixels; at least 2 wide, one free at the right, so that neighbours stay apart."""
        axis = self.picture.axis
        left, right = round(axis.x_px(span.start - 0.5)), round(axis.x_px(span.stop - 0.5))
        return left, max(right - left - 1, 2)

    def is_in_view(self, span: Span) -> bool:
        first, last = self.picture.axis.edges
        return span.stop > first and span.start < last + 1


def draw_tracks(painter: QPainter, picture: Picture, exposed: QRectF) -> None:
    """All tracks, and the strip of frames seen, as far as they touch `exposed`."""
    if not picture.tracks.are_shown:
        return
    font = text_font(picture.font, SMALL)
    painter.setFont(font)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for row, rect in picture.rows_in(exposed):
        if row.kind is RowKind.TRACK and row.pattern is not None:
            _draw_track(_Track(painter, picture, row.pattern, rect, QFontMetricsF(font)))
        elif row.kind is RowKind.SEEN:
            _draw_seen(painter, picture, rect)


def draw_marks(painter: QPainter, picture: Picture) -> None:
    """Where an interval is going to start and end: brackets in the axis, thin lines through all tracks."""
    mark_in, mark_out = picture.tracks.marks
    if not picture.tracks.are_shown:
        return
    accent = QColor(picture.theme.accent)
    places = (None if mark_in is None else mark_in - 0.5, None if mark_out is None else mark_out + 0.5)
    ends = [None if place is None else round(picture.axis.x_px(place)) for place in places]
    if ends[0] is not None and ends[1] is not None and ends[0] <= ends[1]:
        band = QRectF(ends[0], AXIS_PX, ends[1] - ends[0], picture.height_px - AXIS_PX)
        painter.fillRect(band, faint(picture.theme.accent, 0.1))
        painter.fillRect(QRectF(ends[0], AXIS_PX - 3, ends[1] - ends[0], 3), accent)
    line = QPen(accent, 1)
    line.setDashPattern([2, 3])
    for x, inwards in zip(ends, (1, -1), strict=True):
        if x is not None:
            painter.setPen(line)
            painter.drawLine(QPointF(x, AXIS_PX), QPointF(x, picture.height_px))
            painter.fillRect(QRectF(x - 1, AXIS_PX - 12, 2, 12), accent)
            painter.fillRect(QRectF(min(x, x + inwards * 6), AXIS_PX - 12, 6, 2), accent)
            painter.fillRect(QRectF(min(x, x + inwards * 6), AXIS_PX - 3, 6, 3), accent)


def _draw_track(track: _Track) -> None:
    tracks, pattern = track.picture.tracks, track.pattern
    _draw_ground(track)
    if tracks.disagreement and tracks.disagreement[0] is pattern:
        track.painter.fillRect(_whole_row(track, tracks.disagreement[1]), faint(track.picture.theme.text, 0.16))
    for span in tracks.absent(pattern):
        if track.is_in_view(span):
            _draw_absent(track, span, live=False)
    drafts = [d for d in (tracks.running, tracks.draft) if d is not None and d.pattern is pattern]
    dragged = {draft.index for draft in drafts}
    chosen = tracks.selected[1] if tracks.selected and tracks.selected[0] is pattern else None
    shown = [
        (span, i == chosen)
        for i, span in enumerate(tracks.stated(pattern))
        if i not in dragged and track.is_in_view(span)
    ]
    shown += [(draft.span, True) for draft in drafts if not draft.absent]
    for span, live in shown:
        _draw_interval(track, span, live)
    for draft in drafts:
        if draft.absent:
            _draw_absent(track, draft.span, live=True)
    _draw_what_others_say(track)
    for span, live in shown:
        _draw_label(track, span, live)


def _draw_what_others_say(track: _Track) -> None:
    tracks, pattern = track.picture.tracks, track.pattern
    for suggestion in tracks.suggested(pattern):
        if track.is_in_view(suggestion.span):
            _draw_suggestion(track, suggestion.span)
    for span in tracks.others(pattern):
        if track.is_in_view(span):
            _draw_other(track, span)
    if tracks.disagreement and tracks.disagreement[0] is pattern:
        _draw_brackets(track, tracks.disagreement[1])


def _draw_ground(track: _Track) -> None:
    """A thin line the intervals stand on, so that an empty track is seen to be one."""
    picture = track.picture
    middle = round(track.rect.center().y())
    left, right = picture.axis.x_px(-0.5), picture.axis.x_px(picture.axis.n_frames - 0.5)
    track.painter.fillRect(QRectF(left, middle, right - left, 1), QColor(picture.theme.line))


def _draw_interval(track: _Track, span: Span, live: bool) -> None:
    """Tinted in the pattern's colour with firm ends; live: selected or under the hand."""
    painter, color = track.painter, track.color
    (top, height), (left, width) = track.bar, track.across(span)
    painter.fillRect(left, top, width, height, track.fills[live])
    if track.picture.tracks.hatched:
        hatch = QBrush(faint(color.name(), 0.8), HATCHES[track.pattern])
        painter.fillRect(QRectF(left, top, width, height), hatch)
    end = min(3, max(width // 3, 1))
    painter.fillRect(left, top, end, height, color)
    painter.fillRect(left + width - end, top, end, height, color)
    painter.fillRect(left, top, width, 1, color)
    painter.fillRect(left, top + height - 1, width, 1, color)


def _draw_label(track: _Track, span: Span, live: bool) -> None:
    """Short name and frame numbers, as much as there is room for, above outlines that cross them.

    In view where the interval's start is not. A live interval gets its outline in the accent colour.
    """
    painter, theme = track.painter, track.picture.theme
    (top, height), (left, width) = track.bar, track.across(span)
    if live:
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(left, top, width, height)
    first = max(left + 7, 4)
    room = left + width - 5 - first
    for text in (f"{track.pattern.short}  {frames_text(span)}", frames_text(span), track.pattern.short):
        needed = track.metrics.horizontalAdvance(text)
        if needed <= room:
            break
    else:
        return
    ground = QColor(theme.background) if track.picture.tracks.hatched else track.fills[live]
    painter.fillRect(QRectF(first - 2, top + 3, needed + 4, height - 6), ground)
    painter.setPen(QColor(theme.text))
    painter.drawText(QPointF(first, round(top + (height + track.metrics.capHeight()) / 2)), text)


def _draw_absent(track: _Track, span: Span, live: bool) -> None:
    """A thin hollow bar; hatched in the track of the selected pattern, or while it is drawn."""
    theme = track.picture.theme
    (top, height), (left, width) = track.bar, track.across(span)
    middle = round(track.rect.center().y())
    area = QRectF(left, middle - 3, width, 7) if not live else QRectF(left, top, width, height)
    color = theme.pattern(track.pattern)
    track.painter.fillRect(area, QColor(theme.background))
    if live or track.pattern is track.picture.selected:
        track.painter.fillRect(area, QBrush(faint(color.name(), 0.7), Qt.BrushStyle.BDiagPattern))
    track.painter.setPen(QPen(color, 1))
    track.painter.setBrush(Qt.BrushStyle.NoBrush)
    track.painter.drawRect(area.adjusted(0, 0, -1, -1))


def _draw_suggestion(track: _Track, span: Span) -> None:
    """A dashed outline in the pattern's colour, and a small mark at its right end."""
    theme, painter = track.picture.theme, track.painter
    (top, height), (left, width) = track.bar, track.across(span)
    pen = QPen(theme.pattern(track.pattern), 1.5)
    pen.setDashPattern([3, 2])
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(left + 0.5, top + 0.5, width - 1, height - 1))
    needed = track.metrics.horizontalAdvance(_AI)
    if needed + 8 <= width:
        x = left + width - needed - 6
        painter.fillRect(QRectF(x - 3, top + 2, needed + 6, height - 4), QColor(theme.background))
        painter.setPen(theme.pattern(track.pattern))
        painter.drawText(QPointF(x, round(top + (height + track.metrics.capHeight()) / 2)), _AI)


def _draw_other(track: _Track, span: Span) -> None:
    """The other sheet, as the paper draws a reference: dashed and green, around this reader's intervals."""
    left, width = track.across(span)
    pen = QPen(QColor(track.picture.theme.other_sheet), 1.5)
    pen.setDashPattern([4, 3])
    track.painter.setPen(pen)
    track.painter.setBrush(Qt.BrushStyle.NoBrush)
    top, height = track.bar
    track.painter.drawRect(QRectF(left - 1, top - 2, width + 1, height + 3))


def _whole_row(track: _Track, span: Span) -> QRectF:
    left, width = track.across(span)
    return QRectF(left, track.rect.top(), width + 1, track.rect.height() - 1)


def _draw_brackets(track: _Track, span: Span) -> None:
    """Two brackets as high as the row around the stretch the readers differ on."""
    area, color = _whole_row(track, span), QColor(track.picture.theme.text)
    for x, inwards in ((area.left() - 1, 1), (area.right() - 1, -1)):
        track.painter.fillRect(QRectF(x, area.top(), 2, area.height()), color)
        for y in (area.top(), area.bottom() - 2):
            track.painter.fillRect(QRectF(min(x, x + 4 * inwards), y, 6, 2), color)


def _draw_seen(painter: QPainter, picture: Picture, rect: QRectF) -> None:
    """A bar over the frames looked at, dots over the others."""
    axis, theme = picture.axis, picture.theme
    middle = round(rect.center().y())
    dots = QPen(QColor(theme.muted), 1)
    dots.setDashPattern([1, 4])
    painter.setPen(dots)
    painter.drawLine(QPointF(axis.x_px(-0.5), middle), QPointF(axis.x_px(axis.n_frames - 0.5), middle))
    for span in picture.tracks.seen:
        left, right = round(axis.x_px(span.start - 0.5)), round(axis.x_px(span.stop - 0.5))
        painter.fillRect(QRectF(left, middle - 2, max(right - left, 1), 5), QColor(theme.muted))
