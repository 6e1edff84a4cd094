"""Drives the real program: `main()` runs, a script presses its keys and looks at its window."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, Qt, QThread, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from luv_viewer.app import main
from luv_viewer.desk import Desk
from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.labelling import Labelling
from luv_viewer.session import Session
from luv_viewer.widgets.main_window import MainWindow

PATIENCE_S = 180.0


def let_run(milliseconds: int) -> None:
    """Let the program run. Not QTest.qWait, which keeps the interpreter from the program's threads meanwhile."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Hand:
    """What a person at the screen can do and see."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.desk: Desk = window.findChild(Desk)
        self.session: Session = self.desk.session
        self.shown: list[int] = []
        window.video_view.painted.connect(lambda frame, _: self.shown.append(frame))

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Let the program run until `condition` holds; fails, naming `what`, when it never does."""
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, f"waited {PATIENCE_S:.0f} s in vain for: {what}"
            let_run(10)

    def wait_for_video(self, index: int = 0) -> None:
        self.wait_until(lambda: self.session.video_index == index, f"video {index + 1}")
        self.wait_until(lambda: self.window.video_view.picture is not None, "the first picture")

    def wait_for_ai(self, phase: AiPhase = AiPhase.DONE) -> None:
        self.wait_until(lambda: self.session.ai_state.phase is phase, f"AI {phase.value}")

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.window, key, modifiers)

    def click(self, widget: QWidget, x: float, y: float) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(x), round(y)))


Script = Callable[[Hand], None]
RunViewer = Callable[[Sequence[object], Script], int]


@pytest.fixture
def run_viewer(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunViewer:
    """Run `main(argv)` with a script; afterwards no window and no thread of it may be left."""
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path / "config"))

    def run(argv: Sequence[object], script: Script) -> int:
        problems: list[BaseException] = []

        def drive() -> None:
            window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow) and w.isVisible())
            try:
                # Looks on from the start: the study may be there before the window is active.
                hand = Hand(window)
                assert QTest.qWaitForWindowActive(window)
                hand.wait_until(lambda: window.findChild(Labelling), "what labels")
                script(hand)
            except BaseException as problem:  # noqa: BLE001 -- carried out of Qt's event loop and raised below
                problems.append(problem)
            finally:
                window.close()

        QTimer.singleShot(0, drive)
        try:
            status = main([str(argument) for argument in argv])
        finally:
            qapp.setStyleSheet("")
            qapp.setPalette(QPalette())
        if problems:
            raise problems[0]
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)], "a window is left"
        assert not [o for o in gc.get_objects() if issubclass(type(o), QThread) and _runs(o)], "a thread is left"
        return status

    return run


def _runs(thread: QThread) -> bool:
    try:
        return thread.isRunning() and thread is not QThread.currentThread()
    except RuntimeError:  # its C++ part is deleted
        return False
