"""Decoding for the screen, in a few threads: the newest request first, then frames ahead of the play head."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.video import Video
from luv_viewer.jobs.frame_queue import FrameQueue, FrameRequest
from luv_viewer.player import PlayTicket
from luv_viewer.task import Report

MAX_THREADS = 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class FramePicture:
    """A decoded frame. rgb: (height, width, 3) uint8, read-only. number: of its request."""

    video: Video
    frame: int
    ticket: PlayTicket | None
    number: int
    rgb: NDArray[np.uint8]

    @classmethod
    def of(cls, request: FrameRequest, rgb: NDArray[np.uint8]) -> FramePicture:
        """The answer to a request."""
        return cls(request.video, request.frame, request.ticket, request.number, rgb)


@dataclass(frozen=True)
class FrameFailure:
    """A frame that cannot be decoded. number: of its request. sentence: why, for the user."""

    video: Video
    frame: int
    number: int
    sentence: str


def decoding_threads(cores: int | None = None) -> int:
    """How many threads decode: two, on larger machines half the cores, never more than four; one on a single core.

    The second one lets a click be answered while the first still decodes ahead; AI and window need the rest.

    >>> [decoding_threads(cores) for cores in (1, 2, 4, 6, 64)]
    [1, 2, 2, 3, 4]
    """
    cores = cores or os.cpu_count() or 1
    return 1 if cores == 1 else min(MAX_THREADS, max(2, cores // 2))


def serve_frames(queue: FrameQueue, thread: int, report: Report) -> None:
    """Decode what the queue gives until it is closed; reports FramePicture and FrameFailure.

    thread: the number of this one, from 0. What goes wrong with a frame never ends the thread.
    """
    from luv_viewer.io import StudyError

    while (work := queue.take(thread)) is not None:
        sentence = ""
        try:
            rgb = work.video.frame(work.frame)
        except StudyError as error:
            sentence = str(error)
        except Exception as error:
            log.exception("a frame could not be decoded")
            sentence = f"Frame {work.frame + 1} cannot be decoded ({type(error).__name__}); the log has the details."
        request = queue.finish(work, failed=bool(sentence))
        if request is None:
            continue
        if sentence:
            report(FrameFailure(request.video, request.frame, request.number, sentence))
        else:
            report(FramePicture.of(request, rgb))
