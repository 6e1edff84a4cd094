"""`luv labels queue`: the videos in the order in which a reader should take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer.analysis.sheet_input import READER_FILE_SUFFIX
from luv_viewer.commands.failure import one_sentence
from luv_viewer.commands.table import as_table, counted
from luv_viewer.domain.ai_summary import AiSummary
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.project import Project, ProjectError
from luv_viewer.domain.project_queue import project_queue
from luv_viewer.domain.reader_file import Reader
from luv_viewer.domain.work_queue import QueueItem, queue_video, work_queue
from luv_viewer.io.project_access import ai_tables
from luv_viewer.io.project_file import FILE_NAME, load_project
from luv_viewer.io.project_index import read_index
from luv_viewer.io.reader_file import open_reader_file
from luv_viewer.io.sheet_table import TableToWrite, check_suffix, write_table

_HEADER = ("place", "study_id", "video", "part", "why")


@dataclass(frozen=True)
class QueueOptions:
    """source: a project folder or a reader file. ai: folder of `luv predict`, None for the project's own. reader: whose
    queue, where the project has several. output: CSV or XLSX instead of lines on stdout."""

    source: Path
    ai: Path | None = None
    reader: str = ""
    output: Path | None = None


@one_sentence
def queue(options: QueueOptions) -> int:
    """Print or write the queue. Returns the exit status."""
    if options.output is not None:
        check_suffix(options.output)
    source = options.source
    if source.suffix.casefold() == READER_FILE_SUFFIX and not source.is_dir():
        items, with_ai = _of_reader_file(options)
    else:
        items, with_ai = _of_project(options)
    header = (*_HEADER, "margin") if with_ai else _HEADER
    rows = [_row(place, item, with_ai) for place, item in enumerate(items, start=1)]
    if options.output is not None:
        write_table(options.output, TableToWrite(header, rows))
        click.echo(f"{options.output}: {counted(len(rows), 'video')}")
    elif rows:
        click.echo("\n".join(as_table([header, *rows], indent="")))
    else:
        click.echo("Nothing is left to do.")
    return 0


def _row(place: int, item: QueueItem, with_ai: bool) -> list[str]:
    cells = [str(place), item.study_id, item.name, item.part.value, item.reason]
    if with_ai:
        cells.append("" if item.margin is None else f"{item.margin:.3f}")
    return cells


def _of_project(options: QueueOptions) -> tuple[tuple[QueueItem, ...], bool]:
    """(items, whether the AI had a say). Raises ProjectError, BlindedError, ReaderFileError."""
    project = load_project(options.source)
    return _project_items(project, _reader(project, options.reader), options.ai)


def _of_reader_file(options: QueueOptions) -> tuple[tuple[QueueItem, ...], bool]:
    """Of a reader's file in its project: the project's videos; of any other: those that the reader has opened."""
    with open_reader_file(options.source) as file:
        me, records, annotations = file.reader, file.records(), file.annotations()
    if options.reader and options.reader.casefold() != me.name.casefold():
        raise ProjectError(f"{options.source} is the work of {me.name}, not of {options.reader}.")
    path = options.source.absolute()
    folder = path.parent.parent
    if (folder / FILE_NAME).is_file():
        project = load_project(folder)
        known = project.reader(me.name)
        if known is not None and project.reader_path(known.name) == path:
            return _project_items(project, known, options.ai)
    alone = Project(folder, options.source.stem, (me,))
    ai = _ai(alone, me, list(records), options.ai) if options.ai is not None else None
    return work_queue(
        [queue_video(record, annotations.get(key)) for key, record in records.items()], ai
    ), ai is not None


def _project_items(project: Project, me: Reader, ai_folder: Path | None) -> tuple[tuple[QueueItem, ...], bool]:
    index = read_index(project.folder)
    path = project.reader_path(me.name)
    annotations: Mapping[str, VideoAnnotation] = {}
    if path.is_file():
        with open_reader_file(path) as file:
            annotations = file.annotations()
    ai = _ai(project, me, [video.video_id for video in index.videos], ai_folder)
    return project_queue(index, annotations, ai), ai is not None


def _ai(project: Project, me: Reader, video_ids: list[str], folder: Path | None) -> tuple[AiSummary, ...] | None:
    """None for a blinded reader, or where the AI was not run. Raises BlindedError when a blinded one names a folder."""
    if folder is None and me.blinded:
        return None
    found = ai_tables(project, me, video_ids, folder)
    return None if found is None else found.summaries


def _reader(project: Project, name: str) -> Reader:
    names = ", ".join(reader.name for reader in project.readers) or "nobody"
    if not name:
        if len(project.readers) != 1:
            raise click.UsageError(f"say whose queue with --reader; the readers are {names}.")
        return project.readers[0]
    found = project.reader(name)
    if found is None:
        raise ProjectError(f"{name} is no reader of project {project.name}; its readers are {names}.")
    return found
