"""How long the window stands still: `python -m tests.benchmarks.heartbeat` runs the demo and prints the longest gaps.

A timer beats every millisecond in the GUI thread from the start until LUV-Net is done; a late beat is a stall.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from luv_viewer.app import main
from luv_viewer.desk import Desk
from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.widgets.main_window import MainWindow

SHOWN = 10
ENDS = (AiPhase.DONE, AiPhase.NOT_ASSESSED, AiPhase.NO_CHECKPOINT)


def run(config: str) -> None:
    """Run the viewer with its settings in `config`, then print gaps in ms, each with the second it ended at."""
    os.environ["LUV_CONFIG_DIR"] = config
    application = QApplication([])
    start = time.perf_counter()
    beats = [start]

    def beat() -> None:
        beats.append(time.perf_counter())
        windows = [w for w in application.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible()]
        if windows and windows[0].findChild(Desk).session.ai_state.phase in ENDS:
            windows[0].close()

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(1)
    main(["--demo"])
    gaps = sorted(((b - a, b - start) for a, b in itertools.pairwise(beats)), reverse=True)
    for gap_s, at_s in gaps[:SHOWN]:
        print(f"{gap_s * 1e3:6.0f} ms, at {at_s:5.2f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        run(folder)
