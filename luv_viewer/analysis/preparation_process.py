"""Conversion or measuring in a process of its own, so that torch is never imported beside the window.

`python -m luv_viewer.analysis.preparation_process convert|measure CHECKPOINT`. Standard output carries lines of JSON:
{"stage", "done", "total"} as it goes, now and then an empty table as a sign of life, last {"error", "unusable"} when
it failed. When nobody reads any more, it ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

NICENESS = 15
BEAT_S = 0.25


def main(arguments: list[str]) -> int:
    """Run it; returns the exit status."""
    task, checkpoint = arguments
    say = _Speaker()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    beat = threading.Event()
    threading.Thread(target=_show_life, args=(say, beat), daemon=True).start()
    from luv_viewer.analysis.engine import prepare_file
    from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError
    from luv_viewer.analysis.preparation import measure_engines
    from model.runtimes.prepared import StoreError

    def report(stage: str, done: int, total: int) -> None:
        say({"stage": stage, "done": done, "total": total})

    try:
        if task == "convert":
            report("converting LUV-Net", 0, 1)
            prepare_file(Path(checkpoint))
        else:
            measure_engines(Path(checkpoint), [], report)
    except (AnalysisError, StoreError) as error:
        say({"error": str(error), "unusable": isinstance(error, CheckpointUnusableError)})
        return 1
    finally:
        beat.set()
    return 0


class _Speaker:
    """Writes a table as one line; safe from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Libraries print to standard output; the parent must only see our lines.
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def __call__(self, table: dict[str, Any]) -> None:
        with self._lock:
            try:
                self._out.write(json.dumps(table) + "\n")
                self._out.flush()
            except OSError:
                # The parent has gone: nobody wants the result, and nobody is there to stop us.
                os._exit(1)


def _show_life(say: Callable[[dict[str, Any]], None], ended: threading.Event) -> None:
    while not ended.wait(BEAT_S):
        say({})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
