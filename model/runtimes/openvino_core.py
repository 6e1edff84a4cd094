"""OpenVINO itself: the module, without its usage statistics, and the one core of this process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from model.runtimes.telemetry import switch_off_telemetry

if TYPE_CHECKING:
    import openvino


def import_openvino() -> Any:
    """The module `openvino`, imported when first asked for, its usage statistics switched off."""
    switch_off_telemetry()
    import openvino

    return openvino


@cache
def openvino_core() -> openvino.Core:
    """The core, the same at every call and never given up before the process ends.

    On Linux a core's CPU plug-in gives the thread that first uses it a stack for signal handlers and takes it back
    when the core is destroyed, wherever that happens and in whatever order. With cores coming and going, the main
    thread is left with a stack that is no longer there, and Ctrl+C ends in a segmentation fault.
    """
    core: openvino.Core = import_openvino().Core()
    return core
