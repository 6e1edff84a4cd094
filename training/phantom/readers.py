"""How readers label synthetic videos: the senior sees the truth, two others see it a little differently."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import Enum

import numpy as np

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.lus_score import LusScore, derived_grade
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.row_pairing import scores_aligned
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from training.phantom.cohort import Fate, PlannedVideo
from training.phantom.scene import Scene

_LARGEST_JITTER = 5
_DISAGREEING_SHARE = 0.25
_SLIDING_TOLD_SHARE = 0.7
_A, _B, _CONFLUENT, _CONSOLIDATION, _EFFUSION = range(len(TRACK_PATTERNS))

Present = tuple[SpanSet, ...]


class Reader(Enum):
    """Who labels; the value is the name in files."""

    FIRST = "reader_1"
    SECOND = "reader_2"
    SENIOR = "senior"


def score_of(present: Sequence[SpanSet]) -> LusScore | None:
    """The LUS score that a reader gives who sees these patterns; None without any.

    >>> span = SpanSet.of(Span(0, 5))
    >>> str(score_of((span, NO_FRAMES, NO_FRAMES, span, span)))
    '3_ce'
    """
    grade = derived_grade(p for p, frames in zip(TRACK_PATTERNS, present, strict=True) if frames)
    if grade is None:
        return None
    letters = ("c" if present[_CONSOLIDATION] else "") + ("e" if present[_EFFUSION] else "")
    return LusScore(grade, letters)


def senior_sheet(videos: Iterable[PlannedVideo]) -> LabelSheet:
    """The truth."""
    return LabelSheet(
        Reader.SENIOR.value, tuple(_row(planned, planned.scene.present, Reader.SENIOR) for planned in videos)
    )


def reader_sheets(videos: Iterable[PlannedVideo]) -> tuple[LabelSheet, LabelSheet]:
    """The first and the second reader's, each with jittered intervals; both know whether their scores are aligned.

    Both keep a common frame of every pattern that both label, except in rows of the fate that says otherwise.
    """
    pairs = [_pair(planned) for planned in videos]
    first, second = (tuple(pair[place] for pair in pairs) for place in (0, 1))
    return LabelSheet(Reader.FIRST.value, first), LabelSheet(Reader.SECOND.value, second)


def _pair(planned: PlannedVideo) -> tuple[SheetRow, SheetRow]:
    rng = np.random.default_rng((planned.scene.seed, 2))
    scene = planned.scene
    if planned.fate is Fate.APART:
        # Alike in everything but the frames.
        third = scene.n_frames // 3
        presents = (_only(_B, Span(0, third)), _only(_B, Span(2 * third, scene.n_frames)))
    elif planned.fate is Fate.STILL_DIFFERS:
        only_b = _only(_B, Span(0, 1))
        presents = (only_b, (SpanSet.whole(1), *only_b[1:]))
    else:
        disagrees = planned.fate is Fate.IN_REVIEW or rng.random() < _DISAGREEING_SHARE
        seen_by_second = _otherwise(rng, scene) if disagrees else scene.present
        presents = (_jittered(rng, scene.present, scene.n_frames), _jittered(rng, seen_by_second, scene.n_frames))
    rows = [_row(planned, p, reader) for p, reader in zip(presents, (Reader.FIRST, Reader.SECOND), strict=True)]
    aligned = scores_aligned(rows)
    return replace(rows[0], score_aligned=aligned), replace(rows[1], score_aligned=aligned)


def _only(place: int, span: Span) -> Present:
    return tuple(SpanSet.of(span) if p == place else NO_FRAMES for p in range(len(TRACK_PATTERNS)))


def _jittered(rng: np.random.Generator, present: Present, n_frames: int) -> Present:
    return tuple(SpanSet.union(_moved(rng, span, n_frames) for span in frames) for frames in present)


def _moved(rng: np.random.Generator, span: Span, n_frames: int) -> Span:
    """With both ends moved by a few frames; its middle stays inside."""
    inwards = min(_LARGEST_JITTER, (len(span) - 1) // 3)
    start = span.start + int(rng.integers(-_LARGEST_JITTER, inwards + 1))
    stop = span.stop + int(rng.integers(-inwards, _LARGEST_JITTER + 1))
    return Span(max(0, start), min(n_frames, stop))


def _otherwise(rng: np.random.Generator, scene: Scene) -> Present:
    """What a reader sees who gives another score: rays called confluent or the reverse, or one pattern more."""
    seen = list(scene.present)
    if seen[_CONSOLIDATION] or seen[_EFFUSION]:
        # Small dense areas below fluid, and a little fluid beside dense lung, are what readers differ on.
        added = _EFFUSION if seen[_CONSOLIDATION] and not seen[_EFFUSION] else _CONSOLIDATION
        other = _CONSOLIDATION if added == _EFFUSION else _EFFUSION
        seen[added] = NO_FRAMES if seen[added] else _first_part(seen[other])
    elif seen[_CONFLUENT]:
        seen[_CONSOLIDATION] = _first_part(seen[_CONFLUENT])
    elif seen[_B]:
        # Both call most of it B-lines; the second calls a part of that confluent.
        part = _first_part(seen[_B]) if scene.n_frames > 1 else seen[_B]
        seen[_CONFLUENT] = part
        seen[_B] = seen[_B] - part if scene.n_frames > 1 else seen[_B]
    else:
        seen[_B] = _first_part(seen[_A])
    return tuple(seen)


def _first_part(frames: SpanSet) -> SpanSet:
    """About a third of the first interval, at least one frame."""
    span = frames.spans[0]
    return SpanSet.of(Span(span.start, span.start + max(1, len(span) // 3)))


def _row(planned: PlannedVideo, present: Present, reader: Reader) -> SheetRow:
    rng = np.random.default_rng((planned.scene.seed, 3, list(Reader).index(reader)))
    told = reader is Reader.SENIOR or rng.random() < _SLIDING_TOLD_SHARE
    return SheetRow(
        planned.key,
        present,
        n_frames=planned.scene.n_frames,
        sliding=planned.scene.slides if told else None,
        lus_score=score_of(present),
    )
