"""`luv prepare export`: videos cropped to their region."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from luv_viewer.analysis.batch_crew import usable_cores
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import counted
from training.prepare.export import FORMS, LEFT_OUT_NAME, ExportJob, export_videos
from training.prepare.video_list import read_video_list


@one_sentence
def export(
    videos: Path, folder: Path, root: Path, form: tuple[str, Mapping[str, str | None]], workers: int | None
) -> int:
    """Write them. form: name of a preset and what is to be different. Returns 1 when a video was left out."""
    preset, changes = form
    given = {name: value for name, value in changes.items() if value is not None}
    chosen = replace(FORMS[preset], **given)  # type: ignore[arg-type]
    jobs = [ExportJob(root, folder, video, chosen) for video in read_video_list(videos)]
    line = ProgressLine(sys.stderr)
    try:
        n_workers = usable_cores() if workers is None else workers
        done = export_videos(jobs, folder, n_workers, lambda n, total: line.show(f"{n} of {total} videos"))
    finally:
        line.clear()
    for name, why in done.warnings.items():
        say(f"warning: {name}: {why}.")
    for name, why in done.left_out.items():
        say(f"left out: {name}: {why}")
    click.echo(
        f"{folder}: {counted(len(done.videos), 'video')} ({done.n_kept} from before); "
        f"{counted(len(done.left_out), 'video')} left out, listed in {LEFT_OUT_NAME}."
    )
    return int(bool(done.left_out))
