"""Seeking with the mouse: the frame clicked is painted, and dragging shows every frame the mouse stops on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from luv_viewer.widgets.timeline_canvas import LaneCanvas
from tests.benchmarks.cines import write_jpeg_cine
from tests.e2e.conftest import Hand, RunViewer, let_run

N_FRAMES = 40
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def cine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_jpeg_cine(tmp_path_factory.mktemp("cine") / "cine.dcm", N_FRAMES, (231, 308))


def move(hand: Hand, frame: int) -> None:
    """The mouse with its left button down, over a frame of the timeline."""
    canvas = hand.window.timeline.findChild(LaneCanvas)
    place = QPointF(canvas.picture.axis.x_px(frame), 60)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        canvas.viewport().mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(canvas.viewport(), event)


def test_dragging_shows_every_frame_the_mouse_stops_on(run_viewer: RunViewer, cine: Path) -> None:
    stops = [30, 12, 13, 14, 9, 39, 0, 20]

    def script(hand: Hand) -> None:
        hand.wait_for_video()
        hand.session.player.pause()
        canvas = hand.window.timeline.findChild(LaneCanvas)
        start = QPointF(canvas.picture.axis.x_px(5), 60).toPoint()
        QTest.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=start)
        here = 5
        for stop in stops:
            step = 1 if stop > here else -1
            for frame in range(here + step, stop + step, step):
                move(hand, frame)
            hand.wait_until(lambda stop=stop: hand.shown[-1:] == [stop], f"frame {stop + 1} on the screen")
            assert hand.session.video is not None
            image, expected = hand.window.video_view.picture, hand.session.video.frame(stop)
            assert image is not None
            assert image.pixelColor(100, 100).red() == expected[100, 100, 0]
            here = stop
        let_run(50)
        assert hand.shown[-1] == stops[-1], "an older frame came after a newer one"

    run_viewer([cine, "--checkpoint", cine.with_name("none.pt")], script)


def test_the_memory_for_frames_follows_the_settings_and_a_closed_study_keeps_none(
    run_viewer: RunViewer, cine: Path
) -> None:
    def script(hand: Hand) -> None:
        hand.wait_for_video()
        session = hand.session
        assert session.video is not None
        cache = session.video.cache
        hand.desk.change_setting("frame_budget_mb", 32)
        assert cache.budget_bytes == 32 * 2**20
        hand.wait_until(lambda: cache.used_bytes > 0, "a decoded frame")
        session.set_study(None)
        let_run(200)
        assert cache.used_bytes <= 2 * 231 * 308 * 3, "only what a thread had in hand when the study was closed"

    run_viewer([cine, "--checkpoint", cine.with_name("none.pt")], script)


FIRST_PAINT = """
import json, os, sys, threading
from luv_viewer.widgets import video_view

LATER = {"torch", "openvino", "pyqtgraph", "av", "luv_viewer.labelling", "luv_viewer.widgets.label_panel"}

class Watched(video_view.VideoView):
    def __init__(self, parent=None):
        super().__init__(parent)
        self.painted.connect(lambda *_: self.leave())

    def leave(self):
        print(json.dumps(sorted(LATER & sys.modules.keys())), flush=True)
        os._exit(0)

video_view.VideoView = Watched
from luv_viewer.app import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_first_frame_is_painted_before_engines_and_labelling_are_loaded(cine: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "LUV_CONFIG_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, str(cine)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_on_windows_torch_comes_before_qt() -> None:
    program = (
        "import sys; from luv_viewer.app import import_before_qt; import_before_qt({!r}); "
        "print('torch' in sys.modules, 'PySide6' in sys.modules)"
    )
    for platform, expected in (("win32", "True False"), ("linux", "False False"), ("darwin", "False False")):
        done = subprocess.run(
            [sys.executable, "-c", program.format(platform)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert done.stdout.strip() == expected
