"""Maps over the picture: on, off, which kind, late ones, networks without, blinded and stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt

from luv_viewer.analysis.predict import load_checkpoint
from luv_viewer.analysis.saliency import explain_video, open_explainer
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.reader_file import Reader
from luv_viewer.domain.saliency import MapKind
from luv_viewer.domain.span import Span
from luv_viewer.io import open_study
from luv_viewer.io.project_file import create_project
from luv_viewer.label_presenter import AI_HIDDEN
from model import Checkpoint, Preprocessing, build_network, save_checkpoint
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint
from tests.e2e.conftest import Hand, RunViewer

FRAMES = 40


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_mp4(folder / "a.mp4", moving_speckle(FRAMES, seed=1))
    write_mp4(folder / "b.mp4", moving_speckle(31, seed=2))
    return folder


def c3d_checkpoint(path: Path) -> Path:
    """A network without frame encoder."""
    options = {"clip_length": 16, "height": 32, "width": 32, "channels": 2, "hidden": 8}
    made = Checkpoint(
        network=build_network("c3d", **options).eval(),
        network_name="c3d",
        network_options=options,
        name="small-c3d",
        thresholds=np.zeros(4),
        clip_length=16,
        preprocessing=Preprocessing(size=32),
    )
    save_checkpoint(path, made)
    return path


def test_a_map_is_what_the_command_computes_lies_on_the_picture_and_goes_along(
    run_viewer: RunViewer, study: Path, checkpoint: Path
) -> None:
    video = open_study(study / "a.mp4").videos[0]
    expected = explain_video(video, open_explainer(load_checkpoint(checkpoint), "cpu"))

    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        session, view = hand.session, hand.window.video_view
        session.player.pause()
        session.player.show_frame(10)
        hand.wait_until(lambda: hand.shown[-1] == 10, "frame 11")
        plain = view.grab().toImage()
        hand.press(Qt.Key.Key_V)
        assert session.maps.kind is MapKind.ATTENTION
        assert hand.window.menu_actions["map_attention"].isChecked()
        hand.wait_until(lambda: session.maps.sentence.startswith("Making") or session.maps.at(10), "the network")
        hand.wait_until(lambda: session.maps.at(10) is not None, "the map")
        known = session.maps.at(10)
        assert known is not None
        assert known.attention is not None
        assert expected.attention is not None
        np.testing.assert_allclose(known.attention.maps, expected.attention.maps[:30], atol=1e-4)
        np.testing.assert_allclose(known.gradient.maps[:23], expected.gradient.maps[:23], atol=1e-5)
        assert "Maps of frames 1 to 30 took" in hand.window.statusBar().currentMessage()
        assert view.map is not None
        assert view.map.title == "Where it looks (attention): B-lines"
        with_map = view.grab().toImage()
        middle = QRect(view.width() // 2 - 40, view.height() // 2 - 40, 80, 80)
        assert with_map.copy(middle) != plain.copy(middle)
        hand.press(Qt.Key.Key_V)
        assert session.maps.kind is MapKind.GRADIENT
        assert "gradient" in view.accessibleDescription()
        # Another pattern and another frame of the clip need no computing.
        session.select_pattern(Pattern.CONSOLIDATION)
        session.player.show_frame(12)
        hand.wait_until(lambda: hand.shown[-1] == 12, "frame 13")
        assert hand.desk.jobs.maps.has_ended
        assert view.map is not None
        assert view.map.title.endswith("Consolidation")
        session.select_pattern(Pattern.CONFLUENT_B_LINE)
        assert view.map.lines == ("The network has no answer of its own for confluent b-lines.",)
        hand.press(Qt.Key.Key_V, Qt.KeyboardModifier.ShiftModifier)
        assert hand.desk.settings.map_opacity_percent == 90
        # The play head takes the map along, also to another video.
        session.show_video(1)
        session.player.pause()
        assert session.maps.at(0) is None
        session.player.show_frame(30)
        hand.wait_until(lambda: session.maps.at(30) is not None, "the map of the tail")
        tail = session.maps.at(30)
        assert tail is not None
        assert (tail.span, tail.own) == (Span(24, 31), Span(24, 31))
        assert session.maps.at(0) is None
        hand.press(Qt.Key.Key_V)
        assert session.maps.kind is None
        assert view.map is None

    run_viewer([study, "--checkpoint", checkpoint, "--device", "torch"], script)


def test_a_network_without_maps_says_so(run_viewer: RunViewer, study: Path, tmp_path: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        hand.session.player.pause()
        hand.window.menu_actions["map_gradient"].trigger()
        hand.wait_until(lambda: "no frame encoder" in hand.session.maps.sentence, "the sentence")
        assert hand.session.maps.sentence.startswith("There are no maps: checkpoint small-c3d holds a network")
        assert hand.window.video_view.map is not None
        assert hand.window.video_view.map.lines == (hand.session.maps.sentence,)
        hand.wait_until(lambda: hand.desk.jobs.maps.has_ended, "the end of the thread")
        hand.session.player.show_frame(5)
        assert hand.desk.jobs.maps.has_ended, "what failed is not tried at every frame"

    run_viewer([study / "a.mp4", "--checkpoint", c3d_checkpoint(tmp_path / "c3d.pt"), "--device", "torch"], script)


def test_a_map_under_way_is_dropped_stopped_and_left(run_viewer: RunViewer, study: Path, checkpoint: Path) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_ai()
        session, jobs = hand.session, hand.desk.jobs
        session.player.pause()
        hand.window.menu_actions["map_attention"].trigger()
        hand.wait_until(lambda: not jobs.maps.has_ended, "a map under way")
        session.show_video(1)
        session.player.pause()
        assert session.maps.at(0) is None
        hand.wait_until(lambda: session.maps.sentence.startswith("Loading"), "a map of the other video")
        hand.press(Qt.Key.Key_Escape)
        assert session.maps.sentence == "Stopped: choose the map again to go on."
        hand.wait_until(lambda: jobs.maps.has_ended, "the end of the thread")
        assert session.maps.at(0) is None
        hand.press(Qt.Key.Key_A)
        assert hand.window.video_view.map is not None
        assert hand.window.video_view.map.lines == ("AI is off, and maps with it.",)
        hand.press(Qt.Key.Key_A)
        # The window is closed while a map is made.
        hand.wait_until(lambda: not jobs.maps.has_ended, "a map under way again")

    assert run_viewer([study, "--checkpoint", checkpoint, "--device", "torch"], script) == 0


def test_a_blinded_reader_sees_no_map(run_viewer: RunViewer, study: Path, checkpoint: Path, tmp_path: Path) -> None:
    blinded = Reader("kim", blinded=True)
    create_project(tmp_path / "project", "blind", [blinded])

    def script(hand: Hand) -> None:
        hand.wait_until(lambda: hand.session.notebook.reader is not None, "the reader")
        hand.wait_for_video()
        hand.window.menu_actions["map_attention"].trigger()
        assert hand.window.video_view.map is not None
        assert hand.window.video_view.map.lines == (AI_HIDDEN,)
        assert hand.desk.jobs.maps.has_ended

    where = ["--reader", "kim", "--project", tmp_path / "project"]
    run_viewer([study / "a.mp4", "--checkpoint", checkpoint, "--device", "torch", *where], script)
