"""`luv labels convert`: labels from any file that can be read to any that can be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from luv_viewer.analysis.clip_labels import clip_table, write_clip_table
from luv_viewer.analysis.sheet_input import Videos
from luv_viewer.analysis.tool_files import NoFrameTimesError, with_lengths, write_tool_files
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.labels_input import InputOptions, known_videos, load_all, status_of
from luv_viewer.commands.table import counted
from luv_viewer.domain.label_form import LAYOUTS, Form
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.sheet_reading import SheetLayout, WrittenSheet
from luv_viewer.io.frame_table import write_frame_table
from luv_viewer.io.label_sheet_file import write_sheet

_BY_SUFFIX = {".csv": Form.DEVELOPMENT, ".xlsx": Form.DEVELOPMENT, ".xml": Form.CVAT, ".eaf": Form.ELAN}


@dataclass(frozen=True)
class ConvertOptions:
    """form: None to tell it from the ending of `output`. clip_length, step: frames, for clips."""

    source: Path
    output: Path
    form: Form | None = None
    clip_length: int = 30
    step: int = 24


@one_sentence
def convert(options: ConvertOptions, inputs: InputOptions) -> int:
    """Read, write, and name on stderr what the new file cannot hold. Returns 1 when rows were left out because of
    problems in them."""
    form = options.form or _BY_SUFFIX.get(options.output.suffix.casefold())
    if form is None:
        raise click.UsageError(f"say with --to what {options.output.name} shall be.")
    loaded = load_all([options.source], inputs)
    sheet = loaded[0].sheet
    videos = known_videos(inputs)
    if form in LAYOUTS:
        written = _write_layout(options.output, sheet, LAYOUTS[form], videos.lengths)
        click.echo(f"{written.path}: {counted(written.n_rows, 'row')}")
        for out in written.left_out:
            say(f"left out: {out.study_id}: {out.reason}.")
    elif form is Form.CLIPS:
        table = clip_table(sheet, videos.lengths, clip_length=options.clip_length, step=options.step)
        write_clip_table(options.output, table)
        click.echo(f"{options.output}: {counted(len(table), 'clip')}")
    else:
        n_left_out = _write_for_tool(options.output, sheet, form, videos)
        return max(status_of(loaded), int(n_left_out > 0))
    return status_of(loaded)


def _write_layout(path: Path, sheet: LabelSheet, layout: SheetLayout, lengths: Mapping[str, int]) -> WrittenSheet:
    if layout is SheetLayout.FRAME_TABLE:
        return write_frame_table(path, with_lengths(sheet, lengths))
    return write_sheet(path, sheet, layout)


def _write_for_tool(path: Path, sheet: LabelSheet, form: Form, videos: Videos) -> int:
    """Returns how many videos were left out."""
    try:
        written = write_tool_files(path, sheet, form, videos)
    except NoFrameTimesError as error:
        raise click.UsageError(
            "ELAN holds times: give the frame rate with --fps, or the videos' project with --lengths DIR."
        ) from error
    for out in written.left_out:
        say(f"left out: {out.study_id}: {out.reason}.")
    for loss in written.losses:
        say(f"loss: {loss}")
    click.echo(f"{path}: {counted(written.n_videos, 'video')}")
    return len(written.left_out)
