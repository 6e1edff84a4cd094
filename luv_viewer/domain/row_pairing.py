"""Rows of two or more sheets side by side: which belong together, and whether they speak of the same pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import Pattern


@dataclass(frozen=True)
class Pairing:
    """both: rows of the two sheets with equal study_id, in the order of the first. only_a, only_b: the others' ids."""

    both: tuple[tuple[SheetRow, SheetRow], ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def pair_rows(a: LabelSheet, b: LabelSheet) -> Pairing:
    """Rows paired by study_id; none is left out."""
    rows_b = b.by_study_id()
    ids_a = {row.study_id for row in a.rows}
    return Pairing(
        both=tuple((row, rows_b[row.study_id]) for row in a.rows if row.study_id in rows_b),
        only_a=tuple(row.study_id for row in a.rows if row.study_id not in rows_b),
        only_b=tuple(row.study_id for row in b.rows if row.study_id not in ids_a),
    )


def mismatch(rows: Sequence[SheetRow], lengths: Mapping[str, int] | None = None) -> str:
    """Why rows of one study_id cannot be of the same pictures, as words; "" when nothing speaks against it.

    What a sheet does not say (number of frames, video_id) contradicts nothing. lengths: frames by study_id, from
    elsewhere.

    >>> from luv_viewer.domain.reader_file import SheetKey
    >>> key = SheetKey("0012", 2)
    >>> mismatch([SheetRow(key, n_frames=152), SheetRow(key), SheetRow(key, n_frames=150)])
    'they are of 150 and 152 frames'
    """
    kinds = sorted({row.key.data_type for row in rows})
    if len(kinds) > 1:
        return f"the sheets call it {' and '.join(kinds)}"
    if len({row.video_id for row in rows if row.video_id}) > 1:
        return "their video_id differs, so they are of different files"
    counts = known_lengths(rows, lengths)
    if len(counts) > 1:
        return f"they are of {' and '.join(map(str, counts))} frames"
    last = last_frame(rows)
    return f"frame {last} is labelled, but there are only {counts[0]}" if counts and last > counts[0] else ""


def known_lengths(rows: Sequence[SheetRow], lengths: Mapping[str, int] | None = None) -> list[int]:
    """The different numbers of frames that are stated for rows of one study_id, sorted; a still has 1."""
    stated = {row.n_frames for row in rows} | {1 for row in rows if row.is_still}
    stated.add((lengths or {}).get(rows[0].study_id))
    return sorted(n for n in stated if n is not None)


def last_frame(rows: Sequence[SheetRow]) -> int:
    """Number (from 1) of the last frame that any row says anything of; 0 for none."""
    return max((frames.stop for row in rows for frames in (*row.present, *row.unlooked)), default=0)


def scores_aligned(rows: Sequence[SheetRow]) -> bool | None:
    """`LUS score align`: whether all readers' scores are the same text in normal form (`3_c` and `3_ce` are not).

    Where a score is missing: what the sheets themselves say, if they agree on it; else None.
    """
    scores = [row.lus_score for row in rows]
    if all(score is not None for score in scores):
        return len(set(map(str, scores))) == 1
    said = {row.score_aligned for row in rows if row.score_aligned is not None}
    return said.pop() if len(said) == 1 else None


def shares_no_frame(rows: Sequence[SheetRow], pattern: Pattern) -> bool:
    """An empty intersection: all rows have the pattern, but no frame in common."""
    frames = [row.frames(pattern) for row in rows]
    return all(frames) and not reduce(and_, frames)


def labels_differ(rows: Sequence[SheetRow], pattern: Pattern) -> bool:
    """A label-set conflict: some rows have the pattern, and one has not, whose reader looked at every frame."""
    without = [row for row in rows if not row.frames(pattern)]
    return len(without) < len(rows) and any(not row.unlooked_frames(pattern) for row in without)
