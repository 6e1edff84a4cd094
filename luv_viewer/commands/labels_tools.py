"""Labels written for other tools: a file per video for CVAT and ELAN, one table of intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from luv_viewer.analysis.sheet_input import Videos, padded
from luv_viewer.commands.failure import say
from luv_viewer.commands.labels_forms import Form
from luv_viewer.commands.table import counted
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.project_index import IndexedVideo
from luv_viewer.domain.sheet_reading import LabelSheetError
from luv_viewer.io.batch_record import safe_stem
from luv_viewer.io.bridges import BridgedVideo, Outgoing, write_cvat, write_elan, write_interval_table
from luv_viewer.io.whole_file import make_folder

_ENDINGS = {Form.CVAT: ".xml", Form.ELAN: ".eaf"}


def with_lengths(sheet: LabelSheet, lengths: Mapping[str, int]) -> LabelSheet:
    """With the frames of rows that state none, where they are known; a still has one."""
    return LabelSheet(sheet.name, tuple(replace(row, n_frames=_length(row, lengths)) for row in sheet.rows))


def _length(row: SheetRow, lengths: Mapping[str, int]) -> int | None:
    if row.n_frames is not None:
        return row.n_frames
    return 1 if row.is_still else lengths.get(row.study_id)


def write_for_tool(output: Path, sheet: LabelSheet, form: Form, videos: Videos) -> int:
    """Write the videos of a sheet: one to `output`, several to files in the folder `output`; a table of intervals is
    one file. Videos left out, and what the form cannot hold, are named on stderr. Returns how many were left out.

    Raises WriteError, LabelSheetError when no video can be written; click.UsageError when ELAN has no frame times.
    """
    rows = [row for row in with_lengths(sheet, videos.lengths).rows if _can_go(row)]
    if not rows:
        raise LabelSheetError(f"{sheet.name} holds no video that can be written; nothing was written.")
    losses = Counter(_left_behind(rows))
    if form is Form.INTERVALS:
        write_interval_table(output, [_bridged(row, videos) for row in rows])
        losses.update(["which frames were looked at: the table holds what is present."])
    else:
        ending = _ENDINGS[form]
        is_one = len(rows) == 1 and output.suffix.casefold() == ending
        if not is_one:
            make_folder(output)
        known = videos.by_study_id()
        for row in rows:
            path = output if is_one else output / f"{safe_stem(padded(row.study_id))}{ending}"
            losses.update(_write_one(path, row, form, known.get(row.study_id), videos.fps))
    for loss, count in losses.items():
        say(f"loss: {loss}" if count == 1 else f"loss in {count} videos: {loss}")
    click.echo(f"{output}: {counted(len(rows), 'video')}")
    return len(sheet.rows) - len(rows)


def _write_one(path: Path, row: SheetRow, form: Form, known: IndexedVideo | None, fps: float | None) -> tuple[str, ...]:
    """known: the video in its project."""
    video = Outgoing(
        name=known.source.name if known is not None else f"{safe_stem(padded(row.study_id))}.avi",
        n_frames=row.n_frames or 1,
        present=tuple(frames.spans for frames in row.present),
        sliding=row.sliding,
        size_px=(known.width, known.height) if known is not None else None,
    )
    return write_cvat(path, video) if form is Form.CVAT else write_elan(path, video, _times(row, known, fps))


def _times(row: SheetRow, known: IndexedVideo | None, fps: float | None) -> NDArray[np.float64]:
    """(n_frames,) seconds. Raises click.UsageError."""
    if fps is not None:
        return np.arange(row.n_frames or 1) / fps
    if known is not None and known.n_frames == row.n_frames:
        return known.timing.times_s
    raise click.UsageError(
        "ELAN holds times: give the frame rate with --fps, or the videos' project with --lengths DIR."
    )


def _bridged(row: SheetRow, videos: Videos) -> BridgedVideo:
    return BridgedVideo(padded(row.study_id), row.n_frames, videos.fps, row.present, row.sliding)


def _can_go(row: SheetRow) -> bool:
    if row.n_frames is None:
        say(f"left out: {row.study_id}: its number of frames is unknown; give it with --lengths.")
        return False
    last = max(frames.stop for frames in row.present)
    if last > row.n_frames:
        say(f"left out: {row.study_id}: frame {last} is labelled, but there are only {row.n_frames}.")
        return False
    return True


def _left_behind(rows: Sequence[SheetRow]) -> list[str]:
    """Columns that files of other tools have no place for."""
    kept: dict[str, Callable[[SheetRow], object]] = {
        "LUS score": lambda row: row.lus_score,
        "zone": lambda row: row.zone,
        "exclusion": lambda row: row.exclusion,
        "frames not looked at": lambda row: any(row.unlooked),
    }
    counts = {name: sum(bool(found(row)) for row in rows) for name, found in kept.items()}
    return [f"{name} of {count} rows has no place there." for name, count in counts.items() if count]
