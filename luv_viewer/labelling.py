"""Everything that labels and compares, in one piece that is built when the first picture is on the screen."""

from __future__ import annotations

from PySide6.QtCore import QObject

from luv_viewer.compare_desk import CompareDesk
from luv_viewer.desk import Desk
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.key_watch import KeyWatch
from luv_viewer.label_desk import LabelDesk
from luv_viewer.session import Session
from luv_viewer.sheet_desk import SheetDesk
from luv_viewer.widgets.main_window import MainWindow


class Labelling(QObject):
    """The panels Label and Compare with the desks behind them. Made once; `close` before the window goes."""

    def __init__(self, session: Session, window: MainWindow, keys: KeyWatch, desk: Desk) -> None:
        super().__init__(window)
        self.jobs = LabelJobs(session.notebook)
        self.desk = LabelDesk(session, self.jobs, window, keys)
        sheets, comparing = SheetDesk(session, self.jobs, window), CompareDesk(session, self.jobs, window)
        comparing.merge_requested.connect(window.menu_actions["merge_sheets"].trigger)
        desk.join(self.desk, {**self.desk.verbs(), **sheets.verbs(), **comparing.verbs()})
        window.closing.connect(self.jobs.close)

    def close(self) -> None:
        """Stop every thread and wait for it."""
        self.jobs.close()
