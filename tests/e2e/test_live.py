"""Live mode in the real window: a file played as a stream, recorded, frozen, stopped; blinded readers; failures."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

import model
from luv_viewer.analysis.predict import load_checkpoint
from luv_viewer.app import main
from luv_viewer.domain.live import RecordingPhase, SourcePhase
from luv_viewer.domain.reader_file import Reader
from luv_viewer.io import open_study
from luv_viewer.io.project_file import create_project
from luv_viewer.live_desk import LiveDesk
from luv_viewer.live_presenter import LivePresenter
from luv_viewer.widgets.live_view import LiveView
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint
from tests.e2e.conftest import Hand, RunViewer, let_run

LONG_AGO = 1_600_000_000


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_mp4(tmp_path_factory.mktemp("clips") / "clip.mp4", moving_speckle(90), fps=25)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


class Live:
    """What a person sees of live mode."""

    def __init__(self, hand: Hand) -> None:
        self.hand = hand
        self.desk: LiveDesk = hand.window.findChild(LiveDesk)

    @property
    def view(self) -> LiveView:
        assert self.desk.view is not None
        return self.desk.view

    @property
    def presenter(self) -> LivePresenter:
        assert self.desk.presenter is not None
        return self.desk.presenter

    @property
    def state(self) -> str:
        return self.view.patterns.words.text()

    def wait_for_phase(self, phase: SourcePhase) -> None:
        self.hand.wait_until(lambda: self.presenter.status.phase is phase, f"source {phase.value}")

    def wait_for_result(self) -> None:
        self.hand.wait_until(lambda: self.presenter.result is not None, "a result")

    def play_again_until_assessed(self) -> None:
        """LUV-Net may take longer to load than the clip lasts."""
        self.hand.wait_until(self._assessed_or_again, "a result while the clip plays")

    def _assessed_or_again(self) -> bool:
        if self.presenter.result is not None:
            return True
        if self.presenter.status.is_over and "ready" in self.state:
            self.view.source_action.click()
        return False


def test_a_file_played_as_a_stream_is_assessed_and_recorded(
    run_viewer: RunViewer, clip: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kept" / "scan.mkv"

    def script(hand: Hand) -> None:
        live = Live(hand)
        assert hand.window.centralWidget().currentWidget() is live.view
        live.wait_for_phase(SourcePhase.ENDED)
        hand.wait_until(lambda: not live.desk.jobs.recorder.is_active, "the end of the recording")
        status = live.desk.jobs.recorder.status
        assert (status.phase, status.n_frames, status.n_lost) == (RecordingPhase.FINISHED, 90, 0)
        assert live.desk.jobs.n_frames == 90
        live.play_again_until_assessed()
        live.wait_for_phase(SourcePhase.ENDED)
        hand.wait_until(lambda: live.presenter.figures.latency_ms is not None, "a result on the screen")
        assert "ms behind (95 % within" in live.view.bar.latency.text()
        assert not live.view.bar.record.isEnabled()
        let_run(300)
        result = live.presenter.result
        assert result is not None
        video = open_study(clip).videos[0]
        frames = np.stack([video.frame(int(i)) for i in result.numbers])
        expected = model.predict_video(
            _Frames(frames), load_checkpoint(checkpoint), clip_length=30, device="torch", tail="align"
        )
        np.testing.assert_allclose(result.probabilities, expected.probabilities[0], atol=1e-5)
        np.testing.assert_allclose(result.attention, expected.clip_attention[0, : len(result.numbers)], atol=1e-5)
        shown = [row.score.video for row in live.view.patterns.rows]
        np.testing.assert_allclose(shown, result.probabilities)
        curves = live.view.timeline._curves
        assert curves is not None
        assert np.nanmax(curves.attention) == pytest.approx(1.0)
        recorded = open_study(path).videos[0]
        assert recorded.n_frames == 90
        np.testing.assert_allclose(recorded.times_s, video.times_s, atol=0.0006)
        for i in range(90):
            assert np.array_equal(recorded.frame(i), video.frame(i))
        for opened in (video, recorded):
            opened.store.close()

    argv = ["--live", clip, "--record", path, "--checkpoint", checkpoint, "--device", "torch"]
    assert run_viewer(argv, script) == 0
    said = capsys.readouterr().out
    assert said.startswith("Live mode: 90 frames came, ")
    assert "median; 95 % within" in said


class _Frames:
    """Frames as a video: made grey as every video is."""

    def __init__(self, frames: np.ndarray) -> None:
        self._frames, self.n_frames = frames, len(frames)
        self.region = (0, 0, frames.shape[2], frames.shape[1])

    def frame(self, i: int) -> np.ndarray:
        return self._frames[i]


def test_keys_freeze_record_and_stop(run_viewer: RunViewer, clip: Path, checkpoint: Path, tmp_path: Path) -> None:
    long = write_mp4(tmp_path / "long.mp4", moving_speckle(1500, size_px=(64, 64)), fps=25)
    os.utime(long, (LONG_AGO, LONG_AGO))

    def script(hand: Hand) -> None:
        live = Live(hand)
        live.wait_for_result()
        hand.press(Qt.Key.Key_Space)
        assert live.presenter.is_frozen
        let_run(50)
        picture, n_before = live.view.video_view.picture, live.desk.jobs.n_frames
        held = [row.score.video for row in live.view.patterns.rows]
        hand.wait_until(lambda: live.desk.jobs.n_frames > n_before + 5, "frames that go on coming")
        assert live.view.video_view.picture is picture
        assert [row.score.video for row in live.view.patterns.rows] == held
        hand.press(Qt.Key.Key_Space)
        hand.wait_until(lambda: live.view.video_view.picture is not picture, "the live picture again")
        hand.press(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
        hand.wait_until(lambda: live.desk.jobs.recorder.status.n_frames > 5, "a recording")
        assert "●" in live.view.bar.recording.text()
        hand.press(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
        hand.wait_until(lambda: not live.desk.jobs.recorder.is_active, "the end of the recording")
        path = Path(live.desk.jobs.recorder.status.path)
        assert path.parent == tmp_path / "config" / "recordings"
        hand.press(Qt.Key.Key_Escape)
        assert live.presenter.result is None
        assert all(row.score.video is None for row in live.view.patterns.rows)
        let_run(200)
        assert live.view.timeline.is_empty, "no curve stays either"
        hand.wait_until(lambda: not live.desk.jobs.ai_runs, "the end of the AI thread")
        n_before = live.desk.jobs.n_frames
        hand.wait_until(lambda: live.desk.jobs.n_frames > n_before, "frames without LUV-Net")
        live.view.patterns.action.click()
        live.wait_for_result()
        hand.press(Qt.Key.Key_A)
        assert live.presenter.result is None
        live.view.findChild(QPushButton, "open_recording").click()
        hand.wait_for_video()
        assert not live.desk.is_on
        assert hand.session.study is not None
        assert hand.session.study.title == path.name

    assert run_viewer(["--live", long, "--checkpoint", checkpoint, "--device", "torch"], script) == 0


def test_a_blinded_reader_sees_no_ai(run_viewer: RunViewer, clip: Path, checkpoint: Path, tmp_path: Path) -> None:
    project = create_project(tmp_path / "project", "ward", [Reader("kim", blinded=True), Reader("lee")])

    def script(hand: Hand) -> None:
        live = Live(hand)
        hand.wait_until(lambda: live.desk.is_on, "live mode")
        assert hand.session.notebook.reader == Reader("kim", blinded=True)
        live.wait_for_phase(SourcePhase.ENDED)
        for _ in range(2):
            hand.press(Qt.Key.Key_A)
        let_run(200)
        assert not live.desk.jobs.ai_runs
        assert live.presenter.result is None
        assert "blinded" in live.state
        assert live.desk.jobs.n_frames == 90

    argv = ["--live", clip, "--reader", "kim", "--project", project.folder, "--checkpoint", checkpoint]
    assert run_viewer(argv, script) == 0


def test_a_device_that_is_not_there_is_a_sentence_and_another_source_can_be_chosen(
    run_viewer: RunViewer, clip: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("luv_viewer.live_desk.ask_live_source", lambda _: str(clip))

    def script(hand: Hand) -> None:
        live = Live(hand)
        live.wait_for_phase(SourcePhase.FAILED)
        assert "Device 97 cannot be opened: it is not there" in live.view.source.text()
        assert live.view.source_action.text() == "Try again"
        assert not live.view.bar.record.isEnabled()
        hand.press(Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
        live.wait_for_phase(SourcePhase.RUNNING)
        assert "clip.mp4, played as a stream" in live.view.source.text()
        hand.press(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
        assert not live.desk.is_on

    assert run_viewer(["--live", "97", "--checkpoint", checkpoint], script) == 0


def test_empty_pictures_get_no_number(run_viewer: RunViewer, checkpoint: Path, tmp_path: Path) -> None:
    blank = write_mp4(tmp_path / "blank.mp4", np.zeros((300, 64, 64, 3), np.uint8))
    os.utime(blank, (LONG_AGO, LONG_AGO))

    def script(hand: Hand) -> None:
        live = Live(hand)
        hand.wait_until(lambda: "Not assessed: the frames are empty" in live.state, "the refusal")
        assert all(row.score.video is None for row in live.view.patterns.rows)
        assert live.presenter.figures.results == 0

    assert run_viewer(["--live", blank, "--checkpoint", checkpoint, "--device", "torch"], script) == 0


def test_an_unreadable_checkpoint_leaves_the_picture(run_viewer: RunViewer, clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"not a checkpoint")

    def script(hand: Hand) -> None:
        live = Live(hand)
        hand.wait_until(lambda: "broken.pt" in live.state, "the sentence")
        live.wait_for_phase(SourcePhase.ENDED)
        assert live.view.video_view.picture is not None

    assert run_viewer(["--live", clip, "--checkpoint", broken], script) == 0


def test_a_growing_file_is_followed_in_the_window_and_closing_ends_everything(
    run_viewer: RunViewer, checkpoint: Path, tmp_path: Path
) -> None:
    source = tmp_path / "whole.mkv"
    write_mp4(source, moving_speckle(400, size_px=(64, 64)))
    content, path, stop = source.read_bytes(), tmp_path / "grows.mkv", threading.Event()
    path.write_bytes(content[: len(content) // 4])

    def write() -> None:
        for first in range(len(content) // 4, len(content), 2000):
            if stop.wait(0.02):
                return
            with path.open("ab") as file:
                file.write(content[first : first + 2000])

    def script(hand: Hand) -> None:
        live = Live(hand)
        live.wait_for_phase(SourcePhase.RUNNING)
        assert "followed while it is written" in live.view.source.text()
        hand.wait_until(lambda: live.desk.jobs.n_frames > 20, "frames")
        hand.press(Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
        hand.wait_until(lambda: live.desk.jobs.recorder.status.n_frames > 3, "a recording")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert run_viewer(["--live", path, "--checkpoint", checkpoint, "--device", "torch"], script) == 0
    finally:
        stop.set()
        writer.join()
    [recording] = (tmp_path / "config" / "recordings").iterdir()
    video = open_study(recording).videos[0]
    assert video.n_frames > 3
    video.store.close()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--live", "0", "--demo"],
        ["--live", " "],
        ["--record"],
        ["--live", "0", "--record", "scan.mp4"],
        ["--live", "0", "clip.mp4"],
    ],
)
def test_wrong_usage_is_status_2(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(wrong)
    assert stop.value.code == 2
