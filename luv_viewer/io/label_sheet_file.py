"""Labelling sheets as files (systems.md 1.1 to 1.3): every layout read, five of them written.

In CSV an interval is written `1_24`, which no spreadsheet program takes for a date; a CSV cell cannot be marked as
text, so a lone `57` comes back from a spreadsheet program as a number, which is read all the same. XLSX cells are text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_cell import BeyondEnd, is_blank, shown
from luv_viewer.domain.sheet_reading import (
    LeftOut,
    SheetLayout,
    SheetMessage,
    SheetReading,
    WrittenSheet,
)
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.frame_table import read_frame_table
from luv_viewer.io.left_out_list import intervals_beyond_end, left_out_path, write_left_out
from luv_viewer.io.sheet_columns import (
    ALIGN,
    COLUMNS,
    DATA_IDX,
    DATA_TYPE,
    FINAL,
    INDEX,
    LEADER,
    PATIENT_ID,
    PATIENT_NUMBER,
    PATTERNS,
    SCORE,
    SLIDING,
    STUDY_DATE,
    STUDY_ID,
    ZONE,
    Header,
    read_header,
    written_header,
)
from luv_viewer.io.sheet_row import RowReading, read_row
from luv_viewer.io.sheet_table import SheetTable, TableToWrite, check_suffix, read_table, write_table

_AS_TEXT = frozenset({PATIENT_ID, STUDY_DATE, ZONE, *PATTERNS, STUDY_ID, PATIENT_NUMBER})
_SILENTLY_MISSING = frozenset({INDEX, PATIENT_NUMBER, STUDY_ID})


def read_sheet(
    path: Path, *, lengths: Mapping[str, int] | None = None, beyond_end: BeyondEnd = "reject"
) -> SheetReading:
    """A sheet of any layout, or a frame table; rows with problems are left out and told.

    lengths: frames by study_id, where known: intervals that end later are problems, or clipped. Not used for frame
    tables, which hold their own. Raises LabelSheetError when the file is none or needed columns are missing.
    """
    path = Path(path)
    table = read_table(path)
    header = read_header(table.header.cells, path.name)
    if header.layout is SheetLayout.FRAME_TABLE:
        return read_frame_table(table, header, path.name)
    readings, n_blank = [], table.n_blank_rows
    for row in table.rows:
        if _is_numbered_blank(row.cells, header):
            n_blank += 1
        else:
            readings.append(read_row(row, table, header, path.name, lengths or {}, beyond_end))
    repeated = _repeated(readings, path.name)
    problems = [problem for reading in readings for problem in reading.problems] + list(repeated.values())
    warnings = [warning for reading in readings for warning in reading.warnings]
    rows = tuple(reading.row for reading in readings if reading.row is not None and reading.study_id not in repeated)
    about = _about_file(table, header, rows, lengths)
    notes = tuple(SheetMessage(path.name, sentence) for sentence in about)
    ordered = sorted(problems, key=lambda message: message.row or 0)
    return SheetReading(
        LabelSheet(path.name, rows), header.layout, (*notes, *warnings), tuple(ordered), n_blank_rows=n_blank
    )


def _is_numbered_blank(cells: Sequence[object], header: Header) -> bool:
    """True for a row that was numbered in advance and never filled in."""
    numbers = {header.columns.get(INDEX), header.columns.get(PATIENT_NUMBER), header.extra.get(INDEX)}
    return all(place in numbers or is_blank(cell) for place, cell in enumerate(cells))  # type: ignore[arg-type]


def _repeated(readings: Iterable[RowReading], file: str) -> dict[str, SheetMessage]:
    """A problem by study_id that stands in several rows, good or not: which of them is right cannot be known."""
    rows: dict[str, list[int]] = {}
    for reading in readings:
        if reading.study_id:
            rows.setdefault(reading.study_id, []).append(reading.number)
    return {
        study_id: SheetMessage(
            file,
            f"study_id {study_id} stands in rows {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}; none of them "
            "is read: keep one.",
            numbers[1],
        )
        for study_id, numbers in rows.items()
        if len(numbers) > 1
    }


def _about_file(
    table: SheetTable, header: Header, rows: Sequence[SheetRow], lengths: Mapping[str, int] | None
) -> list[str]:
    """What a person should know of the file as a whole."""
    about = list(table.notes)
    for column in header.missing:
        if column not in _SILENTLY_MISSING:
            about.append(f"it has no column {column}, which a {header.layout.value} has; it is read as empty.")
    for name, place in header.extra.items():
        if name != INDEX and any(len(row.cells) > place and not is_blank(row.cells[place]) for row in table.rows):
            about.append(f"the column {shown(name)} is unknown; it is kept as it is and not read.")
    if table.hidden:
        numbers = ", ".join(map(str, sorted(table.hidden)[:10])) + (", ..." if len(table.hidden) > 10 else "")
        noun, verb = ("row", "is") if len(table.hidden) == 1 else ("rows", "are")
        about.append(f"{noun} {numbers} {verb} hidden in the spreadsheet program and read all the same.")
    if not table.rows:
        about.append("it has no rows below its header.")
    unknown = [row for row in rows if lengths is not None and row.n_frames is None]
    if unknown:
        about.append(
            f"{len(unknown)} of {len(rows)} rows name a video of unknown length, such as {unknown[0].study_id}; where "
            "their intervals end is not checked."
        )
    return about


def write_sheet(path: Path, sheet: LabelSheet, layout: SheetLayout) -> WrittenSheet:
    """Replace `path`, CSV or XLSX by its ending, by the finalised videos of `sheet`, in their order.

    A blank cell says absent there, so a video stays out that is not finalised, is excluded, or has frames that nobody
    looked at, whatever its other state; so does one whose intervals end after its last frame. These are listed in
    `<name>_not_included.csv`, which is written first.
    layout: any of COLUMNS, else ValueError. Raises WriteError and LabelSheetError; an earlier sheet is then unchanged.
    """
    path = Path(path)
    if layout not in COLUMNS:
        raise ValueError(f"a {layout.value} cannot be written in a published layout")
    check_suffix(path)
    left_out = tuple(out for row in sheet.rows if (out := _left_out(row)) is not None)
    missing = {out.study_id for out in left_out}
    rows = [row for row in sheet.rows if row.study_id not in missing]
    listed = write_left_out(left_out_path(path), left_out)
    _write_rows(path, rows, layout)
    return WrittenSheet(path, layout, len(rows), left_out, listed)


def write_template(path: Path, keys: Iterable[SheetKey]) -> WrittenSheet:
    """Replace `path` by a blank labelling template with a row per key. Raises WriteError and LabelSheetError."""
    path = Path(path)
    check_suffix(path)
    sheet = LabelSheet(path.name, tuple(SheetRow(key) for key in keys))
    _write_rows(path, sheet.rows, SheetLayout.TEMPLATE)
    return WrittenSheet(path, SheetLayout.TEMPLATE, len(sheet.rows))


def _left_out(row: SheetRow) -> LeftOut | None:
    """Why a row cannot stand in a published sheet, None when it can."""
    unlooked = SpanSet.union(span for frames in row.unlooked for span in frames)
    reasons = []
    if row.exclusion:
        reasons.append(f"excluded: {row.exclusion}")
    if not row.finalised:
        reasons.append("not finalised")
    if unlooked:
        reasons.append("some frames were not looked at")
    if reason := intervals_beyond_end(row):
        reasons.append(reason)
    return LeftOut(row.study_id, row.video_id, "; ".join(reasons), unlooked) if reasons else None


def _write_rows(path: Path, rows: Sequence[SheetRow], layout: SheetLayout) -> None:
    columns = COLUMNS[layout]
    cells = sheet_cells(rows, layout)
    as_text = frozenset(place for place, column in enumerate(columns) if column in _AS_TEXT)
    write_table(path, TableToWrite(written_header(layout), cells, as_text))


def sheet_cells(rows: Sequence[SheetRow], layout: SheetLayout) -> Iterator[list[str | int | None]]:
    """What stands in the columns of a layout, row by row; None for an empty cell."""
    places = _patient_numbers(rows)
    for place, row in enumerate(rows):
        yield [_cell(row, column, place, places) for column in COLUMNS[layout]]


def _patient_numbers(rows: Iterable[SheetRow]) -> dict[str, int]:
    """Patients numbered from 1 in the order they come."""
    numbers: dict[str, int] = {}
    for row in rows:
        numbers.setdefault(row.key.patient_id, len(numbers) + 1)
    return numbers


def _cell(row: SheetRow, column: str, place: int, patient_numbers: Mapping[str, int]) -> str | int | None:
    """What stands in a column; None for an empty cell."""
    if column in PATTERNS:
        return row.present[PATTERNS.index(column)].label or None
    score = None if row.lus_score is None else (str(row.lus_score) if row.lus_score.letters else row.lus_score.grade)
    values: dict[str, str | int | None] = {
        INDEX: _number_or_text(row.extra.get(INDEX) or str(place)),
        PATIENT_NUMBER: row.extra.get(PATIENT_NUMBER) or str(patient_numbers[row.key.patient_id]),
        PATIENT_ID: row.key.patient_id,
        DATA_IDX: row.key.data_idx,
        STUDY_DATE: row.key.study_date or None,
        DATA_TYPE: row.key.data_type,
        ZONE: row.zone or None,
        SLIDING: None if row.sliding is None else int(row.sliding),
        SCORE: score,
        FINAL: score,
        LEADER: row.extra.get(LEADER) or None,
        ALIGN: None if row.score_aligned is None else int(row.score_aligned),
        STUDY_ID: row.study_id,
    }
    return values[column]


def _number_or_text(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() else text
