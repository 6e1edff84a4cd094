"""One row of a labelling sheet: raw cells to a SheetRow, with a message for all that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from luv_viewer.domain.label_sheet import NOTHING, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_cell import BeyondEnd, parse_cell, shown
from luv_viewer.domain.sheet_field import (
    FieldError,
    cell_text,
    data_idx,
    data_type,
    lus_score,
    mark,
    patient_id,
    study_date,
)
from luv_viewer.domain.sheet_reading import SheetLayout, SheetMessage
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.sheet_columns import (
    ALIGN,
    DATA_IDX,
    DATA_TYPE,
    FILENAME,
    FINAL,
    INDEX,
    LEADER,
    PATIENT_ID,
    PATIENT_NUMBER,
    SCORE,
    SLIDING,
    STUDY_DATE,
    STUDY_ID,
    ZONE,
    Header,
)
from luv_viewer.io.sheet_table import SheetTable, TableRow

_T = TypeVar("_T")
_STILL = SpanSet.of(Span(0, 1))
_IMAGE_NAME = re.compile(r"(?:.*[/\\])?([^/\\]+)[/\\](\d{1,4})_(\d{1,5})\.(?:png|jpe?g|bmp|tiff?)", re.IGNORECASE)


@dataclass(frozen=True)
class RowReading:
    """row: None when there are problems. study_id: "" where it cannot be told."""

    number: int
    study_id: str
    row: SheetRow | None
    warnings: tuple[SheetMessage, ...]
    problems: tuple[SheetMessage, ...]


def read_row(
    row: TableRow, table: SheetTable, header: Header, file: str, lengths: Mapping[str, int], beyond_end: BeyondEnd
) -> RowReading:
    """A row of layouts a to f. lengths: frames by study_id, where known."""
    return _RowReader(row, table, header, file).read(lengths, beyond_end)


class _RowReader:
    def __init__(self, row: TableRow, table: SheetTable, header: Header, file: str) -> None:
        self._row, self._table, self._header, self._file = row, table, header, file
        self._warnings: list[SheetMessage] = []
        self._problems: list[SheetMessage] = []

    def read(self, lengths: Mapping[str, int], beyond_end: BeyondEnd) -> RowReading:
        expected, found = len(self._table.header.cells), len(self._row.cells)
        study_id, row = "", None
        if expected != found:
            self._problem("", _width_sentence(expected, found))
        elif self._header.layout is SheetLayout.EXTERNAL:
            row = self._external()
        else:
            key = self._key()
            if key is not None:
                row = self._published(key, lengths, beyond_end)
        if row is not None:
            study_id = row.study_id
        good = None if self._problems else row
        return RowReading(self._row.number, study_id, good, tuple(self._warnings), tuple(self._problems))

    def _published(self, key: SheetKey, lengths: Mapping[str, int], beyond_end: BeyondEnd) -> SheetRow:
        n_frames = lengths.get(key.study_id)
        is_still = key.data_type == "image"
        if is_still and n_frames not in (None, 1):
            self._problem(
                DATA_TYPE, f"found image, but {key.study_id} is a video of {n_frames} frames; correct the cell."
            )
        n_frames = 1 if is_still else n_frames
        present = tuple(self._frames(pattern, n_frames, is_still, beyond_end) for pattern in TRACK_PATTERNS)
        scored = FINAL if self._header.layout is SheetLayout.LEADER else SCORE
        return SheetRow(
            key,
            present,
            n_frames=n_frames,
            zone=cell_text(self._header.cell(self._row.cells, ZONE)),
            sliding=self._field(SLIDING, mark),
            lus_score=self._field(scored, lus_score),
            score_aligned=self._field(ALIGN, mark),
            extra=self._extra(scored),
        )

    def _frames(self, pattern: Pattern, n_frames: int | None, is_still: bool, beyond_end: BeyondEnd) -> SpanSet:
        column = pattern.value
        if self._is_covered(column):
            return SpanSet()
        value = self._header.cell(self._row.cells, column)
        reading = parse_cell(value, n_frames=n_frames, still=is_still, beyond_end=beyond_end)
        for sentence in reading.warnings:
            self._warn(column, sentence)
        for sentence in reading.problems:
            self._problem(column, sentence)
        return reading.frames

    def _key(self) -> SheetKey | None:
        patient = self._field(PATIENT_ID, patient_id)
        index = self._field(DATA_IDX, data_idx)
        day = self._field(STUDY_DATE, study_date)
        kind = self._field(DATA_TYPE, data_type)
        if patient is None or index is None:
            return None
        # With a wrong Data_type the pattern cells are still read, as a video's, so that their problems are told too.
        return self._as_stated(SheetKey(patient, index, day or "", kind or "video"))

    def _as_stated(self, key: SheetKey) -> SheetKey:
        """The key, with the leading zeros of the study_id column where PatientID has lost them."""
        stated = cell_text(self._header.cell(self._row.cells, STUDY_ID))
        patient, _, index = stated.rpartition("_")
        same_index = index.isdecimal() and int(index) == key.data_idx
        if not stated or (same_index and patient == key.patient_id):
            return key
        if same_index and patient.isdecimal() and patient.lstrip("0") == key.patient_id.lstrip("0"):
            longer = max(patient, key.patient_id, key=len)
            if longer != key.patient_id:
                self._warn(PATIENT_ID, f"found {shown(key.patient_id)}; study_id says {longer}, which is used.")
            return replace(key, patient_id=longer)
        self._problem(
            STUDY_ID, f"found {shown(stated)}, but PatientID and Data_idx make '{key.study_id}'; correct one of them."
        )
        return key

    def _extra(self, scored: str) -> dict[str, str]:
        kept = {name: cell_text(self._row.cells[place]) for name, place in self._header.extra.items()}
        for column in (INDEX, PATIENT_NUMBER):
            kept[column] = kept.get(column) or cell_text(self._header.cell(self._row.cells, column))
        for column in {SCORE, LEADER} - {scored}:
            score = self._field(column, lus_score)
            kept[column] = "" if score is None else str(score)
        return {name: text for name, text in kept.items() if text}

    def _external(self) -> SheetRow | None:
        name = cell_text(self._header.cell(self._row.cells, FILENAME))
        found = _IMAGE_NAME.fullmatch(name)
        if found is None:
            self._problem(
                FILENAME, f"found {shown(name)}; expected patient/x_y.png with two numbers, such as 12/3_57.png."
            )
            return None
        # The two numbers as one: the same file has the same study_id in every sheet, whatever the order of its rows.
        key = SheetKey(found.group(1), int(found.group(2)) * 100_000 + int(found.group(3)), "", "image")
        present, unlooked = list(NOTHING), list(NOTHING)
        for place, pattern in enumerate(TRACK_PATTERNS):
            n_problems = len(self._problems)
            stated = self._field(pattern.value, mark)
            if len(self._problems) > n_problems:
                continue
            if stated:
                present[place] = _STILL
            elif stated is None:
                unlooked[place] = _STILL
                if pattern.value in self._header.columns:
                    self._warn(pattern.value, "the cell is empty; it is read as not looked at, since absent is 0 here.")
        extra = {column: cell_text(self._row.cells[place]) for column, place in self._header.extra.items()}
        extra = {column: text for column, text in extra.items() if text}
        return SheetRow(key, tuple(present), tuple(unlooked), 1, video_id=name, extra=extra)

    def _field(self, column: str, read: Callable[..., _T | None]) -> _T | None:
        """What `read` makes of the cell; None for a column that is not there, and for a problem."""
        if column not in self._header.columns or self._is_covered(column):
            return None
        try:
            return read(self._header.cell(self._row.cells, column))
        except FieldError as error:
            self._problem(column, str(error))
            return None

    def _is_covered(self, column: str) -> bool:
        covered = (self._row.number, self._header.columns.get(column, -1)) in self._table.covered
        if covered:
            self._problem(
                column, "the cell is merged with another; take the merge apart and write what it means in each."
            )
        return covered

    def _warn(self, column: str, sentence: str) -> None:
        self._warnings.append(SheetMessage(self._file, sentence, self._row.number, column))

    def _problem(self, column: str, sentence: str) -> None:
        self._problems.append(SheetMessage(self._file, sentence, self._row.number, column))


def _width_sentence(expected: int, found: int) -> str:
    if found > expected:
        return (
            f"found {found} cells, but the header has {expected}; a list of intervals with commas must stand in "
            'quotation marks, as in "1_24, 44_100".'
        )
    return f"found {found} cells, but the header has {expected}; the row or the file is cut off: complete it."
