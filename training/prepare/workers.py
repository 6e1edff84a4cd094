"""Jobs in worker processes; a job that takes its process down with it costs itself alone."""

from __future__ import annotations

import logging
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from luv_viewer.io.errors import StudyError
from luv_viewer.io.whole_file import WriteError
from training.prepare.errors import PrepareError

_log = logging.getLogger(__name__)
J = TypeVar("J")
R = TypeVar("R")

CRASHED = "it makes the program that decodes it crash, and is left out."


def run_jobs(work: Callable[[J], R], jobs: Sequence[J], n_workers: int) -> Generator[tuple[J, R | str]]:
    """Each job with what `work` gives, in whichever order they are done, or with the sentence why it failed.

    work: a function of a module. n_workers: 0 to work in this process. Raises WriteError, which no other job would
    survive either. Stopped between two results, nothing is left running.
    """
    if n_workers == 0:
        for job in jobs:
            yield job, _tried(work, job)
        return
    waiting = deque(jobs)
    while waiting:
        for job in (yield from _in_pool(work, waiting, n_workers)):
            # Alone, so that it is known whose fault it is when the process ends again.
            if (yield from _in_pool(work, deque([job]), 1)):
                yield job, CRASHED


def _in_pool(work: Callable[[J], R], waiting: deque[J], n_workers: int) -> Generator[tuple[J, R | str], None, list[J]]:
    """Takes jobs from `waiting`; returns those that were being worked on when a process was lost."""
    # A forked child of a program with threads can hang; a fresh one cannot.
    pool = ProcessPoolExecutor(
        n_workers,
        mp_context=multiprocessing.get_context("spawn"),
        # Ctrl+C is for this process, which lets the jobs that are under way end.
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    running: dict[Future[R | str], J] = {}
    try:
        while waiting or running:
            while waiting and len(running) < n_workers:
                running[pool.submit(_tried, work, waiting[0])] = waiting[0]
                waiting.popleft()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                result = future.result()
                yield running.pop(future), result
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return []


def _tried(work: Callable[[J], R], job: J) -> R | str:
    try:
        return work(job)
    except WriteError:
        raise
    except (StudyError, PrepareError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - boundary: damage nobody foresaw costs one file, not the run
        _log.exception("a job of luv prepare failed")
        return f"it could not be worked on ({type(error).__name__})."
