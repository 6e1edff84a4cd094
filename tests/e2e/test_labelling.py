"""Labelling from a reader's side: keys only, in the real window, then out and in again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPlainTextEdit

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.label_sheet import sheet_of
from luv_viewer.domain.lus_score import LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.reader_file import Reader, SheetKey
from luv_viewer.domain.sheet_reading import SheetLayout
from luv_viewer.io.label_sheet_file import read_sheet, write_sheet
from luv_viewer.io.project_file import create_project
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from luv_viewer.settings import Settings, save_settings, settings_path
from tests.builders import moving_speckle, write_mp4
from tests.e2e.conftest import Hand, RunViewer
from tests.io.builders_dicom import dataset, grey_frames, save
from tests.widgets.track_hand import Hand as Mouse

FRAMES = 152
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loop as long as most of the published ones."""
    path = tmp_path_factory.mktemp("long") / "case_R1.mp4"
    write_mp4(path, moving_speckle(FRAMES, seed=5))
    return path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AI off and no playing by itself: these tests are about the hand."""
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("LUV_CONFIG_DIR", str(folder))
    save_settings(Settings(ai_enabled=False, autoplay=False), settings_path())


def wait_for_reader(hand: Hand) -> None:
    hand.wait_for_video()
    hand.wait_until(lambda: hand.session.notebook.annotation is not None, "the video to be recognised")


def go(hand: Hand, frame: int) -> None:
    """To a frame (from 1) by keys: from the first, in tens, then in ones."""
    hand.press(Qt.Key.Key_Home)
    for _ in range((frame - 1) // 10):
        hand.press(Qt.Key.Key_Right, SHIFT)
    for _ in range((frame - 1) % 10):
        hand.press(Qt.Key.Key_Right)
    assert hand.session.player.frame == frame - 1


def see_all(hand: Hand) -> None:
    """Every frame on the screen once, by stepping."""
    hand.press(Qt.Key.Key_Home)
    for frame in range(1, FRAMES):
        hand.press(Qt.Key.Key_Right)
        hand.wait_until(lambda frame=frame: hand.shown[-1:] == [frame], f"frame {frame + 1} on the screen")


def label_by_keys(hand: Hand) -> None:
    """A-lines 1_24 and 44_100, B-line 10_22 cut in two, confluent everywhere, consolidation stated absent."""
    digit = (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_5)
    hand.press(digit[0])
    for first, last in ((1, 24), (44, 100)):
        go(hand, first)
        hand.press(Qt.Key.Key_I)
        go(hand, last)
        hand.press(Qt.Key.Key_O)
        hand.press(Qt.Key.Key_Return)
    hand.press(digit[1])
    go(hand, 10)
    QTest.keyPress(hand.window, digit[1])
    for _ in range(12):
        hand.press(Qt.Key.Key_Right)
    QTest.keyRelease(hand.window, digit[1])
    hand.press(Qt.Key.Key_S)
    hand.press(Qt.Key.Key_Delete)
    hand.press(Qt.Key.Key_Z, CTRL)
    hand.press(digit[2])
    hand.press(Qt.Key.Key_T)
    hand.press(digit[3], SHIFT)


def annotation_of(hand: Hand) -> VideoAnnotation:
    annotation = hand.session.notebook.annotation
    assert annotation is not None
    return annotation


@pytest.mark.usefixtures("settings")
def test_a_whole_video_is_labelled_with_keys_alone_and_comes_back_equal(
    run_viewer: RunViewer, video: Path, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    kept: list[VideoAnnotation] = []

    def label(hand: Hand) -> None:
        wait_for_reader(hand)
        see_all(hand)
        label_by_keys(hand)
        annotation = annotation_of(hand)
        assert annotation.present_frames(Pattern.A_LINE).label == "1_24, 44_100"
        assert [s.label for s in annotation.track(Pattern.B_LINE)] == ["10_21", "22_22"]
        assert annotation.present_frames(Pattern.CONFLUENT_B_LINE).label == "1_152"
        assert not annotation.unlooked_anywhere()
        hand.press(Qt.Key.Key_Return, CTRL)
        assert annotation_of(hand).finalised
        hand.press(Qt.Key.Key_T)
        assert annotation_of(hand).present_frames(Pattern.CONFLUENT_B_LINE).label == "1_152"
        kept.append(annotation_of(hand))

    assert run_viewer([video, "--reader", "kim", "--project", project], label) == 0
    path = project / "readers" / "kim.luv"
    assert verify_reader_file(path).first_broken is None
    with open_reader_file(path) as file:
        assert list(file.annotations().values()) == kept
        sheet = sheet_of("kim", file.records(), file.annotations())
    for name in ("kim.csv", "kim.xlsx"):
        write_sheet(tmp_path / name, sheet, SheetLayout.DEVELOPMENT)
        (row,) = read_sheet(tmp_path / name).sheet.rows
        assert row.key == SheetKey("1", 1, row.key.study_date, "video")
        assert row.present == tuple(kept[0].present_frames(p) for p in TRACK_PATTERNS)


@pytest.mark.usefixtures("settings")
def test_undo_goes_on_after_a_restart(run_viewer: RunViewer, video: Path, tmp_path: Path) -> None:
    argv = [video, "--reader", "kim", "--project", tmp_path / "project"]

    def label(hand: Hand) -> None:
        wait_for_reader(hand)
        hand.press(Qt.Key.Key_2)
        hand.press(Qt.Key.Key_T)
        hand.window.label_panel.field_changed.emit("lus_score", LusScore.parse("3_c"))
        assert annotation_of(hand).lus_score == LusScore.parse("3_c")

    def undo(hand: Hand) -> None:
        wait_for_reader(hand)
        assert annotation_of(hand).present_frames(Pattern.B_LINE).label == "1_152"
        hand.press(Qt.Key.Key_Z, CTRL)
        hand.press(Qt.Key.Key_Z, CTRL)
        assert annotation_of(hand).is_untouched
        hand.press(Qt.Key.Key_Y, CTRL)
        assert annotation_of(hand).present_frames(Pattern.B_LINE).label == "1_152"

    assert run_viewer(argv, label) == 0
    assert run_viewer(argv, undo) == 0


@pytest.mark.usefixtures("settings")
def test_a_held_key_labels_what_passes_while_playing(run_viewer: RunViewer, video: Path, tmp_path: Path) -> None:
    def script(hand: Hand) -> None:
        wait_for_reader(hand)
        go(hand, 20)
        hand.press(Qt.Key.Key_Space)
        QTest.keyPress(hand.window, Qt.Key.Key_5)
        first = hand.session.player.frame
        hand.wait_until(lambda: hand.session.player.frame >= first + 15, "15 frames to pass")
        QTest.keyRelease(hand.window, Qt.Key.Key_5)
        hand.press(Qt.Key.Key_Space)
        (span,) = annotation_of(hand).track(Pattern.PLEURAL_EFFUSION)
        assert span.start == first
        assert first + 15 < span.stop <= hand.session.player.frame + 1

    assert run_viewer([video, "--reader", "kim", "--project", tmp_path / "project"], script) == 0


@pytest.mark.usefixtures("settings")
def test_a_second_window_opens_read_only_and_says_who_holds_it(
    run_viewer: RunViewer, video: Path, tmp_path: Path
) -> None:
    project = create_project(tmp_path / "project", "ward", [Reader("kim")])
    holder = open_reader_file(project.reader_path("kim"), Reader("kim"))

    def script(hand: Hand) -> None:
        wait_for_reader(hand)
        assert "kim" in hand.window.notice.text
        hand.press(Qt.Key.Key_1)
        hand.press(Qt.Key.Key_T)
        assert annotation_of(hand).is_untouched

    try:
        assert run_viewer([video, "--reader", "kim", "--project", project.folder], script) == 0
    finally:
        holder.close()


def test_a_blinded_reader_never_sees_the_ai(run_viewer: RunViewer, video: Path, tmp_path: Path) -> None:
    project = create_project(tmp_path / "project", "ward", [Reader("kim", blinded=True), Reader("lee")])

    def script(hand: Hand) -> None:
        wait_for_reader(hand)
        hand.press(Qt.Key.Key_A)
        hand.press(Qt.Key.Key_A)
        QTest.qWait(300)
        assert hand.session.prediction is None
        assert "blinded" in hand.session.ai_state.sentence
        hand.window.menu_actions["compare_sheets"].trigger()
        hand.wait_until(lambda: hand.window.right_panel.currentWidget() is hand.window.comparison_panel, "the answer")
        words = [label.text() for label in hand.window.comparison_panel.findChildren(QLabel) if label.isVisible()]
        assert any("blinded" in text for text in words)

    assert run_viewer([video, "--reader", "kim", "--project", project.folder], script) == 0


@pytest.mark.usefixtures("settings")
def test_finalising_names_what_nobody_looked_at(
    run_viewer: RunViewer, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    answers = iter(["show", None, "state_absent"])

    def answer(unlooked: object, _parent: object) -> object:
        asked.append(unlooked)
        return next(answers)

    monkeypatch.setattr("luv_viewer.label_desk.ask_finalise", answer)

    def script(hand: Hand) -> None:
        wait_for_reader(hand)
        hand.wait_until(lambda: 0 in annotation_of(hand).seen, "the frame that stood there before the reader")
        for _ in range(2):
            hand.press(Qt.Key.Key_Return, CTRL)
            assert not annotation_of(hand).finalised
            assert hand.session.player.frame == 1
        hand.wait_until(lambda: 1 in hand.shown, "the second frame on the screen")
        hand.press(Qt.Key.Key_Return, CTRL)
        assert annotation_of(hand).finalised
        assert not annotation_of(hand).unlooked_anywhere()
        hand.press(Qt.Key.Key_Z, CTRL)
        assert annotation_of(hand).unlooked_anywhere().label == "3_152"

    assert run_viewer([video, "--reader", "kim", "--project", tmp_path / "project"], script) == 0
    assert asked[0] == [("Every pattern", "2–152")]


@pytest.mark.usefixtures("settings")
def test_typing_reaches_the_note_and_no_key_of_the_window(run_viewer: RunViewer, video: Path, tmp_path: Path) -> None:
    def script(hand: Hand) -> None:
        wait_for_reader(hand)
        (note,) = hand.window.label_panel.findChildren(QPlainTextEdit)
        note.setFocus()
        QTest.keyClicks(note, "1 so t")
        assert not annotation_of(hand).patterns_present()
        hand.window.label_panel.commit_typing()
        assert annotation_of(hand).note == "1 so t"

    assert run_viewer([video, "--reader", "kim", "--project", tmp_path / "project"], script) == 0


@pytest.mark.usefixtures("settings")
def test_a_changed_file_is_refused(run_viewer: RunViewer, tmp_path: Path) -> None:
    frames = grey_frames(20)
    stored = save(tmp_path / "loop.dcm", dataset(frames, SOPInstanceUID="1.2.3.4.5"))
    argv = [stored, "--reader", "kim", "--project", tmp_path / "project"]

    def label(hand: Hand) -> None:
        wait_for_reader(hand)
        hand.press(Qt.Key.Key_1)
        hand.press(Qt.Key.Key_T)

    def look(hand: Hand) -> None:
        hand.wait_for_video()
        hand.wait_until(lambda: hand.session.notebook.refusal, "the refusal")
        assert "frame 3 changed" in hand.session.notebook.refusal
        assert "loop.dcm is not the file that kim annotated" in hand.window.label_panel.findChildren(QLabel)[2].text()
        hand.press(Qt.Key.Key_T)
        assert hand.session.notebook.annotation is None

    assert run_viewer(argv, label) == 0
    before = (tmp_path / "project" / "readers" / "kim.luv").read_bytes()
    changed = frames.copy()
    changed[2, 5, 5] += 1
    save(stored, dataset(changed, SOPInstanceUID="1.2.3.4.5"))
    assert run_viewer(argv, look) == 0
    assert (tmp_path / "project" / "readers" / "kim.luv").read_bytes() == before


@pytest.mark.usefixtures("settings")
def test_mouse_and_keys_give_the_same_tracks(run_viewer: RunViewer, video: Path, tmp_path: Path) -> None:
    results: list[VideoAnnotation] = []

    def by_keys(hand: Hand) -> None:
        wait_for_reader(hand)
        hand.press(Qt.Key.Key_4)
        go(hand, 31)
        hand.press(Qt.Key.Key_I)
        go(hand, 60)
        hand.press(Qt.Key.Key_O)
        hand.press(Qt.Key.Key_Enter)
        hand.press(Qt.Key.Key_BracketRight, SHIFT)
        results.append(annotation_of(hand))

    def by_mouse(hand: Hand) -> None:
        wait_for_reader(hand)
        go(hand, 10)
        mouse = Mouse(hand.window.timeline)
        mouse.drag(mouse.place(Pattern.CONSOLIDATION, 30), mouse.place(Pattern.CONSOLIDATION, 59))
        mouse.drag(mouse.place(Pattern.CONSOLIDATION, 59.5), mouse.place(Pattern.CONSOLIDATION, 60.4), CTRL)
        results.append(annotation_of(hand))

    assert run_viewer([video, "--reader", "kim", "--project", tmp_path / "keys"], by_keys) == 0
    assert run_viewer([video, "--reader", "kim", "--project", tmp_path / "mouse"], by_mouse) == 0
    assert results[0].present == results[1].present
