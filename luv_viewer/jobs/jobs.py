"""Starts, stops and waits for every thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from luv_viewer.domain.study import Study
from luv_viewer.jobs.ai_jobs import AiJobs
from luv_viewer.jobs.frame_server import FrameServer
from luv_viewer.jobs.keeping import KeepRequest, serve_keeping
from luv_viewer.jobs.mailbox import LatestMailbox, QueueMailbox
from luv_viewer.jobs.maps import MapJobs
from luv_viewer.jobs.pictures import PictureRequest, serve_pictures
from luv_viewer.jobs.running import RunningTasks
from luv_viewer.session import Session
from luv_viewer.settings import Settings
from luv_viewer.task import Report, Task

STOP_WAIT_MS = 20_000


def _study_errors() -> tuple[type[Exception], ...]:
    from luv_viewer.io import StudyError

    return (StudyError,)


def _decode_first(study: Study) -> None:
    """Have the first frame ready when the window takes the study; why it cannot be decoded is said when it is shown.

    A coded stream is left to the thread that goes on reading it.
    """
    if study.videos and not study.videos[0].reads_in_order:
        with suppress(*_study_errors()):
            study.videos[0].frame(0)


class Jobs(QObject):
    """Serves a session. Results reach the session in the GUI thread; those of an abandoned run are dropped.

    is_quiet: see `AiJobs`. ai: runs of LUV-Net. opening: what is being opened, in words; empty for nothing.
    """

    picture_ready = Signal(object)
    frame_failed = Signal(object)
    small_picture_ready = Signal(object)
    opening_changed = Signal(str)
    open_failed = Signal(str)

    def __init__(self, session: Session, is_quiet: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tasks = RunningTasks()
        self._opening: Task | None = None
        self.opening = ""
        self.ai = AiJobs(session, is_quiet, self._tasks.start, self)
        self.maps = MapJobs(session, self.ai, self._tasks.start, self)
        self.frames = FrameServer(session, self)
        self._picture_box: QueueMailbox[PictureRequest] = QueueMailbox()
        self._keep_box: LatestMailbox[KeepRequest] = LatestMailbox()
        self.frames.picture_ready.connect(self.picture_ready)
        self.frames.frame_failed.connect(self.frame_failed)
        pictures = Task("pictures", lambda report: serve_pictures(self._picture_box, report), _study_errors, self)
        pictures.progressed.connect(self.small_picture_ready)
        keeping = Task("keeping", lambda report: serve_keeping(self._keep_box, report), parent=self)
        keeping.progressed.connect(lambda sentence: session.problem_raised.emit(str(sentence)))
        for task in (*self.frames.tasks(), pictures, keeping):
            task.failed.connect(session.problem_raised)
            self._tasks.start(task)
        session.study_changed.connect(self._forget_study)

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open a study in the background; the session shows it when its headers are read."""
        from_user = list(paths)

        def read(report: Report) -> Study:
            from luv_viewer.io import open_study

            study = open_study(from_user[0] if len(from_user) == 1 else from_user)
            _decode_first(study)
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
        self._say_opening(f"Opening {names} …")
        self._tasks.start(task)

    def request_pictures(self, requests: list[PictureRequest], *, urgent: bool) -> None:
        """Ask for small pictures; urgent ones (top frames) before thumbnails."""
        self._picture_box.put(requests, urgent=urgent)

    def keep_settings(self, settings: Settings, path: Path) -> None:
        """Write the settings in the background; the session says when that fails."""
        self._keep_box.put(KeepRequest(settings, path))

    def close(self) -> None:
        """Stop every thread and wait for it."""
        self.ai.close()
        self.maps.close()
        self.frames.close()
        for box in (self._picture_box, self._keep_box):
            box.close()
        for task in self._tasks:
            task.cancel()
        self._tasks.wait(STOP_WAIT_MS)
        self.maps.end()

    def _take_study(self, task: Task, study: Study) -> None:
        if task is not self._opening:
            study.close()
            return
        self._opening = None
        self._say_opening("")
        self._session.set_study(study)

    def _opening_ended(self, task: Task, sentence: str) -> None:
        if task is self._opening:
            self._opening = None
            self._say_opening("")
            if sentence:
                self.open_failed.emit(sentence)

    def _say_opening(self, sentence: str) -> None:
        self.opening = sentence
        self.opening_changed.emit(sentence)

    def _forget_study(self) -> None:
        self._picture_box.clear()
