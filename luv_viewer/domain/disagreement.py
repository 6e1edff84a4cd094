"""Where two readers of one video differ, as stretches of frames that a person can walk through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.row_pairing import mismatch, pair_rows
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet


class DisagreementKind(Enum):
    """ONLY_A, ONLY_B: that reader says present, the other absent. ONE_NOT_LOOKED: one says present or absent, the other
    has not looked. NEITHER_LOOKED: nothing is known; no disagreement, but a third reader has to decide it too."""

    ONLY_A = "only A"
    ONLY_B = "only B"
    ONE_NOT_LOOKED = "one has not looked"
    NEITHER_LOOKED = "neither has looked"


BETWEEN_READERS = (DisagreementKind.ONLY_A, DisagreementKind.ONLY_B, DisagreementKind.ONE_NOT_LOOKED)
"""What is listed when two sheets are compared."""


@dataclass(frozen=True)
class Disagreement:
    """A run of frames (as long as it goes) that is of one kind for one pattern."""

    study_id: str
    pattern: Pattern
    span: Span
    kind: DisagreementKind


def disagreements(
    row_a: SheetRow,
    row_b: SheetRow,
    *,
    patterns: Iterable[Pattern] = TRACK_PATTERNS,
    kinds: Sequence[DisagreementKind] = BETWEEN_READERS,
) -> tuple[Disagreement, ...]:
    """Between two readers' rows of one video, sorted by first frame, then in the order of `patterns`.

    Raises ValueError for rows of different study_id.
    """
    if row_a.study_id != row_b.study_id:
        raise ValueError(f"rows {row_a.study_id} and {row_b.study_id} are not of the same video")
    found = [
        Disagreement(row_a.study_id, pattern, span, kind)
        for pattern in patterns
        for kind, frames in _frames_by_kind(row_a, row_b, pattern).items()
        if kind in kinds
        for span in frames
    ]
    # Stable: equal first frames keep the order of the patterns; within one pattern the kinds share no frame.
    return tuple(sorted(found, key=lambda item: item.span.start))


def sheet_disagreements(
    a: LabelSheet, b: LabelSheet, *, patterns: Iterable[Pattern] = TRACK_PATTERNS
) -> tuple[Disagreement, ...]:
    """Of all videos in both sheets, in the order of the first sheet, then by frame.

    Rows that are not of the same pictures (`row_pairing.mismatch`) cannot be compared and are left out.
    """
    patterns = tuple(patterns)
    pairs = [pair for pair in pair_rows(a, b).both if not mismatch(pair)]
    return tuple(item for pair in pairs for item in disagreements(*pair, patterns=patterns))


def next_disagreement(items: Sequence[Disagreement], study_id: str, frame: int) -> Disagreement | None:
    """The first one that begins after `frame` (from 0) of a video, going on to the next videos of `items`.

    None after the last one, and for a video that has none in `items`.

    >>> items = [Disagreement("0012_2", Pattern.A_LINE, Span(i, i + 5), DisagreementKind.ONLY_A) for i in (0, 20)]
    >>> next_disagreement(items, "0012_2", 0) == items[1], next_disagreement(items, "0012_2", 20)
    (True, None)
    """
    of_video = [i for i, item in enumerate(items) if item.study_id == study_id]
    later = (i for i in of_video if items[i].span.start > frame)
    place = next(later, of_video[-1] + 1 if of_video else len(items))
    return items[place] if place < len(items) else None


def previous_disagreement(items: Sequence[Disagreement], study_id: str, frame: int) -> Disagreement | None:
    """The last one that begins before `frame`, else the last of the video before; None before the first."""
    of_video = [i for i, item in enumerate(items) if item.study_id == study_id]
    earlier = [i for i in of_video if items[i].span.start < frame]
    place = earlier[-1] if earlier else (of_video[0] - 1 if of_video else -1)
    return items[place] if place >= 0 else None


def _frames_by_kind(a: SheetRow, b: SheetRow, pattern: Pattern) -> dict[DisagreementKind, SpanSet]:
    present_a, present_b = a.frames(pattern), b.frames(pattern)
    unlooked_a, unlooked_b = a.unlooked_frames(pattern), b.unlooked_frames(pattern)
    return {
        DisagreementKind.ONLY_A: present_a - present_b - unlooked_b,
        DisagreementKind.ONLY_B: present_b - present_a - unlooked_a,
        DisagreementKind.ONE_NOT_LOOKED: unlooked_a ^ unlooked_b,
        DisagreementKind.NEITHER_LOOKED: unlooked_a & unlooked_b,
    }
