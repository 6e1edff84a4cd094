"""The inputs of the `luv labels` commands: sheets with what is wrong in them, said line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from luv_viewer.analysis.sheet_input import SheetInput, Unlabelled, Videos, load_sheet
from luv_viewer.commands.failure import say
from luv_viewer.commands.table import counted
from luv_viewer.domain.sheet_cell import BeyondEnd
from luv_viewer.io.lengths_file import read_lengths
from luv_viewer.io.project_index import read_index


@dataclass(frozen=True)
class InputOptions:
    """lengths: a table or project folder with the videos' frames. clip_to_length: intervals that end after the last
    frame are cut instead of refused. fps: frames per second for files that hold times only. unlabelled: see there."""

    lengths: Path | None = None
    clip_to_length: bool = False
    fps: float | None = None
    unlabelled: Unlabelled = "unseen"

    @property
    def beyond_end(self) -> BeyondEnd:
        """What becomes of intervals that end after the last frame."""
        return "clip" if self.clip_to_length else "reject"


def known_videos(options: InputOptions) -> Videos:
    """What the options say of the videos. Raises LengthsError, ProjectError."""
    if options.lengths is None:
        return Videos(fps=options.fps)
    index = read_index(options.lengths) if options.lengths.is_dir() else None
    return Videos(read_lengths(options.lengths), index, options.fps)


def load_all(paths: Sequence[Path], options: InputOptions) -> tuple[SheetInput, ...]:
    """The sheets in order, with different names, their warnings and problems said on stderr. Raises the errors of
    `load_sheet`."""
    videos = known_videos(options)
    inputs = [load_sheet(path, videos, beyond_end=options.beyond_end, unlabelled=options.unlabelled) for path in paths]
    for one in inputs:
        tell(one)
    names = [one.sheet.name.casefold() for one in inputs]
    return tuple(
        replace(one, sheet=replace(one.sheet, name=str(path))) if names.count(one.sheet.name.casefold()) > 1 else one
        for one, path in zip(inputs, paths, strict=True)
    )


def tell(one: SheetInput) -> None:
    """Every problem, then every warning, a line each on stderr."""
    for problem in one.problems:
        say(f"error: {problem}")
    for warning in one.warnings:
        say(f"warning: {warning}")


def status_of(inputs: Sequence[SheetInput]) -> int:
    """1 when rows were left out of an input because of problems."""
    n = sum(len(one.problems) for one in inputs)
    if n:
        say(f"{counted(n, 'problem')} above: the rows they stand in were left out.")
    return int(bool(n))
