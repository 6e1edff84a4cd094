"""`luv phantom`: synthetic studies whose findings are known frame by frame."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import counted
from luv_viewer.io.whole_file import make_folder, write_whole

RECORD = "phantom.json"
"""What a folder was made with: the videos of one run cannot be those of another."""


@dataclass(frozen=True)
class PhantomOptions:
    """What `luv phantom` is asked for. lengths: frames of the videos, used in turn. size: None for full size.

    kind: a name of training.phantom.study_files.FileKind.
    """

    published: bool
    patients: int
    videos: int
    lengths: tuple[int, ...]
    seed: int
    size: int | None
    kind: str
    pixels: bool
    masks: bool


@one_sentence
def phantom(folder: Path, options: PhantomOptions) -> int:
    """Write the cohort. Returns 1 where the folder holds one that was made otherwise."""
    from training.phantom.cohort import published_cohort, small_cohort
    from training.phantom.screen import FULL_SIZE_PX
    from training.phantom.sheets import write_sheets
    from training.phantom.study_files import FileKind, StudyForm, write_studies

    if options.published:
        cohort = published_cohort(options.seed)
    else:
        cohort = small_cohort(options.seed, options.patients, options.videos, options.lengths)
    make_folder(folder)
    if not _is_free_for(folder / RECORD, options):
        say(f"{folder} holds a cohort that was made with other options; choose another folder.")
        return 1
    write_sheets(folder, cohort)
    if options.pixels:
        line = ProgressLine(sys.stderr)
        try:
            form = StudyForm(FileKind(options.kind), options.size or FULL_SIZE_PX, options.masks)
            write_studies(folder, cohort, form, lambda done, total: line.show(f"{done} of {total} videos"))
        finally:
            line.clear()
    patients = {planned.key.patient_id for planned in cohort.videos}
    what = "" if options.pixels else ", sheets only"
    click.echo(f"{folder}: {counted(len(cohort.videos), 'file')} of {counted(len(patients), 'patient')}{what}.")
    return 0


def _is_free_for(record: Path, options: PhantomOptions) -> bool:
    """Whether the folder is new or was made with these options, which are recorded; masks and pixels can follow."""
    made = {name: value for name, value in asdict(options).items() if name not in ("pixels", "masks")}
    text = json.dumps(made, indent=1) + "\n"
    if record.exists():
        return record.read_text(encoding="utf-8", errors="replace") == text
    write_whole(record, text.encode())
    return True
