"""The sheets of a cohort as files, in every layout and with every way readers write (systems.md 1.1 to 1.3)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.merge import MergeMode, merge_sheets
from luv_viewer.domain.sheet_cell import CellValue
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.io.exclusion_file import write_exclusions
from luv_viewer.io.label_sheet_file import write_sheet, write_template
from luv_viewer.io.sheet_columns import INDEX, LEADER, PATTERNS, SCORE
from luv_viewer.io.sheet_table import TableToWrite, read_table, write_table
from luv_viewer.io.whole_file import make_folder, write_whole
from training.phantom.cohort import Cohort
from training.phantom.readers import reader_sheets, senior_sheet

_TEMPORAL_ROWS = 366
_INDEX_GAP = 11


def write_sheets(folder: Path, cohort: Cohort) -> None:
    """All sheets below `folder`, and beside them `lengths.csv` and `exclusions.csv`.

    Raises WriteError, LabelSheetError.
    """
    sheets = folder / "sheets"
    make_folder(sheets)
    _write_lengths(folder / "lengths.csv", cohort)
    write_exclusions(folder / "exclusions.csv", cohort.exclusions)
    first, second = reader_sheets(cohort.development)
    write_template(sheets / "template.csv", (planned.key for planned in cohort.development))
    for sheet, suffix in ((first, ".xlsx"), (second, ".csv"), (senior_sheet(cohort.development), ".csv")):
        path = sheets / f"{sheet.name}{suffix}"
        write_sheet(path, sheet, SheetLayout.DEVELOPMENT)
        _rewrite_as_typed(path, cohort.seed)
    for mode, name in ((MergeMode.AND, "version1_v1.csv"), (MergeMode.OR, "version2_v1.csv")):
        merged = merge_sheets((first, second), mode, exclusions=cohort.exclusions).sheet
        write_sheet(sheets / name, _with_index(merged, first), SheetLayout.MERGED)
    _write_temporal(sheets, cohort)


def _write_temporal(sheets: Path, cohort: Cohort) -> None:
    """The senior's sheet ends in many rows that were numbered and never filled in."""
    first, second = reader_sheets(cohort.temporal)
    senior = senior_sheet(cohort.temporal)
    # The leader's column is the senior's first score, the final one what all agreed on: here the same.
    led = tuple(
        replace(row, extra={LEADER: "" if row.lus_score is None else str(row.lus_score)}) for row in senior.rows
    )
    leader_path = sheets / "temporal_senior.xlsx"
    write_sheet(leader_path, LabelSheet(senior.name, led), SheetLayout.LEADER)
    _rewrite_as_typed(leader_path, cohort.seed, n_rows=_TEMPORAL_ROWS)
    for sheet in (first, second):
        path = sheets / f"temporal_{sheet.name}.xlsx"
        write_sheet(path, sheet, SheetLayout.READER)
        _rewrite_as_typed(path, cohort.seed)


def _write_lengths(path: Path, cohort: Cohort) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("study_id", "n_frames"))
    writer.writerows(cohort.lengths.items())
    write_whole(path, text.getvalue().encode())


def _with_index(merged: LabelSheet, original: LabelSheet) -> LabelSheet:
    """Rows keep their number in the sheet they came from, where rows had been removed already: it has gaps."""
    places = {row.study_id: place + place // _INDEX_GAP for place, row in enumerate(original.rows)}
    rows: tuple[SheetRow, ...] = tuple(
        replace(row, extra={**row.extra, INDEX: str(places[row.study_id])}) for row in merged.rows
    )
    return LabelSheet(merged.name, rows)


def _rewrite_as_typed(path: Path, seed: int, n_rows: int = 0) -> None:
    """The same labels as different hands type them, and blank rows at the end, n_rows in all."""
    table = read_table(path)
    header = ["" if cell is None else str(cell) for cell in table.header.cells]
    rng = np.random.default_rng((seed, 4))
    patterns = [place for place, name in enumerate(header) if name in PATTERNS]
    scores = [place for place, name in enumerate(header) if name == SCORE]
    rows = []
    for row in table.rows:
        cells = [_plain(cell) for cell in row.cells] + [None] * (len(header) - len(row.cells))
        for place in patterns:
            cells[place] = _typed(rng, str(cells[place] or ""))
        for place in scores:
            if isinstance(cells[place], str) and rng.random() < 0.3:
                cells[place] = str(cells[place]).replace("_", "")
        rows.append(cells)
    blank: Sequence[str | int | None] = [None] * len(header)
    rows += [list(blank) for _ in range(max(2, n_rows - len(rows)))]
    # A column that is no text turns a lone frame into a number, which is meant here.
    text = frozenset(place for place, name in enumerate(header) if "ID" in name or name == "StudyDate")
    write_table(path, TableToWrite(header, rows, text))


def _plain(cell: CellValue) -> str | int | None:
    if cell is None or isinstance(cell, str | int):
        return cell
    return str(cell)


def _typed(rng: np.random.Generator, text: str) -> str | int | None:
    """A cell's intervals in one of the ways people write them; all mean the same."""
    if not text:
        return "   " if rng.random() < 0.05 else None
    if text.isdecimal():
        return (int(text), text, f"{text}.0")[int(rng.integers(3))]
    ways = (
        text.replace("_", "-"),
        text.replace(", ", ","),
        text.replace("_", " _ "),
        text.replace("_", "\u2013"),
        text.replace("_", "~"),
        f" {text} ",
        ", ".join(reversed(text.split(", "))),
        _split(text, overlap=0),
        _split(text, overlap=1),
    )
    # Most cells are written the plain way.
    return text if rng.random() < 0.5 else ways[int(rng.integers(len(ways)))]


def _split(text: str, overlap: int) -> str:
    """The first interval as two that touch or overlap by a frame: 1_24 as 1_12, 13_24 or 1_12, 12_24."""
    first, *rest = text.split(", ")
    start, _, stop = first.partition("_")
    if not stop or int(stop) - int(start) < 2:
        return text
    middle = (int(start) + int(stop)) // 2
    return ", ".join((f"{start}_{middle}", f"{middle + 1 - overlap}_{stop}", *rest))
