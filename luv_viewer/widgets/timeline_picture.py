"""What the timeline shows at one moment, and where each row of it lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TypeVar, cast

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_axis import FrameAxis
from luv_viewer.widgets.timeline_lanes import Lane
from luv_viewer.widgets.timeline_rows import Row, RowKind, row_edges, rows_of
from luv_viewer.widgets.timeline_tracks import Tracks

T = TypeVar("T")

AXIS_PX = 28

_LOW_LANE_PX = 40
"""A curve lane lower than this leaves less room above and below its curve."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Everything the timeline shows at one moment; pixels are those of the canvas, y downwards.

    clip: the span of the clip shown alone, or None. truth: reference intervals per pattern. frame: the play head's.
    """

    axis: FrameAxis
    height_px: int
    font: QFont
    theme: Theme = DARK
    lanes: tuple[Lane, ...] = ()
    tracks: Tracks = field(default_factory=Tracks)
    selected: Pattern | None = None
    clip: Span | None = None
    truth: dict[Pattern, tuple[Span, ...]] = field(default_factory=dict)
    frame: int = 0

    def at_frame(self, frame: int) -> Picture:
        """The same with the play head on another frame; what was worked out for this one serves that one too."""
        moved = copy(self)
        object.__setattr__(moved, "frame", frame)
        return moved

    def once(self, name: object, work_out: Callable[[], T]) -> T:
        """What `work_out` gives, asked once for all frames of the play head. name: what it is; it must not depend on
        the frame."""
        if name not in self._worked_out:
            self._worked_out[name] = work_out()
        return cast(T, self._worked_out[name])

    @cached_property
    def _worked_out(self) -> dict[object, object]:
        return {}

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Curves, tracks and the strip of frames seen, from top to bottom."""
        return rows_of([lane.pattern for lane in self.lanes], self.tracks.are_shown)

    @cached_property
    def row_rects(self) -> tuple[QRectF, ...]:
        """The area of each row, the separator line at its bottom included."""
        edges = row_edges(self.rows, AXIS_PX, self.height_px)
        return tuple(QRectF(0, top, self.axis.width_px, bottom - top) for top, bottom in pairwise(edges))

    def rows_in(self, area: QRectF) -> Iterator[tuple[Row, QRectF]]:
        """The rows that lie in an area, at least partly."""
        return ((row, rect) for row, rect in zip(self.rows, self.row_rects, strict=True) if rect.intersects(area))

    def row_at(self, y_px: float) -> Row | None:
        """The row at a height; None in the axis and below the last row."""
        return next(
            (
                row
                for row, rect in zip(self.rows, self.row_rects, strict=True)
                if rect.top() <= y_px < rect.top() + rect.height()
            ),
            None,
        )

    def lane_rect(self, lane: int) -> QRectF:
        """The area of a curve lane."""
        return self._lane_rects[lane]

    @cached_property
    def _lane_rects(self) -> dict[int, QRectF]:
        areas = {r.pattern: area for r, area in zip(self.rows, self.row_rects, strict=True) if r.kind is RowKind.CURVE}
        return {i: areas[lane.pattern] for i, lane in enumerate(self.lanes)}

    def value_range_px(self, lane: int) -> tuple[float, float]:
        """The pixel rows of the values 0 and 1 in a lane."""
        rect = self.lane_rect(lane)
        above, below = (9, 7) if rect.height() >= _LOW_LANE_PX else (7, 5)
        return rect.bottom() - below, rect.top() + above

    def dots(self, lane: int) -> list[tuple[int, QPointF]]:
        """(frame, place) of a lane's key frames by rank, in view or not."""
        zero, one = self.value_range_px(lane)
        curve = self.lanes[lane].curve
        return [
            (frame, QPointF(self.axis.x_px(frame), zero + (one - zero) * float(np.nan_to_num(curve[frame]))))
            for frame in self.lanes[lane].key_frames
        ]


def changed_areas(picture: Picture, tracks: Tracks) -> list[QRectF]:
    """Where a picture must be drawn again to show other tracks in the same rows."""
    if tracks.marks != picture.tracks.marks:
        return [QRectF(0, 0, picture.axis.width_px, picture.height_px)]
    areas = []
    for row, rect in zip(picture.rows, picture.row_rects, strict=True):
        if row.kind is RowKind.TRACK and row.pattern is not None:
            changed = tracks.content(row.pattern) != picture.tracks.content(row.pattern)
        else:
            changed = row.kind is RowKind.SEEN and tracks.seen != picture.tracks.seen
        if changed:
            areas.append(rect)
    return areas
