"""Two readers' sheets compared and adjudicated in a real window, with real files and threads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
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
from luv_viewer.task import Task
from luv_viewer.widgets.dialogs.compare_dialog import CompareChoice
from luv_viewer.widgets.dialogs.comparison_dialog import ComparisonDialog
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.key_table import key_table
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
    assert not [task for task in jobs.findChildren(Task) if task.isRunning()]
    session.set_study(None)


def reader(name: str) -> SheetSource:
    return SheetSource(name)


def test_two_readers_are_compared_and_walked_through(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(Reader("cora"))
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    assert place.window.right_panel.currentWidget() is place.window.comparison_panel
    assert place.listed()[:2] == [("A", "11_15 A", None), ("A", "21_30 B", None)]
    unlooked = f"101_{place.ward.records[0].n_frames} unlooked B"
    assert [frames for _, frames, _ in place.listed()[2:]] == [unlooked] * 5 + ["5_9 A"]
    table = {row.pattern: row for row in place.desk._comparing.compared.rows}
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


def test_ones_own_work_is_compared_as_it_stands_and_followed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(Reader("cora"))
    notebook, n = place.session.notebook, place.ward.records[0].n_frames
    assert notebook.annotation is not None
    notebook.apply(stated(n, a="11_20").with_absent(B, SpanSet.whole(n)), "mark")
    place.compare(reader("cora"), reader("anna"), monkeypatch)
    tracks = place.window.timeline._canvas.picture.tracks
    assert tracks.other_name == "anna"
    assert tracks.others(A) == (Span(10, 20),)
    assert ("B", "31_40 B", None) in place.listed()

    place.verb("next_disagreement")
    notebook.apply(notebook.annotation.with_track(B, (Span(30, 36),)), "mark present")
    assert ("B", "37_40 B", None) in place.listed()
    assert ("B", "31_40 B", None) not in place.listed()
    notebook.undo()
    assert ("B", "31_40 B", None) in place.listed()

    place.session.show_video(1)
    place.recognise()
    place.qtbot.waitUntil(lambda: place.window.timeline._canvas.picture.tracks.others(E) == (Span(4, 9),))
    place.verb("decide_a")
    assert "cora reads as annotator" in place.window.statusBar().currentMessage()


def test_an_adjudicator_decides_every_disagreement(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(CARA)
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    notebook, panel = place.session.notebook, place.window.comparison_panel
    place.verb("decide_a")
    assert "Start adjudicating" in place.window.statusBar().currentMessage()
    picture = place.window.timeline._canvas.picture
    assert (picture.tracks.others(A), picture.truth[A]) == ((Span(10, 20),), (Span(15, 30),))
    tips = [title.toolTip() for title in panel.names._titles]
    assert "dashed and green" in tips[0]
    assert "in the lanes of the AI's curves" in tips[1]

    panel.adjudication_requested.emit()
    assert place.at() == (0, 10, A)
    begun = notebook.annotation
    assert begun is not None
    assert (begun.present_frames(A).label, begun.present_frames(B).label) == ("16_20", "31_40")
    place.session.frame_was_shown(place.session.video, 10, None)
    assert not notebook.annotation.seen

    place.verb("decide_a")
    assert place.at() == (0, 20, A)
    assert [decision for _, _, decision in place.listed()][:2] == ["A", None]
    notebook.apply(notebook.annotation.with_track(A, (Span(10, 25),)), "mark present")
    place.verb("decide_mine")
    assert place.at() == (0, 100, A)
    assert not panel.adjudication.buttons["B"].isEnabled(), "ben has not looked at these frames"
    assert panel.adjudication.buttons["A"].isEnabled()
    place.verb("decide_b")
    assert "has not looked" in place.window.statusBar().currentMessage()
    for _ in range(5):
        place.verb("decide_a")
    assert "All is decided" in place.window.statusBar().currentMessage()
    assert notebook.annotation.unlooked_anywhere() == SpanSet()

    place.verb("next_disagreement")
    place.recognise()
    panel.adjudication_requested.emit()
    assert place.at() == (1, 4, E)
    place.verb("decide_both")
    assert all(decision for _, _, decision in place.listed())

    assert not place.jobs.is_unwritten(5.0)
    rows = open_sheet_of(place.ward.project, CARA, "cara").by_study_id()
    first, second = rows[place.ward.key(0)], rows[place.ward.key(1)]
    assert labels(first) == {A: "11_25", B: "31_40"}
    assert labels(second) == {}
    assert not any((*first.unlooked, *second.unlooked))
    with open_reader_file(place.ward.project.reader_path("cara")) as file:
        edits = [e for e in file.entries(place.ward.records[0].video_id) if e.kind is EntryKind.EDIT]
    assert [edit.verb for edit in edits][:2] == ["begin adjudication", "decide as reader A"]
    assert edits[1].raw == {"sheet_a": "anna", "sheet_b": "ben"}
    assert len(edits) == 1 + 7 + 1


def labels(row: SheetRow) -> dict[Pattern, str]:
    return {pattern: row.frames(pattern).label for pattern in row.patterns_present()}


def test_decisions_and_the_beginning_are_taken_back_one_by_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(CARA)
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    notebook, panel = place.session.notebook, place.window.comparison_panel
    panel.adjudication_requested.emit()
    begun = notebook.annotation
    place.verb("decide_b")
    assert notebook.annotation is not None
    assert frames_of(notebook.annotation.absent_track(A)).spans[0] == Span(0, 15)
    assert notebook.undo()
    assert notebook.annotation == begun
    assert place.listed()[0][2] is None
    assert notebook.undo()
    assert notebook.annotation == VideoAnnotation(place.ward.records[0].n_frames)
    assert panel.adjudication.start.isVisibleTo(panel)


def test_who_is_one_of_the_two_readers_does_not_decide(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(CARA)
    notebook = place.session.notebook
    assert notebook.annotation is not None
    notebook.apply(notebook.annotation.with_track(A, (Span(0, 5),)), "mark present")
    place.compare(reader("anna"), reader("cara"), monkeypatch)
    place.verb("decide_a")
    assert "Nobody decides about their own sheet" in place.window.statusBar().currentMessage()
    assert not place.window.comparison_panel.adjudication.start.isVisibleTo(place.window.comparison_panel)


def test_only_an_adjudicators_looking_is_not_kept(place: Place) -> None:
    for who, seen in ((Reader("cora"), "3"), (CARA, "")):
        place.read_as(who)
        place.session.notebook.see(2)
        assert place.session.notebook.annotation is not None
        assert place.session.notebook.annotation.seen.label == seen


OPENED: list[str] = []


def _listen(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("open", "sqlite3.connect") and ".luv" in str(arguments[0]):
        OPENED.append(str(arguments[0]))


@pytest.fixture(scope="module")
def opened() -> list[str]:
    """Reader files that this process opens, from the first use on: a hook cannot be taken away."""
    sys.addaudithook(_listen)
    return OPENED


def test_a_blinded_reader_opens_nothing(place: Place, opened: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def is_other(path: str) -> bool:
        return "anna.luv" in path or "ben.luv" in path

    place.read_as(DORA)
    opened.clear()
    asked: list[object] = []
    monkeypatch.setattr(compare_desk, "ask_compare", lambda *given: asked.append(given))
    place.verb("compare_sheets")
    place.qtbot.wait(50)
    panel = place.window.comparison_panel
    assert not asked
    assert "dora reads blinded in project ward" in panel._message.text()
    assert not panel.names.isVisibleTo(panel)
    order = compare_desk.ComparisonOrder(
        (SheetSource.of_file(place.ward.project.reader_path("ben")), reader("anna")),
        place.jobs.project,
        place.jobs.index,
        compare_desk.OwnWork(DORA, {}, {}),
        (),
    )
    with pytest.raises(compare_desk.BlindedError):
        compare_desk.compare(order, lambda _=None, /: None)
    assert not [path for path in opened if is_other(path)]

    place.read_as(Reader("cora"))
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    assert [path for path in opened if is_other(path)], "the hook hears what an unblinded reader opens"


def test_a_comparison_ends_with_its_reader(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.read_as(Reader("cora"))
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    place.read_as(DORA)
    assert place.window.comparison_panel._body.isHidden()
    tracks = place.window.timeline._canvas.picture.tracks
    assert (tracks.other, tracks.disagreement, place.window.timeline._canvas.picture.truth) == (None, None, {})
    place.verb("next_disagreement")
    assert place.window.statusBar().currentMessage() == "Compare two sheets first."


def test_files_are_compared_without_a_reader(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.session.set_study(open_study(demo_study_path()))
    first, second = (SheetSource.of_file(place.ward.project.reader_path(name)) for name in ("anna", "ben"))
    place.compare(first, second, monkeypatch)
    place.verb("next_disagreement")
    assert place.at() == (0, 10, A)
    place.verb("decide_a")
    assert "Nobody reads now" in place.window.statusBar().currentMessage()

    said: list[str] = []
    place.window.notice.say = lambda sentence, *_, **__: said.append(sentence)  # type: ignore[method-assign]
    missing = SheetSource.of_file(place.ward.project.folder / "none.csv")
    monkeypatch.setattr(compare_desk, "ask_compare", lambda *_: CompareChoice(first, missing))
    place.verb("compare_sheets")
    place.qtbot.waitUntil(lambda: bool(said), timeout=WAIT_MS)
    assert "none.csv does not exist" in said[0]
    assert place.listed(), "the comparison before stays"


def test_all_numbers_are_saved_or_the_reason_is_said(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.read_as(Reader("cora"))
    place.compare(reader("anna"), reader("ben"), monkeypatch)
    said: list[str] = []

    def save(names: tuple[str, str], *parts: object) -> None:
        dialog = ComparisonDialog(names, *parts)  # type: ignore[arg-type]
        place.qtbot.addWidget(dialog)
        for path in (tmp_path / "agreement.csv", tmp_path / "no folder" / "agreement.csv"):
            dialog.save_to(path)
            said.append(dialog.said.text())

    monkeypatch.setattr(compare_desk, "tell_comparison", save)
    place.window.comparison_panel.details_requested.emit()
    assert said[0] == "Written to agreement.csv."
    assert said[1].startswith("agreement.csv could not be written: No such file")
    assert (tmp_path / "agreement.csv").read_text().startswith("sheet_a,sheet_b,pattern,measure,value")


def test_a_wish_to_merge_is_passed_on(place: Place) -> None:
    with place.qtbot.waitSignal(place.desk.merge_requested):
        place.window.comparison_panel.merge_requested.emit()


def test_the_answers_show_their_keys(place: Place) -> None:
    place.window.set_keys(key_table("LUV", {"decide_a": "Alt+A"}))
    buttons = place.window.comparison_panel.adjudication.buttons
    assert [buttons[verdict].toolTip()[-8:] for verdict in ("A", "B")] == [" (Alt+A)", "(Ctrl+2)"]
