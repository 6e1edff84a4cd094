"""LUV-Net in the window: results, late results, stopping, seeking on its curves."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from luv_viewer.analysis.engine import find_prepared_file
from luv_viewer.analysis.predict import load_checkpoint, predict_video
from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.domain.pattern import Pattern
from luv_viewer.io import open_study
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from model import Checkpoint, Preprocessing, build_network, save_checkpoint
from model.runtimes.choice import read_choice
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint
from tests.e2e.conftest import Hand, RunViewer

FRAMES = 62


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_mp4(folder / "a.mp4", moving_speckle(FRAMES, seed=1))
    write_mp4(folder / "b.mp4", moving_speckle(40, seed=2))
    write_mp4(folder / "long.mp4", moving_speckle(400, seed=3))
    return folder


def test_a_network_without_pattern_attention_shows_probabilities_and_says_so(
    run_viewer: RunViewer, study: Path, tmp_path: Path
) -> None:
    options = {"encoder": "resnet18"}
    made = Checkpoint(
        network=build_network("usvn", **options).eval(),
        network_name="usvn",
        network_options=options,
        name="tiny-usvn",
        thresholds=np.full(4, 0.5),
        preprocessing=Preprocessing(size=32),
    )
    save_checkpoint(tmp_path / "usvn.pt", made)

    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        shown = hand.session.prediction
        assert shown is not None
        assert not np.isnan(shown.video_probabilities).any()
        assert shown.clip_spans.tolist() == [[0, 30], [24, 40]]
        texts = [label.text() for label in hand.window.top_frames.findChildren(QLabel)]
        assert "This network has no pattern attention" in texts

    run_viewer([study / "b.mp4", "--checkpoint", tmp_path / "usvn.pt", "--device", "cpu"], script)


def test_the_window_shows_what_predicting_without_it_gives(
    run_viewer: RunViewer, study: Path, checkpoint: Path
) -> None:
    expected = predict_video(
        open_study(study / "a.mp4").videos[0], load_checkpoint(checkpoint), device="cpu", stride=1, tail="align"
    )

    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        shown = hand.session.prediction
        assert shown is not None
        np.testing.assert_allclose(shown.probabilities, expected.probabilities, atol=1e-5)
        np.testing.assert_allclose(shown.frame_attention, expected.frame_attention, atol=1e-4)
        assert shown.top_frames == expected.top_frames
        assert shown.provenance.checkpoint == "tiny"
        assert "cpu" in hand.window.playback_bar.ai.text()
        assert hand.session.checkpoint is not None
        assert hand.session.checkpoint.title == "A tiny network for tests"

    run_viewer([study / "a.mp4", "--checkpoint", checkpoint, "--device", "cpu"], script)


def test_keys_walk_patterns_and_key_frames(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        session = hand.session
        hand.press(Qt.Key.Key_Home)
        for _ in range(4):
            hand.press(Qt.Key.Key_Up)
        assert session.selected_pattern is Pattern.A_LINE
        hand.press(Qt.Key.Key_Down)
        assert session.selected_pattern is Pattern.B_LINE
        assert session.prediction is not None
        walked = []
        session.player.show_frame(0)
        while True:
            before = session.player.frame
            hand.press(Qt.Key.Key_Period)
            if session.player.frame == before:
                break
            walked.append(session.player.frame)
        key_frames = sorted(session.prediction.top_frames[1])
        assert walked == [f for f in key_frames if f > 0]
        hand.press(Qt.Key.Key_Comma)
        assert session.player.frame == key_frames[-2]

    run_viewer([study / "a.mp4", "--checkpoint", checkpoint], script)


def test_a_late_result_for_another_video_is_dropped(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    def script(hand: Hand) -> None:
        session = hand.session
        hand.wait_for_video()
        assert session.study is not None
        session.show_video(2)
        hand.wait_until(lambda: session.prediction is not None, "a first partial result")
        session.show_video(1)
        assert session.prediction is None
        video = session.video
        hand.wait_for_ai()
        assert session.prediction is not None
        assert session.prediction.n_frames == 40
        assert session.video is video

    run_viewer([study, "--checkpoint", checkpoint], script)


def test_a_finished_video_is_not_run_again(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        first = hand.session.prediction
        hand.press(Qt.Key.Key_PageDown)
        hand.wait_for_ai()
        hand.press(Qt.Key.Key_PageUp)
        assert hand.session.prediction is first
        assert hand.session.ai_state.phase is AiPhase.DONE

    run_viewer([study, "--checkpoint", checkpoint], script)


def test_escape_stops_a_run_and_it_can_be_run_again(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_until(lambda: hand.session.prediction is not None, "a partial result")
        hand.press(Qt.Key.Key_Escape)
        assert hand.session.ai_state.phase is AiPhase.STOPPED
        hand.wait_until(lambda: hand.desk.jobs.ai.has_ended, "the end of the thread")
        partial = hand.session.prediction
        assert partial is not None
        assert not partial.is_complete
        hand.window.pattern_panel.ai_action_requested.emit()
        hand.wait_for_ai()

    run_viewer([study / "long.mp4", "--checkpoint", checkpoint], script)


def test_switching_ai_off_takes_the_curves_away(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        hand.press(Qt.Key.Key_A)
        assert hand.session.prediction is None
        assert hand.session.ai_state.phase is AiPhase.OFF
        hand.press(Qt.Key.Key_A)
        hand.wait_for_ai()
        assert hand.session.prediction is not None

    run_viewer([study / "a.mp4", "--checkpoint", checkpoint], script)


def test_dense_is_a_clip_at_every_frame_and_can_be_switched_off(
    run_viewer: RunViewer, study: Path, checkpoint: Path
) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        assert hand.session.prediction is not None
        assert len(hand.session.prediction.clip_spans) == FRAMES - 30 + 1
        hand.press(Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
        hand.wait_for_ai()
        assert hand.session.prediction is not None
        assert hand.session.prediction.clip_spans.tolist() == [[0, 30], [24, 54], [48, 62]]

    run_viewer([study / "a.mp4", "--checkpoint", checkpoint], script)


def test_closing_during_a_run_ends_cleanly(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    moment = 0.0

    def script(hand: Hand) -> None:
        nonlocal moment
        hand.wait_until(lambda: hand.session.ai_state.phase is AiPhase.RUNNING, "a run")
        moment = time.monotonic()

    assert run_viewer([study / "long.mp4", "--checkpoint", checkpoint], script) == 0
    assert moment > 0


def test_an_unreadable_checkpoint_is_a_sentence(run_viewer: RunViewer, study: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"not a checkpoint")

    def script(hand: Hand) -> None:
        hand.wait_for_ai(AiPhase.NO_CHECKPOINT)
        assert "broken.pt" in hand.session.ai_state.sentence
        assert hand.session.prediction is None

    run_viewer([study / "a.mp4", "--checkpoint", broken], script)


def test_a_picture_unlike_lung_ultrasound_is_not_assessed(
    run_viewer: RunViewer, checkpoint: Path, tmp_path: Path
) -> None:
    blank = write_mp4(tmp_path / "blank.mp4", np.zeros((30, 96, 128, 3), np.uint8))

    def script(hand: Hand) -> None:
        hand.wait_for_ai(AiPhase.NOT_ASSESSED)
        assert hand.session.prediction is None
        assert "blank.mp4" in hand.session.ai_state.sentence

    run_viewer([blank, "--checkpoint", checkpoint], script)


def test_clicks_on_timeline_top_frame_and_study_panel_jump(
    run_viewer: RunViewer, study: Path, checkpoint: Path
) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        session, window = hand.session, hand.window
        session.player.pause()
        canvas = window.timeline.findChild(LaneCanvas)
        for frame in (0, 17, 44, FRAMES - 1):
            hand.click(canvas.viewport(), canvas.picture.axis.x_px(frame), canvas.picture.lane_rect(2).bottom() - 2)
            assert session.player.frame == frame
        assert session.prediction is not None
        letter_a = window.top_frames.tiles[0]
        hand.click(letter_a, letter_a.width() / 2, 10)
        assert session.player.frame == session.prediction.top_frames[1][0]
        hand.wait_until(lambda: hand.shown[-1:] == [session.player.frame], "the top frame on the screen")
        window.study_panel.video_chosen.emit(1)
        hand.wait_for_video(1)

    run_viewer([study, "--checkpoint", checkpoint], script)


def test_engines_are_measured_once_when_there_is_nothing_else_to_do(
    run_viewer: RunViewer, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("luv_viewer.jobs.ai_jobs.MEASURE_AFTER_MS", 0)
    fresh = write_tiny_checkpoint(tmp_path / "fresh.pt", seed=4)

    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        before = hand.session.prediction
        assert before is not None
        assert before.provenance.precision == "fp32", "nothing is known of this computer yet"
        hand.wait_until(lambda: "Engines were measured" in hand.session.ai_state.note, "what was measured")
        assert hand.session.prediction is before, "what is shown stays"
        prepared = find_prepared_file(fresh)
        assert prepared is not None
        choice = read_choice(prepared)
        assert choice is not None
        assert choice.reason == hand.session.ai_state.why
        hand.press(Qt.Key.Key_PageDown)
        hand.wait_for_video(1)
        hand.wait_until(lambda: hand.session.ai_state.phase is not AiPhase.DONE, "the next run")
        hand.wait_for_ai()
        after = hand.session.prediction
        assert after is not None
        assert after.provenance.precision == choice.precision
        assert "Measured on this computer" in hand.session.ai_state.why

    run_viewer([study, "--checkpoint", fresh, "--device", "cpu"], script)
