"""The tidy frame table: one CSV row per video, frame and pattern with its state, finalised or not."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.annotation import FrameState
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_cell import shown
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
from luv_viewer.domain.sheet_reading import (
    LabelSheetError,
    LeftOut,
    SheetLayout,
    SheetMessage,
    SheetReading,
    WrittenSheet,
)
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.left_out_list import intervals_beyond_end, left_out_path, write_left_out
from luv_viewer.io.sheet_columns import (
    DATA_IDX,
    DATA_TYPE,
    FRAME,
    FRAME_TABLE,
    OF_A_VIDEO,
    PATIENT_ID,
    PATTERN,
    PATTERNS,
    SCORE,
    SLIDING,
    STATE,
    STUDY_DATE,
    STUDY_ID,
    ZONE,
    Header,
)
from luv_viewer.io.sheet_table import SheetTable, TableRow
from luv_viewer.io.whole_file import write_whole

_STATES = {state.value: code for code, state in enumerate(FrameState)}
_CODE = {state: code for code, state in enumerate(FrameState)}
_UNSTATED = -1
_MAX_FRAMES = 1_000_000


def write_frame_table(path: Path, sheet: LabelSheet) -> WrittenSheet:
    """Replace `path` (CSV) by a row per video, frame (from 1) and pattern, all videos, finalised or not.

    The columns are FRAME_TABLE; SheetRow.extra and score_aligned are not kept. A video whose number of frames is
    unknown, or too small for its intervals, is left out and listed beside. Raises WriteError and LabelSheetError.
    """
    path = Path(path)
    if path.suffix.casefold() != ".csv":
        raise LabelSheetError(f"{path.name} is no name for a frame table; choose one that ends in .csv.")
    left_out = tuple(out for row in sheet.rows if (out := _left_out(row)) is not None)
    missing = {out.study_id for out in left_out}
    parts = [",".join(FRAME_TABLE)]
    rows = [row for row in sheet.rows if row.study_id not in missing]
    for row in rows:
        parts += _lines(sheet.name, row)
    data = ("\n".join(parts) + "\n").encode("utf-8")
    listed = write_left_out(left_out_path(path), left_out)
    write_whole(path, data)
    return WrittenSheet(path, SheetLayout.FRAME_TABLE, len(rows), left_out, listed)


def _left_out(row: SheetRow) -> LeftOut | None:
    unlooked = SpanSet.union(span for frames in row.unlooked for span in frames)
    reason = "its number of frames is unknown" if row.n_frames is None else intervals_beyond_end(row)
    return LeftOut(row.study_id, row.video_id, reason, unlooked) if reason else None


def _lines(reader: str, row: SheetRow) -> list[str]:
    constants = {
        "reader": reader,
        STUDY_ID: row.study_id,
        PATIENT_ID: row.key.patient_id,
        DATA_IDX: row.key.data_idx,
        STUDY_DATE: row.key.study_date,
        DATA_TYPE: row.key.data_type,
        "video_id": row.video_id,
        "n_frames": row.n_frames,
        ZONE: row.zone,
        SLIDING: "" if row.sliding is None else int(row.sliding),
        SCORE: row.lus_score or "",
        "exclusion": row.exclusion,
        "finalised": int(row.finalised),
    }
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="").writerow([constants[column] for column in OF_A_VIDEO])
    prefix = stream.getvalue()
    n_frames = row.n_frames or 0
    names = np.array([state.value for state in FrameState])
    lines = []
    for pattern, present, unlooked in zip(TRACK_PATTERNS, row.present, row.unlooked, strict=True):
        codes = np.full(n_frames, _CODE[FrameState.ABSENT])
        codes[unlooked.mask(n_frames)] = _CODE[FrameState.NOT_LOOKED_AT]
        codes[present.mask(n_frames)] = _CODE[FrameState.PRESENT]
        states = names[codes].tolist()
        lines += [f"{prefix},{frame},{pattern.value},{state}" for frame, state in enumerate(states, start=1)]
    return lines


@dataclass(eq=False)
class _Video:
    """A video while its rows are read. codes: (patterns, frames), _UNSTATED where no row came yet."""

    first_row: int
    constants: tuple[Any, ...]
    row: SheetRow
    reader: str
    codes: NDArray[np.int8]


class _FrameTableReader:
    """Puts the rows of a frame table together; of a video with problems only the first is told."""

    def __init__(self, header: Header, file: str) -> None:
        self._file = file
        self._constants = itemgetter(*(header.columns[column] for column in OF_A_VIDEO))
        self._stated = itemgetter(header.columns[FRAME], header.columns[PATTERN], header.columns[STATE])
        self.videos: dict[str, _Video] = {}
        self.problems: dict[str, SheetMessage] = {}

    def add(self, row: TableRow, study_id: str) -> None:
        """Take in one row. Problems are kept by study_id."""
        if study_id in self.problems:
            return
        try:
            constants = self._constants(row.cells)
            video = self.videos.get(study_id)
            if video is None:
                video = self.videos[study_id] = _new_video(row.number, constants)
            elif video.constants != constants:
                self._refuse_change(video, constants)
            _take(video, *self._stated(row.cells))
        except _ColumnError as error:
            self.problems[study_id] = SheetMessage(self._file, str(error), row.number, error.column)

    @staticmethod
    def _refuse_change(video: _Video, constants: tuple[Any, ...]) -> None:
        for column, before, now in zip(OF_A_VIDEO, video.constants, constants, strict=True):
            if before != now:
                raise _ColumnError(
                    column,
                    f"found {shown(cell_text(now))}, but row {video.first_row} of the same video has "
                    f"{shown(cell_text(before))}; make them agree.",
                )


class _ColumnError(Exception):
    """A problem in a column; str(error) is the sentence."""

    def __init__(self, column: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column


def read_frame_table(table: SheetTable, header: Header, file: str) -> SheetReading:
    """The inverse of write_frame_table. A frame and pattern without a row counts as not looked at, with a warning."""
    reader = _FrameTableReader(header, file)
    place, width = header.columns[STUDY_ID], len(table.header.cells)
    cut: list[SheetMessage] = []
    names: dict[Any, str] = {}
    for row in table.rows:
        if len(row.cells) != width:
            cut.append(
                SheetMessage(file, f"found {len(row.cells)} cells, expected {width}; the file is damaged.", row.number)
            )
            continue
        raw = row.cells[place]
        if raw not in names:
            names[raw] = cell_text(raw)
        reader.add(row, names[raw])
    good = [video for study_id, video in reader.videos.items() if study_id not in reader.problems]
    warnings = [SheetMessage(file, sentence) for sentence in table.notes]
    for video in good:
        n_unstated = int(np.count_nonzero(video.codes == _UNSTATED))
        if n_unstated:
            sentence = (
                f"{video.row.study_id} lacks {n_unstated} of its {video.codes.size} rows; they count as not looked at."
            )
            warnings.append(SheetMessage(file, sentence, video.first_row))
    readers = list(dict.fromkeys(video.reader for video in good))
    if len(readers) > 1:
        raise LabelSheetError(
            f"{file} holds the labels of several readers ({', '.join(readers)}); make one file of each."
        )
    sheet = LabelSheet(readers[0] if readers else file, tuple(_with_frames(video) for video in good))
    problems = sorted([*cut, *reader.problems.values()], key=lambda message: message.row or 0)
    return SheetReading(sheet, SheetLayout.FRAME_TABLE, tuple(warnings), tuple(problems), table.n_blank_rows)


def _new_video(number: int, constants: Sequence[Any]) -> _Video:
    cells = dict(zip(OF_A_VIDEO, constants, strict=True))

    def field(column: str, read: Any) -> Any:
        try:
            return read(cells[column])
        except FieldError as error:
            raise _ColumnError(column, str(error)) from error

    key = SheetKey(
        field(PATIENT_ID, patient_id),
        field(DATA_IDX, data_idx),
        field(STUDY_DATE, study_date),
        field(DATA_TYPE, data_type),
    )
    stated = cell_text(cells[STUDY_ID])
    if stated != key.study_id:
        raise _ColumnError(STUDY_ID, f"found {shown(stated)}, but PatientID and Data_idx make '{key.study_id}'.")
    n_frames = _whole(cells["n_frames"])
    if n_frames is None or not 1 <= n_frames <= _MAX_FRAMES:
        raise _ColumnError("n_frames", f"found {shown(cell_text(cells['n_frames']))}; expected the number of frames.")
    row = SheetRow(
        key,
        n_frames=n_frames,
        video_id=cell_text(cells["video_id"]),
        zone=cell_text(cells[ZONE]),
        sliding=field(SLIDING, mark),
        lus_score=field(SCORE, lus_score),
        finalised=bool(field("finalised", mark)),
        exclusion=cell_text(cells["exclusion"]),
    )
    codes = np.full((len(TRACK_PATTERNS), n_frames), _UNSTATED, np.int8)
    return _Video(number, tuple(constants), row, cell_text(cells["reader"]), codes)


def _take(video: _Video, frame: Any, pattern: Any, state: Any) -> None:
    """Note the state of one frame and pattern. Raises _ColumnError."""
    number, n_frames = _whole(frame), video.codes.shape[1]
    if number is None or not 1 <= number <= n_frames:
        raise _ColumnError(FRAME, f"found {shown(cell_text(frame))}; expected a frame from 1 to {n_frames}.")
    if pattern not in PATTERNS:
        raise _ColumnError(PATTERN, f"found {shown(cell_text(pattern))}; expected one of {', '.join(PATTERNS)}.")
    if state not in _STATES:
        raise _ColumnError(STATE, f"found {shown(cell_text(state))}; expected one of {', '.join(_STATES)}.")
    place = PATTERNS.index(pattern)
    if video.codes[place, number - 1] != _UNSTATED:
        raise _ColumnError(FRAME, f"{pattern} of frame {number} stands twice; delete one of the rows.")
    video.codes[place, number - 1] = _STATES[state]


def _whole(value: Any) -> int | None:
    text = value if isinstance(value, str) else cell_text(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _with_frames(video: _Video) -> SheetRow:
    unlooked = (video.codes == _UNSTATED) | (video.codes == _CODE[FrameState.NOT_LOOKED_AT])
    row = video.row
    return SheetRow(
        row.key,
        present=tuple(SpanSet.from_mask(codes == _CODE[FrameState.PRESENT]) for codes in video.codes),
        unlooked=tuple(SpanSet.from_mask(mask) for mask in unlooked),
        n_frames=row.n_frames,
        video_id=row.video_id,
        zone=row.zone,
        sliding=row.sliding,
        lus_score=row.lus_score,
        finalised=row.finalised,
        exclusion=row.exclusion,
    )
