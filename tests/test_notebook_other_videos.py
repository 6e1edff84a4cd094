"""Edits of videos that are not on the screen, and their undo once they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind
from luv_viewer.domain.history import History
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.reader_file import Reader, ReaderFile, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from luv_viewer.notebook import FINALISED, Notebook

N_FRAMES = 10
RECORDS = [
    VideoRecord(f"1.2.{i}", f"R{i}.dcm", N_FRAMES, tuple(k / 25 for k in range(N_FRAMES)), ("0" * 64,))
    for i in range(3)
]
MARKED = VideoAnnotation(N_FRAMES).with_track(Pattern.A_LINE, (Span(2, 5),))
MORE = MARKED.with_track(Pattern.B_LINE, (Span(0, 9),))


@pytest.fixture
def file(tmp_path: Path) -> Iterator[ReaderFile]:
    opened = open_reader_file(tmp_path / "kim.luv", Reader("kim"))
    yield opened
    opened.close()


@pytest.fixture
def notebook(qtbot: QtBot, file: ReaderFile) -> Notebook:
    made = Notebook()
    made.open(file, {}, {})
    made.entries_made.connect(file.append)
    return made


def test_an_edit_of_another_video_is_kept_and_can_be_undone_there(notebook: Notebook, file: ReaderFile) -> None:
    notebook.show_video(RECORDS[0], History())
    assert notebook.apply_to(RECORDS[1], MARKED, "import kim.csv")
    assert not notebook.apply_to(RECORDS[1], MARKED, "import kim.csv")
    assert notebook.annotation == VideoAnnotation(N_FRAMES)
    entries = file.entries(RECORDS[1].video_id)
    assert [entry.kind for entry in entries] == [EntryKind.VIDEO, EntryKind.EDIT]
    assert [frame.frame_number for frame in entries[1].frames] == [3, 5]
    assert file.annotations()[RECORDS[1].video_id] == MARKED
    notebook.show_video(RECORDS[1], History.of(entries))
    assert notebook.next_undo == "import kim.csv"
    assert notebook.undo()
    assert file.annotations()[RECORDS[1].video_id] == VideoAnnotation(N_FRAMES)
    assert verify_reader_file(file.path).first_broken is None


@pytest.mark.parametrize("n_on_disk", [0, 1, 2, 3])
def test_undo_is_right_where_the_disk_lags_behind(notebook: Notebook, file: ReaderFile, n_on_disk: int) -> None:
    notebook.apply_to(RECORDS[0], MARKED, "first")
    notebook.apply_to(RECORDS[0], MORE, "second")
    entries: list[Entry] = list(file.entries(RECORDS[0].video_id))
    notebook.show_video(RECORDS[0], History.of(entries[:n_on_disk]))
    assert [notebook.undo(), notebook.undo(), notebook.undo()] == [True, True, False]
    assert notebook.redo()
    notebook.show_video(RECORDS[1], History())
    assert notebook.apply_to(RECORDS[0], replace(MARKED, zone="R2"), "third")
    notebook.show_video(RECORDS[0], History.of(entries[:n_on_disk]))
    assert (notebook.next_undo, notebook.next_redo) == ("third", "")
    assert notebook.undo()
    assert notebook.redo()
    assert file.annotations()[RECORDS[0].video_id] == replace(MARKED, zone="R2")
    assert verify_reader_file(file.path).first_broken is None


def test_an_edit_of_the_video_shown_is_an_ordinary_one(notebook: Notebook) -> None:
    notebook.show_video(RECORDS[0], History())
    notebook.see(0)
    assert notebook.apply_to(RECORDS[0], MARKED, "import kim.csv")
    assert notebook.annotation.present == MARKED.present
    assert 0 in notebook.annotation.seen
    assert notebook.next_undo == "import kim.csv"


def test_a_locked_or_changed_video_is_refused(notebook: Notebook, file: ReaderFile, tmp_path: Path) -> None:
    said: list[str] = []
    notebook.refused.connect(said.append)
    notebook.apply_to(RECORDS[0], replace(MARKED, finalised=True), "finalise")
    number = file.last_number
    assert not notebook.apply_to(RECORDS[0], MORE, "import kim.csv")
    notebook.apply_to(RECORDS[1], MARKED, "import kim.csv")
    assert not notebook.apply_to(replace(RECORDS[1], digests=("1" * 64,)), MORE, "import kim.csv")
    assert said == [FINALISED, "R1.dcm is not the file that was annotated: its content changed."]
    assert file.last_number == number + 2
    copy = tmp_path / "copy.luv"
    file.copy_to(copy)
    read_only = open_reader_file(copy)
    notebook.open(read_only, read_only.records(), read_only.annotations())
    assert not notebook.apply_to(RECORDS[1], MORE, "import kim.csv")
    assert said[-1].startswith("Read only: ")
    read_only.close()
    notebook.close()
    assert not notebook.apply_to(RECORDS[1], MORE, "import kim.csv")
    assert said[-1] == "No reader is chosen."
