"""One plain function in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QThread, Signal

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Raised inside a task's function by `report` once the task was cancelled."""


Report = Callable[[object], None]


class Task(QThread):
    """Runs `function(report)` in a thread: `progressed` any number of times, then exactly one of the other three.

    function: takes one callback, `report(value)`; a value is handed to `progressed` in the receiver's thread. The
        callback raises `Cancelled` after `cancel()`, which is how the function stops.
    expected: exceptions whose text is a sentence for the user; anything else is logged with its traceback and said in
        general words.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(
        self,
        name: str,
        function: Callable[[Report], object],
        expected: Callable[[], tuple[type[Exception], ...]] = tuple,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._function = function
        self._expected = expected
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the function to stop at its next report; returns at once."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._cancelled.is_set()

    def _report(self, value: object = None) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if value is not None:
            self.progressed.emit(value)

    def run(self) -> None:
        """Called by Qt in the new thread."""
        try:
            result = self._function(self._report)
        except Cancelled:
            self.cancelled.emit()
        except Exception as error:  # noqa: BLE001 -- the thread's boundary: an error must become a sentence, not a crash
            if isinstance(error, self._expected()):
                self.failed.emit(str(error))
            else:
                log.exception("task %s failed", self.objectName())
                self.failed.emit(f"Something unexpected went wrong ({type(error).__name__}); the log has the details.")
        else:
            self.succeeded.emit(result)
