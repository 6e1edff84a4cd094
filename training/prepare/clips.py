"""`luv prepare clips`: sheets and videos to clips with labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from luv_viewer.analysis.clip_labels import ClipLabelError, length_of, write_clip_table
from luv_viewer.domain.exclusion import Exclusion, excluded_for
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.merge import MergeMode, merge_sheets
from luv_viewer.io.whole_file import make_folder, write_whole
from training.prepare.clip_pixels import ClipForm, ClipJob, write_clips
from training.prepare.clip_tables import ClipChoice, published_clip_table, published_frame_table
from training.prepare.errors import PrepareError
from training.prepare.journal import Journal
from training.prepare.video_list import ListedVideo
from training.prepare.workers import run_jobs

LEFT_OUT_COLUMNS = ("study_id", "reason")
CLIPS_NAME, FRAMES_NAME, LEFT_OUT_NAME = "clips.csv", "frames.csv", "left_out.csv"
JOURNAL_NAME = "finished.jsonl"
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class LabelSource:
    """Sheets and how they become one. mode: the merge; for a single sheet, how that was made, which decides which
    exclusions hold for it. leader: for ADJUDICATED. k: for MAJORITY."""

    sheets: tuple[LabelSheet, ...]
    mode: MergeMode = MergeMode.AND
    leader: LabelSheet | None = None
    k: int | None = None
    union_b_first: bool = False
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True)
class Labels:
    """sheet: of the rows that are used. left_out: reasons by study_id. look_at: rows that are used and lost a label
    that all readers gave, as exclusions to copy into the list."""

    sheet: LabelSheet
    left_out: Mapping[str, str]
    look_at: tuple[Exclusion, ...] = ()


@dataclass(frozen=True)
class PixelSource:
    """Where the videos are. videos: by study_id. root: the data root of their paths. n_workers: processes, 0 for
    none."""

    videos: Mapping[str, ListedVideo]
    root: Path
    form: ClipForm
    n_workers: int = 0


@dataclass(frozen=True)
class WrittenClips:
    """n_clips, n_frames: rows of the two tables. left_out: reasons by study_id."""

    n_clips: int
    n_frames: int
    left_out: Mapping[str, str]


def labels_of(source: LabelSource) -> Labels:
    """One sheet of several, or a single one without what is excluded. Raises PrepareError for sheets that do not go
    together so."""
    if len(source.sheets) == 1:
        sheet = source.sheets[0]
        out = excluded_for(source.exclusions, source.mode.value)
        out |= {row.study_id: row.exclusion for row in sheet.rows if row.exclusion}
        rows = tuple(row for row in sheet.rows if row.study_id not in out)
        known = {row.study_id for row in sheet.rows}
        return Labels(LabelSheet(sheet.name, rows), {name: why for name, why in out.items() if name in known})
    try:
        merged = merge_sheets(
            source.sheets,
            source.mode,
            leader=source.leader,
            k=source.k,
            union_b_first=source.union_b_first,
            exclusions=source.exclusions,
        )
    except ValueError as error:
        raise PrepareError(f"The sheets cannot be merged so: {error}.") from error
    out = {entry.study_id: entry.reason for entry in merged.excluded}
    return Labels(merged.sheet, out, merged.exclusion_candidates)


def make_clips(
    folder: Path,
    labels: Labels,
    lengths: Mapping[str, int],
    choice: ClipChoice,
    pixels: PixelSource | None = None,
    report: Report | None = None,
) -> WrittenClips:
    """Write `clips.csv`, `frames.csv` and `left_out.csv` into `folder`, and with `pixels` the clips themselves.

    A video whose length is unknown, whose row does not fit it, or whose frames cannot all be decoded has no clips and
    no frames; it is named in `left_out.csv`. Clips that stand there from the same frames and settings are kept.
    report(done, total): called after each video. Raises PrepareError when no video is left, WriteError.
    """
    make_folder(folder)
    out = dict(labels.left_out)
    rows = []
    for row in labels.sheet.rows:
        if row.is_still:
            continue
        try:
            length_of(labels.sheet.name, row, lengths)
            rows.append(row)
        except ClipLabelError as error:
            out[row.study_id] = str(error)
    if pixels is not None:
        rows = [row for row in rows if row.study_id in pixels.videos or out.setdefault(row.study_id, "no video of it")]
        rows = [row for row in rows if row.study_id not in out]
        failed = _write_pixels(folder, [pixels.videos[row.study_id] for row in rows], choice, pixels, report)
        out |= failed
        rows = [row for row in rows if row.study_id not in failed]
    if not rows:
        raise PrepareError(f"{labels.sheet.name}: no video is left to make clips of.")
    sheet = replace(labels.sheet, rows=tuple(rows))
    clips = published_clip_table(sheet, lengths, choice)
    frames = published_frame_table(sheet, lengths, choice.video_suffix)
    write_clip_table(folder / FRAMES_NAME, frames)
    write_clip_table(folder / CLIPS_NAME, clips)
    write_reasons(folder / LEFT_OUT_NAME, LEFT_OUT_COLUMNS, sorted(out.items()))
    return WrittenClips(len(clips), len(frames), out)


def _write_pixels(
    folder: Path, videos: Sequence[ListedVideo], choice: ClipChoice, pixels: PixelSource, report: Report | None
) -> dict[str, str]:
    """Why clips could not be made, by study_id."""
    failed = {}
    journal = Journal(folder / JOURNAL_NAME)
    try:
        jobs = [
            ClipJob(
                pixels.root,
                folder,
                video,
                choice.rule,
                pixels.form,
                journal.finished.get(video.key.study_id),
            )
            for video in videos
        ]
        for done, (job, result) in enumerate(run_jobs(write_clips, jobs, pixels.n_workers), start=1):
            name = job.video.key.study_id
            if isinstance(result, str):
                failed[name] = result
            elif result.is_new:
                journal.add(name, result)
            if report is not None:
                report(done, len(jobs))
    finally:
        journal.close()
    return failed


def write_reasons(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Replace `path` by a CSV of text. Raises WriteError."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_whole(path, stream.getvalue().encode("utf-8", "surrogateescape"))
