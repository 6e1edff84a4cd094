"""The table that stands beside a merged sheet: what became of every row, and how far the readers agree."""

from __future__ import annotations

from luv_viewer.domain.merge import Merged, RowMerge
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.io.sheet_table import TableToWrite


def report_table(merged: Merged) -> TableToWrite:
    """A row per study_id of any sheet: what became of it, and how far the readers agree."""
    header = ["study_id", "merged", "reason", "no common frame", "label conflict", "LUS score align", "of leader"]
    header += [f"{pattern.value} Jaccard" for pattern in TRACK_PATTERNS]
    return TableToWrite(header, [_report_row(entry) for entry in merged.report])


def _report_row(entry: RowMerge) -> list[str | int | None]:
    return [
        entry.study_id,
        int(entry.row is not None),
        entry.reason,
        ", ".join(pattern.value for pattern in entry.empty_intersection),
        ", ".join(pattern.value for pattern in entry.label_conflicts),
        None if entry.score_aligned is None else int(entry.score_aligned),
        int(entry.of_leader),
        *("" if value is None else f"{value:.6f}" for value in entry.jaccard),
    ]
