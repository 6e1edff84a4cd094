"""Whatever holds a reader's labels, as one LabelSheet: sheets, frame tables, reader files, other tools' files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Literal

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow, sheet_of
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.sheet_cell import BeyondEnd
from luv_viewer.domain.sheet_reading import LabelSheetError, SheetLayout
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.bridges import BridgedVideo, BridgeError, read_intervals
from luv_viewer.io.bridges.bridge_file import KINDS
from luv_viewer.io.label_sheet_file import read_sheet
from luv_viewer.io.reader_file import open_reader_file

READER_FILE_SUFFIX = ".luv"
_TABLE_SUFFIXES = (".csv", ".xlsx", ".xlsm", ".tsv")
_NAMED_BY_ROW = re.compile(r"(.+)_0*([0-9]{1,7})")


Unlabelled = Literal["unseen", "absent"]
"""What frames without a label are in files that hold labels only: not looked at, or looked at and absent."""

_TAKEN_AS: dict[Unlabelled, str] = {
    "unseen": "frames without a label count as not looked at, so no video is finalised",
    "absent": "frames without a label are taken as looked at and absent",
}


class SheetInputError(AnalysisError):
    """A file holds no labels that can be read; str(error) is one plain sentence."""


class InputKind(Enum):
    """What a file turned out to be; the value is what a sentence calls it."""

    SHEET = "sheet"
    READER_FILE = "reader file"
    INTERVALS = "interval file of another tool"


@dataclass(frozen=True)
class Videos:
    """What is known of the videos from elsewhere.

    lengths: frames by study_id. index: of their project, which knows their names and times too. fps: frames per second
    of all videos, for files that hold times only.
    """

    lengths: Mapping[str, int] = field(default_factory=dict)
    index: ProjectIndex | None = None
    fps: float | None = None

    def by_study_id(self) -> dict[str, IndexedVideo]:
        """The project's videos that have a row."""
        videos = self.index.videos if self.index is not None else ()
        return {video.key.study_id: video for video in videos if video.key is not None}

    def by_name(self) -> dict[str, IndexedVideo]:
        """The same by what other tools call them: file name, title, `PatientID_00002`, study_id; none that repeats."""
        named: dict[str, IndexedVideo | None] = {}
        for study_id, video in self.by_study_id().items():
            for name in {video.source.name, video.title, padded(study_id), study_id}:
                named[name] = None if name in named else video
        return {name: video for name, video in named.items() if video is not None}


def padded(study_id: str) -> str:
    """A row's file name in the published data sets, without ending.

    >>> padded("10000001_2")
    '10000001_00002'
    """
    patient_id, _, number = study_id.rpartition("_")
    return f"{patient_id}_{number.zfill(5)}"


@dataclass(frozen=True)
class SheetInput:
    """sheet: the rows without problems. words: what the file is, for people. warnings, problems: plain sentences that
    name file and place; a row with a problem is left out."""

    sheet: LabelSheet
    kind: InputKind
    words: str
    warnings: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def load_sheet(
    path: Path,
    videos: Videos | None = None,
    *,
    beyond_end: BeyondEnd = "reject",
    unlabelled: Unlabelled = "unseen",
) -> SheetInput:
    """The labels in a file: a sheet of any layout or a frame table (CSV, XLSX), a reader file (`.luv`), or what CVAT,
    BORIS, ELAN and the like write (also a zip or folder of it).

    A reader file is only read; its name decides, because opening it otherwise would drop the locks of the window that
    writes it. Nobody is asked whether the file may be seen: for readers of a project, `open_sheet_of` does that.
    beyond_end: for sheets, what becomes of intervals after the last frame. unlabelled: for files of other tools.
    Raises SheetInputError when the file is none of these or is damaged, ReaderFileError likewise for a reader file.
    """
    known = videos or Videos()
    if path.suffix.casefold() == READER_FILE_SUFFIX:
        return _reader_file(path)
    if not path.exists():
        raise SheetInputError(f"{path} does not exist; choose another file.")
    if path.suffix.casefold() not in _TABLE_SUFFIXES or path.is_dir():
        return _intervals(path, known, unlabelled)
    try:
        return _sheet(path, known, beyond_end)
    except LabelSheetError as error:
        # A table that is no sheet may be one of intervals; where it is neither, the sheet's sentence helps more.
        try:
            return _intervals(path, known, unlabelled)
        except SheetInputError as other:
            raise SheetInputError(str(error if KINDS in str(other) else other)) from error


def _reader_file(path: Path) -> SheetInput:
    with open_reader_file(path) as file:
        records, annotations = file.records(), file.annotations()
        sheet = sheet_of(file.reader.name, records, annotations)
    unkeyed = [records[video_id].name for video_id in annotations if records[video_id].key is None]
    warnings = [f"{path.name}: {name} has no row in the sheets yet; it is called unknown." for name in unkeyed]
    return SheetInput(sheet, InputKind.READER_FILE, "reader file", tuple(warnings))


def _sheet(path: Path, known: Videos, beyond_end: BeyondEnd) -> SheetInput:
    reading = read_sheet(path, lengths=known.lengths or None, beyond_end=beyond_end)
    words = reading.layout.value
    if reading.layout is SheetLayout.EXTERNAL:
        words += " (stills)"
    return SheetInput(
        reading.sheet, InputKind.SHEET, words, tuple(map(str, reading.warnings)), tuple(map(str, reading.problems))
    )


def _intervals(path: Path, known: Videos, unlabelled: Unlabelled) -> SheetInput:
    named = known.by_name()
    lengths = {name: n for study_id, n in known.lengths.items() for name in (study_id, padded(study_id))}
    times = {name: video.timing.times_s for name, video in named.items()}
    try:
        bridged = read_intervals(path, lengths=lengths, times=times, fps=known.fps)
    except BridgeError as error:
        raise SheetInputError(str(error)) from error
    rows: dict[str, SheetRow] = {}
    problems = [f"{path.name}: {problem}" for problem in bridged.problems]
    for video in bridged.videos:
        row = _row(video, named)
        if unlabelled == "unseen":
            row = _unseen_elsewhere(row)
        if row.study_id in rows:
            problems.append(f"{path.name}: {video.name} is a second video for row {row.study_id}; it is left out.")
        rows.setdefault(row.study_id, row)
    notes = [f"{video.name}: {note}" for video in bridged.videos for note in video.notes]
    warnings = [*bridged.losses, *notes, _TAKEN_AS[unlabelled]]
    said = tuple(f"{path.name}: {warning.rstrip('.')}." for warning in warnings)
    sheet = LabelSheet(path.name, tuple(rows.values()))
    return SheetInput(sheet, InputKind.INTERVALS, InputKind.INTERVALS.value, said, tuple(problems))


def _row(video: BridgedVideo, named: Mapping[str, IndexedVideo]) -> SheetRow:
    """The row of a video: the one its project has for the file name, else `PatientID_Data_idx` read from the name, else
    a patient called like the file."""
    name = PurePosixPath(video.name.replace("\\", "/")).name
    stem = name.rpartition(".")[0] if "." in name else name
    indexed = named.get(name) or named.get(stem)
    if indexed is not None and indexed.key is not None:
        return SheetRow(
            indexed.key, video.present, n_frames=video.n_frames, video_id=indexed.video_id, sliding=video.sliding
        )
    found = _NAMED_BY_ROW.fullmatch(stem)
    kind = "image" if video.n_frames == 1 else "video"
    key = SheetKey(found[1], int(found[2]), "", kind) if found else SheetKey(stem, 1, "", kind)
    return SheetRow(key, video.present, n_frames=video.n_frames, sliding=video.sliding)


def _unseen_elsewhere(row: SheetRow) -> SheetRow:
    """With every frame that is not labelled as not looked at; where the length is unknown, up to the last label."""
    n_frames = row.n_frames or max(frames.stop for frames in row.present)
    unlooked = tuple(SpanSet.whole(n_frames) - frames for frames in row.present)
    return replace(row, unlooked=unlooked, finalised=False)
