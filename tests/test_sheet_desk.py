"""The menu Sheets in a real window: files are written, and read again into other readers' work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from luv_viewer import sheet_desk
from luv_viewer.analysis.sheet_input import load_sheet
from luv_viewer.domain.annotation import Suggestion, VideoAnnotation
from luv_viewer.domain.edit import EntryKind
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import Reader
from luv_viewer.domain.span import Span
from luv_viewer.importing import Importing
from luv_viewer.io import open_study
from luv_viewer.io.label_sheet_file import read_sheet
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.session import Session
from luv_viewer.sheet_desk import NO_READER, SheetDesk
from luv_viewer.widgets.dialogs.export_dialog import ExportChoice
from luv_viewer.widgets.dialogs.merge_dialog import MergeChoice
from luv_viewer.widgets.dialogs.problems_dialog import Problem
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from luv_viewer.widgets.main_window import MainWindow
from resources import demo_study_path

KIM, LEE = Reader("kim"), Reader("lee")


class Desk:
    """A window with the demo study and the answers of the person before it."""

    def __init__(self, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.qtbot, self.folder, self._patch = qtbot, folder, monkeypatch
        self.session = Session()
        self.jobs = LabelJobs(self.session.notebook)
        self.window = MainWindow(self.session)
        qtbot.addWidget(self.window)
        self.desk = SheetDesk(self.session, self.jobs, self.window)
        self.problems: list[str] = []
        self.session.problem_raised.connect(self.problems.append)
        self.busy = ""
        self.jobs.busy.connect(self._note_busy)
        self.session.set_study(open_study(demo_study_path()))

    def _note_busy(self, words: str) -> None:
        self.busy = words

    def sit(self, reader: Reader) -> None:
        """`reader` works from now on."""
        with self.qtbot.waitSignal(self.jobs.opened):
            self.jobs.open_reader(self.folder, reader, self.session.study)

    def show(self, index: int) -> None:
        """A video, recognised."""
        self.session.show_video(index)
        with self.qtbot.waitSignal(self.session.notebook.video_changed):
            self.jobs.identify(self.session.video)

    def label(self, index: int, *labels: str, finalised: bool = True) -> VideoAnnotation:
        """B-lines in these intervals of a video, every other frame and pattern seen and absent."""
        self.show(index)
        notebook = self.session.notebook
        for frame in range(notebook.record.n_frames):
            notebook.see(frame)
        after = notebook.annotation.with_track(Pattern.B_LINE, tuple(map(Span.from_label, labels)))
        notebook.apply(after, "mark present")
        if finalised:
            notebook.apply(_finalised(notebook.annotation), "finalise")
        return notebook.annotation

    def answer(self, question: str, answer: object) -> list[tuple[object, ...]]:
        """What the person says when `ask_...` is called; gives what it was called with."""
        asked: list[tuple[object, ...]] = []

        def ask(*args: object) -> object:
            asked.append(args)
            return answer

        self._patch.setattr(sheet_desk, question, ask)
        return asked

    def do(self, verb: str) -> str:
        """Choose from the menu and wait; gives what the window then says."""
        self.window.notice.clear()
        self.problems.clear()
        self.desk.verbs()[verb]()
        self.qtbot.waitUntil(lambda: not self.busy, timeout=20_000)
        return self.problems[-1] if self.problems else self.window.notice.text

    def details(self) -> str:
        """The folded lines below what the window says."""
        return self.window.notice._details.toPlainText()

    def export(self, layout: str, path: Path, *, identifiers: bool = False) -> str:
        """Export as the person chose."""
        form = "folder" if not path.suffix else path.suffix[1:]
        self.answer("ask_export", ExportChoice(layout, form, path, identifiers))
        return self.do("export_sheet")

    def import_file(self, path: Path) -> str:
        """Import a file."""
        self.answer("ask_sheet_file", SheetSource.of_file(path))
        self.do("import_sheet")
        self.qtbot.waitUntil(lambda: not self.desk.findChildren(Importing))
        return self.problems[-1] if self.problems else self.window.notice.text

    def frames(self) -> dict[str, list[str]]:
        """Frames present per pattern, by study_id, of the reader's work in memory."""
        notebook, keys = self.session.notebook, self.jobs.index.keys()
        return {
            keys[video_id].study_id: [annotation.present_frames(p).label for p in TRACK_PATTERNS]
            for video_id, annotation in notebook.annotations.items()
            if video_id in notebook.records
        }

    def close(self) -> None:
        """Everything stopped."""
        self.jobs.close()
        self.session.set_study(None)


def _finalised(annotation: VideoAnnotation) -> VideoAnnotation:
    return replace(annotation, finalised=True, zone="R2", sliding=True, lus_score=LusScore.parse("2"))


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(qtbot, monkeypatch, tmp_path / "project")
    yield made
    made.close()


@pytest.mark.parametrize("verb", ["import_sheet", "export_sheet", "merge_sheets", "work_queue", "audit"])
def test_without_a_reader_it_says_so(desk: Desk, verb: str) -> None:
    assert desk.do(verb) == NO_READER


@pytest.mark.parametrize(("layout", "name"), [("development", "kim.csv"), ("frames", "kim_frames.csv"), ("cvat", "c")])
def test_an_exported_sheet_imported_by_another_reader_gives_equal_frames(
    desk: Desk, tmp_path: Path, layout: str, name: str
) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9", "12_20")
    desk.label(1, "1_5")
    before = desk.frames()
    assert "2" in desk.export(layout, tmp_path / name)
    desk.sit(LEE)
    files = sorted((tmp_path / name).glob("*.xml")) if layout == "cvat" else [tmp_path / name]
    desk.answer("ask_problems", True)
    for path in files:
        assert f"{3 - len(files)} video" in desk.import_file(path)
    assert desk.frames() == before
    assert not desk.jobs.is_unwritten(5.0)
    with open_reader_file(desk.jobs.project.reader_path("lee")) as file:
        annotations = file.annotations()
        kinds = [entry.kind for entry in file.entries()]
    assert kinds.count(EntryKind.VIDEO) == kinds.count(EntryKind.EDIT) == 2
    kept = [[annotation.present_frames(p).label for p in TRACK_PATTERNS] for annotation in annotations.values()]
    assert sorted(kept) == sorted(before.values())
    if layout != "cvat":
        assert all(a.finalised and a.zone == "R2" and str(a.lus_score) == "2" for a in annotations.values())
        assert not any(a.unlooked_anywhere() for a in annotations.values())
    assert verify_reader_file(desk.jobs.project.reader_path("lee")).first_broken is None


def test_an_import_is_one_edit_that_can_be_undone_in_its_video(desk: Desk, tmp_path: Path) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    desk.export("frames", tmp_path / "kim.csv")
    desk.sit(LEE)
    desk.import_file(tmp_path / "kim.csv")
    desk.show(0)
    notebook = desk.session.notebook
    assert notebook.next_undo == "import kim.csv"
    assert notebook.annotation.present_frames(Pattern.B_LINE).label == "3_9"
    notebook.undo()
    assert (notebook.annotation.is_untouched, notebook.annotation.finalised) == (True, False)
    notebook.redo()
    desk.show(1)
    desk.show(0)
    assert notebook.next_undo == "import kim.csv"
    assert not desk.jobs.is_unwritten(5.0)
    assert verify_reader_file(notebook.file.path).first_broken is None


def test_what_cannot_be_imported_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    desk.label(1, "1_5")
    desk.export("development", tmp_path / "kim.csv")
    sheet = tmp_path / "kim.csv"
    lines = sheet.read_text("utf-8-sig").splitlines()
    strange = lines[2].replace("2,1,", "2,77,", 1).replace("2_1", "2_77")
    sheet.write_text("\n".join([*lines, strange]) + "\n", "utf-8")
    before = desk.frames()
    asked = desk.answer("ask_problems", False)
    assert desk.import_file(sheet) == ""
    problems = [problem for problem in asked[0][1] if isinstance(problem, Problem)]
    assert any("the project has no such video" in problem.sentence for problem in problems)
    assert asked[0][2] == 2
    desk.answer("ask_problems", True)
    assert "0 videos imported, 3 left out." in desk.import_file(sheet)
    assert desk.details().count("This video is finalised") == 2
    assert desk.frames() == before


def test_an_unfinished_video_is_left_out_of_a_sheet_and_listed(desk: Desk, tmp_path: Path) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    desk.label(1, "1_5", finalised=False)
    said = desk.export("leader", tmp_path / "kim.xlsx")
    assert said.startswith("1 row written to ")
    assert "1 video left out" in said
    assert "not finalised" in desk.details()
    assert "not finalised" in (tmp_path / "kim_not_included.csv").read_text("utf-8-sig")
    assert load_sheet(tmp_path / "kim.xlsx").sheet.rows[0].frames(Pattern.B_LINE).label == "3_9"


@pytest.mark.parametrize("layout", ["template", "development", "leader", "reader", "merged", "frames", "clips"])
def test_every_layout_is_written_without_identifiers(desk: Desk, tmp_path: Path, layout: str) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    said = desk.export(layout, tmp_path / "new folder" / "kim.csv")
    assert "written to" in said
    dates = {key.study_date for key in desk.jobs.index.keys().values() if key.study_date}
    text = (tmp_path / "new folder" / "kim.csv").read_text("utf-8-sig")
    assert text.count("\n") > 1
    assert not any(date in text for date in dates)
    if layout == "template":
        assert text.count("\n") == len(desk.jobs.index.videos) + 1


def test_elan_files_are_written_with_the_times_of_the_project(desk: Desk, tmp_path: Path) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    assert desk.export("elan", tmp_path / "elan").startswith("1 video written")
    assert len(list((tmp_path / "elan").glob("*.eaf"))) == 1
    assert "LUS score of 1 rows has no place there." in desk.details()


def test_what_the_model_suggested_stands_beside_the_sheet(desk: Desk, tmp_path: Path) -> None:
    desk.sit(KIM)
    desk.show(0)
    notebook = desk.session.notebook
    suggestion = Suggestion(Pattern.B_LINE, Span(2, 9), 0.75, "tiny 1")
    notebook.apply(replace(notebook.annotation, suggestions=(suggestion,)), "suggest")
    desk.export("frames", tmp_path / "kim.csv")
    assert "kim_suggestions.csv" in desk.details()
    lines = (tmp_path / "kim_suggestions.csv").read_text("utf-8").splitlines()
    assert lines[1] == "1_1,B-line,3_9,0.750000,tiny 1,pending,"


def test_sheets_in_files_are_merged_too_and_what_is_wrong_is_said(desk: Desk, tmp_path: Path) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    desk.export("development", tmp_path / "old.xlsx")
    desk.session.notebook.undo()
    desk.label(0, "5_15")
    sheets = (SheetSource("kim"), SheetSource.of_file(tmp_path / "old.xlsx"))
    output = tmp_path / "merged.csv"
    desk.answer("ask_merge", MergeChoice(sheets, "or", output))
    assert "1 row merged by or" in desk.do("merge_sheets")
    assert read_sheet(output).sheet.rows[0].frames(Pattern.B_LINE).label == "3_15"
    (tmp_path / "out.csv").write_text("study_id,reason,applies_to\n1_1,,\n")
    desk.answer("ask_merge", MergeChoice(sheets, "or", output, exclusions=tmp_path / "out.csv"))
    assert desk.do("merge_sheets").startswith("Nothing was written: out.csv, row 2")
    desk.answer("ask_merge", MergeChoice(sheets, "majority", output, at_least=2))
    assert desk.do("merge_sheets").startswith("The sheets cannot be merged so: ")


def test_two_readers_are_merged_with_a_report(desk: Desk, tmp_path: Path) -> None:
    desk.sit(LEE)
    desk.label(0, "5_15")
    desk.sit(KIM)
    desk.label(0, "3_9")
    output = tmp_path / "merged.csv"
    asked = desk.answer("ask_merge", MergeChoice((SheetSource("kim"), SheetSource("lee")), "and", output))
    assert desk.do("merge_sheets").startswith("1 row merged by and")
    assert {source.name for source in asked[0][0]} == {"kim", "lee"}
    assert read_sheet(output).sheet.rows[0].frames(Pattern.B_LINE).label == "5_9"
    assert "study_id,merged" in (tmp_path / "merged_report.csv").read_text("utf-8-sig")


def test_a_blinded_reader_is_refused_before_anything_is_asked(desk: Desk) -> None:
    desk.sit(LEE)
    desk.sit(Reader("ann", blinded=True))
    asked = desk.answer("ask_merge", None)
    assert "reads blinded" in desk.do("merge_sheets")
    assert not asked
    assert "reads blinded" in desk.import_file(desk.jobs.project.reader_path("lee"))


def test_the_queue_shows_the_chosen_video(desk: Desk) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    asked = desk.answer("ask_queue", 0)
    desk.do("work_queue")
    items = asked[0][0]
    assert len(items) == len(desk.session.study.videos) - 1
    assert desk.session.video_index != 0
    assert desk.session.video.source.name in items[0].video


def test_the_record_is_checked_while_it_is_open(desk: Desk) -> None:
    desk.sit(KIM)
    desk.label(0, "3_9")
    assert not desk.jobs.is_unwritten(5.0)
    assert "entries are as they were written" in desk.do("audit")
    desk.session.notebook.undo()
    assert not desk.jobs.is_unwritten(5.0)
    assert "entries are as they were written" in desk.do("audit")
