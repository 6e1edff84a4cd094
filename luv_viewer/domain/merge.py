"""Several readers' sheets into one: AND (version 1), OR (version 2), adjudicated, majority (systems.md 1.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import reduce
from operator import and_, or_
from typing import TypeVar

import numpy as np

from luv_viewer.domain.exclusion import Exclusion, excluded_for
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.row_pairing import labels_differ, last_frame, mismatch, scores_aligned, shares_no_frame
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet

_B = TRACK_PATTERNS.index(Pattern.B_LINE)
_CONFLUENT = TRACK_PATTERNS.index(Pattern.CONFLUENT_B_LINE)
_T = TypeVar("_T")


class MergeMode(Enum):
    """How several readers' frames become one label.

    AND: all say present. OR: at least one does. ADJUDICATED: AND where the LUS scores are aligned, else the leader's
    row. MAJORITY: at least k of n >= 3 say present. A frame that a reader has not looked at can still be either, so
    the result is present or absent only where that cannot change it, and not looked at otherwise.
    """

    AND = "and"
    OR = "or"
    ADJUDICATED = "adjudicated"
    MAJORITY = "majority"


@dataclass(frozen=True)
class RowMerge:
    """What became of the rows of one study_id.

    row: the merged row, None where there is none, and then `reason` says why. empty_intersection: patterns that all
    readers label without one common frame, so that AND loses them. label_conflicts: patterns that some label and
    others, who looked at every frame, do not. jaccard: per TRACK_PATTERNS, frames that all mark / frames that any
    marks, of those all looked at; None without any. score_aligned: None where it cannot be told. of_leader: the frames
    are the leader's.
    """

    study_id: str
    row: SheetRow | None
    reason: str = ""
    empty_intersection: tuple[Pattern, ...] = ()
    label_conflicts: tuple[Pattern, ...] = ()
    jaccard: tuple[float | None, ...] = (None,) * len(TRACK_PATTERNS)
    score_aligned: bool | None = None
    of_leader: bool = False


@dataclass(frozen=True)
class Merged:
    """sheet: the merged rows. report: one per study_id of any sheet, in order, whether merged or not."""

    sheet: LabelSheet
    report: tuple[RowMerge, ...]
    mode: MergeMode

    @property
    def excluded(self) -> tuple[RowMerge, ...]:
        """What is not in the sheet, each with its reason."""
        return tuple(entry for entry in self.report if entry.row is None)

    @property
    def exclusion_candidates(self) -> tuple[Exclusion, ...]:
        """Merged rows that systems.md 1.4 leaves out, and this does not: a label that all readers gave is lost for want
        of a common frame, or a still lost a label that not all gave."""
        reasons = [(entry.study_id, _lost(entry)) for entry in self.report]
        return tuple(Exclusion(study_id, reason, self.mode.value) for study_id, reason in reasons if reason)


def merge_rows(
    a: SheetRow, b: SheetRow, mode: MergeMode, *, leader: SheetRow | None = None, union_b_first: bool = False
) -> RowMerge:
    """Two readers' rows of one study_id as one, by AND, OR or ADJUDICATED.

    leader: the third reader's row. Lung sliding and LUS score: kept where equal, else the leader's, else blank. Zone
    and other columns: kept where those that say anything agree, else blank.
    union_b_first: each reader's B-line and confluent B-line are united before the merge and go to the B-line track;
    the confluent track is then empty (stated nowhere, so it says nothing of confluence).
    Raises ValueError for rows of different study_id and for MAJORITY, which needs three readers.

    >>> from luv_viewer.domain.reader_file import SheetKey
    >>> from luv_viewer.domain.span import Span
    >>> spans = (Span.from_label("15_32"), Span.from_label("24_33"))
    >>> rows = [SheetRow(SheetKey("0012", 2), (SpanSet.of(span), *(NO_FRAMES,) * 4)) for span in spans]
    >>> [merge_rows(*rows, mode).row.present[0].label for mode in (MergeMode.AND, MergeMode.OR)]
    ['24_32', '15_33']
    """
    if mode is MergeMode.MAJORITY:
        raise ValueError("a majority needs at least three readers; merge their sheets with merge_sheets")
    if len({row.study_id for row in (a, b, leader) if row is not None}) > 1:
        raise ValueError(f"rows {a.study_id} and {b.study_id} are not of the same video")
    return _Rule(mode, 1 if mode is MergeMode.OR else 2, union_b_first).merged((a, b), leader)


def merge_sheets(
    sheets: Sequence[LabelSheet],
    mode: MergeMode,
    *,
    leader: LabelSheet | None = None,
    k: int | None = None,
    union_b_first: bool = False,
    exclusions: Iterable[Exclusion] = (),
) -> Merged:
    """All rows, paired by study_id; otherwise as `merge_rows`, for two readers or more (ADJUDICATED: two).

    k: for MAJORITY, how many must say present; more than half when not given. Not merged, and named in the report: rows
    that a sheet lacks, rows of different pictures, rows that a reader or an exclusion of this mode excludes, and in
    ADJUDICATED rows without a leader's word where it is needed.
    Raises ValueError for sheets of equal name, and a number of sheets, or a k, that does not suit the mode.
    """
    rule = _Rule(mode, _needed(mode, len(sheets), k), union_b_first)
    names = [sheet.name for sheet in sheets]
    if len(set(names)) != len(names):
        raise ValueError(f"the sheets to merge must have different names, got {', '.join(names)}")
    by_sheet = [sheet.by_study_id() for sheet in sheets]
    leaders = leader.by_study_id() if leader is not None else {}
    out = excluded_for(exclusions, mode.value)
    report = []
    for study_id in dict.fromkeys(study_id for rows in by_sheet for study_id in rows):
        led = leaders.get(study_id)
        found = [rows.get(study_id) for rows in by_sheet]
        reason = _why_not(dict(zip(names, found, strict=True)), led) or out.get(study_id, "")
        rows = tuple(row for row in found if row is not None)
        report.append(RowMerge(study_id, None, reason) if reason else rule.merged(rows, led))
    name = f"{mode.value} of {', '.join(names)}"
    merged = tuple(entry.row for entry in report if entry.row is not None)
    return Merged(LabelSheet(name, merged), tuple(report), mode)


def _needed(mode: MergeMode, n: int, k: int | None) -> int:
    least = 3 if mode is MergeMode.MAJORITY else 2
    if n < least or (mode is MergeMode.ADJUDICATED and n != 2):
        exactly = "exactly" if mode is MergeMode.ADJUDICATED else "at least"
        raise ValueError(f"merging by {mode.value} needs {exactly} {least} sheets, got {n}")
    if mode is not MergeMode.MAJORITY:
        if k is not None:
            raise ValueError(f"only a majority has a number of readers, merging by {mode.value} has none")
        return 1 if mode is MergeMode.OR else n
    needed = n // 2 + 1 if k is None else k
    if not n < 2 * needed <= 2 * n:
        raise ValueError(f"a majority of {n} readers is {n // 2 + 1} to {n}, got {needed}")
    return needed


def _why_not(found: Mapping[str, SheetRow | None], leader: SheetRow | None) -> str:
    lacking = [name for name, row in found.items() if row is None]
    if lacking:
        return f"only in {' and '.join(n for n in found if n not in lacking)}, not in {' and '.join(lacking)}"
    stated = [*found.items(), ("the leader", leader)]
    return "; ".join(
        f"excluded by {name}: {row.exclusion}" for name, row in stated if row is not None and row.exclusion
    )


@dataclass(frozen=True)
class _Rule:
    """needed: readers who must say present."""

    mode: MergeMode
    needed: int
    union_b_first: bool

    def merged(self, rows: Sequence[SheetRow], leader: SheetRow | None) -> RowMerge:
        """Of rows that speak of the same pictures; others give a reason and no row."""
        different = mismatch(rows if leader is None else [*rows, leader])
        study_id = rows[0].study_id
        if different:
            return RowMerge(study_id, None, f"the rows do not fit together: {different}")
        if self.union_b_first:
            rows, leader = tuple(map(b_united, rows)), None if leader is None else b_united(leader)
        aligned = scores_aligned(rows)
        flags = RowMerge(
            study_id,
            None,
            empty_intersection=tuple(p for p in TRACK_PATTERNS if shares_no_frame(rows, p)),
            label_conflicts=tuple(p for p in TRACK_PATTERNS if labels_differ(rows, p)),
            jaccard=tuple(_jaccard(rows, p) for p in TRACK_PATTERNS),
            score_aligned=aligned,
        )
        of_leader = self.mode is MergeMode.ADJUDICATED and not aligned
        if of_leader and leader is None:
            scores = " and ".join("none" if row.lus_score is None else str(row.lus_score) for row in rows)
            return replace(flags, reason=f"the LUS scores are not aligned ({scores}) and no leader decided")
        row = _joined(rows, leader)
        if of_leader and leader is not None:
            row = replace(row, present=leader.present, unlooked=leader.unlooked, finalised=leader.finalised)
        else:
            states = [_frames(rows, pattern, self.needed) for pattern in TRACK_PATTERNS]
            present, unlooked = zip(*states, strict=True)
            row = replace(row, present=present, unlooked=unlooked)
        return replace(flags, row=row, of_leader=of_leader)


def _frames(rows: Sequence[SheetRow], pattern: Pattern, needed: int) -> tuple[SpanSet, SpanSet]:
    """(present, unlooked): present where enough say so, unlooked where those who did not look could make it enough."""
    n = last_frame(rows)
    said = np.sum([row.frames(pattern).mask(n) for row in rows], axis=0)
    possible = said + np.sum([row.unlooked_frames(pattern).mask(n) for row in rows], axis=0)
    return SpanSet.from_mask(said >= needed), SpanSet.from_mask((said < needed) & (possible >= needed))


def _joined(rows: Sequence[SheetRow], leader: SheetRow | None) -> SheetRow:
    """What is not frames; frames are left empty."""
    columns = dict.fromkeys(column for row in rows for column in row.extra)
    return SheetRow(
        key=replace(rows[0].key, study_date=_said([row.key.study_date for row in rows])),
        n_frames=next((row.n_frames for row in rows if row.n_frames is not None), None),
        video_id=_said([row.video_id for row in rows]),
        zone=_said([row.zone for row in rows]),
        sliding=_equal([row.sliding for row in rows], None if leader is None else leader.sliding),
        lus_score=_equal([row.lus_score for row in rows], None if leader is None else leader.lus_score),
        score_aligned=scores_aligned(rows),
        finalised=all(row.finalised for row in rows),
        exclusion="; ".join(dict.fromkeys(row.exclusion for row in rows if row.exclusion)),
        extra={column: _said([row.extra.get(column, "") for row in rows]) for column in columns},
    )


def _said(values: Sequence[str]) -> str:
    """What those that say anything agree on, else blank."""
    said = {value for value in values if value}
    return said.pop() if len(said) == 1 else ""


def _equal(values: Sequence[_T | None], leaders: _T | None) -> _T | None:
    """What all say, else the leader's; one who says nothing does not agree."""
    return values[0] if all(value == values[0] for value in values) else leaders


def b_united(row: SheetRow) -> SheetRow:
    """With confluent B-lines as B-lines: absent only where both are."""
    present, unlooked = list(row.present), list(row.unlooked)
    present[_B] = row.present[_B] | row.present[_CONFLUENT]
    unlooked[_B] = (row.unlooked[_B] | row.unlooked[_CONFLUENT]) - present[_B]
    present[_CONFLUENT] = unlooked[_CONFLUENT] = NO_FRAMES
    return replace(row, present=tuple(present), unlooked=tuple(unlooked))


def _jaccard(rows: Sequence[SheetRow], pattern: Pattern) -> float | None:
    unlooked = reduce(or_, (row.unlooked_frames(pattern) for row in rows))
    frames = [row.frames(pattern) - unlooked for row in rows]
    anybody = len(reduce(or_, frames))
    return len(reduce(and_, frames)) / anybody if anybody else None


def _lost(entry: RowMerge) -> str:
    """Which labels a merge lost in a way that speaks against using the row; "" for none."""
    row = entry.row
    if row is None:
        return ""
    apart = [pattern for pattern in entry.empty_intersection if not row.frames(pattern)]
    differing = [pattern for pattern in entry.label_conflicts if row.is_still and not row.frames(pattern)]
    reasons = [f"no common frame: {_names(apart)}"] if apart else []
    reasons += [f"the readers label this still differently: {_names(differing)}"] if differing else []
    return "; ".join(reasons)


def _names(patterns: Iterable[Pattern]) -> str:
    return ", ".join(pattern.value for pattern in patterns)
