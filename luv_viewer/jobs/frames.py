"""Decoding for the screen, in a thread of its own: the newest request first, then a few frames ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.video import Video
from luv_viewer.jobs.mailbox import LatestMailbox
from luv_viewer.player import PlayTicket
from luv_viewer.task import Report


@dataclass(frozen=True)
class FrameRequest:
    """frame: index to decode now. ticket: comes back with the picture. ahead: frames likely to be asked for next."""

    video: Video
    frame: int
    ticket: PlayTicket | None
    ahead: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class FramePicture:
    """A decoded frame. rgb: (height, width, 3) uint8, read-only."""

    video: Video
    frame: int
    ticket: PlayTicket | None
    rgb: NDArray[np.uint8]


@dataclass(frozen=True)
class FrameFailure:
    """A frame that cannot be decoded. sentence: why, for the user."""

    video: Video
    frame: int
    sentence: str


def serve_frames(mailbox: LatestMailbox[FrameRequest], report: Report) -> None:
    """Decode what the mailbox asks for until it is closed; reports FramePicture and FrameFailure."""
    from luv_viewer.io import StudyError

    while (request := mailbox.take()) is not None:
        try:
            rgb = request.video.frame(request.frame)
        except StudyError as error:
            report(FrameFailure(request.video, request.frame, str(error)))
            continue
        report(FramePicture(request.video, request.frame, request.ticket, rgb))
        for frame in request.ahead:
            if mailbox.has_item():
                break
            try:
                request.video.frame(frame)
            except StudyError:
                break
