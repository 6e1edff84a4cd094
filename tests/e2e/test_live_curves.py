"""The curves of live mode in the real window: when pyqtgraph is imported, and what is left when live mode ends."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pyqtgraph import GraphicsScene
from PySide6.QtCore import QCoreApplication, QEvent
from shiboken6 import isValid

from luv_viewer.domain.live import SourcePhase
from luv_viewer.live_desk import LiveDesk
from luv_viewer.widgets.colors import DARK, LIGHT
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint
from tests.e2e.conftest import Hand, RunViewer

ROOT = Path(__file__).resolve().parent.parent.parent

WHEN_IMPORTED = """
import json, os, sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from luv_viewer.widgets.main_window import MainWindow
from luv_viewer.live_desk import LiveDesk

clip, painted = sys.argv[1], []

def look():
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    window.video_view.painted.connect(lambda frame, _: painted.append(frame))
    timer = QTimer(window, interval=20)
    timer.timeout.connect(lambda: act(window))
    timer.start()

def act(window):
    if len(set(painted)) < 5:
        return
    before, hook = "pyqtgraph" in sys.modules, sys.excepthook
    window.findChild(LiveDesk).start(clip)
    print(json.dumps([before, "pyqtgraph" in sys.modules, sys.excepthook is hook]), flush=True)
    os._exit(0)

QTimer.singleShot(0, look)
from luv_viewer.app import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_mp4(tmp_path_factory.mktemp("clips") / "clip.mp4", moving_speckle(90, size_px=(64, 64)), fps=25)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    return path


def test_pyqtgraph_is_imported_with_the_live_page_and_never_for_a_study(clip: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WHEN_IMPORTED, str(clip), "--checkpoint", str(tmp_path / "none.pt")],
        cwd=ROOT,
        env={**os.environ, "LUV_CONFIG_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    before, after, same_hook = json.loads(done.stdout.splitlines()[-1])
    assert (before, after) == (False, True)
    assert same_hook, "pyqtgraph took the program's place in reporting errors"


def test_ending_live_mode_deletes_its_scene_and_it_can_begin_again(
    run_viewer: RunViewer, clip: Path, tmp_path: Path
) -> None:
    checkpoint = write_tiny_checkpoint(tmp_path / "tiny.pt")
    gone: list[str] = []

    def script(hand: Hand) -> None:
        live: LiveDesk = hand.window.findChild(LiveDesk)
        for turn in range(2):
            if turn:
                live.start(str(clip))
            assert live.view is not None
            timeline = live.view.timeline
            timeline.plot.scene().destroyed.connect(lambda: gone.append("scene"))
            # The network may take longer to load than the clip lasts.
            hand.wait_until(lambda: drawn_or_again(live), "a curve on the screen")
            hand.wait_until(lambda: live.presenter.status.phase is SourcePhase.ENDED, "the end of the clip")
            for theme in (LIGHT, DARK):
                timeline.set_theme(theme)
                timeline.grab()
            live.end()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            assert gone == ["scene"] * (turn + 1)

    assert run_viewer(["--live", clip, "--checkpoint", checkpoint, "--device", "torch"], script) == 0
    assert gone == ["scene", "scene"]
    assert [o for o in gc.get_objects() if issubclass(type(o), GraphicsScene) and isValid(o)] == []


def drawn_or_again(live: LiveDesk) -> bool:
    """True once every lane has a line and a shade; plays the clip again until then."""
    assert live.view is not None
    assert live.presenter is not None
    lanes = live.view.timeline.plot.lanes
    if all(np.isfinite(lane.line.yData).any() and not lane.shade.path().isEmpty() for lane in lanes):
        return True
    if live.presenter.status.is_over and "ready" in live.view.patterns.words.text():
        live.view.source_action.click()
    return False
