"""Labels written for other tools: a file per video for CVAT and ELAN, one table of intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.sheet_input import Videos, padded
from luv_viewer.domain.label_form import Form
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.project_index import IndexedVideo
from luv_viewer.domain.sheet_reading import LabelSheetError, LeftOut
from luv_viewer.domain.span_set import NO_FRAMES
from luv_viewer.io.batch_record import safe_stem
from luv_viewer.io.bridges import BridgedVideo, Outgoing, write_cvat, write_elan, write_interval_table
from luv_viewer.io.whole_file import make_folder

_ENDINGS = {Form.CVAT: ".xml", Form.ELAN: ".eaf"}
NamedBy = Literal["file", "row"]
"""What a video is called inside the files: like its own file, or like its row."""


class NoFrameTimesError(AnalysisError):
    """A tool's files hold times, and those of a video are unknown."""


@dataclass(frozen=True)
class ToolFiles:
    """path: the file or folder. left_out: videos that are not in it. losses: what it cannot hold, sentences."""

    path: Path
    n_videos: int
    left_out: tuple[LeftOut, ...] = ()
    losses: tuple[str, ...] = ()


def with_lengths(sheet: LabelSheet, lengths: Mapping[str, int]) -> LabelSheet:
    """With the frames of rows that state none, where they are known; a still has one."""
    return LabelSheet(sheet.name, tuple(replace(row, n_frames=_length(row, lengths)) for row in sheet.rows))


def _length(row: SheetRow, lengths: Mapping[str, int]) -> int | None:
    if row.n_frames is not None:
        return row.n_frames
    return 1 if row.is_still else lengths.get(row.study_id)


def write_tool_files(
    output: Path, sheet: LabelSheet, form: Form, videos: Videos, named_by: NamedBy = "file"
) -> ToolFiles:
    """Write the videos of a sheet: one to `output`, several to files in the folder `output`; a table of intervals is
    one file. form: CVAT, ELAN or INTERVALS.

    Raises WriteError, LabelSheetError when no video can be written; NoFrameTimesError when ELAN has no frame times.
    """
    rows, left_out = [], []
    for row in with_lengths(sheet, videos.lengths).rows:
        reason = _cannot_go(row)
        if reason:
            left_out.append(LeftOut(row.study_id, row.video_id, reason, NO_FRAMES))
        else:
            rows.append(row)
    if not rows:
        why = f" {left_out[0].study_id}: {left_out[0].reason}." if left_out else ""
        raise LabelSheetError(f"{sheet.name} holds no video that can be written; nothing was written.{why}")
    losses = Counter(_left_behind(rows))
    if form is Form.INTERVALS:
        write_interval_table(output, [_bridged(row, videos) for row in rows])
        losses.update(["which frames were looked at: the table holds what is present."])
    else:
        known = videos.by_study_id()
        for path, row in _paths(output, rows, _ENDINGS[form]):
            losses.update(_write_one(path, row, known.get(row.study_id), videos.fps, named_by))
    return ToolFiles(output, len(rows), tuple(left_out), tuple(_counted(losses)))


def _counted(losses: Counter[str]) -> list[str]:
    return [loss if count == 1 else f"in {count} videos: {loss}" for loss, count in losses.items()]


def _paths(output: Path, rows: Sequence[SheetRow], ending: str) -> list[tuple[Path, SheetRow]]:
    if len(rows) == 1 and output.suffix.casefold() == ending:
        return [(output, rows[0])]
    make_folder(output)
    return [(output / f"{safe_stem(padded(row.study_id))}{ending}", row) for row in rows]


def _write_one(
    path: Path, row: SheetRow, known: IndexedVideo | None, fps: float | None, named_by: NamedBy
) -> tuple[str, ...]:
    """known: the video in its project."""
    own_name = known.source.name if known is not None and named_by == "file" else ""
    video = Outgoing(
        name=own_name or f"{safe_stem(padded(row.study_id))}.avi",
        n_frames=row.n_frames or 1,
        present=tuple(frames.spans for frames in row.present),
        sliding=row.sliding,
        size_px=(known.width, known.height) if known is not None else None,
    )
    return (
        write_cvat(path, video)
        if path.suffix.casefold() == ".xml"
        else write_elan(path, video, _times(row, known, fps))
    )


def _times(row: SheetRow, known: IndexedVideo | None, fps: float | None) -> NDArray[np.float64]:
    """(n_frames,) seconds. Raises NoFrameTimesError."""
    if fps is not None:
        return np.arange(row.n_frames or 1) / fps
    if known is not None and known.n_frames == row.n_frames:
        return known.timing.times_s
    raise NoFrameTimesError(f"ELAN holds times, and those of the frames of {row.study_id} are unknown.")


def _bridged(row: SheetRow, videos: Videos) -> BridgedVideo:
    return BridgedVideo(padded(row.study_id), row.n_frames, videos.fps, row.present, row.sliding)


def _cannot_go(row: SheetRow) -> str:
    if row.n_frames is None:
        return "its number of frames is unknown"
    last = max(frames.stop for frames in row.present)
    return f"frame {last} is labelled, but there are only {row.n_frames}" if last > row.n_frames else ""


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
