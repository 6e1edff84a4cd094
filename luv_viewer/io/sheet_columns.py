"""The columns of the labelling sheets (systems.md 1.1): their headers, aliases, and which layout a header is of."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.sheet_cell import CellValue, shown
from luv_viewer.domain.sheet_field import cell_text
from luv_viewer.domain.sheet_reading import LabelSheetError, SheetLayout

INDEX = "index"
"""What the unnamed first column of the merged sheets is called in SheetRow.extra."""
PATIENT_NUMBER = "Patient number"
PATIENT_ID, DATA_IDX, STUDY_DATE, DATA_TYPE = "PatientID", "Data_idx", "StudyDate", "Data_type"
ZONE, SLIDING, SCORE, ALIGN, STUDY_ID = (
    "Point Zone",
    "Lung sliding",
    "Lung Ultrasound Score",
    "LUS score align",
    "study_id",
)
LEADER, FINAL = "Lung Ultrasound Score Leader", "Lung Ultrasound Score Final"
FILENAME = "filename"
FRAME, PATTERN, STATE = "frame", "pattern", "state"
PATTERNS = tuple(pattern.value for pattern in TRACK_PATTERNS)

OF_A_VIDEO = (
    *("reader", STUDY_ID, PATIENT_ID, DATA_IDX, STUDY_DATE, DATA_TYPE, "video_id", "n_frames"),
    *(ZONE, SLIDING, SCORE, "exclusion", "finalised"),
)
"""Columns of the frame table that are the same in all rows of a video."""
FRAME_TABLE = (*OF_A_VIDEO, FRAME, PATTERN, STATE)
"""Columns of the frame table."""

_KEY = (PATIENT_ID, DATA_IDX, STUDY_DATE, DATA_TYPE)
COLUMNS: Mapping[SheetLayout, tuple[str, ...]] = {
    SheetLayout.TEMPLATE: (*_KEY, ZONE, *PATTERNS, SLIDING, SCORE),
    SheetLayout.DEVELOPMENT: (*_KEY, ZONE, *PATTERNS, SLIDING, SCORE, ALIGN, STUDY_ID),
    SheetLayout.MERGED: (INDEX, *_KEY, *PATTERNS, SLIDING, SCORE, STUDY_ID),
    SheetLayout.LEADER: (PATIENT_NUMBER, *_KEY, ZONE, *PATTERNS, SLIDING, LEADER, FINAL),
    SheetLayout.READER: (PATIENT_NUMBER, *_KEY, ZONE, *PATTERNS, SLIDING, SCORE, ALIGN),
}
"""The layouts that can be written, by column."""

_EXTERNAL = {
    "a": Pattern.A_LINE.value,
    "b": Pattern.B_LINE.value,
    "effusion": Pattern.PLEURAL_EFFUSION.value,
    "consolidation": Pattern.CONSOLIDATION.value,
}
_KNOWN = {
    name.casefold(): name
    for name in (PATIENT_NUMBER, *_KEY, ZONE, *PATTERNS, SLIDING, SCORE, LEADER, FINAL, ALIGN, STUDY_ID, FILENAME)
}
_REQUIRED = (PATIENT_ID, DATA_IDX, DATA_TYPE, *PATTERNS)


def written_header(layout: SheetLayout) -> tuple[str, ...]:
    """The header as it stands in the published files, with their misspelling, line break and unnamed column."""
    published = {INDEX: ""}
    if layout is SheetLayout.TEMPLATE:
        published[SCORE] = "Lung Ultrasoung Score"
    if layout is SheetLayout.LEADER:
        published[PATIENT_NUMBER] = "Patient \nnumber"
    return tuple(published.get(name, name) for name in COLUMNS[layout])


@dataclass(frozen=True)
class Header:
    """What the columns of a table are.

    columns: place of every known column. extra: place of the others by their header. missing: columns of the layout
    that the table does not have, all of which it can be read without.
    """

    layout: SheetLayout
    columns: Mapping[str, int]
    extra: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def cell(self, cells: Sequence[CellValue], column: str) -> CellValue:
        """The cell of a known column, None where the table has no such column."""
        place = self.columns.get(column)
        return None if place is None else cells[place]


def canonical(header: CellValue) -> str:
    """The known name of a header, else its text with every run of spaces and line breaks as one space.

    >>> canonical("Patient \\nnumber"), canonical(" b-LINE "), canonical("lung ultrasoung score"), canonical("Remark ")
    ('Patient number', 'B-line', 'Lung Ultrasound Score', 'Remark')
    """
    text = " ".join(cell_text(header).replace("\ufeff", "").split())
    folded = text.casefold().replace("lung ultrasoung score", "lung ultrasound score")
    # pandas gives a column without a header this name when it reads one and writes it back.
    return "" if re.fullmatch(r"unnamed: \d+", folded) else _KNOWN.get(folded, text)


def known_columns(cells: Sequence[CellValue]) -> int:
    """How many cells of a row are headers that are known."""
    return sum(_is_known(canonical(cell)) for cell in cells)


def is_header(cells: Sequence[CellValue]) -> bool:
    """True for a row that names at least three columns; no row of data does."""
    return known_columns(cells) >= 3


def read_header(cells: Sequence[CellValue], file: str) -> Header:
    """What the columns are. Raises LabelSheetError when one that is needed is missing or stands twice."""
    names = [canonical(cell) for cell in cells]
    if len({FRAME, PATTERN, STATE} & {name.casefold() for name in names}) > 1:
        return _frame_table(names, file)
    external = FILENAME in names
    if external:
        names = [_EXTERNAL.get(name.casefold(), name) for name in names]
    _check_unique(names, file)
    columns = {name: place for place, name in enumerate(names) if name in _KNOWN.values()}
    needed = (FILENAME, *_EXTERNAL.values()) if external else _REQUIRED
    _check_complete(columns, needed, names, file)
    extra = _extra(names)
    if external:
        return Header(SheetLayout.EXTERNAL, columns, extra)
    layout = _layout(columns, bool(names) and not names[0])
    if INDEX in extra and layout is SheetLayout.MERGED:
        columns[INDEX] = extra.pop(INDEX)
    missing = tuple(name for name in COLUMNS[layout] if name not in columns)
    return Header(layout, columns, extra, missing)


def _layout(columns: Mapping[str, int], has_index: bool) -> SheetLayout:
    if LEADER in columns or FINAL in columns:
        return SheetLayout.LEADER
    if PATIENT_NUMBER in columns:
        return SheetLayout.READER
    if STUDY_ID in columns or ALIGN in columns:
        is_merged = ALIGN not in columns and (has_index or ZONE not in columns)
        return SheetLayout.MERGED if is_merged else SheetLayout.DEVELOPMENT
    return SheetLayout.TEMPLATE


def _frame_table(names: list[str], file: str) -> Header:
    own = {name.casefold(): name for name in FRAME_TABLE}
    names = [own.get(name.casefold(), name) for name in names]
    _check_unique(names, file)
    columns = {name: place for place, name in enumerate(names) if name in FRAME_TABLE}
    _check_complete(columns, FRAME_TABLE, names, file)
    return Header(SheetLayout.FRAME_TABLE, columns)


def _extra(names: Sequence[str]) -> dict[str, int]:
    """Places of unknown columns; one without a header is called by its place, but for the first, the index."""
    extra: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in _KNOWN.values():
            continue
        heading = name or (INDEX if place == 0 else f"column {place + 1}")
        number, unique = 1, heading
        while unique in extra:
            number += 1
            unique = f"{heading} ({number})"
        extra[unique] = place
    return extra


def _is_known(name: str) -> bool:
    return name in _KNOWN.values() or name in FRAME_TABLE or name.casefold() in _EXTERNAL


def _check_unique(names: Sequence[str], file: str) -> None:
    for name in names:
        places = [place + 1 for place, other in enumerate(names) if other == name]
        if len(places) > 1 and (name in _KNOWN.values() or name in FRAME_TABLE):
            raise LabelSheetError(
                f"{file}: the column {name} stands twice, as columns {places[0]} and {places[1]}; keep one of them."
            )


def _check_complete(columns: Mapping[str, int], needed: Sequence[str], names: Sequence[str], file: str) -> None:
    missing = [name for name in needed if name not in columns]
    if not missing:
        return
    unknown = [name for name in names if name and name not in columns]
    near = difflib.get_close_matches(missing[0], unknown, n=1)
    hint = f" (is it {shown(near[0])}?)" if near else ""
    noun = "column" if len(missing) == 1 else "columns"
    is_pattern = any(name in PATTERNS for name in missing)
    reason = "an absent column would count as an absent pattern" if is_pattern else "every row needs it"
    raise LabelSheetError(
        f"{file} has no {noun} {', '.join(missing)}{hint}; add what is missing to the header: {reason}."
    )
