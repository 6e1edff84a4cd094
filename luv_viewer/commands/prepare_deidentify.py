"""`luv prepare deidentify`: DICOM files that do not tell whose they are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from luv_viewer.analysis.batch_crew import usable_cores
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import counted
from luv_viewer.io.deidentification_key import load_key, make_key
from luv_viewer.io.whole_file import make_folder
from training.prepare.deidentify import REPORT_NAME, DeidentifyJob, deidentify_files, read_reviewed, write_secrets
from training.prepare.errors import PrepareError
from training.prepare.video_list import read_video_list


@one_sentence
def deidentify(
    videos: Path,
    folder: Path,
    root: Path,
    key: Path,
    *,
    keeps_dates: bool,
    workers: int | None,
    reviewed: Path | None,
) -> int:
    """Write them, and beside the key who is who. Returns 1 when a file was left out."""
    if key.resolve().is_relative_to(folder.resolve()):
        raise PrepareError(f"{key} lies in the folder that is to be given away; keep the key elsewhere.")
    if folder.resolve() == root.resolve():
        raise PrepareError(f"{folder} holds the originals; choose another folder for the results.")
    listed = read_video_list(videos)
    looked_at = read_reviewed(reviewed) if reviewed is not None else frozenset()
    make_folder(key.parent)
    secret = load_key(key) if key.exists() else make_key(key)
    jobs = [DeidentifyJob(root, folder, video, secret, keeps_dates, looked_at) for video in listed]
    line = ProgressLine(sys.stderr)
    try:
        n_workers = usable_cores() if workers is None else workers
        done = deidentify_files(jobs, folder, n_workers, lambda n, total: line.show(f"{n} of {total} files"))
    finally:
        line.clear()
    table, left_out = write_secrets(key, jobs, done.left_out)
    for name, why in done.left_out.items():
        say(f"left out: {name}: {why}")
    if done.n_marked:
        say(f"look at: {counted(done.n_marked, 'file')} with marks in the region that may be text ({REPORT_NAME}).")
    click.echo(
        f"{folder}: {counted(len(done.videos), 'file')} ({done.n_kept} from before); "
        f"{counted(len(done.left_out), 'file')} left out, listed in {left_out}. Who is who: {table}."
    )
    return int(bool(done.left_out))
