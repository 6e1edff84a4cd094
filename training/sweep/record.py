"""`sweep.json`: what a folder's sweep is, and how far each value is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import luv_viewer
from luv_viewer.io.whole_file import write_whole
from training.sweep.errors import SweepError
from training.sweep.plan import SweepPlan

RECORD_NAME = "sweep.json"
_FORMAT, _VERSION = "luv-sweep", 1


def check_folder(folder: Path, plan: SweepPlan) -> None:
    """Raises SweepError where the folder holds a sweep of something else, whose tables would be replaced."""
    path = folder / RECORD_NAME
    if not path.exists():
        return
    try:
        held: Any = json.loads(path.read_text(encoding="utf-8"))
        name = held["sweep"] if held["format"] == _FORMAT else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SweepError(f"{path} is damaged; choose another folder for this sweep.") from error
    if name != plan.kind.name:
        raise SweepError(f"{folder} holds a sweep of {name}; choose another folder for one of {plan.kind.name}.")


def write_record(folder: Path, plan: SweepPlan, folds: Sequence[int], states: Mapping[str, str]) -> None:
    """Replace it. states: by value: waiting, running, finished, or why it failed. Raises WriteError."""
    record = {
        "format": _FORMAT,
        "version": _VERSION,
        "sweep": plan.kind.name,
        "code_version": luv_viewer.__version__,
        "folds": list(folds),
        "points": [
            {"value": point.value, "folder": point.slug, "state": states.get(point.value, "waiting")}
            for point in plan.points
        ],
        "left_out": list(plan.left_out),
    }
    write_whole(folder / RECORD_NAME, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
