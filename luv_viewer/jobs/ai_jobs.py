"""Starts and stops LUV-Net on the video shown, and measures this computer's engines when nothing else is to do."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from time import monotonic

from PySide6.QtCore import QObject, QTimer

from luv_viewer.domain.ai_state import AiPhase, AiState
from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.video import Video
from luv_viewer.jobs.ai import (
    AiProgress,
    AiRequest,
    AiSettings,
    EngineReason,
    NetworkShelf,
    file_stamp,
    measure_engines,
    run_ai,
)
from luv_viewer.jobs.preparing import PreparationProgress
from luv_viewer.session import Session
from luv_viewer.task import Task

log = logging.getLogger(__name__)

QUIET_POLL_MS = 60
MEASURE_AFTER_MS = 10_000


def _errors() -> tuple[type[Exception], ...]:
    from luv_viewer.analysis.errors import AnalysisError
    from luv_viewer.io import StudyError

    return (AnalysisError, StudyError)


class AiJobs(QObject):
    """One run of LUV-Net at a time. Results reach the session in the GUI thread; those of an abandoned run are dropped.

    is_quiet: says whether now is a good moment for the one stall that importing an engine causes (no key is held
    down). start_task: starts a task and waits for it at the end.
    """

    def __init__(
        self, session: Session, is_quiet: Callable[[], bool], start_task: Callable[[Task], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._is_quiet, self._start_task = session, is_quiet, start_task
        self._task: Task | None = None
        self._next: AiRequest | None = None
        self._measuring: Task | None = None
        self._last: AiSettings | None = None
        self._started_s = 0.0
        self._shelf = NetworkShelf()
        self._finished: dict[tuple[Video, AiSettings, tuple[int, int]], Prediction] = {}
        self._unmeasurable: set[AiSettings] = set()
        self._quiet_timer = QTimer(self)
        self._quiet_timer.setInterval(QUIET_POLL_MS)
        self._quiet_timer.timeout.connect(self._start_waiting)
        self._idle_timer = QTimer(self)
        self._idle_timer.setSingleShot(True)
        self._idle_timer.setInterval(MEASURE_AFTER_MS)
        self._idle_timer.timeout.connect(self._measure)
        session.study_changed.connect(self._finished.clear)

    def start(self, settings: AiSettings) -> None:
        """Run LUV-Net over the video shown; a run under way for another one is stopped first."""
        video = self._session.video
        if video is None:
            return
        known = self._finished.get((video, settings, file_stamp(settings.checkpoint)))
        if known is not None:
            self.stop()
            self._session.set_prediction(video, known)
            self._session.set_ai_state(_done_state(known))
            return
        self.put_off_measuring()
        self._next = AiRequest(video, settings, lambda: self._session.player.frame)
        self._session.set_ai_state(AiState(AiPhase.WAITING, "LUV-Net starts in a moment"))
        if self._task is not None:
            self._task.cancel()
        self._quiet_timer.start()

    def stop(self) -> None:
        """Stop the run under way, if any; what it found so far stays on screen."""
        self.put_off_measuring()
        self._quiet_timer.stop()
        was_waiting, self._next = self._next is not None, None
        if self._task is not None:
            self._task.cancel()
        if was_waiting or self._task is not None:
            self._session.set_ai_state(AiState(AiPhase.STOPPED, self._stopped_words()))

    @property
    def has_ended(self) -> bool:
        """True when no run waits and no AI thread is left, a cancelled one included."""
        return self._next is None and self._task is None

    def close(self) -> None:
        """Start nothing any more; whoever started the tasks stops and waits for them."""
        self.put_off_measuring()
        self._quiet_timer.stop()
        self._next = None

    def _start_waiting(self) -> None:
        if self._task is not None or self._measuring is not None or self._next is None:
            return
        if not {"torch", "openvino"} & sys.modules.keys() and not self._is_quiet():
            return
        self._quiet_timer.stop()
        request, self._next = self._next, None
        task = Task("ai", lambda report: run_ai(request, self._shelf, report), _errors, self)
        task.progressed.connect(lambda value: self._take_value(task, request, value))
        task.succeeded.connect(lambda prediction: self._take_result(task, request, prediction))
        task.failed.connect(lambda sentence: self._take_failure(task, sentence))
        task.ended.connect(lambda: self._ended(task))
        self._task, self._last = task, request.settings
        self._started_s = monotonic()
        self._session.set_ai_state(AiState(AiPhase.RUNNING, "Loading LUV-Net …"))
        self._start_task(task)

    def _take_value(self, task: Task, request: AiRequest, value: object) -> None:
        if task.is_cancelled or request.video is not self._session.video:
            return
        state = self._session.ai_state
        if isinstance(value, CheckpointInfo):
            self._session.set_checkpoint(value)
            self._started_s = monotonic()
        elif isinstance(value, EngineReason):
            self._session.set_ai_state(replace(state, why=value.sentence))
        elif isinstance(value, PreparationProgress):
            self._session.set_ai_state(AiState(AiPhase.RUNNING, value.sentence, value.done, value.total))
        elif isinstance(value, Prediction):
            self._session.set_prediction(request.video, value)
            self._session.set_ai_state(replace(state, device=value.provenance.device))
        elif isinstance(value, AiProgress):
            # Frames and clips are steps alike: their share, so that all frames are done when the last clip is.
            done = request.video.n_frames * value.done // max(value.total, 1)
            sentence = f"{done} of {request.video.n_frames} frames{self._time_left(value)}"
            self._session.set_ai_state(replace(state, sentence=sentence, done=value.done, total=value.total))

    def _time_left(self, progress: AiProgress) -> str:
        if progress.done == 0 or progress.done >= progress.total:
            return ""
        seconds = (monotonic() - self._started_s) / progress.done * (progress.total - progress.done)
        return f", about {max(1, round(seconds))} s left"

    def _take_result(self, task: Task, request: AiRequest, prediction: Prediction) -> None:
        if not task.is_cancelled and request.video is self._session.video:
            stamp = file_stamp(request.settings.checkpoint)
            self._finished[(request.video, request.settings, stamp)] = prediction
            self._session.set_prediction(request.video, prediction)
            self._session.set_ai_state(replace(_done_state(prediction), why=self._session.ai_state.why))
            self._idle_timer.start()

    def _take_failure(self, task: Task, sentence: str) -> None:
        from luv_viewer.analysis.errors import CheckpointUnusableError

        if not task.is_cancelled:
            lacks_network = isinstance(task.error, CheckpointUnusableError)
            phase = AiPhase.NO_CHECKPOINT if lacks_network else AiPhase.NOT_ASSESSED
            self._session.set_ai_state(AiState(phase, sentence))

    def _ended(self, task: Task) -> None:
        if self._task is task:
            self._task = None

    def _stopped_words(self) -> str:
        """How much of the video the numbers on screen rest on."""
        prediction = self._session.prediction
        if prediction is None or prediction.clips_done == 0:
            return "nothing assessed yet"
        return f"numbers so far, from {prediction.clips_done} of {len(prediction.clip_spans)} clips"

    def put_off_measuring(self) -> None:
        """No measuring of engines before the next run has ended: something else needs the cores."""
        self._idle_timer.stop()
        if self._measuring is not None:
            self._measuring.cancel()

    def _measure(self) -> None:
        """Find the fastest engine that agrees with float32, where that was never done, while the computer is free."""
        settings = self._last
        if settings is None or settings in self._unmeasurable or self._measuring is not None or not self.has_ended:
            return
        task = Task("measuring", lambda report: measure_engines(settings, report), _errors, self)
        task.progressed.connect(self._take_measuring)
        task.succeeded.connect(self._take_choice)
        task.failed.connect(lambda sentence: self._give_up_measuring(settings, sentence))
        task.cancelled.connect(lambda: self._note(""))
        task.ended.connect(self._measuring_ended)
        self._measuring = task
        self._start_task(task)

    def _take_measuring(self, value: object) -> None:
        if isinstance(value, PreparationProgress) and self._measuring is not None:
            self._note(f"For faster results: {value.sentence}")

    def _take_choice(self, reason: object) -> None:
        if reason:
            self._shelf.forget()
            self._finished.clear()
            state = self._session.ai_state
            if state.phase is AiPhase.DONE:
                note = "Engines were measured; the fastest that agrees runs from the next video on"
                self._session.set_ai_state(replace(state, note=note, why=str(reason)))

    def _give_up_measuring(self, settings: AiSettings, sentence: str) -> None:
        """Until the next start: what failed once would fail after every video."""
        self._unmeasurable.add(settings)
        log.warning("engines were not measured: %s", sentence)
        self._note("")

    def _measuring_ended(self) -> None:
        self._measuring = None

    def _note(self, words: str) -> None:
        if self._session.ai_state.phase is AiPhase.DONE:
            self._session.set_ai_state(replace(self._session.ai_state, note=words))


def _done_state(prediction: Prediction) -> AiState:
    made_by = prediction.provenance
    sentence = f"{prediction.n_frames} frames"
    clip_length = prediction.clip_attention.shape[1]
    if prediction.n_frames < clip_length:
        sentence += f", shorter than a clip of {clip_length} and padded, read with care"
    return AiState(AiPhase.DONE, sentence, 1, 1, f"{made_by.device} {made_by.precision}")
