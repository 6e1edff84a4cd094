"""Makes the maps that the window wants to show, a clip at a time, and lets late ones go."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.domain.saliency import ClipMaps
from luv_viewer.domain.video import Video
from luv_viewer.jobs.ai import file_stamp
from luv_viewer.jobs.ai_jobs import AiJobs
from luv_viewer.session import Session
from luv_viewer.task import Report, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from luv_viewer.analysis.map_process import MapProcess

POLL_MS = 60


@dataclass(frozen=True)
class MapSettings:
    """What maps depend on besides the video. checkpoint: a file, None for the bundled one."""

    checkpoint: Path | None
    device: str


@dataclass(frozen=True)
class MapRequest:
    """Maps of the clip around a frame."""

    video: Video
    frame: int
    settings: MapSettings


@dataclass(frozen=True)
class MapProgress:
    """done of total frames; total 0: the network is being loaded."""

    done: int
    total: int


class MapShelf:
    """Keeps the process with the network between clips. Used by one thread at a time."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._process: MapProcess | None = None

    def make(self, request: MapRequest, report: Report) -> ClipMaps:
        """Reports MapProgress. Raises AnalysisError; after that, and when it is cancelled, the process is gone."""
        from luv_viewer.analysis.map_process import MapProcess
        from luv_viewer.analysis.predict import default_checkpoint_path

        def tell(done: int, total: int) -> None:
            report(MapProgress(done, total))

        path = request.settings.checkpoint or default_checkpoint_path()
        key = (path, *file_stamp(path), request.settings.device)
        try:
            if self._process is None or self._key != key:
                self.close()
                self._process = MapProcess(path, request.settings.device, tell)
                self._key = key
            return self._process.maps_around(request.video, request.frame, tell)
        except BaseException:
            self.close()
            raise

    @property
    def is_open(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.close()


def _errors() -> tuple[type[Exception], ...]:
    from luv_viewer.analysis.errors import AnalysisError

    return (AnalysisError,)


class MapJobs(QObject):
    """One clip at a time, after LUV-Net's own run. Maps reach the session in the GUI thread; late ones are dropped.

    ai: maps wait for its run, and keep it from measuring engines, which needs the cores for itself. start_task: starts
    a task and waits for it at the end. made: says in a sentence what maps cost.
    """

    made = Signal(str)

    def __init__(
        self,
        session: Session,
        ai: AiJobs,
        start_task: Callable[[Task], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._ai, self._start_task = session, ai, start_task
        self._shelf = MapShelf()
        self._task: Task | None = None
        self._wanted: MapSettings | None = None
        self._refused: tuple[Video, MapSettings] | None = None
        self._began_s = 0.0
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._start_waiting)
        session.player.frame_changed.connect(self._look)
        session.video_changed.connect(self._begin_video)

    def start(self, settings: MapSettings) -> None:
        """From now on have the maps of the clip around the play head, wherever it goes."""
        self._wanted, self._refused = settings, None
        self._look()

    def stop(self) -> None:
        """Make no more; the process with the network ends. Maps that are known stay."""
        self._wanted = None
        self._timer.stop()
        if self._task is not None:
            self._task.cancel()
        else:
            self._let_go()
        self._session.maps.say("")

    def cancel(self) -> bool:
        """Give up the map under way until maps are asked for again; False when there is none."""
        video, settings = self._session.video, self._wanted
        if video is None or settings is None or not (self._timer.isActive() or self._is_running):
            return False
        self._timer.stop()
        self._refused = (video, settings)
        if self._task is not None:
            self._task.cancel()
        self._session.maps.say("Stopped: choose the map again to go on.")
        return True

    @property
    def has_ended(self) -> bool:
        """True when no thread is left."""
        return self._task is None

    def close(self) -> None:
        """Make nothing any more, at the end of the program; whoever started the task stops it and waits for it."""
        self._wanted = None
        self._timer.stop()

    def end(self) -> None:
        """End the process with the network; no task may be left."""
        self._shelf.close()

    @property
    def _is_running(self) -> bool:
        return self._task is not None and not self._task.is_cancelled

    def _let_go(self) -> None:
        """End the process in a thread: the system takes a while to take its memory back."""
        if self._shelf.is_open:
            self._run(Task("maps end", lambda _report: self._shelf.close(), parent=self))

    def _begin_video(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._refused = None
        self._look()

    def _look(self) -> None:
        """Whether the frame shown has its maps."""
        session, video = self._session, self._session.video
        if self._wanted is None or video is None or self._refused == (video, self._wanted):
            return
        if session.maps.at(session.player.frame) is None and not self._timer.isActive():
            self._timer.start()

    def _start_waiting(self) -> None:
        session, video, settings = self._session, self._session.video, self._wanted
        if video is None or settings is None or session.maps.at(session.player.frame) is not None:
            self._timer.stop()
            return
        if self._task is not None:
            return
        if not self._ai.has_ended:
            session.maps.say("The map waits for LUV-Net's run over the video")
            return
        self._timer.stop()
        request = MapRequest(video, session.player.frame, settings)
        task = Task("maps", lambda report: self._shelf.make(request, report), _errors, self)
        task.progressed.connect(lambda value: self._take_progress(task, request, value))
        task.succeeded.connect(lambda maps: self._take_maps(task, request, maps))
        task.failed.connect(lambda sentence: self._take_failure(task, request, sentence))
        self._ai.put_off_measuring()
        self._began_s = monotonic()
        session.maps.say("Loading the network for maps, float32 on torch …")
        self._run(task)

    def _run(self, task: Task) -> None:
        task.ended.connect(lambda: self._ended(task))
        self._task = task
        self._start_task(task)

    def _is_current(self, task: Task, request: MapRequest) -> bool:
        return not task.is_cancelled and request.video is self._session.video

    def _take_progress(self, task: Task, request: MapRequest, value: object) -> None:
        if self._is_current(task, request) and isinstance(value, MapProgress) and value.total:
            self._session.maps.say(f"Making the map: frame {value.done} of {value.total} of this clip")

    def _take_maps(self, task: Task, request: MapRequest, maps: ClipMaps) -> None:
        if not self._is_current(task, request):
            return
        self._session.maps.take(maps)
        by, seconds = maps.gradient.provenance, monotonic() - self._began_s
        self.made.emit(
            f"Maps of frames {maps.span.start + 1} to {maps.span.stop} took {seconds:.1f} s: float32 on {by.device}, "
            f"a network of its own beside the curves"
        )

    def _take_failure(self, task: Task, request: MapRequest, sentence: str) -> None:
        if self._is_current(task, request):
            self._refused = (request.video, request.settings)
            self._session.maps.say(sentence)

    def _ended(self, task: Task) -> None:
        if self._task is task:
            self._task = None
        if self._wanted is None:
            self._let_go()
        self._look()
