"""Keeps warnings and log lines of decoding libraries, which may quote patient data, away from users and logs."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

for _library in ("pydicom", "PIL"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)


class _SharedSilence:
    """`warnings.catch_warnings` entered by the first thread and left by the last one.

    The filters of the warnings module are shared by all threads, so that nested use by several of them at once would
    restore them in the wrong order.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._catch: warnings.catch_warnings[None] | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                self._catch = warnings.catch_warnings()
                self._catch.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0 and self._catch is not None:
                    self._catch.__exit__(None, None, None)
                    self._catch = None


quietly = _SharedSilence().__call__
