"""Starts, stops and waits for every thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.domain.ai_state import AiPhase, AiState
from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from luv_viewer.jobs.ai import AiProgress, AiRequest, AiSettings, CheckpointShelf, run_ai
from luv_viewer.jobs.frame_server import FrameServer
from luv_viewer.jobs.keeping import KeepRequest, serve_keeping
from luv_viewer.jobs.mailbox import LatestMailbox, QueueMailbox
from luv_viewer.jobs.pictures import PictureRequest, serve_pictures
from luv_viewer.session import Session
from luv_viewer.settings import Settings
from luv_viewer.task import Report, Task

QUIET_POLL_MS = 60
STOP_WAIT_MS = 20_000


def _study_errors() -> tuple[type[Exception], ...]:
    from luv_viewer.io import StudyError

    return (StudyError,)


def _ai_errors() -> tuple[type[Exception], ...]:
    from luv_viewer.analysis.errors import AnalysisError

    return (AnalysisError, *_study_errors())


class Jobs(QObject):
    """Serves a session. Results reach the session in the GUI thread; those of an abandoned run are dropped.

    is_quiet: says whether now is a good moment for the one stall that importing torch causes (no key is held down).
    """

    picture_ready = Signal(object)
    frame_failed = Signal(object)
    small_picture_ready = Signal(object)
    opening_changed = Signal(str)
    open_failed = Signal(str)

    def __init__(self, session: Session, is_quiet: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._is_quiet = is_quiet
        self._tasks: set[Task] = set()
        self._opening: Task | None = None
        self._ai_task: Task | None = None
        self._ai_next: AiRequest | None = None
        self._ai_started_s = 0.0
        self._shelf = CheckpointShelf()
        self._finished: dict[tuple[Video, AiSettings], Prediction] = {}
        self.frames = FrameServer(session, self)
        self._picture_box: QueueMailbox[PictureRequest] = QueueMailbox()
        self._keep_box: LatestMailbox[KeepRequest] = LatestMailbox()
        self._quiet_timer = QTimer(self)
        self._quiet_timer.setInterval(QUIET_POLL_MS)
        self._quiet_timer.timeout.connect(self._start_waiting_ai)
        self.frames.picture_ready.connect(self.picture_ready)
        self.frames.frame_failed.connect(self.frame_failed)
        pictures = Task("pictures", lambda report: serve_pictures(self._picture_box, report), _study_errors, self)
        pictures.progressed.connect(self.small_picture_ready)
        keeping = Task("keeping", lambda report: serve_keeping(self._keep_box, report), parent=self)
        keeping.progressed.connect(lambda sentence: session.problem_raised.emit(str(sentence)))
        for task in (*self.frames.tasks(), pictures, keeping):
            task.failed.connect(session.problem_raised)
            self._start(task)
        session.study_changed.connect(self._forget_study)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open a study in the background; the session shows it when its headers are read."""
        from_user = list(paths)

        def read(report: Report) -> Study:
            from luv_viewer.io import open_study

            study = open_study(from_user[0] if len(from_user) == 1 else from_user)
            report()
            return study

        if self._opening is not None:
            self._opening.cancel()
        task = Task("open", read, _study_errors, self)
        task.succeeded.connect(lambda study: self._take_study(task, study))
        task.failed.connect(lambda sentence: self._opening_ended(task, sentence))
        task.cancelled.connect(lambda: self._opening_ended(task, ""))
        self._opening = task
        names = from_user[0].name if len(from_user) == 1 else f"{len(from_user)} files"
        self.opening_changed.emit(f"Opening {names} …")
        self._start(task)

    def request_pictures(self, requests: list[PictureRequest], *, urgent: bool) -> None:
        """Ask for small pictures; urgent ones (top frames) before thumbnails."""
        self._picture_box.put(requests, urgent=urgent)

    def keep_settings(self, settings: Settings, path: Path) -> None:
        """Write the settings in the background; the session says when that fails."""
        self._keep_box.put(KeepRequest(settings, path))

    def start_ai(self, settings: AiSettings) -> None:
        """Run LUV-Net over the video shown; a run under way for another one is stopped first."""
        video = self._session.video
        if video is None:
            return
        known = self._finished.get((video, settings))
        if known is not None:
            self.stop_ai()
            self._session.set_prediction(video, known)
            self._session.set_ai_state(self._done_state(known))
            return
        self._ai_next = AiRequest(video, settings, lambda: self._session.player.frame)
        self._session.set_ai_state(AiState(AiPhase.WAITING, "LUV-Net starts in a moment"))
        if self._ai_task is not None:
            self._ai_task.cancel()
        self._quiet_timer.start()

    def stop_ai(self) -> None:
        """Stop the run under way, if any; what it found so far stays on screen."""
        self._quiet_timer.stop()
        was_waiting, self._ai_next = self._ai_next is not None, None
        if self._ai_task is not None:
            self._ai_task.cancel()
        if was_waiting or self._ai_task is not None:
            self._session.set_ai_state(AiState(AiPhase.STOPPED, self._stopped_words()))

    @property
    def ai_has_ended(self) -> bool:
        """True when no run waits and no AI thread is left, a cancelled one included."""
        return self._ai_next is None and self._ai_task is None

    def close(self) -> None:
        """Stop every thread and wait for it."""
        self._quiet_timer.stop()
        self._ai_next = None
        self.frames.close()
        for box in (self._picture_box, self._keep_box):
            box.close()
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            task.wait(STOP_WAIT_MS)

    def _start(self, task: Task) -> None:
        self._tasks.add(task)
        task.ended.connect(lambda: self._task_ended(task))
        task.start()

    def _task_ended(self, task: Task) -> None:
        self._tasks.discard(task)
        task.deleteLater()

    def _take_study(self, task: Task, study: Study) -> None:
        if task is not self._opening:
            study.close()
            return
        self._opening = None
        self.opening_changed.emit("")
        self._session.set_study(study)

    def _opening_ended(self, task: Task, sentence: str) -> None:
        if task is self._opening:
            self._opening = None
            self.opening_changed.emit("")
            if sentence:
                self.open_failed.emit(sentence)

    def _forget_study(self) -> None:
        self._picture_box.clear()
        self._finished.clear()

    def _start_waiting_ai(self) -> None:
        if self._ai_task is not None or self._ai_next is None:
            return
        if "torch" not in sys.modules and not self._is_quiet():
            return
        self._quiet_timer.stop()
        request, self._ai_next = self._ai_next, None
        task = Task("ai", lambda report: run_ai(request, self._shelf, report), _ai_errors, self)
        task.progressed.connect(lambda value: self._take_ai_value(task, request, value))
        task.succeeded.connect(lambda prediction: self._take_ai_result(task, request, prediction))
        task.failed.connect(lambda sentence: self._take_ai_failure(task, sentence))
        task.ended.connect(lambda: self._ai_ended(task))
        self._ai_task = task
        self._ai_started_s = monotonic()
        self._session.set_ai_state(AiState(AiPhase.RUNNING, "Loading LUV-Net …"))
        self._start(task)

    def _take_ai_value(self, task: Task, request: AiRequest, value: object) -> None:
        if task.is_cancelled or request.video is not self._session.video:
            return
        if isinstance(value, CheckpointInfo):
            self._session.set_checkpoint(value)
        elif isinstance(value, Prediction):
            self._session.set_prediction(request.video, value)
            device = value.provenance.device
            self._session.set_ai_state(replace(self._session.ai_state, device=device))
        elif isinstance(value, AiProgress):
            n_frames = request.video.n_frames
            done = min(n_frames, value.done)
            left = self._time_left(value)
            sentence = f"{done} of {n_frames} frames{left}"
            device = self._session.ai_state.device
            self._session.set_ai_state(AiState(AiPhase.RUNNING, sentence, value.done, value.total, device))

    def _time_left(self, progress: AiProgress) -> str:
        if progress.done == 0 or progress.done >= progress.total:
            return ""
        seconds = (monotonic() - self._ai_started_s) / progress.done * (progress.total - progress.done)
        return f", about {max(1, round(seconds))} s left"

    def _take_ai_result(self, task: Task, request: AiRequest, prediction: Prediction) -> None:
        if not task.is_cancelled and request.video is self._session.video:
            self._finished[(request.video, request.settings)] = prediction
            self._session.set_prediction(request.video, prediction)
            self._session.set_ai_state(self._done_state(prediction))

    def _take_ai_failure(self, task: Task, sentence: str) -> None:
        from luv_viewer.analysis.errors import CheckpointUnusableError

        if not task.is_cancelled:
            lacks_network = isinstance(task.error, CheckpointUnusableError)
            phase = AiPhase.NO_CHECKPOINT if lacks_network else AiPhase.NOT_ASSESSED
            self._session.set_ai_state(AiState(phase, sentence))

    def _ai_ended(self, task: Task) -> None:
        if self._ai_task is task:
            self._ai_task = None

    def _stopped_words(self) -> str:
        """How much of the video the numbers on screen rest on."""
        prediction = self._session.prediction
        if prediction is None or prediction.clips_done == 0:
            return "nothing assessed yet"
        return f"numbers so far, from {prediction.clips_done} of {len(prediction.clip_spans)} clips"

    @staticmethod
    def _done_state(prediction: Prediction) -> AiState:
        made_by = prediction.provenance
        sentence = f"{prediction.n_frames} frames"
        clip_length = prediction.clip_attention.shape[1]
        if prediction.n_frames < clip_length:
            sentence += f", shorter than a clip of {clip_length} and padded, read with care"
        return AiState(AiPhase.DONE, sentence, 1, 1, f"{made_by.device} {made_by.precision}")
