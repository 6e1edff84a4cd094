"""Gets the frame under the play head onto the screen: from the cache at once, else through the decoding threads."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from luv_viewer.domain.frame_cache import DEFAULT_BUDGET_MB
from luv_viewer.domain.play_path import PlayPath
from luv_viewer.domain.span import Span
from luv_viewer.domain.video import Video
from luv_viewer.jobs.frame_queue import FrameQueue, FrameRequest
from luv_viewer.jobs.frames import FrameFailure, FramePicture, decoding_threads, serve_frames
from luv_viewer.session import Session
from luv_viewer.task import Report, Task

_STEP_FRAMES = 10
"""A move of more frames than this is a jump, after which nobody knows the direction."""


class FrameServer(QObject):
    """Answers the play head of a session. picture_ready: FramePicture; frame_failed: FrameFailure; never an older frame
    after a newer one, never one of another video.

    A frame that needs no decoding is answered in the thread that asks: it then does not wait for others to let go of
    the interpreter, which they may keep for a while when LUV-Net runs.
    """

    picture_ready = Signal(object)
    frame_failed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._queue = FrameQueue()
        self._asked: tuple[Video, int] | None = None
        self._number = 0
        self._shown_number = 0
        self._budget_mb = DEFAULT_BUDGET_MB
        session.study_changed.connect(self._take_study)
        session.player.frame_changed.connect(self.request)

    def tasks(self) -> list[Task]:
        """The decoding threads, to be started by the owner; they end after `close`."""
        return [self._task(thread) for thread in range(decoding_threads())]

    def set_budget(self, megabytes: int) -> None:
        """How much decoded frames of the study open, and of later ones, may take."""
        self._budget_mb = megabytes
        self._apply_budget()

    def request(self, frame: int) -> None:
        """Ask for a frame of the video shown; a newer request replaces one that still waits."""
        video = self._session.video
        if video is None:
            return
        path = self._path(video, frame)
        video.look_at(path)
        self._asked = (video, frame)
        self._number += 1
        request = FrameRequest(video, path, self._session.player.due_ticket(), self._number)
        rgb = video.kept_frame(frame)
        self._queue.put(request, is_answered=rgb is not None)
        if rgb is not None:
            self._answer(FramePicture.of(request, rgb))

    def close(self) -> None:
        """Let the decoding threads end."""
        self._queue.close()

    def _task(self, thread: int) -> Task:
        def serve(report: Report) -> None:
            serve_frames(self._queue, thread, report)

        task = Task(f"frames {thread + 1}", serve, parent=self.parent())
        task.progressed.connect(self._answer)
        return task

    def _path(self, video: Video, frame: int) -> PlayPath:
        player = self._session.player
        span = player.playing_span
        if span is not None and frame in span:
            return PlayPath(frame, span, step=1, loops=player.loops)
        moved = frame - self._asked[1] if self._asked is not None and self._asked[0] is video else 0
        step = 0 if abs(moved) > _STEP_FRAMES else (moved > 0) - (moved < 0)
        return PlayPath(frame, Span(0, video.n_frames), step)

    def _answer(self, result: object) -> None:
        if not isinstance(result, (FramePicture, FrameFailure)):
            return
        if result.video is not self._session.video or result.number < self._shown_number:
            return
        self._shown_number = result.number
        if isinstance(result, FramePicture):
            self.picture_ready.emit(result)
        else:
            self.frame_failed.emit(result)

    def _take_study(self) -> None:
        self._queue.clear()
        self._asked = None
        self._apply_budget()

    def _apply_budget(self) -> None:
        study = self._session.study
        for video in study.videos if study is not None else ():
            video.cache.set_budget(self._budget_mb * 2**20)
