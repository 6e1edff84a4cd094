"""The window and everything that works for it, wired together."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from luv_viewer.compare_desk import CompareDesk
from luv_viewer.desk import Desk
from luv_viewer.first_picture import FirstPicture
from luv_viewer.jobs import Jobs
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.key_watch import KeyWatch
from luv_viewer.label_desk import LabelDesk
from luv_viewer.live_desk import LiveDesk
from luv_viewer.map_desk import MapDesk
from luv_viewer.session import Session
from luv_viewer.settings import Settings, settings_path
from luv_viewer.sheet_desk import SheetDesk
from luv_viewer.widgets.main_window import MainWindow


class Program:
    """Made once. once: settings that hold for this start only, by name, as the command line gave them."""

    def __init__(
        self, application: QCoreApplication, session: Session, jobs: Jobs, settings: Settings, once: Mapping[str, str]
    ) -> None:
        self.window = window = MainWindow(session)
        self._jobs, self._label_jobs = jobs, LabelJobs(session.notebook)
        self._first_picture, self._keys = FirstPicture(jobs, window.video_view), KeyWatch(application)
        self._desk = Desk(session, jobs, window, settings, settings_path(), dict(once))
        self._labels = LabelDesk(session, self._label_jobs, window, self._keys)
        sheets, comparing = SheetDesk(session, self._label_jobs, window), CompareDesk(session, self._label_jobs, window)
        comparing.merge_requested.connect(window.menu_actions["merge_sheets"].trigger)
        self._desk.join(self._labels, {**self._labels.verbs(), **sheets.verbs(), **comparing.verbs()})
        desk = self._desk
        self._maps = MapDesk(session, jobs, window, lambda: desk.settings, desk.change_setting, desk.ai.engine)
        self._live = LiveDesk(session, window, lambda: self._desk.settings, self._desk.ai.engine)
        self._live.recording_wanted.connect(lambda path: self._desk.open_paths([path]))
        self._labels.reader_opened.connect(self._live.begin_reading)
        window.closing.connect(self._label_jobs.close)
        window.closing.connect(self._live.close)

    @property
    def is_calm(self) -> bool:
        """Whether work that slows the window may begin: the first picture is painted and nobody is pressing keys."""
        return self._first_picture.is_over and self._keys.is_quiet()

    def start(self, arguments: argparse.Namespace, *, opens_study: bool) -> None:
        """Show the window and begin what the command line asks for, apart from the study, which is opened already."""
        self.window.show()
        reads = bool(arguments.reader or arguments.project)
        if reads:
            self._labels.start(arguments.reader, arguments.project, opens_study=opens_study)
            self._desk.ai.wait_for_reader()
        if arguments.live is not None:
            start = self._live.start_with_reader if reads else self._live.start
            record_to = Path(arguments.record) if arguments.record else None
            start(arguments.live, record_to=record_to, records=arguments.record is not None)

    def close(self) -> None:
        """Stop every thread and wait for it."""
        self._label_jobs.close()
        self._live.close()
        self._jobs.close()
        self._keys.stop()
        self.window.deleteLater()
