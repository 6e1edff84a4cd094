"""The window and everything that works for it, wired together."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QTimer

from luv_viewer.desk import Desk
from luv_viewer.first_picture import FirstPicture
from luv_viewer.jobs import Jobs
from luv_viewer.key_watch import KeyWatch
from luv_viewer.live_desk import LiveDesk
from luv_viewer.session import Session
from luv_viewer.settings import Settings, settings_path
from luv_viewer.widgets.main_window import MainWindow

if TYPE_CHECKING:
    from luv_viewer.labelling import Labelling

LABELLING_WITHIN_MS = 500
"""A study that takes longer to show its first picture does not keep the reader from labelling."""


class Program:
    """Made once. once: settings that hold for this start only, by name, as the command line gave them."""

    def __init__(
        self, application: QCoreApplication, session: Session, jobs: Jobs, settings: Settings, once: Mapping[str, str]
    ) -> None:
        self.window = window = MainWindow(session)
        self._session, self._jobs = session, jobs
        self._labelling: Labelling | None = None
        self._first_picture, self._keys = FirstPicture(jobs, window.video_view), KeyWatch(application)
        self._desk = Desk(session, jobs, window, settings, settings_path(), dict(once))
        self._live = LiveDesk(session, window, lambda: self._desk.settings, self._desk.ai.engine)
        self._live.recording_wanted.connect(lambda path: self._desk.open_paths([path]))
        window.closing.connect(self._live.close)

    @property
    def is_calm(self) -> bool:
        """Whether work that slows the window may begin: all of it is built, and nobody is pressing keys."""
        return self._first_picture.is_over and self._labelling is not None and self._keys.is_quiet()

    def start(self, arguments: argparse.Namespace, *, opens_study: bool) -> None:
        """Show the window and begin what the command line asks for, apart from the study, which is opened already."""
        reads = bool(arguments.reader or arguments.project)
        self.window.show()
        if reads:
            self._desk.ai.wait_for_reader()
            self.labelling().desk.start(arguments.reader, arguments.project, opens_study=opens_study)
        else:
            self._build_labelling_soon(opens_study=opens_study)
        if arguments.live is not None:
            start = self._live.start_with_reader if reads else self._live.start
            record_to = Path(arguments.record) if arguments.record else None
            start(arguments.live, record_to=record_to, records=arguments.record is not None)

    def labelling(self) -> Labelling:
        """What labels and compares, built now if it was not before, and the maps with it."""
        if self._labelling is None:
            from luv_viewer.labelling import Labelling
            from luv_viewer.map_desk import MapDesk

            desk = self._desk
            MapDesk(self._session, self._jobs, self.window, lambda: desk.settings, desk.change_setting, desk.ai.engine)
            self._labelling = Labelling(self._session, self.window, self._keys, self._desk)
            self._labelling.desk.reader_opened.connect(self._live.begin_reading)
        return self._labelling

    def close(self) -> None:
        """Stop every thread and wait for it."""
        if self._labelling is not None:
            self._labelling.close()
        self._live.close()
        self._jobs.close()
        self._keys.stop()
        self.window.deleteLater()

    def _build_labelling_soon(self, *, opens_study: bool) -> None:
        """Importing and building it takes a good part of the start; the first picture does not need it."""
        # One turn of the event loop later: what is being painted comes to the screen first.
        self._first_picture.over.connect(lambda: QTimer.singleShot(0, self.window, self.labelling))
        QTimer.singleShot(LABELLING_WITHIN_MS if opens_study else 0, self.window, self.labelling)
