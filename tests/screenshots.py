"""Makes the README's pictures from the running program: `python -m tests.screenshots resources/screenshots`.

Give it a real display (`xvfb-run -s "-screen 0 1600x900x24" python -m tests.screenshots ...`) to get what users see.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from luv_viewer.app import main
from luv_viewer.desk import Desk
from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.widgets.main_window import MainWindow

FRAME_SHOWN = 40
PATIENCE_S = 240


def take(folder: Path) -> None:
    """Open the demo study, wait for LUV-Net, and save the window in both themes."""
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
    desk: Desk = window.findChild(Desk)
    end = time.monotonic() + PATIENCE_S
    while desk.session.ai_state.phase is not AiPhase.DONE:
        if time.monotonic() > end:
            raise TimeoutError(f"LUV-Net did not finish: {desk.session.ai_state.sentence}")
        QTest.qWait(100)
    desk.session.player.pause()
    desk.session.player.show_frame(FRAME_SHOWN)
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("dark", "light"):
        desk.change_setting("theme", theme)
        QTest.qWait(600)
        if not window.screen().grabWindow(window.winId()).save(str(folder / f"{theme}.png")):
            raise OSError(f"the picture could not be written to {folder}")
    window.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as settings:
        os.environ["LUV_CONFIG_DIR"] = settings
        application = QApplication([])
        QTimer.singleShot(0, lambda: take(Path(sys.argv[1])))
        sys.exit(main(["--demo"]))
