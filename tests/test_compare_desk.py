"""Two readers' sheets compared and adjudicated in a real window, with real files and threads."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from luv_viewer import compare_desk
from luv_viewer.compare_desk import CompareDesk
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import EntryKind
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.project import Project
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.reader_file import Reader, Role, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import frames_of
from luv_viewer.domain.video_record import video_record
from luv_viewer.io import open_study
from luv_viewer.io.project_access import open_sheet_of
from luv_viewer.io.project_file import create_project
from luv_viewer.io.project_index import index_study, write_index
from luv_viewer.io.reader_file import open_reader_file
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.session import Session
from luv_viewer.widgets.dialogs.compare_dialog import CompareChoice
from luv_viewer.widgets.dialogs.comparison_dialog import ComparisonDialog
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.main_window import MainWindow
from resources import demo_study_path
from tests.builders_project import write_reader_file

ANNA, BEN = Reader("anna"), Reader("ben")
CARA = Reader("cara", Role.ADJUDICATOR)
DORA = Reader("dora", blinded=True)
A, B, E = Pattern.A_LINE, Pattern.B_LINE, Pattern.PLEURAL_EFFUSION
WAIT_MS = 20_000


def stated(n_frames: int, *, seen: str = "", **tracks: str) -> VideoAnnotation:
    """tracks: `a`, `b` or `e` with intervals such as `1_10`. seen: "" for the whole video."""
    made = VideoAnnotation(n_frames, seen=SpanSet.of(Span.from_label(seen)) if seen else SpanSet.whole(n_frames))
    for name, labels in tracks.items():
        spans = tuple(map(Span.from_label, labels.split(", ")))
        made = made.with_track({"a": A, "b": B, "e": E}[name], spans)
    return made


@dataclass(frozen=True)
class Ward:
    """The demo study in a project, read by anna and ben in two videos."""

    project: Project
    index: ProjectIndex
    records: list[VideoRecord]

    def key(self, place: int) -> str:
        key = self.records[place].key
        assert key is not None
        return key.study_id


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    folder = tmp_path / "ward"
    project = create_project(folder, "ward", (ANNA, BEN, CARA, DORA))
    study = open_study(demo_study_path())
    index = index_study(study, folder)
    write_index(index)
    records = [video_record(v, known.key) for v, known in zip(study.videos, index.videos, strict=True)]
    study.close()
    first, second = (record.n_frames for record in records[:2])
    write_reader_file(
        project.reader_path("anna"),
        ANNA,
        {records[0]: stated(first, a="11_20", b="31_40"), records[1]: stated(second, e="5_9")},
    )
    write_reader_file(
        project.reader_path("ben"),
        BEN,
        {records[0]: stated(first, seen="1_100", a="16_30", b="31_40"), records[1]: stated(second)},
    )
    return Ward(project, index, records)


@dataclass
class Place:
    """A window with a reader at work; `closed` waits for every thread."""

    session: Session
    jobs: LabelJobs
    window: MainWindow
    desk: CompareDesk
    qtbot: QtBot
    ward: Ward

    def read_as(self, reader: Reader) -> None:
        with self.qtbot.waitSignal(self.jobs.opened, timeout=WAIT_MS) as opened:
            self.jobs.open_reader(self.ward.project.folder, reader, None)
        assert opened.args is not None
        self.session.set_study(opened.args[0].study)
        self.recognise()

    def recognise(self) -> None:
        """As the label desk does when another video is shown."""
        assert self.session.video is not None
        self.jobs.identify(self.session.video)
        self.qtbot.waitUntil(lambda: self.session.notebook.record is not None, timeout=WAIT_MS)

    def compare(self, first: SheetSource, second: SheetSource, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compare_desk, "ask_compare", lambda *_: CompareChoice(first, second))
        self.verb("compare_sheets")
        self.qtbot.waitUntil(lambda: bool(self.window.comparison_panel.items), timeout=WAIT_MS)

    def verb(self, name: str) -> None:
        self.desk.verbs()[name]()

    def listed(self) -> list[tuple[str, str, str | None]]:
        """(pattern, frames and who, decision) of the list's items."""
        return [
            (item.pattern.short, f"{item.span.label} {item.who}", item.decision)
            for item in self.window.comparison_panel.items
        ]

    def at(self) -> tuple[int, int, Pattern]:
        """Video, frame and pattern on the screen."""
        return self.session.video_index, self.session.player.frame, self.session.selected_pattern


@pytest.fixture
def place(ward: Ward, qtbot: QtBot) -> Iterator[Place]:
    session = Session()
    jobs = LabelJobs(session.notebook)
    window = MainWindow(session)
    qtbot.addWidget(window)
    desk = CompareDesk(session, jobs, window)
    # As the presenter does; it clears what a comparison drew.
    session.video_changed.connect(
        lambda: (
            window.timeline.set_video(session.video.n_frames, session.video.times_s)
            if session.video is not None
            else window.timeline.clear()
        )
    )
    yield Place(session, jobs, window, desk, qtbot, ward)
    jobs.close()
    assert not jobs.findChildren(QDialog)
    session.set_study(None)


def reader(name: str) -> SheetSource:
    return SheetSource(name)


def test_two_readers_are_compared_and_walked_through(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(Reader("cora"))
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    assert place.window.right_panel.currentWidget() is place.window.comparison_panel
    n = place.ward.records[0].n_frames
    assert place.listed()[:2] == [("A", "11_15 A", None), ("A", "21_30 B", None)]
    assert place.listed()[-1][1] == "5_9 A"
    table = {row.pattern: row for row in place.desk._comparing.compared.rows}  # noqa: SLF001
    assert table[B].kappa == 1.0
    assert (table[E].conflicts, table[A].no_common) == (1, 0)

    place.verb("next_disagreement")
    assert place.at() == (0, 10, A)
    place.verb("next_disagreement")
    assert place.at() == (0, 20, A)
    place.verb("previous_disagreement")
    assert place.at() == (0, 10, A)
    for _ in range(len(place.listed()) - 1):
        place.verb("next_disagreement")
    assert place.at() == (1, 4, E)
    place.verb("previous_disagreement")
    assert place.at()[0] == 0
