"""Which rows the timeline has under its axis, and how they share the height; free of Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern


class RowKind(Enum):
    """What a row shows."""

    CURVE = "curve"
    TRACK = "track"
    SEEN = "seen"


@dataclass(frozen=True)
class Row:
    """One row; least_px: the height it needs, wanted_px: the one it has on a full screen.

    pattern: None for the strip of frames seen.
    """

    kind: RowKind
    pattern: Pattern | None
    least_px: int
    wanted_px: int


def rows_of(curves: Sequence[Pattern], tracks: bool) -> tuple[Row, ...]:
    """From top to bottom: without tracks the curves alone; with them, per pattern its curve and its track, then "seen".

    >>> [(row.kind.value, row.pattern.short) for row in rows_of([Pattern.A_LINE, Pattern.B_LINE], tracks=False)]
    [('curve', 'A'), ('curve', 'B')]
    >>> " ".join(row.kind.value for row in rows_of([Pattern.A_LINE, Pattern.B_LINE], tracks=True))
    'curve track curve track track track track seen'
    """
    if not tracks:
        return tuple(Row(RowKind.CURVE, pattern, 44, 44) for pattern in curves)
    track_px = (20, 28) if curves else (28, 36)
    rows = []
    for pattern in TRACK_PATTERNS:
        if pattern in curves:
            rows.append(Row(RowKind.CURVE, pattern, 28, 44))
        rows.append(Row(RowKind.TRACK, pattern, *track_px))
    return (*rows, Row(RowKind.SEEN, None, 16, 16))


def least_px(rows: Sequence[Row]) -> int:
    """The height all rows need."""
    return sum(row.least_px for row in rows)


def wanted_px(rows: Sequence[Row]) -> int:
    """The height all rows have on a full screen."""
    return sum(row.wanted_px for row in rows)


def row_edges(rows: Sequence[Row], axis_px: int, height_px: int) -> tuple[int, ...]:
    """len(rows) + 1 pixel rows: row i reaches from edge i to edge i + 1, sharing what the axis leaves.

    Between the least and the wanted height, and beyond, all rows grow by the same share of their difference.

    >>> row_edges(rows_of(list(Pattern)[:4], tracks=False), 28, 204)
    (28, 72, 116, 160, 204)
    """
    free, least, wanted = max(height_px - axis_px, 0), least_px(rows), wanted_px(rows)
    if wanted > least and free >= least:
        share = (free - least) / (wanted - least)
        sizes = [row.least_px + share * (row.wanted_px - row.least_px) for row in rows]
    else:
        sizes = [row.least_px * free / max(least, 1) for row in rows]
    edges = [float(axis_px)]
    for size in sizes:
        edges.append(edges[-1] + size)
    return tuple(round(edge) for edge in edges)
