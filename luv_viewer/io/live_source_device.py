"""A capture device or a stream's address, read through OpenCV."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from luv_viewer.domain.live import SourcePhase, SourceStatus
from luv_viewer.io.errors import one_line
from luv_viewer.io.live_source import FrameClock, LiveEvent, Wait, address_name, over

OPEN_MS, READ_MS = 5000, 2000
RETRY_S = 1.0
GIVE_UP_S = 30.0
_EMPTY_READS = 10
_EMPTY_WAIT_S = 0.02
_POSSIBLE_FPS = (1.0, 240.0)


class CaptureSource:
    """device: its number, its path, or an address. now: monotonic seconds."""

    def __init__(self, device: int | str, now: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._clock = FrameClock(now)
        if isinstance(device, int):
            self.name = f"device {device}"
        else:
            self.name = one_line(address_name(device) if "://" in device else device)

    def events(self, wait: Wait) -> Iterator[LiveEvent]:
        """See `LiveSource.events`. A device that stops giving pictures is opened again for half a minute."""
        yield SourceStatus(SourcePhase.OPENING, f"Opening {self.name} …")
        capture = _opened(self._device)
        if capture is None:
            yield over(SourcePhase.FAILED, self._not_there())
            return
        try:
            while True:
                fps = _stated_fps(capture)
                yield SourceStatus(SourcePhase.RUNNING, f"Live from {self.name}", fps)
                yield from self._frames(capture, wait)
                capture.release()
                lost = f"{self.name[:1].upper()}{self.name[1:]} gives no picture any more: check its cable."
                yield SourceStatus(SourcePhase.WAITING, f"{lost} Trying again …")
                capture = self._reopened(wait)
                if capture is None:
                    yield over(SourcePhase.FAILED, f"{lost} It did not come back within {GIVE_UP_S:.0f} s.")
                    return
                self._clock.leap()
        finally:
            if capture is not None:
                capture.release()

    def _frames(self, capture: cv2.VideoCapture, wait: Wait) -> Iterator[LiveEvent]:
        """Until the device gives nothing several times in a row."""
        empty = 0
        while empty < _EMPTY_READS:
            wait(0)
            found, bgr = capture.read()
            if not found or bgr is None or bgr.size == 0:
                empty += 1
                wait(_EMPTY_WAIT_S)
                continue
            empty = 0
            if bgr.ndim == 2:
                bgr = cv2.cvtColor(bgr, cv2.COLOR_GRAY2BGR)
            yield self._clock.frame(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8))

    def _reopened(self, wait: Wait) -> cv2.VideoCapture | None:
        end = self._clock.now() + GIVE_UP_S
        while self._clock.now() < end:
            wait(RETRY_S)
            capture = _opened(self._device)
            if capture is not None:
                return capture
        return None

    def _not_there(self) -> str:
        if isinstance(self._device, str) and "://" in self._device:
            return f"Nothing answers at {self.name}: check the address and the network."
        return (
            f"{self.name[:1].upper()}{self.name[1:]} cannot be opened: it is not there, or another program uses it. "
            f"Capture devices are numbered from 0."
        )


def _opened(device: int | str) -> cv2.VideoCapture | None:
    """None when it cannot be opened. OpenCV prints its attempts otherwise; a dead V4L device would block for 10 s."""
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        if isinstance(device, str) and "://" in device:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
            capture = cv2.VideoCapture(device, cv2.CAP_FFMPEG, limits)
        else:
            capture = cv2.VideoCapture(device)
    except cv2.error:
        return None
    if capture.isOpened():
        return capture
    capture.release()
    return None


def _stated_fps(capture: cv2.VideoCapture) -> float | None:
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return fps if _POSSIBLE_FPS[0] <= fps <= _POSSIBLE_FPS[1] else None
