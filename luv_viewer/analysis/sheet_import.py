"""A sheet on its way into a reader's notebook: read, matched with the project's videos, these recognised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.analysis.sheet_input import READER_FILE_SUFFIX, SheetInput, Videos, load_sheet
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.project import Project
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.reader_file import Reader, VideoRecord
from luv_viewer.domain.sheet_import import matched_rows
from luv_viewer.domain.video_record import video_record
from luv_viewer.io.errors import StudyError
from luv_viewer.io.project_access import check_may_see
from luv_viewer.io.project_index import study_of


@dataclass(frozen=True)
class SheetToImport:
    """rows: (video_id, row) of the project's videos. problems: rows that cannot be imported; warnings: of those that
    can; both plain sentences."""

    rows: tuple[tuple[str, SheetRow], ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def read_to_import(path: Path, project: Project, index: ProjectIndex, me: Reader) -> SheetToImport:
    """A sheet that `me` wants to import. Raises the errors of `load_sheet`, and BlindedError, before the file is
    touched, for another reader's file where `me` reads blinded."""
    others = {project.reader_path(r.name).resolve() for r in project.readers if r.name != me.name}
    if path.resolve() in others:
        check_may_see(project, me)
    loaded = load_of_project(path, index)
    matched = matched_rows(loaded.sheet, index)
    return SheetToImport(matched.rows, (*loaded.problems, *matched.unmatched), loaded.warnings)


def load_of_project(path: Path, index: ProjectIndex) -> SheetInput:
    """As `load_sheet`, where the videos may be those of a project. Sheets may name others, of unknown length."""
    if path.suffix.casefold() == READER_FILE_SUFFIX:
        return load_sheet(path)
    return load_sheet(path, Videos(lengths=index.lengths(), index=index))


def records_of(
    video_ids: Iterable[str], index: ProjectIndex, report: Callable[[], object]
) -> tuple[dict[str, VideoRecord], tuple[str, ...]]:
    """(records by video_id, a sentence for every video of the project that cannot be read).

    Every stored byte of the videos is read, from files opened anew: the study in the window may be closed meanwhile.
    report: called now and then; what it raises stops the work.
    """

    def step(_done: int, _total: int) -> None:
        report()

    wanted = set(video_ids)
    stored = study_of(index)
    records, problems = {}, []
    try:
        for video, indexed in zip(stored.videos, index.videos, strict=True):
            if indexed.video_id not in wanted:
                continue
            try:
                record = video_record(video, indexed.key, step)
            except StudyError as error:
                problems.append(str(error))
                continue
            if record.video_id == indexed.video_id:
                records[record.video_id] = record
            else:
                problems.append(f"{record.name} is not the file that the project lists; put the first one back.")
    finally:
        stored.close()
    return records, tuple(problems)
