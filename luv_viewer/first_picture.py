"""What waits for the first picture: loading an engine of LUV-Net keeps the window from painting for a while."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.jobs import Jobs
from luv_viewer.widgets.video_view import VideoView

PATIENCE_MS = 1000
"""A window that is covered or minimised is not painted; nothing waits longer than this for it."""


class FirstPicture(QObject):
    """Knows whether the first frame of this start is on the screen, or cannot come there.

    over: it just came there, or it was found that it cannot; once.
    """

    over = Signal()

    def __init__(self, jobs: Jobs, view: VideoView) -> None:
        super().__init__(view)
        self.is_over = False
        view.painted.connect(self._end)
        jobs.frame_failed.connect(self._end)
        jobs.picture_ready.connect(self._wait)
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._end)

    def _wait(self) -> None:
        if not self.is_over and not self._patience.isActive():
            self._patience.start()

    def _end(self) -> None:
        self._patience.stop()
        if not self.is_over:
            self.is_over = True
            self.over.emit()
