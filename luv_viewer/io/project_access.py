"""What one reader of a project may open of the others' work and of the AI's: asked before the disk is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.ai_summary import AiSummary
from luv_viewer.domain.label_sheet import LabelSheet, sheet_of
from luv_viewer.domain.project import Project, ProjectError
from luv_viewer.domain.reader_file import Reader, ReaderFileError
from luv_viewer.io.ai_summary_folder import AiFolderError, read_ai_folder
from luv_viewer.io.prediction_file import ClipTable, FrameTable, PredictionFileError, read_clips, read_frames
from luv_viewer.io.reader_file import open_reader_file

AI_FOLDER = "ai"


@dataclass(frozen=True)
class AiTables:
    """What `luv predict` wrote for a project. summaries: one per result; its tables are read when asked for."""

    folder: Path
    summaries: tuple[AiSummary, ...]

    def clips(self, name: str) -> ClipTable:
        """`<name>_clips.csv`. Raises ProjectError."""
        try:
            return read_clips(self.folder / f"{name}_clips.csv")
        except PredictionFileError as error:
            raise ProjectError(str(error)) from error

    def frames(self, name: str) -> FrameTable:
        """`<name>_frames.csv`. Raises ProjectError."""
        try:
            return read_frames(self.folder / f"{name}_frames.csv")
        except PredictionFileError as error:
            raise ProjectError(str(error)) from error


def check_may_see(project: Project, me: Reader) -> None:
    """Raises BlindedError when `me`, or the project's reader of that name, reads blinded. Touches no file."""
    project.may_see_others(me)
    known = project.reader(me.name)
    if known is not None:
        project.may_see_others(known)


def open_sheet_of(project: Project, me: Reader, name: str) -> LabelSheet:
    """The work of the reader `name` as `me` may see it: one's own always, another's unless one is blinded.

    Read once, nothing is locked. Raises BlindedError before any file is touched; ProjectError when the project has no
    such reader, there is no file yet, or it cannot be read.
    """
    owner = project.reader(name)
    if name.casefold() != me.name.casefold():
        check_may_see(project, me)
    if owner is None:
        names = ", ".join(reader.name for reader in project.readers) or "nobody"
        raise ProjectError(f"{name} is no reader of project {project.name}; its readers are {names}.")
    path = project.reader_path(owner.name)
    if not path.is_file():
        raise ProjectError(f"{owner.name} has not begun yet: {path} does not exist.")
    try:
        with open_reader_file(path) as file:
            return sheet_of(owner.name, file.records(), file.annotations())
    except ReaderFileError as error:
        raise ProjectError(str(error)) from error


def ai_tables(
    project: Project, me: Reader, video_ids: Iterable[str] = (), folder: Path | None = None
) -> AiTables | None:
    """What the AI said of the project's videos, None where it was not run yet.

    video_ids: of the project's videos, to tell which result is of which. folder: another one than the project's own.
    Raises BlindedError before any file is touched; ProjectError when the results are damaged.
    """
    check_may_see(project, me)
    place = folder or project.folder / AI_FOLDER
    if folder is None and not (place / "summary.csv").is_file():
        return None
    try:
        return AiTables(place, read_ai_folder(place, video_ids))
    except AiFolderError as error:
        raise ProjectError(str(error)) from error
