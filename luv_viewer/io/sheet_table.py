"""CSV and XLSX files as tables of raw cells, and back. What the cells mean is no matter of this module."""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from luv_viewer.domain.sheet_cell import CellValue, is_blank
from luv_viewer.domain.sheet_reading import LabelSheetError
from luv_viewer.io.sheet_columns import is_header, known_columns
from luv_viewer.io.whole_file import write_whole

_MAX_BYTES = 1 << 30
# What zipfile and openpyxl raise for files that are cut off or were changed at random.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, ParseError, EOFError),
    *(LookupError, ValueError, TypeError, AttributeError, RuntimeError, OverflowError, OSError),
)


@dataclass(frozen=True)
class TableRow:
    """number: as the spreadsheet program counts, from 1. cells: as many as the file has."""

    number: int
    cells: tuple[CellValue, ...]


@dataclass(frozen=True)
class SheetTable:
    """A table with its header. rows: those below it that are not blank.

    hidden: numbers of rows that the spreadsheet program does not show. covered: (row number, place from 0) of cells
    that lie under a merged one, so that nothing is known of them. notes: what a person should know of the file.
    """

    header: TableRow
    rows: tuple[TableRow, ...]
    n_blank_rows: int = 0
    hidden: frozenset[int] = frozenset()
    covered: frozenset[tuple[int, int]] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TableToWrite:
    """header and rows of equal length; None is an empty cell. as_text: places whose cells stay text in XLSX."""

    header: Sequence[str]
    rows: Iterable[Sequence[str | int | None]]
    as_text: frozenset[int] = field(default_factory=frozenset)


def read_table(path: Path) -> SheetTable:
    """The first table of `path` whose header names known columns. Raises LabelSheetError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise LabelSheetError(f"{path} does not exist; choose another file.") from None
    except OSError as error:
        raise LabelSheetError(f"{path} cannot be read: {error.strerror or error}; choose another file.") from error
    if not data.strip():
        raise LabelSheetError(f"{path.name} is empty; expected a labelling sheet (CSV or XLSX).")
    if data.startswith(b"PK"):
        return _read_xlsx(data, path.name)
    if data.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise LabelSheetError(
                f"{path.name} is protected by a password; take the password off in the spreadsheet program and save it."
            )
        raise LabelSheetError(f"{path.name} is an old Excel file (.xls); save it as .xlsx or CSV and open that.")
    return _read_csv(data, path.name)


def _read_csv(data: bytes, name: str) -> SheetTable:
    text, notes = _decoded(data, name)
    text, given = _without_sep_line(text)
    delimiters = (given,) if given else (",", ";", "\t")
    best = max(delimiters, key=lambda delimiter: _columns_with(text, delimiter))
    best_records = _records(text, best, name)
    rows = [TableRow(number, tuple(record)) for number, record in enumerate(best_records, start=1)]
    table = _table(rows, notes)
    if table is None:
        raise _no_header(name, "")
    return table


def _decoded(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data[1:200:2].count(0) > 40:
        encoding = "utf-16-le"
    elif b"\0" in data:
        raise _no_spreadsheet(name)
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError:
        if encoding != "utf-8-sig":
            raise _no_spreadsheet(name) from None
    note = "the file is not UTF-8 and is read as Western European text (cp1252); check names and remarks."
    return data.decode("cp1252", errors="replace"), (note,)


def _without_sep_line(text: str) -> tuple[str, str]:
    """The text without the `sep=;` line that spreadsheet programs read and do not show, and its delimiter."""
    found = re.match(r"sep=([,;\t|])\r?\n", text, re.IGNORECASE)
    return (text[found.end() :], found.group(1)) if found else (text, "")


def _columns_with(text: str, delimiter: str) -> int:
    """How many known columns the header has if this is the delimiter."""
    known = 0
    with contextlib.suppress(csv.Error):
        for record in islice(_reader(text, delimiter), 20):
            known = max(known, known_columns(record))
    return known


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _records(text: str, delimiter: str, name: str) -> list[list[str]]:
    records: list[list[str]] = []
    try:
        records.extend(_reader(text, delimiter))
    except csv.Error as error:
        raise LabelSheetError(
            f"{name}, row {len(records) + 1}: a quotation mark is not closed or stands inside a cell ({error}); "
            "correct it, as everything after it would be read wrongly."
        ) from error
    return records


def _read_xlsx(data: bytes, name: str) -> SheetTable:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.namelist()
            if sum(member.file_size for member in archive.infolist()) > _MAX_BYTES:
                raise LabelSheetError(f"{name} unpacks to more than 1 GB, which is no labelling sheet.")
            kind = archive.read("mimetype") if "mimetype" in members else b""
        if b"opendocument" in kind:
            raise LabelSheetError(f"{name} is an OpenDocument file (.ods); save it as .xlsx or CSV and open that.")
        if "[Content_Types].xml" not in members or not any(member.startswith("xl/") for member in members):
            raise _no_spreadsheet(name)
        return _first_table(_loaded(data, values=True), _loaded(data, values=False), name)
    except _DAMAGED as error:
        raise LabelSheetError(
            f"{name} is damaged and cannot be read ({type(error).__name__}); take it from its source again."
        ) from error


def _loaded(data: bytes, *, values: bool) -> openpyxl.Workbook:
    with warnings.catch_warnings():
        # openpyxl warns of what it does not keep (validation, print areas); nothing is written back.
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(io.BytesIO(data), data_only=values)


def _first_table(values: openpyxl.Workbook, formulas: openpyxl.Workbook, name: str) -> SheetTable:
    tables = []
    for sheet in sorted(values.worksheets, key=lambda sheet: sheet.sheet_state != "visible"):
        notes = () if len(values.worksheets) == 1 else (f"the worksheet '{sheet.title}' is read, no other.",)
        table = _table(_xlsx_rows(sheet, formulas[sheet.title]), notes)
        if table is not None:
            tables.append((sheet, table))
    if not tables:
        names = ", ".join(f"'{sheet.title}'" for sheet in values.worksheets)
        raise _no_header(name, f" in its worksheets {names}")
    sheet, table = tables[0]
    hidden = frozenset(row.number for row in table.rows if sheet.row_dimensions[row.number].hidden)
    covered = frozenset(
        (row, column - 1)
        for merged in sheet.merged_cells.ranges
        for row in range(merged.min_row, merged.max_row + 1)
        for column in range(merged.min_col, merged.max_col + 1)
        if (row, column) != (merged.min_row, merged.min_col)
    )
    return SheetTable(table.header, table.rows, table.n_blank_rows, hidden, covered, table.notes)


def _xlsx_rows(values: Worksheet, formulas: Worksheet) -> list[TableRow]:
    # The cells that exist; asking for rows would make the missing ones, a million rows of them after a stray cell.
    cells = {place: _raw(cell, formulas._cells.get(place)) for place, cell in values._cells.items()}
    filled = {place: value for place, value in cells.items() if not is_blank(value)}
    if not filled:
        return []
    width = max(column for _, column in filled)
    by_row: dict[int, list[CellValue]] = {}
    for (row, column), value in filled.items():
        by_row.setdefault(row, [None] * width)[column - 1] = value
    last = max(row for row, _ in cells)
    rows = [TableRow(number, tuple(by_row[number])) for number in sorted(by_row)]
    return rows if last in by_row else [*rows, TableRow(last, ())]


def _raw(cell: object, formula: object) -> CellValue:
    value = getattr(cell, "value", None)
    if value is None and getattr(formula, "data_type", "") == "f":
        held = getattr(formula, "value", None)
        return f"{getattr(held, 'text', held)}"
    if isinstance(value, int) and not isinstance(value, bool) and re.fullmatch("0{2,}", _number_format(cell)):
        # A PatientID kept as a number with a format that shows its leading zeros.
        return str(value).zfill(len(_number_format(cell)))
    return value if isinstance(value, CellValue) else str(value)


def _number_format(cell: object) -> str:
    return cell.number_format if isinstance(cell, Cell) else ""


def _table(rows: Sequence[TableRow], notes: tuple[str, ...]) -> SheetTable | None:
    """The table whose header is among the first twenty rows, None when there is none."""
    place = next((i for i, row in enumerate(rows[:20]) if is_header(row.cells)), None)
    if place is None:
        return None
    header, below = rows[place], rows[place + 1 :]
    filled = tuple(row for row in below if not all(is_blank(cell) for cell in row.cells))
    last = below[-1].number if below else header.number
    return SheetTable(header, filled, last - header.number - len(filled), notes=notes)


def _no_header(name: str, where: str) -> LabelSheetError:
    return LabelSheetError(
        f"{name}: no row{where} is the header of a labelling sheet; expected columns such as PatientID, Data_idx, "
        "Data_type, A-line and B-line."
    )


def _no_spreadsheet(name: str) -> LabelSheetError:
    return LabelSheetError(f"{name} is not a spreadsheet; expected a labelling sheet as CSV or XLSX.")


def check_suffix(path: Path) -> None:
    """Raises LabelSheetError unless the name ends in .csv or .xlsx."""
    if path.suffix.casefold() not in (".csv", ".xlsx"):
        raise LabelSheetError(f"{path.name} is no name for a sheet; choose one that ends in .csv or .xlsx.")


def write_table(path: Path, table: TableToWrite) -> None:
    """Replace `path`, CSV (UTF-8) or XLSX by its ending. Raises WriteError, and LabelSheetError for another ending."""
    check_suffix(path)
    write_whole(path, _xlsx_bytes(table) if path.suffix.casefold() == ".xlsx" else _csv_bytes(table))


def _csv_bytes(table: TableToWrite) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.header)
    writer.writerows(table.rows)
    return stream.getvalue().encode("utf-8")


def _xlsx_bytes(table: TableToWrite) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)  # a new workbook has one; for the type checker
    sheet.title = "labels"
    for place, heading in enumerate(table.header):
        column = get_column_letter(place + 1)
        sheet.column_dimensions[column].width = 26 if place in table.as_text else max(10, len(heading) + 2)
        if place in table.as_text:
            # The whole column: what is typed into an empty cell, or below the table, must stay text too.
            sheet.column_dimensions[column].number_format = "@"
        cell = sheet.cell(1, place + 1, heading or None)
        cell.font = Font(bold=True)
    for number, cells in enumerate(table.rows, start=2):
        for place, value in enumerate(cells):
            if value is None and place not in table.as_text:
                continue
            written = sheet.cell(number, place + 1, value if isinstance(value, int) else None)
            if isinstance(value, str):
                written.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                written.data_type = "s"
            if place in table.as_text:
                written.number_format = "@"
    sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
