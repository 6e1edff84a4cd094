"""The mouse on the annotation tracks: what is under it, and what a press, a drag and a release ask for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import cast

from PySide6.QtCore import QObject, QPointF, Qt, Signal

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.track import Edge, Track, move_edge, shift
from luv_viewer.widgets.timeline_axis import FrameAxis
from luv_viewer.widgets.timeline_picture import Picture
from luv_viewer.widgets.timeline_rows import RowKind
from luv_viewer.widgets.timeline_tracks import Draft, Tracks

EDGE_PX = 8.0
"""This near to an interval's end the mouse takes that end."""

SNAP_PX = 6.0
"""This near to a key frame, the play head or another end, a dragged end stops there."""

DRAG_PX = 4.0
"""A press that moves less than this is a click."""


class Grip(Enum):
    """What the mouse would take hold of."""

    EMPTY = "empty"
    BODY = "body"
    START = "start"
    END = "end"


@dataclass(frozen=True)
class Hit:
    """What lies under the mouse in a track; index: the interval, None for EMPTY."""

    pattern: Pattern
    grip: Grip
    index: int | None = None


@dataclass(frozen=True)
class Press:
    """A mouse button held down on a track: what was hit, where, and what there was then.

    starts, stops: edges between frames (edge i lies before frame i) at which a dragged start or end stops.
    """

    hit: Hit
    x_px: float
    track: Track
    absent: bool
    starts: tuple[int, ...]
    stops: tuple[int, ...]


def hit_at(picture: Picture, place: QPointF) -> Hit | None:
    """What lies under a place; None outside the tracks.

    An end reaches EDGE_PX to both sides, inward a third of the interval at most, so that a narrow one can be moved.
    Between two ends the nearer one is taken, and where two intervals touch the one the mouse is in.
    """
    row = picture.row_at(place.y())
    if row is None or row.kind is not RowKind.TRACK or row.pattern is None:
        return None
    x, best = place.x(), (EDGE_PX + 1, Hit(row.pattern, Grip.EMPTY))
    for i, span in enumerate(picture.tracks.stated(row.pattern)):
        left, right = picture.axis.x_px(span.start - 0.5), picture.axis.x_px(span.stop - 0.5)
        inward = min(EDGE_PX, (right - left) / 3)
        if left + inward < x < right - inward:
            return Hit(row.pattern, Grip.BODY, i)
        for grip, outside in ((Grip.START, left - x), (Grip.END, x - right)):
            if -inward <= outside <= EDGE_PX:
                best = min(best, (abs(outside) + (0.5 if outside > 0 else 0), Hit(row.pattern, grip, i)), key=_distance)
    return best[1]


def snapped(x_px: float, edges: Iterable[int], axis: FrameAxis) -> int:
    """The edge between frames nearest to a pixel: one of `edges` within SNAP_PX if there is one.

    >>> axis = FrameAxis.whole(152, 1000)
    >>> snapped(axis.x_px(35.5) + 5, [36], axis), snapped(axis.x_px(35.5) + 5, [], axis)
    (36, 37)
    """
    offered = min(edges, key=lambda edge: abs(axis.x_px(edge - 0.5) - x_px), default=None)
    if offered is not None and abs(axis.x_px(offered - 0.5) - x_px) <= SNAP_PX:
        return offered
    position = axis.left + (x_px - axis.x_px(axis.left)) / axis.px_per_frame
    return min(max(round(position + 0.5), 0), axis.n_frames)


class TrackMouse(QObject):
    """Turns mouse events on tracks into wishes; frames are counted from 0.

    Pressing selects. Dragging an end or a body shows a draft and asks once, on release. Dragging from an empty part
    draws, with Shift (anywhere) absence. Ctrl switches snapping off.
    """

    frame_requested = Signal(int)
    pattern_selected = Signal(object)
    interval_selected = Signal(object, int)
    interval_drawn = Signal(object, object)
    absence_drawn = Signal(object, object)
    edge_moved = Signal(object, int, str, int)
    interval_moved = Signal(object, int, int)
    interval_loop_requested = Signal(object, int)
    suggestion_clicked = Signal(object, object)
    draft_changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._press: Press | None = None
        self._draft: Draft | None = None
        self._frame = -1

    @property
    def is_pressed(self) -> bool:
        """A button is held down on a track that can be changed."""
        return self._press is not None

    @property
    def is_dragging(self) -> bool:
        """A draft follows the mouse."""
        return self._draft is not None

    def press(self, picture: Picture, place: QPointF, modifiers: Qt.KeyboardModifier) -> bool:
        """The left button goes down. True when the mouse is this object's until the release."""
        hit = hit_at(picture, place)
        if hit is None:
            return False
        self._frame = -1
        self.pattern_selected.emit(hit.pattern)
        if hit.index is not None:
            self.interval_selected.emit(hit.pattern, hit.index)
        if not picture.tracks.can_edit:
            return False
        absent = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        if absent:
            hit = Hit(hit.pattern, Grip.EMPTY)
        track = picture.tracks.stated(hit.pattern)
        starts, stops = _snap_edges(picture, hit)
        self._press = Press(hit, place.x(), track, absent, starts, stops)
        if hit.index is not None and hit.grip is not Grip.BODY:
            span = track[hit.index]
            self._show(span.start if hit.grip is Grip.START else span.stop - 1)
        else:
            self._show(picture.axis.frame_at(place.x()))
        return True

    def move(self, picture: Picture, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse moves with the button down: the draft follows."""
        press = self._press
        if press is None or (self._draft is None and abs(place.x() - press.x_px) < DRAG_PX):
            return
        free = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        offered = (press.starts, press.stops) if not free else ((), ())
        span, frame = _dragged(press, place.x(), offered, picture.axis)
        draft = Draft(press.hit.pattern, span, press.absent, press.hit.index)
        if draft != self._draft:
            self._draft = draft
            self.draft_changed.emit(draft)
        self._show(frame)

    def release(self, picture: Picture, place: QPointF) -> None:
        """The button goes up: ask for what was dragged; without a drag, for the suggestion under the mouse."""
        press, draft = self._press, self._draft
        self.cancel()
        if press is None:
            return
        if draft is None:
            self._click(press, picture, picture.axis.frame_at(place.x()))
        else:
            self._ask(press, draft)

    def cancel(self) -> None:
        """The drag never was: its draft goes, and the keys it held."""
        self._press = None
        if self._draft is not None:
            self._draft = None
            self.draft_changed.emit(None)

    def cancel_if_stale(self, tracks: Tracks) -> None:
        """Give up where the track under the hand is another one now."""
        press = self._press
        if press is not None and (not tracks.can_edit or tracks.stated(press.hit.pattern) != press.track):
            self.cancel()

    def double_click(self, picture: Picture, place: QPointF) -> bool:
        """Ask for the interval under the mouse to be looped; False where there is none."""
        self.cancel()
        hit = hit_at(picture, place)
        if hit is None or hit.index is None:
            return False
        self.interval_loop_requested.emit(hit.pattern, hit.index)
        return True

    def cursor(self, picture: Picture, place: QPointF) -> Qt.CursorShape:
        """The shape that says what a press would do."""
        hit = hit_at(picture, place) if picture.tracks.are_shown else None
        if hit is None:
            return Qt.CursorShape.ArrowCursor
        if not picture.tracks.can_edit:
            return Qt.CursorShape.ArrowCursor if hit.index is None else Qt.CursorShape.PointingHandCursor
        if self._draft is not None and hit.grip is Grip.BODY:
            return Qt.CursorShape.ClosedHandCursor
        return _CURSORS[hit.grip]

    def _click(self, press: Press, picture: Picture, frame: int) -> None:
        if press.hit.grip is Grip.EMPTY and not press.absent:
            for suggestion in picture.tracks.suggested(press.hit.pattern):
                if frame in suggestion.span:
                    self.suggestion_clicked.emit(press.hit.pattern, suggestion.span)
                    return

    def _ask(self, press: Press, draft: Draft) -> None:
        index = press.hit.index
        if index is None:
            (self.absence_drawn if press.absent else self.interval_drawn).emit(draft.pattern, draft.span)
            return
        before = press.track[index]
        if draft.span == before:
            return
        if press.hit.grip is Grip.BODY:
            self.interval_moved.emit(draft.pattern, index, draft.span.start - before.start)
        else:
            frame = draft.span.start if press.hit.grip is Grip.START else draft.span.stop - 1
            self.edge_moved.emit(draft.pattern, index, press.hit.grip.value, frame)

    def _show(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_requested.emit(frame)


_CURSORS = {
    Grip.EMPTY: Qt.CursorShape.CrossCursor,
    Grip.BODY: Qt.CursorShape.OpenHandCursor,
    Grip.START: Qt.CursorShape.SizeHorCursor,
    Grip.END: Qt.CursorShape.SizeHorCursor,
}


def _distance(candidate: tuple[float, Hit]) -> float:
    return candidate[0]


def _snap_edges(picture: Picture, hit: Hit) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Edges at which a start or an end stops: all intervals' but the dragged one's, key frames and the play head."""
    tracks = picture.tracks
    spans = [
        span
        for pattern in TRACK_PATTERNS
        for i, span in enumerate(tracks.stated(pattern))
        if not (pattern is hit.pattern and i == hit.index)
    ]
    spans += [*tracks.others(hit.pattern), *(s.span for s in tracks.suggested(hit.pattern))]
    edges = [edge for span in spans for edge in (span.start, span.stop)]
    frames = [picture.frame, *(frame for lane in picture.lanes for frame in lane.key_frames)]
    return tuple({*edges, *frames}), tuple({*edges, *(frame + 1 for frame in frames)})


def _dragged(
    press: Press, x_px: float, offered: tuple[tuple[int, ...], tuple[int, ...]], axis: FrameAxis
) -> tuple[Span, int]:
    """(frames of the draft, the frame at the end being dragged)."""
    if press.hit.index is None:
        return _drawn(press.x_px, x_px, offered, axis)
    before, moved_px = press.track[press.hit.index], x_px - press.x_px
    left, right = axis.x_px(before.start - 0.5) + moved_px, axis.x_px(before.stop - 0.5) + moved_px
    if press.hit.grip is Grip.BODY:
        frames = _shift_frames(before, (left, right), offered, axis)
        span = shift(press.track, press.hit.index, frames, axis.n_frames)[press.hit.index]
        return span, span.start if span.start < before.start else span.stop - 1
    starts = press.hit.grip is Grip.START
    edge = snapped(left, offered[0], axis) if starts else snapped(right, offered[1], axis)
    name = cast(Edge, press.hit.grip.value)
    track = move_edge(press.track, press.hit.index, name, edge if starts else edge - 1, axis.n_frames)
    span = track[press.hit.index]
    return span, span.start if starts else span.stop - 1


def _shift_frames(
    before: Span, ends_px: tuple[float, float], offered: tuple[tuple[int, ...], tuple[int, ...]], axis: FrameAxis
) -> int:
    """By how many frames a dragged interval is moved: so that the end nearer to an offered edge lies on it."""
    exact = round((ends_px[0] - axis.x_px(before.start - 0.5)) / axis.px_per_frame)
    by_start = snapped(ends_px[0], offered[0], axis) - before.start
    by_stop = snapped(ends_px[1], offered[1], axis) - before.stop
    return next((frames for frames in (by_start, by_stop) if frames != exact), exact)


def _drawn(
    from_px: float, to_px: float, offered: tuple[tuple[int, ...], tuple[int, ...]], axis: FrameAxis
) -> tuple[Span, int]:
    """Frames drawn from one pixel to another, both under the mouse included, and the last one reached."""
    first_px, last_px = min(from_px, to_px), max(from_px, to_px)
    first, last = axis.frame_at(first_px), axis.frame_at(last_px)
    start, stop = _offered(first_px, first, offered[0], axis), _offered(last_px, last + 1, offered[1], axis)
    if start >= stop:
        start, stop = first, last + 1
    return Span(start, stop), stop - 1 if to_px >= from_px else start


def _offered(x_px: float, otherwise: int, edges: tuple[int, ...], axis: FrameAxis) -> int:
    """The offered edge within SNAP_PX of a pixel, or `otherwise`."""
    near = [edge for edge in edges if abs(axis.x_px(edge - 0.5) - x_px) <= SNAP_PX]
    return min(near, key=lambda edge: abs(axis.x_px(edge - 0.5) - x_px), default=otherwise)
