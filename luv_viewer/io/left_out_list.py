"""`<name>_not_included.csv`: the videos that a written sheet does not hold, beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.sheet_reading import LeftOut
from luv_viewer.io.sheet_table import TableToWrite, write_table

_HEADER = ("study_id", "video_id", "reason", "frames not looked at")


def intervals_beyond_end(row: SheetRow) -> str:
    """Why a row cannot be right, for people: intervals after the last frame. "" when all is well or nobody can tell."""
    n_frames = 1 if row.is_still else row.n_frames
    last = max(frames.stop for frames in (*row.present, *row.unlooked))
    return "" if n_frames is None or last <= n_frames else f"its intervals end after frame {n_frames}, the last"


def left_out_path(sheet_path: Path) -> Path:
    """Where the list of a sheet stands.

    >>> left_out_path(Path("out/kim.xlsx")).as_posix()
    'out/kim_not_included.csv'
    """
    return sheet_path.with_name(f"{sheet_path.stem}_not_included.csv")


def write_left_out(path: Path, left_out: Sequence[LeftOut]) -> Path | None:
    """Replace `path`; None when nothing was left out. Raises WriteError.

    A list of an earlier sheet becomes an empty one, so that it never speaks of videos which are in the new sheet.
    """
    if left_out or path.exists():
        rows = [(out.study_id, out.video_id, out.reason, out.unlooked.label) for out in left_out]
        write_table(path, TableToWrite(_HEADER, rows))
    return path if left_out else None
