"""`luv prepare index`: hospital folders to a blank labelling sheet."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import counted
from training.prepare.index import LEFT_OUT_NAME, IndexRule, index_videos, write_index


@one_sentence
def index(paths: tuple[Path, ...], folder: Path, rule: Callable[[], IndexRule]) -> int:
    """List and write. Returns 1 when a file could not be opened, or its patient is unknown."""
    line = ProgressLine(sys.stderr)
    try:
        found = index_videos(paths, rule(), lambda done: line.show(counted(done, "file")))
    finally:
        line.clear()
    for warning in found.warnings:
        say(f"warning: {warning}")
    for out in found.left_out:
        say(f"left out: {out.file}{'/' + out.member if out.member else ''}: {out.reason}")
    write_index(folder, found)
    kinds = Counter(video.key.data_type for video in found.videos)
    patients = len({video.key.patient_id for video in found.videos})
    click.echo(
        f"{folder}: {counted(kinds['video'], 'video')} and {counted(kinds['image'], 'still')} of "
        f"{counted(patients, 'patient')}; {counted(len(found.left_out), 'file')} left out, listed in {LEFT_OUT_NAME}. "
        f"Paths start from {found.root}."
    )
    return int(any(out.kind in ("cannot be opened", "no patient") for out in found.left_out))
