"""Whether a window can be opened at all: Qt aborts the process where it cannot, so it is asked before."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import sys
from collections.abc import Mapping

WITHOUT_WINDOW = "run `luv predict PATH -o DIR` to get tables and figures without one"
_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libEGL.so.1": "libegl1",
}
"""Package of each library, by the name that Qt loads it by."""


def display_problem(environment: Mapping[str, str]) -> str | None:
    """Why no window can be opened, as one sentence that names the way without; None when nothing speaks against it."""
    if environment.get("QT_QPA_PLATFORM") or sys.platform in ("win32", "darwin"):
        return None
    if environment.get("WAYLAND_DISPLAY"):
        return None
    display = environment.get("DISPLAY", "")
    if not display:
        return f"luv-viewer: there is no display to open a window on; {WITHOUT_WINDOW}."
    if not _answers(display):
        return f"luv-viewer: the display {display} does not answer; {WITHOUT_WINDOW}."
    missing = [package for name, package in _LIBRARIES.items() if not _loads(name)]
    if missing:
        return (
            f"luv-viewer: Qt needs system libraries that are not installed; install {', '.join(missing)} "
            f"(apt-get install {' '.join(missing)}), or {WITHOUT_WINDOW}."
        )
    return None


def _loads(library: str) -> bool:
    """Whether the dynamic linker finds a library. Loaded outright, as Qt will a moment later: asking `ldconfig` for its
    list takes 35 ms of each start."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _answers(display: str) -> bool:
    """Whether a local X server listens; displays of other hosts are left to Qt."""
    local = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
    if local is None or not hasattr(socket, "AF_UNIX"):
        return True
    path = f"/tmp/.X11-unix/X{local[1]}"
    names = [path, "\0" + path] if sys.platform == "linux" else [path]
    for name in names:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(name)
            except OSError:
                continue
            return True
    return not os.path.isdir("/tmp/.X11-unix")
