"""The videos of a project, known without opening a single file: where they are, which they are, their sheet rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.study import Failure
from luv_viewer.domain.timing import Timing
from luv_viewer.domain.video import Region, StudyGroup, Video, VideoSource, check_geometry

PatientIds = Literal["running", "dicom"]
"""Where PatientID in the sheets comes from: a running number "1", "2" ..., or DICOM's own."""

AddedRows = Literal["number on", "keep"]
"""What becomes of the sheet rows of videos that are added to a project."""


@dataclass(frozen=True, eq=False)
class IndexedVideo:
    """All that a Video needs but its pixels; fields as there.

    video_id: its identity. key: its row in the sheets, None where a template has no row for it. Raises ValueError as
    Video does.
    """

    video_id: str
    key: SheetKey | None
    title: str
    height: int
    width: int
    timing: Timing
    region: Region
    spacing_mm: tuple[float, float] | None
    source: VideoSource
    group: StudyGroup
    zone: str | None = None
    modality: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_geometry(self.height, self.width, self.region, self.spacing_mm)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return int(self.timing.times_s.size)

    @property
    def patient_key(self) -> str:
        """Equal for videos of one patient; files that name no patient belong together by folder."""
        return self.group.patient_key or self.group.key


@dataclass(frozen=True, eq=False)
class ProjectIndex:
    """folder: of the project. videos: in the order a person sees them; video_id and study_id are unique, else
    ValueError. failures: files that were left out, each with its reason.
    """

    folder: Path
    title: str
    videos: tuple[IndexedVideo, ...]
    failures: tuple[Failure, ...] = ()

    def __post_init__(self) -> None:
        for what, names in (
            ("video", [video.video_id for video in self.videos]),
            ("sheet row", [video.key.study_id for video in self.videos if video.key is not None]),
        ):
            if len(set(names)) != len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise ValueError(f"{what} {twice} stands twice in the project's list of videos")

    def by_video_id(self) -> dict[str, IndexedVideo]:
        """Videos by identity, in order."""
        return {video.video_id: video for video in self.videos}

    def keys(self) -> dict[str, SheetKey]:
        """Sheet rows by identity, of the videos that have one."""
        return {video.video_id: video.key for video in self.videos if video.key is not None}

    def lengths(self) -> dict[str, int]:
        """Frames by study_id, of the videos that have a sheet row."""
        return {video.key.study_id: video.n_frames for video in self.videos if video.key is not None}


def numbered(videos: Iterable[IndexedVideo], patient_ids: PatientIds) -> tuple[IndexedVideo, ...]:
    """With rows: patients in the order in which they first appear, and the videos of each numbered from 1.

    A patient without a DICOM PatientID gets a running number under either rule.
    """
    ids: dict[str, str] = {}
    counts: dict[str, int] = {}
    done = []
    for video in videos:
        patient = video.patient_key
        if patient not in ids:
            own = video.group.patient_id.strip() if patient_ids == "dicom" else ""
            ids[patient] = own if own and own not in ids.values() else _free_number(ids.values(), len(ids) + 1)
        counts[patient] = counts.get(patient, 0) + 1
        done.append(replace(video, key=_key(video, ids[patient], counts[patient])))
    return tuple(done)


def keyed(videos: Iterable[IndexedVideo], template: LabelSheet) -> tuple[IndexedVideo, ...]:
    """With rows of a template sheet, each given to the first video that fits; the others get none.

    A video fits a row by the row's column `file` where there is one (file name, with or without its ending, or the
    end of its path); else by lying as `{Data_idx:05d}` in a folder named PatientID; else by the name
    `{PatientID}_{Data_idx:05d}` or study_id.
    """
    places: dict[str, SheetKey] = {}
    for row in template.rows:
        named = next((text.strip() for name, text in row.extra.items() if name.strip().casefold() == "file"), "")
        patient, number = row.key.patient_id, f"{row.key.data_idx:05d}"
        for place in [named] if named else [f"{patient}/{number}", f"{patient}_{number}", row.study_id]:
            places.setdefault(place.replace("\\", "/").strip("/").casefold(), row.key)
    taken: set[str] = set()
    done = []
    for video in videos:
        found = (places.get(place.casefold()) for place in _places(video.source))
        key = next((key for key in found if key is not None and key.study_id not in taken), None)
        if key is not None:
            taken.add(key.study_id)
        done.append(replace(video, key=key))
    return tuple(done)


def unmatched_rows(index: ProjectIndex, template: LabelSheet) -> tuple[str, ...]:
    """study_ids of a template that no video of the project has."""
    known = {key.study_id for key in index.keys().values()}
    return tuple(row.study_id for row in template.rows if row.study_id not in known)


def merge_index(old: ProjectIndex, new: ProjectIndex, rows: AddedRows = "number on") -> ProjectIndex:
    """The videos of `old`, then those of `new` that it lacks.

    A video of both keeps its row and its place in the order, and is looked for where `new` found it. The added ones
    are numbered on (a patient keeps one PatientID, a new patient gets one that is free), or keep the rows they came
    with, as those of a template, where these are free.
    """
    found = new.by_video_id()
    kept = [replace(found.get(v.video_id, v), key=v.key or _key_in(found, v.video_id)) for v in old.videos]
    known = {video.video_id for video in kept}
    patients = {v.patient_key: v.key.patient_id for v in reversed(kept) if v.key is not None}
    taken = {video.key.study_id: video.key for video in kept if video.key is not None}
    added = []
    for video in new.videos:
        if video.video_id in known:
            continue
        if rows == "number on":
            video = _numbered_on(video, patients, taken)
        elif video.key is not None and video.key.study_id in taken:
            video = replace(video, key=None)
        if video.key is not None:
            taken[video.key.study_id] = video.key
        added.append(video)
    there = {video.source.path for video in new.videos}
    failures = [f for f in old.failures if f.path not in there and f.message not in {n.message for n in new.failures}]
    return ProjectIndex(old.folder, old.title, (*kept, *added), (*failures, *new.failures))


def indexed(video: Video) -> IndexedVideo:
    """What the index keeps of an opened video; its identity is computed. Raises StudyError."""
    return IndexedVideo(
        video_id=video.identity,
        key=None,
        title=video.title,
        height=video.height,
        width=video.width,
        timing=video.timing,
        region=video.region,
        spacing_mm=video.spacing_mm,
        source=video.source,
        group=video.group,
        zone=video.zone,
        modality=video.modality,
        notes=video.notes,
    )


def _key_in(found: Mapping[str, IndexedVideo], video_id: str) -> SheetKey | None:
    return found[video_id].key if video_id in found else None


def _numbered_on(video: IndexedVideo, patients: dict[str, str], taken: Mapping[str, SheetKey]) -> IndexedVideo:
    """patients: PatientIDs by patient key; grows by the patient of the video."""
    if video.key is None:
        return video
    if video.patient_key not in patients:
        others = {used.patient_id for used in taken.values()}
        own = video.key.patient_id
        patients[video.patient_key] = own if own not in others else _free_number(others, len(others) + 1)
    patient_id = patients[video.patient_key]
    last = max((used.data_idx for used in taken.values() if used.patient_id == patient_id), default=0)
    return replace(video, key=_key(video, patient_id, last + 1))


def _key(video: IndexedVideo, patient_id: str, data_idx: int) -> SheetKey:
    return SheetKey(patient_id, data_idx, video.group.study_date, "image" if video.n_frames == 1 else "video")


def _free_number(taken: Iterable[str], start: int) -> str:
    used = set(taken)
    number = start
    while str(number) in used:
        number += 1
    return str(number)


def _places(source: VideoSource) -> list[str]:
    """What a template may call a file, the longest name first: `b/c.dcm`, `b/c`, `c.dcm`, `c`."""
    whole = source.path / source.member if source.member else source.path
    ends = ["/".join(whole.parts[-n:]).strip("/") for n in range(len(whole.parts), 0, -1)]
    return [name for end in ends for name in (end, end.removesuffix(whole.suffix))]
