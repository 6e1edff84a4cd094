"""One line on a terminal that says how far a command is."""

from __future__ import annotations

import shutil
from time import monotonic
from typing import TextIO

_INTERVAL_S = 0.1


class ProgressLine:
    """Rewrites its line at most ten times a second; silent where `stream` is not a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._is_shown = False
        self._last_s = 0.0

    def show(self, text: str) -> None:
        """Replace the line by `text`, cut to the width of the terminal."""
        now_s = monotonic()
        if not self._is_terminal or (self._is_shown and now_s - self._last_s < _INTERVAL_S):
            return
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(f"\r\x1b[2K{text[:width]}")
        self._stream.flush()
        self._is_shown, self._last_s = True, now_s

    def clear(self) -> None:
        """Remove the line, so that other text can be written."""
        if self._is_shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._is_shown = False
