"""`luv labels project`: a project set up, added to and described without a window."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer.analysis.sheet_input import load_sheet
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_input import tell
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import as_table, counted
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.project import Project
from luv_viewer.domain.project_index import PatientIds, ProjectIndex, merge_index, unmatched_rows
from luv_viewer.domain.reader_file import Reader, Role
from luv_viewer.io.errors import StudyError
from luv_viewer.io.project_file import create_project, load_project
from luv_viewer.io.project_index import index_study, read_index, write_index
from luv_viewer.io.study_reader import open_study


@dataclass(frozen=True)
class VideosToAdd:
    """paths: files, folders, archives. template: a sheet whose rows the videos get. patient_ids: see PatientIds."""

    paths: tuple[Path, ...]
    template: Path | None = None
    patient_ids: PatientIds = "running"


def parse_readers(texts: Sequence[str], blinded: Sequence[str]) -> tuple[Reader, ...]:
    """Readers from `kim` or `kim:annotator`. Raises click.UsageError.

    >>> parse_readers(["kim", "lee:adjudicator"], ["KIM"])[0].blinded
    True
    """
    hidden = {name.casefold() for name in blinded}
    readers = []
    for text in texts:
        name, colon, role = text.rpartition(":") if ":" in text else (text, "", "")
        try:
            readers.append(Reader(name, Role(role) if colon else Role.ANNOTATOR, name.casefold() in hidden))
        except ValueError as error:
            roles = ", ".join(role.value for role in Role)
            raise click.UsageError(f"--reader {text}: expected NAME:ROLE with one of {roles} ({error}).") from error
    unknown = hidden - {reader.name.casefold() for reader in readers}
    if unknown:
        raise click.UsageError(f"--blinded {', '.join(sorted(unknown))}: no --reader of that name.")
    return tuple(readers)


@one_sentence
def create(folder: Path, name: str, readers: Sequence[Reader], videos: VideosToAdd) -> int:
    """Make the project; its videos first, so that a folder that cannot be opened leaves none behind. Returns the
    exit status: 1 when files were left out."""
    template = _template(videos)
    index = _indexed(folder, videos, template) if videos.paths else ProjectIndex(folder, name, ())
    project = create_project(folder, name, readers)
    write_index(index)
    return _conclude(project, index, template)


@one_sentence
def add(folder: Path, videos: VideosToAdd) -> int:
    """Add videos to a project. Returns the exit status: 1 when files were left out."""
    project = load_project(folder)
    template = _template(videos)
    new = _indexed(folder, videos, template)
    index = merge_index(read_index(folder), new, "number on" if template is None else "keep")
    write_index(index)
    return _conclude(project, index, template, tuple(failure.message for failure in new.failures))


@one_sentence
def show(folder: Path) -> int:
    """Describe a project; no reader file, AI table or video is opened. Returns the exit status."""
    project = load_project(folder)
    index = read_index(folder)
    click.echo("\n".join(description(project, index)))
    return 0


def description(project: Project, index: ProjectIndex) -> list[str]:
    """A project in lines of text."""
    keys = index.keys().values()
    stills = sum(video.n_frames == 1 for video in index.videos)
    patients = {key.patient_id for key in keys}
    counts = counted(len(index.videos) - stills, "video"), counted(stills, "still"), counted(len(patients), "patient")
    lines = [f"Project {project.name} in {project.folder}", ", ".join(counts)]
    if len(keys) < len(index.videos):
        lines.append(f"{counted(len(index.videos) - len(keys), 'video')} without a row in the sheets")
    if index.failures:
        lines.append(f"{counted(len(index.failures), 'file')} left out")
    lines.append("AI: results are there" if (project.folder / "ai" / "summary.csv").is_file() else "AI: not run yet")
    rows = [
        (
            reader.name,
            reader.role.value,
            "blinded" if reader.blinded else "",
            "has begun" if project.reader_path(reader.name).is_file() else "has not begun",
        )
        for reader in project.readers
    ]
    return [*lines, *(["Readers:", *as_table(rows)] if rows else ["Readers: none"])]


def _template(videos: VideosToAdd) -> LabelSheet | None:
    if videos.template is None:
        return None
    loaded = load_sheet(videos.template)
    tell(loaded)
    return loaded.sheet


def _indexed(folder: Path, videos: VideosToAdd, template: LabelSheet | None) -> ProjectIndex:
    """Raises StudyError."""
    line = ProgressLine(sys.stderr)
    try:
        line.show("Opening ...")
        study = open_study(videos.paths)
        return index_study(
            study,
            folder,
            template,
            patient_ids=videos.patient_ids,
            report=lambda done, total: line.show(f"[{done}/{total}] reading"),
        )
    except StudyError as error:
        raise StudyError(f"No project was made or changed: {error}") from error
    finally:
        line.clear()


def _conclude(
    project: Project, index: ProjectIndex, template: LabelSheet | None, failures: tuple[str, ...] | None = None
) -> int:
    for message in tuple(f.message for f in index.failures) if failures is None else failures:
        say(f"left out: {message}")
    if template is not None:
        for study_id in unmatched_rows(index, template):
            say(f"warning: no video was found for row {study_id} of {template.name}.")
        for video in index.videos:
            if video.key is None:
                say(f"warning: {video.source.name} has no row in {template.name}.")
    click.echo("\n".join(description(project, index)))
    return int(bool(index.failures if failures is None else failures))
