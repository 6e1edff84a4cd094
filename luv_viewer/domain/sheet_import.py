"""Rows of a sheet as a reader's own statements: which video a row is of, and what it changes there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.project_index import IndexedVideo, ProjectIndex
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import Track, frames_of


@dataclass(frozen=True)
class MatchedRows:
    """rows: (video_id, row), every video once. unmatched: a sentence for every row without a video of the project."""

    rows: tuple[tuple[str, SheetRow], ...]
    unmatched: tuple[str, ...] = ()


def matched_rows(sheet: LabelSheet, index: ProjectIndex) -> MatchedRows:
    """The rows of a sheet with the videos of a project they are of.

    A row that states a video_id is of that video alone. Otherwise the study_id decides, else the file name: in the
    column `file`, or where the patient is called like the file, as in files of other tools. A row that contradicts its
    video (frames, still or moving, intervals after the end) is unmatched, and so is a second row of a video.
    """
    ids = index.by_video_id()
    by_study_id = {video.key.study_id: video for video in index.videos if video.key is not None}
    names = _by_name(index)
    found: dict[str, SheetRow] = {}
    unmatched = []
    for row in sheet.rows:
        stated = row.video_id
        video = ids.get(stated) if stated else by_study_id.get(row.study_id) or names.get(_file_name(row))
        if video is None:
            known = row.study_id in by_study_id
            reason = "the project has another video there" if known else "the project has no such video"
        else:
            reason = "the video has another row above" if video.video_id in found else contradiction(row, video)
        if video is None or reason:
            unmatched.append(f"{sheet.name}, {row.study_id}: {reason}.")
        else:
            found[video.video_id] = row
    return MatchedRows(tuple(found.items()), tuple(unmatched))


def contradiction(row: SheetRow, video: IndexedVideo) -> str:
    """Why a row cannot be of a video, as words; "" when nothing speaks against it."""
    n_frames = video.n_frames
    if row.is_still != (n_frames == 1):
        kind = "an image" if row.is_still else "a video"
        return f"it is of {kind}, and {video.source.name} has {n_frames} frame{'s' if n_frames != 1 else ''}"
    if row.n_frames is not None and row.n_frames != n_frames:
        return f"it is of {row.n_frames} frames, and {video.source.name} has {n_frames}"
    last = max(frames.stop for frames in (*row.present, *row.unlooked))
    if last > n_frames:
        return f"frame {last} is labelled, and {video.source.name} has {n_frames}"
    return ""


def with_row(before: VideoAnnotation, row: SheetRow) -> VideoAnnotation:
    """The statements of a row taken over; what it says nothing of stays.

    Frames that the row knows are stated present or absent, frames that nobody looked at for it stay as they were. Zone,
    lung sliding, LUS score and exclusion are taken where the row has them. The video becomes finalised where the row
    is and no frame is left that nothing is known of. Raises ValueError for a row of a longer video.

    >>> from luv_viewer.domain.pattern import Pattern
    >>> from luv_viewer.domain.reader_file import SheetKey
    >>> from luv_viewer.domain.span import Span
    >>> row = SheetRow(SheetKey("1", 1), (SpanSet.of(Span(2, 5)), *(SpanSet(),) * 4))
    >>> after = with_row(VideoAnnotation(10), row)
    >>> after.present_frames(Pattern.A_LINE).label, frames_of(after.absent_track(Pattern.A_LINE)).label
    ('3_5', '1_2, 6_10')
    """
    whole = SpanSet.whole(before.n_frames)
    present: list[Track] = []
    absent: list[Track] = []
    for place, (stated, unlooked) in enumerate(zip(row.present, row.unlooked, strict=True)):
        open_frames = unlooked - stated
        track, denied = before.present[place], frames_of(before.absent[place])
        frames = stated | (frames_of(track) & open_frames)
        # A reader's own cuts between touching intervals say more than a sheet can.
        present.append(track if frames_of(track) == frames else frames.spans)
        absent.append(((whole - stated - open_frames) | (denied & open_frames)).spans)
    after = replace(
        before,
        present=tuple(present),
        absent=tuple(absent),
        zone=row.zone or before.zone,
        sliding=before.sliding if row.sliding is None else row.sliding,
        lus_score=row.lus_score or before.lus_score,
        exclusion=row.exclusion or before.exclusion,
    )
    return replace(after, finalised=row.finalised and not after.unlooked_anywhere())


def _by_name(index: ProjectIndex) -> dict[str, IndexedVideo]:
    """Videos by file name, with and without its ending, that is one video's alone."""
    named: dict[str, IndexedVideo | None] = {}
    for video in index.videos:
        name = video.source.name
        for known in {name.casefold(), PurePath(name).stem.casefold()}:
            named[known] = None if known in named else video
    return {name: video for name, video in named.items() if video is not None}


def _file_name(row: SheetRow) -> str:
    stated = next((text.strip() for name, text in row.extra.items() if name.strip().casefold() == "file"), "")
    return (stated.replace("\\", "/").rpartition("/")[2] or row.key.patient_id).casefold()
