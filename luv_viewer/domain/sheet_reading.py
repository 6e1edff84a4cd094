"""What comes of reading and writing a labelling sheet, for whoever shows it to people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.span_set import SpanSet


class SheetLayout(Enum):
    """The kinds of sheet of systems.md 1.1, and our frame table; the value is what a sentence calls them."""

    TEMPLATE = "labelling template"
    DEVELOPMENT = "development sheet"
    MERGED = "merged sheet"
    LEADER = "senior reader's sheet"
    READER = "temporal reader's sheet"
    EXTERNAL = "external image sheet"
    FRAME_TABLE = "frame table"


@dataclass(frozen=True)
class SheetMessage:
    """What a person should know of a place in a sheet.

    file: its name. row: as the spreadsheet program counts, the first one 1; None for the whole file. column: the name
    in the header, "" for the whole row. sentence: one plain sentence.

    >>> str(SheetMessage("kim.csv", "found 0; correct it.", 14, "B-line"))
    'kim.csv, row 14, column B-line: found 0; correct it.'
    >>> str(SheetMessage("kim.csv", "it has no rows."))
    'kim.csv: it has no rows.'
    """

    file: str
    sentence: str
    row: int | None = None
    column: str = ""

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row is not None else ""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}{row}{column}: {self.sentence}"


@dataclass(frozen=True)
class SheetReading:
    """sheet: the rows without problems. warnings: of rows that were read all the same. problems: of rows that were not.

    n_blank_rows: wholly empty rows below the header, which are no problem.
    """

    sheet: LabelSheet
    layout: SheetLayout
    warnings: tuple[SheetMessage, ...] = ()
    problems: tuple[SheetMessage, ...] = ()
    n_blank_rows: int = 0


@dataclass(frozen=True)
class LeftOut:
    """A video that is not in a written sheet. reason: for people. unlooked: frames nothing is known of."""

    study_id: str
    video_id: str
    reason: str
    unlooked: SpanSet


@dataclass(frozen=True)
class WrittenSheet:
    """A file that was written. n_rows: its videos and stills. left_out: those it does not hold.

    left_out_path: the list of them beside the sheet, None when there is none.
    """

    path: Path
    layout: SheetLayout
    n_rows: int
    left_out: tuple[LeftOut, ...] = ()
    left_out_path: Path | None = None


class LabelSheetError(Exception):
    """A file cannot be read as a labelling sheet, or written as one; str(error) is one plain sentence."""
