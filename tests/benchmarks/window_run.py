"""Opens the real window on a cine, lets a function measure in it, closes it."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from luv_viewer.app import main
from luv_viewer.desk import Desk
from luv_viewer.widgets.main_window import MainWindow
from tests.benchmarks.cines import write_jpeg_cine

Measure = Callable[[Desk, argparse.Namespace], None]


def run(parser: argparse.ArgumentParser, measure: Measure) -> int:
    """Read the command line, with a PATH and the viewer's own options; measure with LUV-Net switched off at first."""
    parser.add_argument("path", nargs="?", type=Path)
    arguments, options = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LUV_CONFIG_DIR"] = folder
        path = arguments.path or write_jpeg_cine(Path(folder) / "cine.dcm")
        application = QApplication([])

        def drive() -> None:
            window = next(w for w in application.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
            try:
                desk = window.findChild(Desk)
                desk.ai.switch(False)
                measure(desk, arguments)
            finally:
                window.close()

        QTimer.singleShot(0, drive)
        return main([str(path), *options])
