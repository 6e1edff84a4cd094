"""The threads behind labelling: real files, real threads; a disk that refuses until it is told otherwise."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry
from luv_viewer.domain.history import History
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.reader_file import Reader, ReaderFile, ReaderFileError, ReaderFileFullError, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.domain.study import Study
from luv_viewer.domain.video_record import video_record
from luv_viewer.io import open_study
from luv_viewer.io.project_file import load_project
from luv_viewer.io.reader_file import SqliteReaderFile, open_reader_file, verify_reader_file
from luv_viewer.jobs.labelling import LabelJobs, OpenedReader
from luv_viewer.jobs.writing import NotWritten, WriteBox, Written, save_elsewhere, serve_writing
from luv_viewer.notebook import Notebook
from tests.builders import moving_speckle, write_mp4
from tests.builders_labelling import KIM

PATIENCE_MS = 20_000


class RefusingFile:
    """A reader file on a disk that is full until `refuses` is False."""

    def __init__(self, inner: SqliteReaderFile) -> None:
        self.inner = inner
        self.refuses = True
        self.attempts = 0

    @property
    def path(self) -> Path:
        return self.inner.path

    @property
    def reader(self) -> Reader:
        return self.inner.reader

    @property
    def read_only(self) -> str:
        return self.inner.read_only

    @property
    def last_number(self) -> int:
        return self.inner.last_number

    def records(self) -> Mapping[str, VideoRecord]:
        return self.inner.records()

    def annotations(self) -> Mapping[str, VideoAnnotation]:
        return self.inner.annotations()

    def entries(self, video_id: str | None = None) -> Sequence[Entry]:
        return self.inner.entries(video_id)

    def append(self, entries: Iterable[Entry], records: Iterable[VideoRecord] = ()) -> None:
        self.attempts += 1
        if self.refuses:
            raise ReaderFileFullError("The disk is full; make room on it.")
        self.inner.append(entries, records)

    def close(self) -> None:
        self.inner.close()


class Post:
    """A writer's thread with its box, and what it reports."""

    def __init__(self, file: ReaderFile) -> None:
        self.box = WriteBox()
        self.news: list[object] = []
        self.thread = threading.Thread(target=serve_writing, args=(self.box, file, self._report))
        self.thread.start()

    def _report(self, value: object = None, /) -> None:
        self.news.append(value)

    def end(self) -> None:
        self.box.close()
        self.thread.join(PATIENCE_MS / 1000)
        assert not self.thread.is_alive()


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "study").mkdir()
    write_mp4(tmp_path / "study" / "a.mp4", moving_speckle(20, seed=1))
    write_mp4(tmp_path / "study" / "b.mp4", moving_speckle(12, seed=2))
    return open_study(tmp_path / "study")


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[LabelJobs]:
    jobs = LabelJobs(Notebook())
    yield jobs
    jobs.close()
    assert not jobs._tasks, "a thread is left"


def opened(qtbot: QtBot, jobs: LabelJobs, folder: Path, study: Study | None, reader: Reader = KIM) -> OpenedReader:
    with qtbot.waitSignal(jobs.opened, timeout=PATIENCE_MS) as said:
        jobs.open_reader(folder, reader, study)
    assert isinstance(said.args[0], OpenedReader)
    return said.args[0]


def shown(qtbot: QtBot, jobs: LabelJobs, study: Study, index: int = 0) -> Notebook:
    notebook = jobs._notebook
    jobs.identify(study.videos[index])
    qtbot.waitUntil(lambda: notebook.record is not None, timeout=PATIENCE_MS)
    return notebook


def mark(notebook: Notebook, stop: int) -> None:
    assert notebook.annotation is not None
    assert notebook.apply(notebook.annotation.with_track(Pattern.B_LINE, (Span(0, stop),)), "mark present")


def test_opening_a_reader_makes_the_project_and_its_list_of_videos(
    qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path
) -> None:
    result = opened(qtbot, jobs, tmp_path / "work", study)
    assert load_project(tmp_path / "work").reader("kim") == KIM
    assert [video.title for video in result.index.videos] == [video.title for video in study.videos]
    assert (result.study, result.file.read_only, jobs._notebook.reader) == (None, "", KIM)
    jobs.close_reader()
    assert jobs._notebook.reader is None
    again = opened(qtbot, jobs, tmp_path / "work", None, Reader("lee"))
    assert again.study is not None
    assert [video.n_frames for video in again.study.videos] == [20, 12]
    assert [reader.name for reader in load_project(tmp_path / "work").readers] == ["kim", "lee"]


def test_what_a_project_says_of_a_reader_stands(qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path) -> None:
    opened(qtbot, jobs, tmp_path / "work", study, Reader("kim", blinded=True))
    assert opened(qtbot, jobs, tmp_path / "work", study, KIM).file.reader == Reader("kim", blinded=True)


def test_a_project_that_cannot_be_read_is_a_sentence(qtbot: QtBot, jobs: LabelJobs, tmp_path: Path) -> None:
    (tmp_path / "project.json").write_text("not a project")
    with qtbot.waitSignal(jobs.open_failed, timeout=PATIENCE_MS) as said:
        jobs.open_reader(tmp_path, KIM, None)
    assert "project.json" in said.args[0]
    assert jobs._notebook.reader is None


def test_asking_twice_while_it_opens_gives_one_reader_who_can_write(
    qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path
) -> None:
    readers: list[str] = []
    jobs.opened.connect(lambda result: readers.append(result.file.reader.name))
    for name in ("lee", "ann", "kim"):
        jobs.open_reader(tmp_path / "work", Reader(name), study)
    qtbot.waitUntil(lambda: readers == ["kim"], timeout=PATIENCE_MS)
    assert opened(qtbot, jobs, tmp_path / "work", study, Reader("lee")).file.read_only == ""


def test_an_edit_is_on_the_disk_when_saved_says_so(qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path) -> None:
    path = opened(qtbot, jobs, tmp_path / "work", study).file.path
    notebook = shown(qtbot, jobs, study)
    for stop in (3, 9):
        with qtbot.waitSignal(jobs.saved, timeout=PATIENCE_MS):
            mark(notebook, stop)
        with open_reader_file(path) as other:
            assert other.read_only
            assert other.annotations() == notebook.annotations
    assert not jobs.is_unwritten()
    expected = video_record(study.videos[0])
    assert notebook.record is not None
    assert (notebook.record.video_id, notebook.record.digests) == (expected.video_id, expected.digests)
    assert notebook.record.key is not None


def test_work_goes_on_where_it_was_left(qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path) -> None:
    path = opened(qtbot, jobs, tmp_path / "work", study).file.path
    mark(shown(qtbot, jobs, study), 5)
    mark(jobs._notebook, 7)
    jobs.close_reader()
    assert verify_reader_file(path).first_broken is None
    opened(qtbot, jobs, tmp_path / "work", study)
    notebook = shown(qtbot, jobs, study)
    assert notebook.annotation is not None
    assert notebook.annotation.track(Pattern.B_LINE) == (Span(0, 7),)
    assert notebook.undo()
    assert notebook.annotation.track(Pattern.B_LINE) == (Span(0, 5),)


def test_closing_writes_what_waits(qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path) -> None:
    path = opened(qtbot, jobs, tmp_path / "work", study).file.path
    notebook = shown(qtbot, jobs, study)
    for stop in range(1, 21):
        mark(notebook, stop)
    notebook.see(4)
    jobs.close_reader()
    with open_reader_file(path) as other:
        (annotation,) = other.annotations().values()
        assert (annotation.track(Pattern.B_LINE), annotation.seen.label) == ((Span(0, 20),), "5")
        assert len(other.entries()) == 22


def test_only_the_last_video_asked_for_is_shown(qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path) -> None:
    opened(qtbot, jobs, tmp_path / "work", study)
    jobs.identify(study.videos[0])
    notebook = shown(qtbot, jobs, study, 1)
    qtbot.wait(50)
    assert notebook.record_id == study.videos[1].identity


def test_a_video_that_is_gone_is_a_sentence(qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path) -> None:
    opened(qtbot, jobs, tmp_path / "work", study)
    jobs.close_reader()
    study = open_study(tmp_path / "study")
    opened(qtbot, jobs, tmp_path / "work", None)
    study.videos[0].source.path.unlink()
    jobs.identify(study.videos[0])
    qtbot.waitUntil(lambda: bool(jobs._notebook.refusal), timeout=PATIENCE_MS)
    assert "a.mp4" in jobs._notebook.refusal
    assert jobs._notebook.annotation is None


def test_what_a_full_disk_refuses_waits_and_is_written_later(qtbot: QtBot, study: Study, tmp_path: Path) -> None:
    file = RefusingFile(open_reader_file(tmp_path / "kim.luv", KIM))
    post = Post(file)
    notebook = Notebook()
    notebook.entries_made.connect(lambda entries, records: post.box.put((entries, records)))
    notebook.open(file, {}, {})
    notebook.show_video(video_record(study.videos[0]), History())
    mark(notebook, 3)
    qtbot.waitUntil(lambda: post.news == [NotWritten("The disk is full; make room on it.", 2)])
    mark(notebook, 9)
    qtbot.waitUntil(lambda: post.news[-1] == NotWritten("The disk is full; make room on it.", 3))
    assert not post.box.wait_until_empty(0)
    assert file.entries() == ()
    file.refuses = False
    qtbot.waitUntil(lambda: post.news[-1] == Written(3), timeout=PATIENCE_MS)
    assert file.annotations() == notebook.annotations
    notebook.close()
    post.end()
    file.close()
    assert verify_reader_file(tmp_path / "kim.luv").first_broken is None


def test_a_refused_batch_is_tried_once_more_at_the_end_and_then_still_held(qtbot: QtBot, tmp_path: Path) -> None:
    file = RefusingFile(open_reader_file(tmp_path / "kim.luv", KIM))
    post = Post(file)
    notebook = Notebook()
    notebook.entries_made.connect(lambda entries, records: post.box.put((entries, records)))
    notebook.open(file, {}, {})
    notebook.note("reaction time", {"n": 8})
    qtbot.waitUntil(lambda: file.attempts == 1)
    post.end()
    assert file.attempts == 2
    assert [entries[0].verb for entries, _ in post.box.waiting()] == ["reaction time"]
    file.close()


def test_all_work_can_be_saved_elsewhere_with_what_was_refused(qtbot: QtBot, study: Study, tmp_path: Path) -> None:
    with open_reader_file(tmp_path / "kim.luv", KIM) as file:
        batches: list[tuple[tuple[Entry, ...], tuple[VideoRecord, ...]]] = []
        notebook = Notebook()
        notebook.entries_made.connect(lambda entries, records: batches.append((entries, records)))
        notebook.open(file, {}, {})
        notebook.show_video(video_record(study.videos[0]), History())
        mark(notebook, 3)
        file.append(*batches.pop())
        mark(notebook, 9)
        notebook.apply(replace(notebook.annotations[notebook.record_id], zone="R2"), "set zone")
        copy = tmp_path / "copy.luv"
        save_elsewhere(file, tuple(batches), copy)
        with open_reader_file(copy) as other:
            assert other.annotations() == notebook.annotations
            assert (other.reader, other.last_number) == (KIM, 4)
        assert file.last_number == 2
        assert verify_reader_file(copy).first_broken is None
        with pytest.raises(ReaderFileError, match=r"copy\.luv exists already"):
            save_elsewhere(file, tuple(batches), copy)
        notebook.close()


def test_the_window_hears_that_edits_wait_and_that_they_are_saved(
    qtbot: QtBot, jobs: LabelJobs, study: Study, tmp_path: Path
) -> None:
    result = opened(qtbot, jobs, tmp_path / "work", study)
    jobs.close_reader()
    file = RefusingFile(open_reader_file(result.file.path, KIM))
    jobs._take_reader(replace(result, file=file))
    notebook = shown(qtbot, jobs, study)
    with qtbot.waitSignal(jobs.not_saved, timeout=PATIENCE_MS) as said:
        mark(notebook, 3)
    assert said.args[0].startswith("The disk is full; make room on it. (2 entries not saved yet")
    assert jobs.is_unwritten()
    with pytest.raises(ReaderFileError, match="cannot be copied"):
        jobs.save_elsewhere(tmp_path / "copy.luv")
    file.refuses = False
    with qtbot.waitSignal(jobs.saved, timeout=PATIENCE_MS):
        mark(notebook, 9)
    assert not jobs.is_unwritten()
    assert file.annotations() == notebook.annotations
