"""What the user's wishes do in live mode: watch a source, freeze, record, stop LUV-Net, end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from luv_viewer.jobs.ai import AiSettings
from luv_viewer.jobs.live import LiveJobs
from luv_viewer.jobs.live_work import open_luv_net
from luv_viewer.label_presenter import AI_HIDDEN
from luv_viewer.session import Session
from luv_viewer.settings import Settings
from luv_viewer.widgets.colors import THEMES
from luv_viewer.widgets.dialogs.ask import ask_live_source
from luv_viewer.widgets.main_window import MainWindow

if TYPE_CHECKING:
    from luv_viewer.live_presenter import LivePresenter
    from luv_viewer.widgets.live_view import LiveView

log = logging.getLogger(__name__)

WAITS_FOR_READER = "Live mode waits until the reader is known …"
STOPPED = "Stopped: nothing is assessed. Picture and recording go on."
AI_OFF = "AI is off"

Engine = Callable[[], tuple[Path | None, str]]
"""The checkpoint file (None: the bundled one) and the device in force."""


class LiveDesk(QObject):
    """Live mode in the window, in place of a study. settings: those in force.

    recording_wanted: the user wants to see a recording; carries its path.
    """

    recording_wanted = Signal(object)

    def __init__(self, session: Session, window: MainWindow, settings: Callable[[], Settings], engine: Engine) -> None:
        super().__init__(window)
        self._session, self._window, self._settings, self._engine = session, window, settings, engine
        self._text = ""
        self._record_to: Path | None = None
        self._told_summary = False
        self._when_reading: Callable[[], None] | None = None
        self._engine_used: AiSettings | None = None
        self.jobs = LiveJobs(self)
        self.view: LiveView | None = None
        self.presenter: LivePresenter | None = None
        actions = window.menu_actions
        for name, verb in (
            ("live", self._ask),
            ("record", self.toggle_recording),
            ("play", self.toggle_frozen),
            ("stop_ai", self.stop_ai),
            ("close_study", self.end),
            ("ai", self._follow_settings),
            ("choose_checkpoint", self._follow_settings),
            ("settings", self._follow_settings),
        ):
            actions[name].triggered.connect(lambda _checked=False, verb=verb: verb())
        actions["record"].setEnabled(False)
        session.study_changed.connect(self._give_way_to_study)
        session.notebook.reader_changed.connect(self.start_ai)

    @property
    def is_on(self) -> bool:
        """True while the page of live mode is shown."""
        return self.view is not None

    @property
    def summary(self) -> str:
        """The closing sentence; empty where no frame came."""
        if self.presenter is None or self.presenter.figures.frames_in == 0:
            return ""
        return self.presenter.figures.summary

    def start_with_reader(self, text: str, *, record_to: Path | None = None, records: bool = False) -> None:
        """As `start`, once it is known who reads and whether blinded; the reader's own study gives way."""
        self._when_reading = lambda: self.start(text, record_to=record_to, records=records)
        self._window.say_working(WAITS_FOR_READER)

    def begin_reading(self) -> None:
        """The reader's role is known now, or there is none after all."""
        start, self._when_reading = self._when_reading, None
        if start is not None:
            self._window.say_working("")
            start()

    def start(self, text: str, *, record_to: Path | None = None, records: bool = False) -> None:
        """Watch what `text` names. records: from the first frame on, to `record_to` (None: the usual folder)."""
        self._session.set_study(None)
        self._text, self._record_to, self._told_summary = text, record_to, False
        view = self._page()
        assert self.presenter is not None
        self.presenter.begin()
        view.set_source("Opening …")
        self.jobs.start_source(text)
        if records:
            self.jobs.recorder.start(record_to)
        self._switch_actions(live=True)
        self._window.setWindowTitle("Live – LUV Viewer")
        self.start_ai()

    def end(self) -> None:
        """Back to the window without a study; a recording is finished."""
        if self.view is None:
            return
        self._tell_summary()
        self.jobs.stop_source()
        self.jobs.stop_ai()
        if self.presenter is not None:
            self.presenter.end()
        self._window.show_live(None)
        self._switch_actions(live=False)
        self.view = None
        self.presenter = None
        if self._session.study is None:
            self._window.setWindowTitle("LUV Viewer")

    def close(self) -> None:
        """Stop every thread and wait for it."""
        if self.is_on:
            self._tell_summary()
        self.jobs.close()
        if self.presenter is not None:
            self.presenter.end()

    def start_ai(self) -> None:
        """Let LUV-Net look, as far as settings and the reader's role allow."""
        if self.presenter is None:
            return
        reader = self._session.notebook.reader
        refusal = ""
        if reader is not None and reader.blinded:
            refusal = AI_HIDDEN
        elif not self._settings().ai_enabled:
            refusal = AI_OFF
        self._engine_used = self._ai_settings()
        if refusal:
            self.jobs.stop_ai()
            self.presenter.say_ai(refusal, action="Turn on" if refusal == AI_OFF else None)
            return
        self.presenter.say_ai("Loading LUV-Net …")
        self.jobs.start_ai(open_luv_net(self._engine_used))

    def stop_ai(self) -> None:
        """Esc."""
        if self.presenter is not None and self.jobs.ai_runs:
            self.jobs.stop_ai()
            self.presenter.say_ai(STOPPED, action="Assess again")

    def toggle_frozen(self) -> None:
        """Hold the screen, or go on."""
        if self.presenter is not None:
            self.presenter.set_frozen(not self.presenter.is_frozen)

    def toggle_recording(self) -> None:
        """Begin or finish a recording."""
        recorder = self.jobs.recorder
        if self.presenter is None:
            return
        if recorder.takes_frames:
            recorder.finish()
        elif not recorder.is_active and not self.presenter.status.is_over:
            recorder.start(self._record_to)

    def _page(self) -> LiveView:
        # Imported here, because the window must not wait for it where nobody watches live.
        from luv_viewer.live_presenter import LivePresenter
        from luv_viewer.widgets.live_view import LiveView

        if self.view is None:
            self.view = LiveView()
            self.view.set_theme(THEMES[self._settings().theme])
            self.view.bar.bind(self._window.menu_actions)
            self.view.end.clicked.connect(self.end)
            self.view.source_action.clicked.connect(lambda: self.start(self._text, record_to=self._record_to))
            self.view.bar.opening_requested.connect(self._open_recording)
            self.view.patterns.action_requested.connect(self._act_on_ai)
            info = self._window.menu_actions["checkpoint_info"]
            self.view.patterns.status.checkpoint_info_requested.connect(info.trigger)
            self._session.problem_raised.connect(self.view.notice.say)
            self.presenter = LivePresenter(self.jobs, self.view, parent=self.view)
            self.presenter.checkpoint_known.connect(self._session.set_checkpoint)
            self._window.show_live(self.view)
        return self.view

    def _ai_settings(self) -> AiSettings:
        return AiSettings(*self._engine(), self._settings().precision, stride=1, tail="align")

    def _act_on_ai(self) -> None:
        if not self._settings().ai_enabled:
            self._window.menu_actions["ai"].trigger()
        else:
            self.start_ai()

    def _ask(self) -> None:
        chosen = ask_live_source(self._window)
        if chosen:
            self.start(chosen)

    def _open_recording(self, path: str) -> None:
        self.end()
        self.recording_wanted.emit(Path(path))

    def _follow_settings(self) -> None:
        """AI was switched, or another checkpoint or device chosen."""
        if self.view is None:
            return
        self.view.set_theme(THEMES[self._settings().theme])
        if self._settings().ai_enabled != self.jobs.ai_runs or self._ai_settings() != self._engine_used:
            self.start_ai()

    def _give_way_to_study(self) -> None:
        if self._session.study is not None:
            self.end()

    def _switch_actions(self, *, live: bool) -> None:
        """A reader's project brings its own study, which would end live mode unasked."""
        self._window.menu_actions["record"].setEnabled(live)
        self._window.menu_actions["choose_reader"].setEnabled(not live)

    def _tell_summary(self) -> None:
        if self.summary and not self._told_summary:
            self._told_summary = True
            log.info("%s", self.summary)
            print(self.summary)
