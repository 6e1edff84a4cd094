"""The window from a user's side: open, play, step, seek, AI, switch, cancel, bad input."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.domain.playback import LoopMode
from tests.builders import moving_speckle, write_mp4
from tests.e2e.conftest import Hand, RunViewer

FRAMES = 62


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two videos and one broken file."""
    folder = tmp_path_factory.mktemp("study")
    write_mp4(folder / "case_R1.mp4", moving_speckle(FRAMES, seed=1))
    write_mp4(folder / "case_R2.mp4", moving_speckle(40, seed=2))
    (folder / "case_R3.mp4").write_bytes((folder / "case_R1.mp4").read_bytes()[:200])
    return folder


def test_opens_plays_steps_and_seeks(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        session, window = hand.session, hand.window
        hand.wait_for_video()
        assert session.player.is_playing
        hand.wait_until(lambda: len(set(hand.shown)) > 5, "playing")
        hand.press(Qt.Key.Key_Space)
        assert not session.player.is_playing
        hand.press(Qt.Key.Key_Home)
        assert session.player.frame == 0
        hand.press(Qt.Key.Key_Right)
        hand.press(Qt.Key.Key_Right)
        hand.press(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        assert session.player.frame == 12
        hand.press(Qt.Key.Key_Left)
        assert session.player.frame == 11
        hand.press(Qt.Key.Key_End)
        assert session.player.frame == FRAMES - 1
        hand.wait_until(lambda: hand.shown[-1:] == [FRAMES - 1], "the last frame on the screen")
        assert window.playback_bar.position.text() == f"frame {FRAMES} of {FRAMES}"
        hand.press(Qt.Key.Key_L)
        assert session.player.loop_mode is LoopMode.CLIP
        hand.press(Qt.Key.Key_Plus)
        assert session.player.speed == 1.5
        hand.press(Qt.Key.Key_0)
        assert session.player.speed == 1.0

    assert run_viewer([study, "--checkpoint", study / "none.pt"], script) == 0


def test_what_is_painted_is_the_frame_asked_for(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        hand.session.player.pause()
        hand.session.player.show_frame(17)
        hand.wait_until(lambda: hand.shown[-1:] == [17], "frame 18")
        image = hand.window.video_view.picture
        assert image is not None
        assert hand.session.video is not None
        expected = hand.session.video.frame(17)
        for y, x in ((0, 0), (50, 60), (95, 127)):
            color = image.pixelColor(x, y)
            assert (color.red(), color.green(), color.blue()) == tuple(int(v) for v in expected[y, x])

    run_viewer([study / "case_R1.mp4"], script)


def test_study_panel_names_the_file_left_out(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        assert hand.session.study is not None
        assert len(hand.session.study.videos) == 2
        assert [failure.path.name for failure in hand.session.study.failures] == ["case_R3.mp4"]
        assert hand.window.notice.text == "1 file was left out."
        hand.press(Qt.Key.Key_PageDown)
        hand.wait_for_video(1)
        hand.press(Qt.Key.Key_PageUp)
        hand.wait_for_video(0)

    run_viewer([study], script)


def test_a_broken_file_is_one_sentence_and_the_old_study_stays(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        before = hand.session.study
        hand.desk.open_paths([study / "case_R3.mp4"])
        hand.wait_until(lambda: hand.window.notice.text, "a sentence")
        assert "case_R3.mp4" in hand.window.notice.text
        assert "\n" not in hand.window.notice.text
        assert hand.session.study is before

    run_viewer([study / "case_R1.mp4"], script)


def test_seen_frames_are_the_painted_ones(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        hand.session.player.pause()
        for frame in range(10):
            hand.session.player.show_frame(frame)
            hand.wait_until(lambda frame=frame: hand.shown[-1:] == [frame], f"frame {frame + 1}")
        shown = len({f for f in hand.shown if f < FRAMES})
        assert hand.session.seen_fraction(0) == pytest.approx(shown / FRAMES)
        assert 10 <= shown < FRAMES
        assert hand.session.seen_fraction(1) == 0

    run_viewer([study], script)


def test_without_a_study_the_window_says_what_to_do(run_viewer: RunViewer) -> None:
    def script(hand: Hand) -> None:
        assert hand.window.welcome.isVisible()
        for key in (Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Period, Qt.Key.Key_U):
            hand.press(key)
        assert hand.window.notice.text == ""

    assert run_viewer([], script) == 0


def test_window_and_level_change_the_picture_only(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        from luv_viewer.session import WindowLevel

        hand.wait_for_video()
        hand.session.player.pause()
        hand.session.player.show_frame(3)
        hand.wait_until(lambda: hand.shown[-1:] == [3], "frame 4")
        view, video = hand.window.video_view, hand.session.video
        assert view.picture is not None
        assert video is not None
        plain = view.picture.pixelColor(40, 40).red()
        hand.session.set_window_level(WindowLevel(window=40, level=20))
        assert view.picture.pixelColor(40, 40).red() != plain or plain in (0, 255)
        np.testing.assert_array_equal(video.frame(3), video.read(3))
        hand.press(Qt.Key.Key_W)
        assert view.picture.pixelColor(40, 40).red() == plain

    run_viewer([study / "case_R1.mp4"], script)


def test_settings_are_kept_for_the_next_start(run_viewer: RunViewer, study: Path) -> None:
    run_viewer([], lambda hand: hand.desk.change_setting("theme", "light"))
    run_viewer([], lambda hand: hand.press(Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier))

    def script(hand: Hand) -> None:
        assert hand.desk.settings.theme == "light"
        assert not hand.desk.settings.show_study_panel
        assert not hand.window.study_panel.isVisible()

    run_viewer([], script)


def test_a_damaged_settings_file_is_said_and_set_aside(run_viewer: RunViewer, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.json").write_text("{")
    run_viewer([], lambda hand: _expect(hand, "set aside as settings.damaged.json"))
    assert (tmp_path / "config" / "settings.damaged.json").read_text() == "{"


def test_no_checkpoint_is_a_state_not_a_number(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        hand.wait_for_ai(AiPhase.NO_CHECKPOINT)
        assert hand.session.prediction is None
        assert "none.pt" in hand.session.ai_state.sentence

    run_viewer([study / "case_R1.mp4", "--checkpoint", study / "none.pt"], script)


def _expect(hand: Hand, words: str) -> None:
    assert words in hand.window.notice.text


def test_settings_that_cannot_be_written_are_said(run_viewer: RunViewer, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")

    def script(hand: Hand) -> None:
        hand.desk.change_setting("show_ruler", False)
        hand.wait_until(lambda: "cannot be saved" in hand.window.notice.text, "a sentence")
        assert not hand.desk.settings.show_ruler

    assert run_viewer([], script) == 0


def test_ctrl_c_closes_the_window(run_viewer: RunViewer) -> None:
    def script(hand: Hand) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        hand.wait_until(lambda: not hand.window.isVisible(), "the window to close")

    assert run_viewer([], script) == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_measuring_without_spacing_is_explained(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        view = hand.window.video_view
        QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, QPoint(100, 100))
        assert "no pixel spacing" in hand.window.statusBar().currentMessage()

    run_viewer([study / "case_R1.mp4"], script)


def test_the_files_left_out_are_listed_on_request_and_gone_with_the_study(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        details = hand.window.notice.findChild(QPlainTextEdit)
        assert not details.isVisible()
        hand.window.menu_actions["failures"].trigger()
        assert details.isVisible()
        assert "case_R3.mp4" in details.toPlainText()
        hand.press(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
        assert hand.window.notice.text == ""
        assert hand.window.welcome.isVisible()

    run_viewer([study], script)


def test_files_dropped_anywhere_are_opened(run_viewer: RunViewer, study: Path) -> None:
    def script(hand: Hand) -> None:
        files = QMimeData()
        files.setUrls([QUrl.fromLocalFile(str(study / "case_R2.mp4"))])
        keys, button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton
        entered = QDragEnterEvent(QPoint(20, 20), Qt.DropAction.CopyAction, files, button, keys)
        QApplication.sendEvent(hand.window, entered)
        assert entered.isAccepted()
        QApplication.sendEvent(hand.window, QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, files, button, keys))
        hand.wait_for_video()
        assert hand.session.video is not None
        assert hand.session.video.title == "case_R2"

    run_viewer([], script)
