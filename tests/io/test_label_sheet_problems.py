"""The table of wrong input: every line of golden/label_sheet_problems.csv gives exactly the message it holds."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime, time
from pathlib import Path

import openpyxl
import pytest

from luv_viewer.domain.sheet_reading import LabelSheetError
from luv_viewer.io.label_sheet_file import read_sheet
from luv_viewer.io.sheet_columns import FRAME_TABLE

GOLDEN = Path(__file__).parent.parent / "golden" / "label_sheet_problems.csv"
HEADER = (
    *("PatientID", "Data_idx", "StudyDate", "Data_type", "Point Zone", "A-line", "B-line", "Confluent B-line"),
    *("Consolidation", "Pleural effusion", "Lung sliding", "Lung Ultrasound Score", "LUS score align", "study_id"),
)
VIDEO = {"PatientID": "90000001", "Data_idx": "2", "StudyDate": "20210115", "Data_type": "video"}
LENGTHS = {"90000001_2": 152, "90000001_3": 152}
Cells = dict[str, object]


def csv_bytes(lines: Iterable[Iterable[object]]) -> bytes:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(lines)
    return stream.getvalue().encode()


def csv_sheet(cells: Cells) -> bytes:
    return csv_bytes([HEADER, [{**VIDEO, **cells}.get(column, "") for column in HEADER]])


def book_bytes(book: openpyxl.Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def book(*rows: Cells) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.active.append(HEADER)
    for cells in rows or ({},):
        made.active.append([{**VIDEO, **cells}.get(column) for column in HEADER])
    return made


def typed(text: str) -> object:
    """`date 2026-01-24`, `time 01:24`, `number 1.5`, `true`, `formula =B7+1` as a spreadsheet program keeps them."""
    kind, _, value = text.partition(" ")
    kinds: dict[str, Callable[[str], object]] = {
        "date": datetime.fromisoformat,
        "time": time.fromisoformat,
        "number": float,
        "true": lambda _: True,
        "formula": str,
    }
    return kinds[kind](value)


def zip_bytes(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def merged_book() -> bytes:
    made = book({"B-line": "1_24"}, {"Data_idx": "3"})
    made.active.merge_cells("G2:G3")
    return book_bytes(made)


def book_with_hidden_row() -> bytes:
    made = book({}, {"Data_idx": "3"})
    made.active.row_dimensions[3].hidden = True
    return book_bytes(made)


def book_with_two_worksheets() -> bytes:
    made = book()
    made.create_sheet("notes", 0).append(["nothing", "of", "interest"])
    return book_bytes(made)


def book_without_header() -> bytes:
    made = openpyxl.Workbook()
    made.active.title = "summary"
    made.create_sheet("notes")
    return book_bytes(made)


def book_with_padded_number() -> bytes:
    made = book({"PatientID": 12})
    made.active["A2"].number_format = "00000000"
    return book_bytes(made)


def repeated_rows() -> bytes:
    rows = [{}, {"Data_idx": "3"}, {}, {"B-line": "0"}]
    lines = [[{**VIDEO, **cells}.get(column, "") for column in HEADER] for cells in rows]
    return csv_bytes([HEADER, *lines])


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
FILES: dict[str, Callable[[], bytes]] = {
    "nothing in it": lambda: b"",
    "only blank lines": lambda: b"\n\n  \n",
    "a picture": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a letter": lambda: b"Dear colleague,\n\nplease find the labels below.\n",
    "an old Excel file": lambda: OLE,
    "a file with a password": lambda: OLE + "EncryptedPackage".encode("utf-16-le"),
    "an OpenDocument file": lambda: zip_bytes(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
    "a zip of something else": lambda: zip_bytes(hello=b"world"),
    "an XLSX cut off in the middle": lambda: book_bytes(book())[:3000],
    "an XLSX without a header": book_without_header,
    "merged cells": merged_book,
    "a hidden row": book_with_hidden_row,
    "a second worksheet": book_with_two_worksheets,
    "a PatientID that only looks padded": book_with_padded_number,
    "rows that repeat": repeated_rows,
    "a remark that is not UTF-8": lambda: csv_sheet({"Point Zone": "Rücken"}).decode().encode("cp1252"),
    "no rows": lambda: csv_bytes([HEADER]),
    "a video that is not open": lambda: csv_sheet({"Data_idx": "77"}),
    "zero bytes": lambda: csv_sheet({}) + b"\0\0\0",
}


def frame_lines() -> list[dict[str, object]]:
    """Two frames of a video, all patterns."""
    video = {"reader": "kim", "study_id": "90000001_2", "n_frames": 2, "finalised": 1, **VIDEO}
    patterns = HEADER[5:10]
    return [{**video, "frame": f, "pattern": p, "state": "absent"} for p in patterns for f in (1, 2)]


def frame_table(change: str) -> bytes:
    """`frame 3`: the last row has another cell in that column. `row -`: it is missing. `column state -`: as that."""
    column, _, value = change.partition(" = ")
    lines, columns = frame_lines(), list(FRAME_TABLE)
    if column == "row":
        lines = lines[:-1] if value == "missing" else [*lines, lines[0]]
    elif value == "no such column":
        columns.remove(column)
    elif column == "all n_frames":
        lines = [{**line, "n_frames": value} for line in lines]
    elif column == "another reader":
        lines += [{**line, "reader": value, "Data_idx": 3, "study_id": "90000001_3"} for line in lines]
    else:
        lines[-1][column] = value
    return csv_bytes([columns, *([line.get(name, "") for name in columns] for line in lines)])


def bytes_of(kind: str, given: str) -> tuple[str, bytes]:
    """(file name, content) of a line of the table."""
    if kind == "header":
        known = {**VIDEO, "Remark": "look again"}
        return "kim.csv", given.encode() + b"\n" + csv_bytes([[known.get(name, "") for name in given.split(",")]])
    if kind == "row":
        return "kim.csv", csv_bytes([HEADER]) + given.encode()
    if kind == "row of an external sheet":
        return "kim.csv", b"filename,A,B,Effusion,Consolidation\n" + given.encode()
    if kind == "file":
        data = FILES[given]()
        return ("kim.xlsx" if data.startswith((b"PK", OLE[:8])) else "kim.csv"), data
    if kind == "frame table":
        return "kim_frames.csv", frame_table(given)
    if kind.endswith(" in XLSX"):
        return "kim.xlsx", book_bytes(book({kind.removesuffix(" in XLSX"): typed(given)}))
    if kind.endswith(" of a still"):
        key = {"Data_idx": "5", "Data_type": "image"}
        return "kim.csv", csv_sheet({**key, kind.removesuffix(" of a still"): given})
    return "kim.csv", csv_sheet({kind: given})


def outcomes(kind: str, given: str, folder: Path) -> list[tuple[str, str]]:
    """What a person is told: (error, problem or warning; message)."""
    name, data = bytes_of(kind, given)
    path = folder / name
    path.write_bytes(data)
    try:
        reading = read_sheet(path, lengths=None if kind in ("header", "row of an external sheet") else LENGTHS)
    except LabelSheetError as error:
        return [("error", str(error))]
    return [("problem", str(m)) for m in reading.problems] + [("warning", str(m)) for m in reading.warnings]


def table() -> list[tuple[str, str, list[tuple[str, str]]]]:
    lines: dict[tuple[str, str], list[tuple[str, str]]] = {}
    with GOLDEN.open(encoding="utf-8", newline="") as stream:
        for line in csv.DictReader(stream):
            lines.setdefault((line["kind"], line["given"]), []).append((line["outcome"], line["message"]))
    return [(kind, given, expected) for (kind, given), expected in lines.items()]


@pytest.mark.parametrize(("kind", "given", "expected"), table(), ids=lambda value: str(value)[:30])
def test_wrong_input_gives_exactly_the_message_of_the_table(
    kind: str, given: str, expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    assert outcomes(kind, given, tmp_path) == expected


def test_the_table_is_long_enough_and_every_file_of_it_is_used() -> None:
    lines = table()
    assert len(lines) >= 100
    assert {given for kind, given, _ in lines if kind == "file"} == set(FILES)


def test_a_file_that_does_not_exist_and_a_folder_are_told_apart_from_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(LabelSheetError, match=r"kim\.csv does not exist; choose another file\.$"):
        read_sheet(tmp_path / "kim.csv")
    with pytest.raises(LabelSheetError, match=r"cannot be read: Is a directory; choose another file\.$"):
        read_sheet(tmp_path)
