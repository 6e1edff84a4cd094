"""Threads behind labelling: opening a reader's file, recognising a video, writing edits, and work on whole sheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Signal

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry
from luv_viewer.domain.history import History
from luv_viewer.domain.project import BlindedError, Project, ProjectError
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.reader_file import Reader, ReaderFile, ReaderFileError, SheetKey, VideoRecord
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from luv_viewer.jobs.writing import NotWritten, WriteBox, Written, save_elsewhere, serve_writing
from luv_viewer.notebook import Notebook
from luv_viewer.task import Report, Task

STOP_WAIT_MS = 20_000


@dataclass(frozen=True, eq=False)
class OpenedReader:
    """A reader's file and project, read. study: of the project's videos where none was open before, else None."""

    project: Project
    index: ProjectIndex
    file: ReaderFile
    records: Mapping[str, VideoRecord]
    annotations: Mapping[str, VideoAnnotation]
    study: Study | None


def label_errors() -> tuple[type[Exception], ...]:
    """Errors whose text is a sentence for people."""
    from luv_viewer.analysis.errors import AnalysisError
    from luv_viewer.domain.sheet_reading import LabelSheetError
    from luv_viewer.io import StudyError
    from luv_viewer.io.bridges import BridgeError
    from luv_viewer.io.whole_file import WriteError

    own = (ProjectError, BlindedError, ReaderFileError)
    return (*own, AnalysisError, LabelSheetError, StudyError, BridgeError, WriteError)


def open_reader(folder: Path, reader: Reader, study: Study | None, report: Report) -> OpenedReader:
    """Open or make the project in `folder`, the file of `reader` in it, and its list of videos, to which those of
    `study` are added. What a project says of a reader's role and blinding stands. Raises ProjectError, ReaderFileError.
    """
    from luv_viewer.io.project_file import FILE_NAME, create_project, load_project, save_project
    from luv_viewer.io.project_index import index_study, merge_index, read_index, study_of, write_index
    from luv_viewer.io.reader_file import open_reader_file

    is_new = not (folder / FILE_NAME).exists()
    project = create_project(folder, folder.name or "project", (reader,)) if is_new else load_project(folder)
    known = project.reader(reader.name)
    if known is None:
        project = project.with_reader(reader)
        save_project(project)
    index = read_index(folder)
    if study is not None:
        places = {(video.source.path, video.source.member) for video in index.videos}
        new = [v for v in study.videos if (v.source.path.absolute(), v.source.member) not in places]
        if new:
            index = merge_index(index, index_study(study, folder, report=lambda *_: report()))
            write_index(index)
    file = open_reader_file(project.reader_path(reader.name), known or reader)
    try:
        records, annotations = file.records(), file.annotations()
        report()
    except BaseException:
        file.close()
        raise
    own_study = study_of(index) if study is None and index.videos else None
    return OpenedReader(project, index, file, records, annotations, own_study)


class LabelJobs(QObject):
    """Serves the notebook of a session.

    project, index: of the reader who is at work, else None. opened: a reader file is open (OpenedReader).
    saved: everything is on the disk since this time of day; not_saved: the sentence says why something is not yet.
    """

    opened = Signal(object)
    open_failed = Signal(str)
    saved = Signal(str)
    not_saved = Signal(str)
    busy = Signal(str)

    def __init__(self, notebook: Notebook, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notebook = notebook
        self._tasks: set[Task] = set()
        self._identifying: Task | None = None
        self._opening: Task | None = None
        self._next_opening: Callable[[], None] | None = None
        self._writer: Task | None = None
        self._box: WriteBox | None = None
        self.project: Project | None = None
        self.index: ProjectIndex | None = None
        self._keys: Mapping[str, SheetKey] = {}
        notebook.entries_made.connect(self._write)

    def open_reader(self, folder: Path, reader: Reader, study: Study | None) -> None:
        """Open a reader's work in the background; `opened` or `open_failed` follows, for the last one asked for."""
        if self._opening is not None:
            # One at a time: the same file opened twice at once would be read only.
            self._next_opening = lambda: self.open_reader(folder, reader, study)
            return
        self.close_reader()
        self._opening = self.run(
            f"Opening the work of {reader.name} …",
            lambda report: open_reader(folder, reader, study, report),
            self._take_reader,
            self._take_failure,
        )

    def close_reader(self) -> None:
        """Write what waits and let the file go. What the disk refuses even then is lost: ask `is_unwritten` first."""
        if self._notebook.file is None:
            return
        file = self._notebook.file
        self._notebook.close()
        if self._box is not None and self._writer is not None:
            self._box.close()
            self._writer.wait(STOP_WAIT_MS)
        self._box = self._writer = self.project = self.index = None
        self._keys = {}
        file.close()

    def is_unwritten(self, wait_s: float = 0.0) -> bool:
        """True while edits are not on the disk, after waiting for them for at most `wait_s`."""
        self._notebook.write_seen()
        return self._box is not None and not self._box.wait_until_empty(wait_s)

    def save_elsewhere(self, path: Path) -> None:
        """All work, with what the disk refused, as another file. Raises ReaderFileError."""
        if self._box is not None and self._notebook.file is not None:
            save_elsewhere(self._notebook.file, self._box.waiting(), path)

    def stop_identifying(self) -> None:
        """Whatever video was being recognised is no longer shown."""
        if self._identifying is not None:
            self._identifying.cancel()
        self._identifying = None

    def identify(self, video: Video) -> None:
        """Find out which video this is, byte by byte, and what the reader has stated on it; then show it."""
        file = self._notebook.file
        self.stop_identifying()
        if file is None:
            return
        keys = dict(self._keys)

        def look(report: Report) -> tuple[VideoRecord, History]:
            from luv_viewer.domain.video_record import video_record

            record = video_record(video, report=lambda *_: report())
            keyed = VideoRecord(
                record.video_id, record.name, record.n_frames, record.times_s, record.digests, keys.get(record.video_id)
            )
            return keyed, History.of(file.entries(record.video_id))

        task = self.run("", look, lambda found: self._take_video(task, found), self._notebook.refuse_video)
        self._identifying = task

    def run(
        self,
        name: str,
        function: Callable[[Report], object],
        succeeded: Callable[[object], object],
        failed: Callable[[str], object],
    ) -> Task:
        """Do something heavy in a thread; `succeeded` or `failed` is called in this one. name: for the status bar."""
        task = Task(name or "label", function, label_errors, self)
        task.succeeded.connect(lambda value: None if task.is_cancelled else succeeded(value))
        task.failed.connect(lambda sentence: None if task.is_cancelled else failed(sentence))
        task.ended.connect(lambda: self._forget(task))
        self._tasks.add(task)
        if name:
            self.busy.emit(name)
        task.start()
        return task

    def close(self) -> None:
        """Stop and wait for every thread."""
        for task in list(self._tasks):
            task.cancel()
        self.close_reader()
        for task in list(self._tasks):
            task.wait(STOP_WAIT_MS)
            # What it says at its end is heard now: later it might find nobody.
            QCoreApplication.sendPostedEvents(task)

    def _take_reader(self, opened: object) -> None:
        assert isinstance(opened, OpenedReader)
        if self._opens_next():
            opened.file.close()
            self._start_next()
            return
        self.project, self.index, self._keys = opened.project, opened.index, opened.index.keys()
        box = self._box = WriteBox()
        file = opened.file
        self._writer = self.run(
            "", lambda report: serve_writing(box, file, report), lambda _: None, self.not_saved.emit
        )
        self._writer.progressed.connect(self._tell_writing)
        self._notebook.open(file, opened.records, opened.annotations)
        self.opened.emit(opened)

    def _take_failure(self, sentence: str) -> None:
        if self._opens_next():
            self._start_next()
        else:
            self.open_failed.emit(sentence)

    def _opens_next(self) -> bool:
        """The opening is over; true where another was asked for meanwhile."""
        self._opening = None
        return self._next_opening is not None

    def _start_next(self) -> None:
        start, self._next_opening = self._next_opening, None
        if start is not None:
            start()

    def _take_video(self, task: Task, found: object) -> None:
        if task is self._identifying and isinstance(found, tuple):
            self._identifying = None
            self._notebook.show_video(*found)

    def _write(self, entries: tuple[Entry, ...], records: tuple[VideoRecord, ...]) -> None:
        if self._box is not None:
            self._box.put((entries, records))

    def _tell_writing(self, news: object) -> None:
        if isinstance(news, Written):
            self.saved.emit(datetime.now().strftime("%H:%M:%S"))
        elif isinstance(news, NotWritten):
            waiting = f"{news.count} entr{'y' if news.count == 1 else 'ies'} not saved yet"
            self.not_saved.emit(f"{news.sentence} ({waiting}; it is tried again every few seconds.)")

    def _forget(self, task: Task) -> None:
        self._tasks.discard(task)
        if not any(t.objectName() not in ("label",) for t in self._tasks):
            self.busy.emit("")
        task.deleteLater()
