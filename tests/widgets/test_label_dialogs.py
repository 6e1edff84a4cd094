"""Dialogs of labelling: values in, values out, and nothing accepted that cannot be."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.reaction import ReactionTime, Trial
from luv_viewer.domain.reader_file import Reader, Role
from luv_viewer.widgets.agreement_table import AgreementRow, ScoreAlignment
from luv_viewer.widgets.colors import DARK, style_sheet
from luv_viewer.widgets.dialogs.compare_dialog import CompareChoice, CompareDialog, ask_compare
from luv_viewer.widgets.dialogs.comparison_dialog import HEADERS, ComparisonDialog, agreement_csv
from luv_viewer.widgets.dialogs.export_dialog import LAYOUTS, ExportChoice, ExportDialog
from luv_viewer.widgets.dialogs.finalise_dialog import FinaliseDialog, ask_finalise
from luv_viewer.widgets.dialogs.merge_dialog import MergeChoice, MergeDialog
from luv_viewer.widgets.dialogs.problems_dialog import Problem, ProblemsDialog, ask_problems
from luv_viewer.widgets.dialogs.queue_dialog import QueueDialog, QueueItem, ask_queue
from luv_viewer.widgets.dialogs.reaction_dialog import TRIALS, Phase, ReactionDialog
from luv_viewer.widgets.dialogs.reader_dialog import ReaderChoice, ReaderDialog
from luv_viewer.widgets.dialogs.sheet_source import SheetSource
from tests.widgets.builders_window import click, visible_texts

KIM, LEE, PARK = Reader("kim"), Reader("lee", blinded=True), Reader("park", Role.ADJUDICATOR)
KIMS, LEES, PARKS = map(SheetSource, ("kim", "lee", "park"))
FILE = SheetSource.of_file(Path("sheets/version1.csv"))
ROWS = (
    AgreementRow(Pattern.A_LINE, 4864, 32, 0.9625, 0.81, 0.76, 0.86, 0.72, 4.25),
    AgreementRow(Pattern.CONFLUENT_B_LINE, 4864, 32, 1.0),
)


@pytest.fixture
def shown(qtbot: QtBot) -> Callable[[QDialog], QDialog]:
    """Shows a dialog as the program does, without waiting for its answer."""

    def show(dialog: QDialog) -> QDialog:
        qtbot.addWidget(dialog)
        dialog.setStyleSheet(style_sheet(DARK))
        dialog.show()
        QApplication.processEvents()
        return dialog

    return show


def accept_button(dialog: QDialog) -> QPushButton:
    box = dialog.findChild(QDialogButtonBox)
    return next(b for b in box.buttons() if box.buttonRole(b) is QDialogButtonBox.ButtonRole.AcceptRole)


def answering(press: Callable[[QDialog], object]) -> None:
    """Answer the next modal dialog."""
    QTimer.singleShot(0, lambda: press(QApplication.activeModalWidget()))


def test_a_known_reader_has_the_role_that_the_project_says(shown: Callable) -> None:
    dialog = shown(ReaderDialog(None, Path("p"), lambda folder: (KIM, LEE, PARK)))
    dialog.name.setCurrentText("LEE")
    assert dialog.blinded.isChecked()
    assert not dialog.blinded.isEnabled()
    dialog.name.setCurrentText("park")
    assert dialog.role.currentData() is Role.ADJUDICATOR
    assert dialog.chosen() == ReaderChoice(PARK, Path("p"))


def test_a_new_reader_chooses_a_role(shown: Callable) -> None:
    dialog = shown(ReaderDialog(None, Path("p"), lambda folder: ()))
    assert not dialog.ok.isEnabled()
    assert "Type your name, as it should stand in the sheets." in visible_texts(dialog)
    dialog.name.setCurrentText(" choi ")
    dialog.blinded.setChecked(True)
    assert dialog.ok.isEnabled()
    assert dialog.chosen() == ReaderChoice(Reader("choi", Role.ANNOTATOR, True), Path("p"))
    assert any(str(Path("p/readers/choi.luv")) in text for text in visible_texts(dialog))


def test_a_name_that_cannot_be_a_file_is_refused_with_a_sentence(shown: Callable) -> None:
    dialog = shown(ReaderDialog(None, Path("p"), lambda folder: ()))
    dialog.name.setCurrentText("a/b")
    assert not dialog.ok.isEnabled()
    assert "a reader's name is also a file name: 'a/b' cannot be used" in visible_texts(dialog)


def test_another_folder_has_other_readers(shown: Callable) -> None:
    known = {Path("one"): (KIM,), Path("two"): (LEE, PARK)}
    dialog = shown(ReaderDialog(ReaderChoice(KIM, Path("one")), Path(), lambda folder: known.get(folder, ())))
    assert dialog.chosen() == ReaderChoice(KIM, Path("one"))
    dialog.folder.edit.setText("two")
    assert [dialog.name.itemText(i) for i in range(dialog.name.count())] == ["lee", "park"]
    assert dialog.name.currentText() == "kim"
    dialog.folder.edit.setText("")
    assert not dialog.ok.isEnabled()


@pytest.mark.parametrize(
    ("text", "answer"), [("Show me the first", "show"), ("They are absent: finalise", "state_absent"), ("Cancel", None)]
)
def test_finalising_names_what_is_unseen_and_gives_an_answer(qtbot: QtBot, text: str, answer: str | None) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)

    def press(dialog: FinaliseDialog) -> None:
        assert dialog.table.text() == "Pattern\tFrames\nA-lines\t40–51\nConsolidation\t1–12"
        click(next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == text))

    answering(press)
    assert ask_finalise([("A-lines", "40–51"), ("Consolidation", "1–12")], parent) == answer


def test_every_layout_is_offered_with_its_formats(shown: Callable) -> None:
    dialog = shown(ExportDialog(12, 3, Path("out"), "kim"))
    assert dialog.chosen() == ExportChoice("development", "csv", Path("out/kim_development.csv"))
    for i, layout in enumerate(LAYOUTS):
        dialog.layouts.setCurrentIndex(i)
        offered = tuple(dialog.format.itemData(k) for k in range(dialog.format.count()))
        assert offered == layout.formats
        suffix = "" if dialog.chosen().format == "folder" else f".{dialog.chosen().format}"
        assert dialog.chosen().path == Path(f"out/kim_{layout.layout}{suffix}")
        assert dialog.ok.isEnabled()


def test_patient_identifiers_are_off_until_asked_for(shown: Callable) -> None:
    dialog = shown(ExportDialog(12, 3, Path("out"), "kim"))
    assert dialog.chosen().identifiers is False
    dialog.identifiers.setChecked(True)
    assert dialog.chosen().identifiers is True


def test_the_format_follows_into_a_typed_path(shown: Callable) -> None:
    dialog = shown(ExportDialog(12, 3, Path("out"), "kim"))
    dialog.path.edit.selectAll()
    QTest.keyClicks(dialog.path.edit, "mine.csv")
    dialog.format.setCurrentIndex(1)
    assert dialog.chosen() == ExportChoice("development", "xlsx", Path("mine.xlsx"))
    dialog.layouts.setCurrentIndex(4)
    assert dialog.chosen().path == Path("mine.xlsx")
    dialog.path.edit.clear()
    assert not dialog.ok.isEnabled()


def test_a_layout_of_finalised_videos_needs_one(shown: Callable) -> None:
    dialog = shown(ExportDialog(0, 3, Path("out"), "kim"))
    assert not dialog.ok.isEnabled()
    assert any(text.startswith("No video is finalised yet") for text in visible_texts(dialog))
    dialog.layouts.setCurrentIndex([layout.layout for layout in LAYOUTS].index("frames"))
    assert dialog.ok.isEnabled()
    assert "3 videos go in, 3 of them not yet finalised." in visible_texts(dialog)


def test_a_merge_of_two_readers(shown: Callable) -> None:
    dialog = shown(MergeDialog((KIMS, LEES, PARKS), Path("out")))
    assert dialog.chosen() == MergeChoice((KIMS, LEES), "and", Path("out/merged_and.csv"))
    assert not dialog.at_least.isVisible()
    assert not dialog.leader.isVisible()
    dialog.union.setChecked(True)
    dialog.exclusions.edit.setText("ex.csv")
    dialog.mode.setCurrentIndex(1)
    expected = MergeChoice((KIMS, LEES), "or", Path("out/merged_or.csv"), 2, True, Path("ex.csv"))
    assert dialog.chosen() == expected


def test_an_adjudicated_merge_needs_two_sheets_and_another_ones_leader(shown: Callable) -> None:
    dialog = shown(MergeDialog((KIMS, LEES), Path("out")))
    dialog.mode.setCurrentIndex(2)
    assert not dialog.ok.isEnabled()
    assert "Choose the leader's sheet." in visible_texts(dialog)
    dialog.leader.choose(LEES)
    assert "The leader's sheet must be another one than the two that are merged." in visible_texts(dialog)
    dialog.leader.choose(FILE)
    assert dialog.ok.isEnabled()
    assert dialog.chosen().leader == FILE
    dialog.add_sheet(PARKS, chosen=True)
    assert "Adjudication is between two sheets, and 3 are chosen." in visible_texts(dialog)
    assert not dialog.ok.isEnabled()


def test_a_majority_is_at_most_all_of_them(shown: Callable) -> None:
    dialog = shown(MergeDialog((KIMS, LEES, PARKS), Path("out")))
    dialog.mode.setCurrentIndex(3)
    dialog.sheets.item(2).setCheckState(Qt.CheckState.Checked)
    assert dialog.chosen() == MergeChoice((KIMS, LEES, PARKS), "majority", Path("out/merged_majority.csv"), 2)
    dialog.at_least.setValue(4)
    assert "At least 4 of 3 sheets cannot be." in visible_texts(dialog)
    assert not dialog.ok.isEnabled()


def test_one_sheet_cannot_be_merged(shown: Callable) -> None:
    dialog = shown(MergeDialog((KIMS,), Path("out")))
    assert not dialog.ok.isEnabled()
    assert "Choose at least two sheets to merge." in visible_texts(dialog)


def test_two_different_sheets_are_compared(shown: Callable) -> None:
    dialog = shown(CompareDialog((KIMS, LEES), None))
    assert dialog.chosen() == CompareChoice(KIMS, LEES)
    dialog.second.choose(KIMS)
    assert dialog.chosen() is None
    assert not dialog.ok.isEnabled()
    assert "Choose two different sheets." in visible_texts(dialog)
    dialog.second.choose(FILE)
    assert dialog.chosen() == CompareChoice(KIMS, FILE)
    assert dialog.second.itemText(dialog.second.count() - 1) == "Choose a file …"


def test_the_last_comparison_is_offered_again(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    answering(lambda dialog: click(accept_button(dialog)))
    assert ask_compare((KIMS, LEES), CompareChoice(LEES, FILE), parent) == CompareChoice(LEES, FILE)
    answering(lambda dialog: dialog.reject())
    assert ask_compare((KIMS, LEES), None, parent) is None


def test_without_readers_nothing_is_chosen_yet(shown: Callable) -> None:
    dialog = shown(CompareDialog((), None))
    assert not dialog.ok.isEnabled()
    assert "Choose two sheets." in visible_texts(dialog)


def test_the_agreement_can_be_copied_and_saved(shown: Callable, tmp_path: Path) -> None:
    dialog = shown(
        ComparisonDialog(("kim", "lee"), ROWS, ScoreAlignment(2, 1), lambda path, text: path.write_text(text))
    )
    dialog.table.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == list(HEADERS)
    expected = ["A-lines", "4864", "32", "0.963", "0.810", "0.760", "0.860", "0.720", "4.2", "0", "0"]
    assert lines[1].split("\t") == expected
    assert lines[2].split("\t")[4:9] == ["–"] * 5
    dialog.save_to(tmp_path / "a.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["Pattern"] for row in rows] == ["A-line", "Confluent B-line"]
    assert (rows[0]["Agreement"], rows[1]["Kappa"]) == ("0.9625", "")
    assert "Written to a.csv." in visible_texts(dialog)


def test_a_table_that_cannot_be_saved_is_told(shown: Callable, tmp_path: Path) -> None:
    dialog = shown(ComparisonDialog(("kim", "lee"), ROWS, None, lambda path, text: path.write_text(text)))
    dialog.save_to(tmp_path / "missing" / "a.csv")
    assert "a.csv could not be written: No such file or directory." in visible_texts(dialog)


def test_numbers_are_saved_exactly() -> None:
    row = AgreementRow(Pattern.B_LINE, 3, 1, 2 / 3)
    assert agreement_csv([row]).splitlines()[1] == f"B-line,3,1,{2 / 3!r},,,,,,0,0"


def test_selected_problems_are_copied(shown: Callable) -> None:
    problems = [Problem("error", "found 0.", 14, "B-line"), Problem("loss", "no room for quality.")]
    dialog = shown(ProblemsDialog("Problems", problems, 3))
    dialog.table.selectRow(0)
    QTest.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "\tRow\tColumn\tWhat\nwrong\t14\tB-line\tfound 0."
    assert "1 error, 1 loss. 3 rows are right and can be imported." in visible_texts(dialog)


@pytest.mark.parametrize("n_right", [None, 0])
def test_problems_that_leave_nothing_to_decide(qtbot: QtBot, n_right: int | None) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)

    def press(dialog: QDialog) -> None:
        buttons = {b.text().replace("&", "") for b in dialog.findChild(QDialogButtonBox).buttons()}
        assert buttons == {"Copy", "OK"}
        dialog.accept()

    answering(press)
    assert ask_problems("Problems", [Problem("error", "x")], n_right, parent) is False


def test_what_is_right_is_imported_on_request(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    answering(lambda dialog: click(accept_button(dialog)))
    assert ask_problems("Problems", [Problem("error", "x")], 5, parent) is True
    answering(lambda dialog: dialog.reject())
    assert ask_problems("Problems", [Problem("error", "x")], 5, parent) is False


def test_the_queue_gives_the_place_of_a_video(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    items = [QueueItem("R1", "not finalised"), QueueItem("R2", "the AI is least sure")]

    def take_second(dialog: QueueDialog) -> None:
        place = dialog.table.visualItemRect(dialog.table.item(1, 1)).center()
        QTest.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseDClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)

    answering(take_second)
    assert ask_queue(items, parent) == 1
    answering(lambda dialog: click(dialog.open_button))
    assert ask_queue(items, parent) == 0
    answering(lambda dialog: dialog.reject())
    assert ask_queue(items, parent) is None


def test_an_empty_queue_has_nothing_to_open(shown: Callable) -> None:
    dialog = shown(QueueDialog(()))
    assert not dialog.open_button.isEnabled()
    assert "Nothing is left to do: every video is finalised." in visible_texts(dialog)


class Exercise:
    """A reaction dialog whose time only goes on when told."""

    def __init__(self, qtbot: QtBot) -> None:
        self.now_s = 100.0
        self.dialog = ReactionDialog(DARK, clock=lambda: self.now_s, pauses=random.Random(1))
        qtbot.addWidget(self.dialog)
        self.dialog.show()
        QApplication.processEvents()

    def wait_for_the_change(self) -> None:
        """Let the pause pass; the change is painted at once."""
        self.dialog._timer.stop()
        self.now_s += 2
        self.dialog._timer.timeout.emit()
        self.dialog.field.repaint()

    def press(self, delay_s: float) -> None:
        self.now_s += delay_s
        QTest.keyPress(self.dialog, Qt.Key.Key_Space)

    def release(self, delay_s: float) -> None:
        self.now_s += delay_s
        QTest.keyRelease(self.dialog, Qt.Key.Key_Space)

    def good_trial(self, onset_s: float, release_s: float) -> None:
        self.wait_for_the_change()
        self.press(onset_s)
        self.wait_for_the_change()
        self.release(release_s)


def test_ten_trials_give_the_medians(qtbot: QtBot) -> None:
    exercise = Exercise(qtbot)
    assert exercise.dialog.phase is Phase.READY
    click(exercise.dialog.start)
    for i in range(TRIALS):
        assert exercise.dialog.phase is Phase.DARK
        exercise.good_trial(0.25 + 0.01 * (i % 3), 0.3)
    dialog = exercise.dialog
    assert dialog.phase is Phase.DONE
    assert dialog.reaction == ReactionTime(0.26, 0.3, TRIALS, 0.0175, 0.0)
    words = "You press 260 ms late (spread 18 ms) and release 300 ms late (spread 0 ms): medians of 10 trials."
    assert words in visible_texts(dialog)
    click(dialog.use)
    assert dialog.result() == QDialog.DialogCode.Accepted


def test_early_and_missed_presses_are_discarded(qtbot: QtBot) -> None:
    exercise = Exercise(qtbot)
    exercise.dialog.begin()
    exercise.press(0.5)
    exercise.release(0.1)
    exercise.wait_for_the_change()
    exercise.press(0.2)
    exercise.wait_for_the_change()
    exercise.release(0.1)
    exercise.wait_for_the_change()
    exercise.wait_for_the_change()
    exercise.wait_for_the_change()
    exercise.press(0.2)
    exercise.release(0.1)
    exercise.wait_for_the_change()
    assert exercise.dialog.trials == (Trial(None, None),) * 3
    for _ in range(TRIALS - 3):
        exercise.good_trial(0.2, 0.3)
    assert exercise.dialog.reaction == ReactionTime(0.2, 0.3, TRIALS - 3)


def test_too_few_usable_trials_are_done_again(qtbot: QtBot) -> None:
    exercise = Exercise(qtbot)
    dialog = exercise.dialog
    dialog.begin()
    for i in range(TRIALS):
        exercise.good_trial(0.2 if i < 5 else 0.02, 0.3)
    assert dialog.reaction is None
    assert not dialog.use.isEnabled()
    assert "5 of 10 could be used; too few to measure. Please do it again." in visible_texts(dialog)
    assert dialog.start.text() == "Again"
    click(dialog.start)
    assert (dialog.phase, dialog.trials) == (Phase.DARK, ())


def test_the_exercise_runs_by_its_own_clock(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luv_viewer.widgets.dialogs.reaction_dialog.WAIT_S", (0.01, 0.02))
    dialog = ReactionDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.begin()
    qtbot.waitUntil(lambda: dialog.phase is Phase.DONE, timeout=5000)
    assert dialog.trials == (Trial(None, None),) * TRIALS
