"""Made-up labelling sheets of the sizes of the published data sets (systems.md 1.4, 1.6); no patient is real."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.lus_score import LUS_SCORES, LusScore, derived_grade
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet

N_STILLS = 36
N_PATIENTS = 35
V1_LENGTHS = (152,) * 297 + (62,) * 43 + (39,)
ONLY_IN_V2_LENGTHS = (152,) * 4
TEMPORAL_LENGTHS = (152,) * 53 + (151, 151, 150)


def development_sheets(seed: int = 0) -> tuple[LabelSheet, LabelSheet]:
    """(version 1, version 2): two readers' labels joined by AND (341 videos) and by OR (345), and 36 stills in both.

    Version 1 lacks the four videos in which the readers' intervals have no common frame. Rows know their n_frames.
    """
    rng = np.random.default_rng(seed)
    lengths = [*V1_LENGTHS, *ONLY_IN_V2_LENGTHS, *(1,) * N_STILLS]
    apart = {len(V1_LENGTHS) + i for i in range(len(ONLY_IN_V2_LENGTHS))}
    keys = _keys(len(lengths), rng, stills=frozenset(range(len(lengths) - N_STILLS, len(lengths))))
    both: list[SheetRow] = []
    either: list[SheetRow] = []
    for i, (key, n_frames) in enumerate(zip(keys, lengths, strict=True)):
        first, second = _labels(rng, n_frames), _labels(rng, n_frames)
        if i in apart:
            first, second = _on_one_pattern(Span(0, 60)), _on_one_pattern(Span(80, 150))
        else:
            both.append(_row(key, n_frames, [a & b for a, b in zip(first, second, strict=True)], rng))
        either.append(_row(key, n_frames, [a | b for a, b in zip(first, second, strict=True)], rng))
    return _in_order("version1_v1.csv", both), _in_order("version2_v1.csv", either)


def development_sheet(version: Literal[1, 2], seed: int = 0) -> LabelSheet:
    """One of `development_sheets`."""
    return development_sheets(seed)[version - 1]


def temporal_sheet(seed: int = 0, name: str = "temporal_leader.xlsx") -> LabelSheet:
    """56 videos with 8,508 frames."""
    rng = np.random.default_rng(seed)
    keys = _keys(len(TEMPORAL_LENGTHS), rng)
    rows = [_row(key, n, _labels(rng, n), rng) for key, n in zip(keys, TEMPORAL_LENGTHS, strict=True)]
    return _in_order(name, rows)


def lengths_of(sheet: LabelSheet) -> dict[str, int]:
    """Frames by study_id."""
    return {row.study_id: row.n_frames for row in sheet.rows if row.n_frames is not None}


def _keys(count: int, rng: np.random.Generator, stills: frozenset[int] = frozenset()) -> list[SheetKey]:
    """Keys in which every patient's files are numbered from 2: number 1 is the screenshot of the patient's data."""
    patients = [f"{90000001 + number}" for number in range(N_PATIENTS)]
    patient_of = np.concatenate([np.arange(N_PATIENTS), rng.integers(0, N_PATIENTS, max(0, count - N_PATIENTS))])[
        :count
    ]
    rng.shuffle(patient_of)
    next_idx = dict.fromkeys(range(N_PATIENTS), 2)
    keys = []
    for i, patient in enumerate(map(int, patient_of)):
        kind = "image" if i in stills else "video"
        keys.append(SheetKey(patients[patient], next_idx[patient], f"2021{1 + patient % 12:02d}15", kind))
        next_idx[patient] += 1
    return keys


def _labels(rng: np.random.Generator, n_frames: int) -> list[SpanSet]:
    """Up to four intervals for one to three of the patterns."""
    labels = [SpanSet() for _ in TRACK_PATTERNS]
    for place in rng.choice(len(TRACK_PATTERNS), size=int(rng.integers(1, 4)), replace=False):
        starts = rng.integers(0, n_frames, int(rng.integers(1, 5)))
        labels[int(place)] = SpanSet.union(
            Span(int(start), int(min(n_frames, start + rng.integers(1, 60)))) for start in starts
        )
    return labels


def _on_one_pattern(span: Span) -> list[SpanSet]:
    return [SpanSet.of(span), *(SpanSet() for _ in TRACK_PATTERNS[1:])]


def _row(key: SheetKey, n_frames: int, present: Iterable[SpanSet], rng: np.random.Generator) -> SheetRow:
    frames = tuple(present)
    grade = derived_grade(p for p, found in zip(TRACK_PATTERNS, frames, strict=True) if found)
    score = LUS_SCORES[int(rng.integers(3, 6))] if grade == 3 else None if grade is None else LusScore(grade)
    sliding = (None, False, True)[int(rng.integers(0, 3))]
    return SheetRow(key, frames, n_frames=n_frames, sliding=sliding, lus_score=score)


def _in_order(name: str, rows: Iterable[SheetRow]) -> LabelSheet:
    """By patient and number, as the sheets are."""
    return LabelSheet(name, tuple(sorted(rows, key=lambda row: (row.key.patient_id, row.key.data_idx))))
