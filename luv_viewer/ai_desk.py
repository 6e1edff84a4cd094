"""What the user's wishes do to LUV-Net's run: on, off, dense, which checkpoint. Nothing of it for a blinded reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject

from luv_viewer.domain.ai_state import AiPhase, AiState
from luv_viewer.jobs import Jobs
from luv_viewer.jobs.ai import AiSettings
from luv_viewer.label_presenter import AI_HIDDEN
from luv_viewer.session import Session
from luv_viewer.settings import Settings
from luv_viewer.widgets.dialogs.ask import ask_checkpoint, tell_checkpoint
from luv_viewer.widgets.main_window import MainWindow


class AiDesk(QObject):
    """Starts and stops LUV-Net on the video shown.

    settings: those in force. change: changes one of them by name and keeps it.
    once: `checkpoint` and `device` from the command line, in force for this run only.
    """

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        window: MainWindow,
        settings: Callable[[], Settings],
        change: Callable[[str, object], None],
        once: Mapping[str, str],
    ) -> None:
        super().__init__(window)
        self._session, self._jobs, self._window = session, jobs, window
        self._settings, self._change = settings, change
        self._once = dict(once)
        self._waits_for_reader = False
        session.notebook.reader_changed.connect(self._hide_from_blinded)

    def engine(self) -> tuple[Path | None, str]:
        """The checkpoint file (None: the bundled one) and the device in force."""
        checkpoint = self._once.get("checkpoint", self._settings().checkpoint)
        return Path(checkpoint) if checkpoint else None, self._once.get("device", self._settings().device)

    def wait_for_reader(self) -> None:
        """A reader was named at the start: the AI waits until it is known whether that reader is blinded."""
        self._waits_for_reader = True

    def begin_reading(self) -> None:
        """The reader's role is known now, or there is none after all."""
        waited, self._waits_for_reader = self._waits_for_reader, False
        if waited:
            self.start()

    def begin_video(self) -> None:
        """Another video, or none, is shown."""
        if self._session.video is None:
            self._jobs.ai.stop()
            self._session.set_ai_state(AiState(AiPhase.IDLE, ""))
        else:
            self.start()

    def start(self) -> None:
        """Run LUV-Net on the video shown, as far as settings and the reader's role allow."""
        if self._session.video is None:
            return
        reader = self._session.notebook.reader
        if reader is not None and reader.blinded:
            self._session.set_ai_state(AiState(AiPhase.IDLE, AI_HIDDEN))
            return
        if self._waits_for_reader:
            self._session.set_ai_state(AiState(AiPhase.IDLE, "Waits until the reader is known."))
            return
        if not self._settings().ai_enabled:
            self._session.set_ai_state(AiState(AiPhase.OFF, "AI is off"))
            return
        file, device = self.engine()
        precision = self._settings().precision
        if self._settings().dense:
            self._jobs.ai.start(AiSettings(file, device, precision, stride=1, tail="align"))
        else:
            self._jobs.ai.start(AiSettings(file, device, precision, stride=24, tail="pad"))

    def restart(self) -> None:
        """Forget the result shown and run with the settings of now."""
        video = self._session.video
        if video is not None:
            self._jobs.ai.stop()
            self._session.set_prediction(video, None)
            self.start()

    def switch(self, on: bool) -> None:
        """AI on or off."""
        self._change("ai_enabled", on)
        self.restart()

    def switch_dense(self, on: bool) -> None:
        """A clip at every frame, or the paper's every 24th."""
        self._change("dense", on)
        self.restart()

    def act_on_state(self) -> None:
        """The button beside the AI's state."""
        phase = self._session.ai_state.phase
        if phase is AiPhase.NO_CHECKPOINT:
            self.choose_checkpoint()
        elif phase is AiPhase.OFF:
            self.switch(True)
        else:
            self.start()

    def choose_checkpoint(self) -> None:
        """Ask for another network and run it."""
        chosen = ask_checkpoint(self._window)
        if chosen:
            self._once.pop("checkpoint", None)
            self._change("checkpoint", chosen)
            self.restart()

    def tell_checkpoint_info(self) -> None:
        """Show the model card of the network in use."""
        if self._session.checkpoint is None:
            self._window.notice.say("No checkpoint is loaded yet: open a video with AI on.")
            return
        tell_checkpoint(self._session.checkpoint, self._window)

    def _hide_from_blinded(self) -> None:
        reader, video = self._session.notebook.reader, self._session.video
        if reader is not None and reader.blinded and video is not None:
            self._jobs.ai.stop()
            self._session.set_prediction(video, None)
            self.start()
        elif self._session.ai_state.sentence == AI_HIDDEN:
            self.start()

    def forget_device(self) -> None:
        """A device was chosen in the settings: that of the command line no longer counts."""
        self._once.pop("device", None)
