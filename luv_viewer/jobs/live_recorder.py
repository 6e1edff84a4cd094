"""The recording of a live source: a thread of its own, so that a slow disk never holds up the capture."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from luv_viewer.domain.live import LiveFrame, RecordingPhase, RecordingStatus
from luv_viewer.jobs.live_box import RecordBox
from luv_viewer.jobs.live_work import serve_recording
from luv_viewer.task import Task

FINISH_WAIT_MS = 30_000


def _recording_errors() -> tuple[type[Exception], ...]:
    from luv_viewer.io.live_recording import RecordingError

    return (RecordingError,)


class LiveRecorder(QObject):
    """One recording at a time. changed: a RecordingStatus. fps: what the source states, None where it states none."""

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fps: float | None = None
        self.status = RecordingStatus(RecordingPhase.FINISHED, "")
        self._task: Task | None = None
        # Shared with the capturing thread.
        self._lock = threading.Lock()
        self._box: RecordBox | None = None

    @property
    def is_active(self) -> bool:
        """True until the file is closed."""
        return self._task is not None

    @property
    def takes_frames(self) -> bool:
        """True until the recording is finished or has failed."""
        with self._lock:
            return self._box is not None

    def start(self, wanted: Path | None) -> None:
        """Record from the next frame on; see `recording_path` for `wanted`. Nothing while one is under way."""
        if self._task is not None:
            return
        box, fps = RecordBox(), self.fps
        task = Task("live recording", lambda report: serve_recording(box, wanted, fps, report), _recording_errors, self)
        task.progressed.connect(self._take_status)
        task.failed.connect(self._fail)
        task.ended.connect(self._end)
        self._task = task
        with self._lock:
            self._box = box
        self._show(RecordingStatus(RecordingPhase.RUNNING, ""))
        task.start()

    def put(self, frame: LiveFrame) -> None:
        """Record a frame, if a recording runs; called by the capturing thread."""
        with self._lock:
            box = self._box
        if box is not None:
            box.put(frame)

    def finish(self) -> None:
        """Write what waits and close the file, in the background."""
        with self._lock:
            box, self._box = self._box, None
        if box is not None:
            box.finish()

    def close(self) -> None:
        """Finish, and wait until the file is closed."""
        self.finish()
        if self._task is not None:
            self._task.wait(FINISH_WAIT_MS)

    def _show(self, status: RecordingStatus) -> None:
        self.status = status
        self.changed.emit(status)

    def _take_status(self, status: object) -> None:
        if isinstance(status, RecordingStatus):
            self._show(status)

    def _fail(self, sentence: str) -> None:
        self.finish()
        self._show(replace(self.status, phase=RecordingPhase.FAILED, sentence=sentence))

    def _end(self) -> None:
        if self._task is not None:
            self._task.deleteLater()
        self._task = None
        if self.status.phase is RecordingPhase.RUNNING:
            # Finished before its first frame came.
            self._show(replace(self.status, phase=RecordingPhase.FINISHED))
        else:
            self.changed.emit(self.status)
