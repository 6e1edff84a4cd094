"""Small pictures for the study panel and the top frames, made while nothing else is urgent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.video import Video
from luv_viewer.jobs.mailbox import QueueMailbox
from luv_viewer.task import Report

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class PictureRequest:
    """frame of a video, fitted into width_px x height_px."""

    video: Video
    frame: int
    width_px: int
    height_px: int


@dataclass(frozen=True, eq=False)
class SmallPicture:
    """The region of a frame, scaled down with its aspect kept. rgb: (h, w, 3) uint8; None when it cannot be decoded."""

    request: PictureRequest
    rgb: NDArray[np.uint8] | None


def shrink(rgb: NDArray[np.uint8], size_px: Sequence[int]) -> NDArray[np.uint8]:
    """An (h, w, 3) image fitted into (width, height) pixels by area averaging; never enlarged beyond it.

    >>> shrink(np.zeros((400, 200, 3), np.uint8), (80, 60)).shape
    (60, 30, 3)
    """
    import cv2

    height, width = rgb.shape[:2]
    scale = min(size_px[0] / width, size_px[1] / height)
    target = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(rgb, target, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def serve_pictures(mailbox: QueueMailbox[PictureRequest], report: Report) -> None:
    """Make what the mailbox asks for until it is closed; reports SmallPicture."""
    from luv_viewer.io import StudyError

    while (request := mailbox.take()) is not None:
        video = request.video
        x0, y0, x1, y1 = video.region
        try:
            kept = video.kept_frame(request.frame)
            frame = video.read(request.frame) if kept is None else kept
        except StudyError:
            report(SmallPicture(request, None))
            continue
        report(SmallPicture(request, shrink(frame[y0:y1, x0:x1], (request.width_px, request.height_px))))
