"""Whether a window can be opened at all: Qt aborts the process where it cannot, so it is asked before."""

from __future__ import annotations

import ctypes.util
import os
import re
import socket
import sys
from collections.abc import Mapping

WITHOUT_WINDOW = "run `luv predict PATH -o DIR` to get tables and figures without one"
_LIBRARIES = {"xcb-cursor": "libxcb-cursor0", "xkbcommon-x11": "libxkbcommon-x11-0", "EGL": "libegl1"}


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
    missing = [package for name, package in _LIBRARIES.items() if ctypes.util.find_library(name) is None]
    if missing:
        return (
            f"luv-viewer: Qt needs system libraries that are not installed; install {', '.join(missing)} "
            f"(apt-get install {' '.join(missing)}), or {WITHOUT_WINDOW}."
        )
    return None


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
