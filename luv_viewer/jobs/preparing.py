"""Bringing a checkpoint to this computer, in a process of its own with a low priority."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import luv_viewer
from luv_viewer.task import Report

if sys.platform == "win32":
    # Elsewhere the process lowers its priority itself; here a console of its own would flash up, too.
    _FLAGS = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
else:
    _FLAGS = 0

Stage = Literal["convert", "measure"]


@dataclass(frozen=True)
class PreparationProgress:
    """What is being done, in words, and how far: done of total."""

    stage: str
    done: int
    total: int

    @property
    def sentence(self) -> str:
        """For the window."""
        percent = f" {100 * self.done // self.total} %" if self.total > 1 else ""
        return f"{self.stage}{percent}, once for this computer"


def run_preparation(checkpoint: Path, stage: Stage, report: Report) -> None:
    """Convert a checkpoint, or measure the engines for it; reports PreparationProgress.

    Raises CheckpointUnusableError for the file, AnalysisError when it cannot be done; what `report` raises kills the
    process.
    """
    from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError

    here = str(Path(luv_viewer.__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "luv_viewer.analysis.preparation_process", stage, str(checkpoint)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
        encoding="utf-8",
        creationflags=_FLAGS,
    )
    error: AnalysisError | None = None
    try:
        assert process.stdout is not None
        for line in process.stdout:
            # The process writes several times a second, if only a sign of life, so that a stop is heard soon.
            said = json.loads(line)
            if "error" in said:
                error = (CheckpointUnusableError if said["unusable"] else AnalysisError)(said["error"])
            report(PreparationProgress(said["stage"], said["done"], said["total"]) if "stage" in said else None)
        status = process.wait()
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if error is not None:
        raise error
    if status != 0:
        raise AnalysisError(f"Preparing LUV-Net for this computer failed (exit status {status}).")
