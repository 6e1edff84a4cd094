"""`luv labels check`: everything that is wrong, or may be, in labelling sheets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer.analysis.sheet_input import SheetInput, load_sheet
from luv_viewer.commands.failure import PLAIN_ERRORS, one_sentence, say
from luv_viewer.commands.labels_input import InputOptions, known_videos, tell
from luv_viewer.commands.table import counted


@one_sentence
def check(paths: Sequence[Path], options: InputOptions) -> int:
    """Say every problem and warning, and a summary line per sheet. Returns 1 when there is a problem."""
    videos = known_videos(options)
    status = 0
    for path in paths:
        try:
            one = load_sheet(path, videos, beyond_end=options.beyond_end)
        except PLAIN_ERRORS as error:
            say(f"error: {error}")
            status = 1
            continue
        tell(one)
        click.echo(summary(path.name, one))
        status |= bool(one.problems)
    return status


def summary(name: str, one: SheetInput) -> str:
    """One line on a sheet."""
    rows = one.sheet.rows
    stills = sum(row.is_still for row in rows)
    unlabelled = sum(not row.patterns_present() for row in rows)
    unfinished = sum(not row.finalised for row in rows)
    parts = [
        f"{counted(len(rows), 'row')} ({counted(len(rows) - stills, 'video')}, {counted(stills, 'still')})",
        counted(len({row.key.patient_id for row in rows}), "patient"),
        f"{unlabelled} without any pattern",
        *([f"{unfinished} not finalised"] if unfinished else []),
        counted(len(one.problems), "problem"),
        counted(len(one.warnings), "warning"),
    ]
    return f"{name}: {one.words}, {', '.join(parts)}"
