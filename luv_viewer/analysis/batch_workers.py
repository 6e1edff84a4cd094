"""Worker processes of `luv predict` on this computer: spawned, one network each, and only this side writes files.

A worker ends with its parent, however that ends: it sees the pipe to it close. Ctrl+C reaches the parent alone.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import SimpleQueue
from threading import Thread
from time import monotonic

from luv_viewer.analysis.batch_crew import MAX_LOST_IN_A_ROW, Progress
from luv_viewer.analysis.batch_job import BatchAnswer, BatchEngine, BatchJob, BatchTask, VideoWorker, failed
from luv_viewer.analysis.errors import AnalysisError

JOBS_AHEAD = 2
"""Per worker: the one it works on, and the next, so that it never waits for the parent."""

_REPORT_INTERVAL_S = 0.2
_STARTS_TO_TRY = 3
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class _Ready:
    """Sent by a worker once it takes jobs."""


@dataclass(frozen=True)
class _Step:
    number: int
    done: int
    total: int


@dataclass(eq=False)
class _Member:
    engine: BatchEngine
    process: SpawnProcess
    pipe: Connection
    jobs: deque[BatchJob] = field(default_factory=deque)
    is_ready: bool = False
    n_failed_starts: int = 0


class ProcessCrew:
    """See `batch_crew.Crew`. A worker that dies fails the video it worked on, and is replaced."""

    def __init__(self, task: BatchTask, engines: Sequence[BatchEngine], progress: Progress) -> None:
        """engines: of each worker."""
        self._task, self._progress = task, progress
        self._members: list[_Member] = []
        self._lost_in_a_row = 0
        try:
            for engine in engines:
                self._members.append(_started(task, engine))
        except BaseException:
            self.close()
            raise

    @property
    def has_room(self) -> bool:
        """See `Crew`."""
        return any(len(member.jobs) < JOBS_AHEAD for member in self._members)

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the workers, as the system knows them."""
        return tuple(member.process.pid or 0 for member in self._members)

    def add(self, job: BatchJob) -> None:
        """See `Crew`."""
        self._give(min(self._members, key=lambda member: len(member.jobs)), job)

    def next_answer(self) -> BatchAnswer | None:
        """See `Crew`."""
        while any(member.jobs for member in self._members):
            by_pipe = {member.pipe: member for member in self._members}
            for pipe in wait(list(by_pipe)):
                answer = self._heard(by_pipe[pipe])  # type: ignore[index]
                if answer is not None:
                    return answer
        return None

    def close(self) -> None:
        """See `Crew`."""
        for member in self._members:
            member.process.kill()
        for member in self._members:
            _let_go(member)
        self._members = []

    def _heard(self, member: _Member) -> BatchAnswer | None:
        try:
            message = member.pipe.recv()
        except (EOFError, OSError):
            return self._replaced(member)
        if isinstance(message, _Ready):
            member.is_ready = True
        elif isinstance(message, _Step):
            if member.jobs and member.jobs[0].number == message.number:
                self._progress(member.jobs[0], message.done, message.total)
        elif isinstance(message, BatchAnswer):
            member.jobs.popleft()
            self._lost_in_a_row = 0
            return message
        return None

    def _replaced(self, member: _Member) -> BatchAnswer | None:
        """The failed job of a worker that died; another one takes its other jobs."""
        member.process.join()
        code = member.process.exitcode or 0
        _let_go(member)
        at = self._members.index(member)
        n_failed_starts = 0 if member.is_ready else member.n_failed_starts + 1
        if n_failed_starts >= _STARTS_TO_TRY:
            del self._members[at]
            raise AnalysisError(f"Worker processes cannot start here ({_how_it_ended(code)}); run without --workers.")
        self._members[at] = replace(_started(self._task, member.engine), n_failed_starts=n_failed_starts)
        lost = member.jobs.popleft() if member.jobs and member.is_ready else None
        self._lost_in_a_row += lost is not None
        if self._lost_in_a_row > MAX_LOST_IN_A_ROW + len(self._members):
            raise AnalysisError(
                f"Worker processes end again and again ({_how_it_ended(code)}); run with fewer --workers or without."
            )
        for job in member.jobs:
            self._give(self._members[at], job)
        if lost is None:
            return None
        return failed(lost, f"{lost.part.name} failed: its worker process ended ({_how_it_ended(code)}).")

    def _give(self, member: _Member, job: BatchJob) -> None:
        member.jobs.append(job)
        try:
            member.pipe.send(job)
        except OSError:
            # It died a moment ago; `next_answer` hears of it, and passes the job on.
            return


def _started(task: BatchTask, engine: BatchEngine) -> _Member:
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_work, args=(there, task, engine), name="luv-worker", daemon=True)
    with _environment(engine.n_threads), _keyboard_kept_out():
        process.start()
    there.close()
    return _Member(engine, process, here)


def _let_go(member: _Member) -> None:
    member.process.join()
    member.pipe.close()
    member.process.close()


def _how_it_ended(code: int) -> str:
    """For people.

    >>> _how_it_ended(-9), _how_it_ended(3)
    ('killed by SIGKILL, perhaps because memory ran out', 'exit status 3')
    """
    if code >= 0:
        return f"exit status {code}"
    name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
    return f"killed by {name}" + (", perhaps because memory ran out" if name == "SIGKILL" else "")


@contextmanager
def _environment(n_threads: int) -> Iterator[None]:
    """Thread counts that libraries read while they are imported, for a process started inside."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(n_threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _keyboard_kept_out() -> Iterator[None]:
    """A process started inside never sees Ctrl+C; one pressed meanwhile reaches this process afterwards."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, task: BatchTask, engine: BatchEngine) -> None:
    """A worker's life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What libraries print would run into the user's terminal; reasons travel through the pipe.
    quiet = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(quiet, stream)
    jobs: SimpleQueue[BatchJob] = SimpleQueue()
    Thread(target=_listen, args=(pipe, jobs), daemon=True).start()
    pipe.send(_Ready())
    import cv2

    # OpenCV reads no variable at its import.
    cv2.setNumThreads(engine.n_threads)
    worker = VideoWorker(task, engine)
    while True:
        job = jobs.get()
        pipe.send(worker.do(job, _Reporter(pipe, job.number)))


def _listen(pipe: Connection, jobs: SimpleQueue[BatchJob]) -> None:
    """Put jobs in line as they come; the parent's end is this process's end, in the middle of a video too."""
    try:
        while True:
            jobs.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(1)


class _Reporter:
    def __init__(self, pipe: Connection, number: int) -> None:
        self._pipe, self._number, self._due_s = pipe, number, 0.0

    def __call__(self, done: int, total: int) -> None:
        if monotonic() >= self._due_s:
            self._pipe.send(_Step(self._number, done, total))
            self._due_s = monotonic() + _REPORT_INTERVAL_S
