"""Starts, stops and waits for the threads of live mode: one captures, one runs LUV-Net; `recorder` has the third."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.domain.live import LiveFrame, SourcePhase, SourceStatus
from luv_viewer.domain.live_timing import Rate
from luv_viewer.jobs.live_box import AssessBox, PictureBox
from luv_viewer.jobs.live_recorder import LiveRecorder
from luv_viewer.jobs.live_work import OpenAssessor, TooSlowError, serve_assessing, serve_capture
from luv_viewer.jobs.running import RunningTasks
from luv_viewer.task import Task

STOP_WAIT_MS = 20_000


def _ai_errors() -> tuple[type[Exception], ...]:
    from luv_viewer.analysis.errors import AnalysisError

    return (AnalysisError, TooSlowError)


class LiveJobs(QObject):
    """Serves one live source at a time. Everything reaches its receivers in the thread that made this.

    frame_arrived: a new picture waits in `take_picture`. ai_said: PreparationProgress, AssessorReady, LiveOutcomes.
    ai_failed: a sentence. ai_ended: the thread is gone, whatever the reason.
    """

    source_changed = Signal(object)
    frame_arrived = Signal()
    ai_said = Signal(object)
    ai_failed = Signal(str)
    ai_ended = Signal()
    _told = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._capture: Task | None = None
        self._ai: Task | None = None
        self._ai_next: OpenAssessor | None = None
        self._tasks = RunningTasks()
        self._picture = PictureBox()
        # Shared with the capturing thread, which hands every frame to whoever is there.
        self._lock = threading.Lock()
        self._assess: AssessBox | None = None
        self._n_frames = 0
        self._rate = Rate()
        self._dropped_before = 0
        self.recorder = LiveRecorder(self)
        self._told.connect(self.frame_arrived)

    @property
    def n_frames(self) -> int:
        """Frames that came since the source was started."""
        return self._n_frames

    def fps_in(self, now_s: float) -> float:
        """Frames a second that come now."""
        with self._lock:
            return self._rate.per_second(now_s)

    @property
    def dropped(self) -> int:
        """Frames that LUV-Net should have seen but that had to go."""
        return self._dropped_before + (self._assess.dropped if self._assess is not None else 0)

    @property
    def spacing(self) -> int:
        """Of the frames that LUV-Net is given: 1, 2, 4 or 8."""
        return self._assess.spacing if self._assess is not None else 1

    @property
    def ai_runs(self) -> bool:
        """True while an AI thread is there or waits for its turn."""
        return self._ai is not None or self._ai_next is not None

    def start_source(self, text: str) -> None:
        """Capture from what `text` names; a source under way is stopped."""
        self.stop_source()
        self._n_frames, self._dropped_before, self.recorder.fps = 0, 0, None
        task = Task(
            "live capture",
            lambda report: serve_capture(text, lambda frame: self._take_frame(task, frame), report),
            parent=self,
        )
        task.progressed.connect(lambda status: self._take_status(task, status))
        task.failed.connect(lambda sentence: self._take_status(task, SourceStatus(SourcePhase.FAILED, sentence)))
        self._capture = task
        self._tasks.start(task)

    def stop_source(self) -> None:
        """No more frames; what is being recorded is finished."""
        if self._capture is not None:
            self._capture.cancel()
        self._capture = None
        self.recorder.finish()
        self._picture.take()

    def start_ai(self, open_assessor: OpenAssessor) -> None:
        """Let LUV-Net look at the frames; after a run that is still ending."""
        self.stop_ai()
        self._ai_next = open_assessor
        self._start_next_ai()

    def stop_ai(self) -> None:
        """LUV-Net looks at nothing any more."""
        self._ai_next = None
        self._leave_box()
        if self._ai is not None:
            self._ai.cancel()

    def take_picture(self) -> LiveFrame | None:
        """The newest frame that was not taken yet."""
        return self._picture.take()

    def close(self) -> None:
        """Stop every thread and wait for it; a recording is finished first."""
        self.stop_source()
        self.stop_ai()
        self._tasks.wait(STOP_WAIT_MS)
        self.recorder.close()

    def _take_frame(self, task: Task, frame: LiveFrame) -> None:
        """In the capturing thread; one that was told to stop may have a frame left in its hand."""
        if task is not self._capture:
            return
        with self._lock:
            self._n_frames += 1
            self._rate.count(frame.arrived_s)
        self.recorder.put(frame)
        with self._lock:
            box = self._assess
        if box is not None:
            box.put(frame)
        if self._picture.put(frame):
            self._told.emit()

    def _take_status(self, task: Task, status: object) -> None:
        if task is not self._capture or not isinstance(status, SourceStatus):
            return
        self.recorder.fps = status.fps or self.recorder.fps
        if status.is_over:
            self.recorder.finish()
        self.source_changed.emit(status)

    def _start_next_ai(self) -> None:
        if self._ai is not None or self._ai_next is None:
            return
        open_assessor, self._ai_next = self._ai_next, None
        box = AssessBox()
        task = Task("live ai", lambda report: serve_assessing(box, open_assessor, report), _ai_errors, self)
        task.progressed.connect(lambda value: self._if_current(task, self.ai_said.emit, value))
        task.failed.connect(lambda sentence: self._if_current(task, self.ai_failed.emit, sentence))
        task.ended.connect(lambda: self._ai_over(task))
        self._ai = task
        with self._lock:
            self._assess = box
        self._tasks.start(task)

    def _if_current(self, task: Task, tell: Callable[[object], object], value: object) -> None:
        if task is self._ai and not task.is_cancelled:
            tell(value)

    def _leave_box(self) -> None:
        """Frames no longer wait for LUV-Net."""
        with self._lock:
            box, self._assess = self._assess, None
        if box is not None:
            self._dropped_before += box.dropped
            box.close()

    def _ai_over(self, task: Task) -> None:
        if task is self._ai:
            self._ai = None
            self._leave_box()
            self.ai_ended.emit()
            # Not from within the ended signal of the thread that makes room.
            QTimer.singleShot(0, self, self._start_next_ai)
