"""A reader's work in a project as files: sheets, tables, files for other tools, with lists of what they do not hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from luv_viewer.analysis.clip_labels import clip_table, write_clip_table
from luv_viewer.analysis.sheet_input import Videos
from luv_viewer.analysis.tool_files import write_tool_files
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.label_form import LAYOUTS, Form
from luv_viewer.domain.label_sheet import LabelSheet, sheet_of
from luv_viewer.domain.project_index import ProjectIndex
from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.sheet_privacy import running_numbers, without_identifiers
from luv_viewer.domain.sheet_reading import LeftOut, SheetLayout
from luv_viewer.domain.span_set import NO_FRAMES
from luv_viewer.io.frame_table import write_frame_table
from luv_viewer.io.label_sheet_file import write_sheet, write_template
from luv_viewer.io.left_out_list import left_out_path, write_left_out
from luv_viewer.io.suggestion_table import write_suggestions
from luv_viewer.io.whole_file import make_folder


@dataclass(frozen=True)
class ReaderWork:
    """One reader's statements in a project. records, annotations: by video_id, as the reader's file holds them."""

    name: str
    records: Mapping[str, VideoRecord]
    annotations: Mapping[str, VideoAnnotation]
    index: ProjectIndex

    def sheet(self) -> LabelSheet:
        """In the project's order; a video that had no row when it was opened has the project's."""
        keys = self.index.keys()
        records = {
            video_id: record if record.key is not None else replace(record, key=keys.get(video_id))
            for video_id, record in self.records.items()
        }
        ids = dict.fromkeys((*self.index.by_video_id(), *records))
        return sheet_of(self.name, records, self.annotations, ids)


@dataclass(frozen=True)
class Exported:
    """path: file or folder. what: what n counts ("row"). left_out: videos that path does not hold, listed in
    left_out_path. suggestions: the table of what the model suggested, None without any. losses: plain sentences."""

    path: Path
    n: int
    what: str
    left_out: tuple[LeftOut, ...] = ()
    left_out_path: Path | None = None
    suggestions: Path | None = None
    losses: tuple[str, ...] = ()


def export_labels(path: Path, work: ReaderWork, form: Form, *, identifiers: bool) -> Exported:
    """Write `path`, a folder for CVAT and ELAN, with what goes beside it.

    form: any but INTERVALS; a TEMPLATE is blank and has a row for every video of the project.
    identifiers: PatientID and StudyDate as they are; else a running number and blank, and no SOP Instance UID.
    Raises WriteError, LabelSheetError, ClipLabelError, NoFrameTimesError.
    """
    make_folder(path.parent)
    keys = list(work.index.keys().values())
    if form is Form.TEMPLATE:
        written = write_template(path, keys if identifiers else _numbered(keys))
        return Exported(path, written.n_rows, "row")
    own = work.sheet()
    sheet = own if identifiers else without_identifiers(own, keys)
    if form is Form.CLIPS:
        done = _clips(path, sheet)
    elif form in (Form.CVAT, Form.ELAN):
        # The project's videos under the names that the rows have now, or ELAN's times are not found.
        keyed = dict(zip((row.video_id for row in own.rows), (row.key for row in sheet.rows), strict=True))
        videos = tuple(replace(v, key=keyed[v.video_id]) for v in work.index.videos if v.video_id in keyed)
        known = Videos(index=replace(work.index, videos=videos))
        files = write_tool_files(path, sheet, form, known, "file" if identifiers else "row")
        listed = write_left_out(path / "labels_not_included.csv", files.left_out)
        done = Exported(path, files.n_videos, "video", files.left_out, listed, losses=files.losses)
    else:
        layout = LAYOUTS[form]
        is_frames = layout is SheetLayout.FRAME_TABLE
        written = write_frame_table(path, sheet) if is_frames else write_sheet(path, sheet, layout)
        done = Exported(path, written.n_rows, "video" if is_frames else "row", written.left_out, written.left_out_path)
    return replace(done, suggestions=_suggestions(path, own, sheet, work.annotations))


def _numbered(keys: Iterable[SheetKey]) -> list[SheetKey]:
    known = list(keys)
    numbers = running_numbers(known)
    return [replace(key, patient_id=numbers[key.patient_id], study_date="") for key in known]


def _clips(path: Path, sheet: LabelSheet) -> Exported:
    table = clip_table(sheet, {})
    write_clip_table(path, table)
    left_out = tuple(
        LeftOut(
            row.study_id,
            row.video_id,
            "a still has no clips" if row.is_still else f"excluded: {row.exclusion}",
            NO_FRAMES,
        )
        for row in sheet.rows
        if row.is_still or row.exclusion
    )
    return Exported(path, len(table), "clip", left_out, write_left_out(left_out_path(path), left_out))


def _suggestions(
    path: Path, own: LabelSheet, sheet: LabelSheet, annotations: Mapping[str, VideoAnnotation]
) -> Path | None:
    """own, sheet: the same rows, the first with their video_ids."""
    videos = [(row.study_id, annotations[mine.video_id]) for mine, row in zip(own.rows, sheet.rows, strict=True)]
    if not any(annotation.suggestions for _, annotation in videos):
        return None
    beside = path / "suggestions.csv" if path.is_dir() else path.with_name(f"{path.stem}_suggestions.csv")
    write_suggestions(beside, videos)
    return beside
