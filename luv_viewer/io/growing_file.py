"""A file that another program is still writing, read as far as it goes and then on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from luv_viewer.io.errors import MissingFileError, one_line

PATIENCE_S = 10.0
_POLL_S = 0.02


class GrowingFile:
    """A binary file whose `read` waits at the end for more; the end is the end after `patience_s` without any.

    wait: waits so many seconds, and raises when nobody wants to read any more; libav sees an end of file then, and
    `check` raises again what was raised.
    has_waited: whether everything that was there at the beginning has been read.
    """

    def __init__(
        self,
        path: Path,
        wait: Callable[[float], None],
        patience_s: float = PATIENCE_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises MissingFileError."""
        self.patience_s = patience_s
        self.has_waited = False
        self._wait, self._now = wait, now
        self._over = False
        self._raised: BaseException | None = None
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise MissingFileError(f"{one_line(path.name)} cannot be read: {error.strerror}.") from error

    def read(self, n_bytes: int = -1) -> bytes:
        """At least one byte, or none at the end."""
        if self._over:
            return b""
        end: float | None = None
        while True:
            found = self._file.read(n_bytes)
            if found:
                return found
            self.has_waited = True
            now = self._now()
            end = now + self.patience_s if end is None else end
            if now >= end:
                self._over = True
                return b""
            try:
                self._wait(_POLL_S)
            except BaseException as raised:  # noqa: BLE001 -- carried past libav, which must not be left by an exception
                self._raised, self._over = raised, True
                return b""

    def check(self) -> None:
        """Raise what `wait` raised."""
        if self._raised is not None:
            raise self._raised

    def close(self) -> None:
        """Close the file."""
        self._file.close()
