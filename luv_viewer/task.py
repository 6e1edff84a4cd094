"""One plain function in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, QThread, Signal

log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Raised inside a task's function by `report` once the task was cancelled."""


class Report(Protocol):
    """The one callback of a task's function."""

    def __call__(self, value: object = None, /) -> None:
        """Hand `value` (unless None) to `progressed`; raises Cancelled after `cancel()`."""


class Task(QThread):
    """Runs `function(report)` in a thread: `progressed` any number of times, then exactly one of succeeded, failed and
    cancelled, then `ended`. All five reach their receivers in the thread that made the task, whatever they are.

    expected: gives the exceptions whose text is a sentence for the user; anything else is logged with its traceback and
        said in general words. `error` holds it in either case.
    """

    progressed = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str)
    cancelled = Signal()
    ended = Signal()
    # Signals of the worker thread; bound methods of this object, which lives in the maker's thread, relay them. A plain
    # function connected directly would have no thread of its own to be called in.
    _reported = Signal(object)
    _returned = Signal(object)
    _raised = Signal(str)
    _stopped = Signal()

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
        self.error: Exception | None = None
        self._reported.connect(self._relay_report)
        self._returned.connect(self._relay_return)
        self._raised.connect(self._relay_raise)
        self._stopped.connect(self._relay_stop)
        self.finished.connect(self._relay_end)

    def cancel(self) -> None:
        """Ask the function to stop at its next report; returns at once."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._cancelled.is_set()

    def run(self) -> None:
        """Called by Qt in the new thread."""
        try:
            result = self._function(self._report)
        except Cancelled:
            self._stopped.emit()
        except Exception as error:
            # The thread's boundary: whatever went wrong becomes a sentence, never a crash of the window.
            self.error = error
            if isinstance(error, self._expected()):
                self._raised.emit(str(error))
            else:
                log.exception("task %s failed", self.objectName())
                self._raised.emit(f"Something unexpected went wrong ({type(error).__name__}); the log has the details.")
        else:
            self._returned.emit(result)

    def _report(self, value: object = None, /) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        if value is not None:
            self._reported.emit(value)

    def _relay_report(self, value: object) -> None:
        self.progressed.emit(value)

    def _relay_return(self, value: object) -> None:
        self.succeeded.emit(value)

    def _relay_raise(self, sentence: str) -> None:
        self.failed.emit(sentence)

    def _relay_stop(self) -> None:
        self.cancelled.emit()

    def _relay_end(self) -> None:
        self.ended.emit()
