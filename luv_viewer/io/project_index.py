"""`videos.json`: what a project knows of its videos, so that it opens without opening a single one.

Times, sizes and rows stand in it; no pixels, no names, and no patient number of DICOM unless it was asked for as
PatientID. What tells patients and studies apart are short hashes of their numbers: somebody who guesses a number can
check it, so the file belongs where the videos are. Paths are relative to the project folder where the file lies in it
or beside it, so that both move together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os.path import relpath
from pathlib import Path
from typing import Any

import numpy as np

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.project import ProjectError
from luv_viewer.domain.project_index import (
    IndexedVideo,
    PatientIds,
    ProjectIndex,
    indexed,
    keyed,
    merge_index,
    numbered,
)
from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.study import Failure, Study
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource
from luv_viewer.io.errors import StudyError, one_line
from luv_viewer.io.json_fields import JsonFieldError, checked, read_json, write_json
from luv_viewer.io.lazy_frames import LazyFrames, OpenedStudies
from luv_viewer.io.whole_file import WriteError

FILE_NAME = "videos.json"
_KIND, _VERSION = "luv project videos", 1
_REGULAR_WITHIN_S = 1e-9
_MOST_FRAMES = 10_000_000

__all__ = ["FILE_NAME", "index_study", "merge_index", "read_index", "study_of", "write_index"]

_TOP = {"title": (str,), "videos": (list,)}
_NONE = type(None)
_VIDEO = {
    "path": (str,),
    "video_id": (str,),
    "title": (str,),
    "height": (int,),
    "width": (int,),
    "frames": (int,),
    "timing": (str,),
    "region": (list,),
    "format": (str,),
    "group": (list,),
}
_VIDEO_OPTIONAL = {
    "member": (str,),
    "key": (list,),
    "fps": (float,),
    "times_s": (list,),
    "spacing_mm": (list,),
    "zone": (str,),
    "modality": (str,),
    "notes": (list,),
}


def index_study(
    study: Study,
    folder: Path,
    keys: LabelSheet | None = None,
    *,
    patient_ids: PatientIds = "running",
    report: Callable[[int, int], None] | None = None,
) -> ProjectIndex:
    """The index of an opened study for the project in `folder`.

    Heavy: a file without a SOP Instance UID is read whole for its identity. keys: a template whose rows the videos
    get (see `keyed`; list what is left with `unmatched_rows`); without it they are numbered by `patient_ids`. Of two
    files of one identity the first is taken; the second, and files that cannot be read, become failures.
    report: called with (videos done, videos in all); what it raises stops the work.
    """
    found: dict[str, IndexedVideo] = {}
    failures = list(study.failures)
    for number, video in enumerate(study.videos, start=1):
        try:
            one = indexed(replace(video, source=replace(video.source, path=video.source.path.absolute())))
            first = found.setdefault(one.video_id, one)
            if first is not one:
                message = f"{video.source.name} is the same video as {first.source.name} and is left out."
                failures.append(Failure(video.source.path, one_line(message)))
        except StudyError as error:
            failures.append(Failure(video.source.path, str(error)))
        if report is not None:
            report(number, len(study.videos))
    videos = numbered(found.values(), patient_ids) if keys is None else keyed(found.values(), keys)
    return ProjectIndex(folder, study.title, videos, tuple(failures))


def write_index(index: ProjectIndex) -> None:
    """Replace `videos.json` in the index's folder, whole or not at all. Raises ProjectError."""
    fields = {
        "title": index.title,
        "failures": [[_stored(f.path, index.folder), f.message] for f in index.failures],
        "videos": [_fields(video, index.folder) for video in index.videos],
    }
    try:
        write_json(index.folder / FILE_NAME, _KIND, _VERSION, fields, one_per_line="videos")
    except WriteError as error:
        raise ProjectError(str(error)) from error


def read_index(folder: Path) -> ProjectIndex:
    """The index in a project's folder; an empty one where no videos were added yet. Opens `videos.json` alone.

    Raises ProjectError when it is damaged, of a newer version, has an unknown key or a wrong type.
    """
    path = folder / FILE_NAME
    try:
        held = checked(read_json(path, _KIND, _VERSION), _TOP, {"failures": (list,)}, str(path))
        videos = tuple(_video(path, folder, number, one) for number, one in enumerate(held["videos"], start=1))
        failures = tuple(_failure(folder, one) for one in held.get("failures", []))
        return ProjectIndex(folder, held["title"], videos, failures)
    except FileNotFoundError:
        return ProjectIndex(folder, folder.absolute().name, ())
    except (JsonFieldError, ValueError) as error:
        sentence = str(error) if isinstance(error, JsonFieldError) else f"{path}: {error}."
        raise ProjectError(sentence) from error


def study_of(index: ProjectIndex) -> Study:
    """The study an index describes. No file is opened until a frame is asked for; then a file that is gone, or is not
    the one that was indexed, raises StudyError."""
    cache = FrameCache()
    opened = OpenedStudies()
    videos = tuple(
        Video(
            title=video.title,
            height=video.height,
            width=video.width,
            timing=video.timing,
            region=video.region,
            spacing_mm=video.spacing_mm,
            source=video.source,
            group=video.group,
            store=LazyFrames(video, opened),
            cache=cache,
            zone=video.zone,
            modality=video.modality,
            notes=video.notes,
        )
        for video in index.videos
    )
    return Study(index.title, index.folder, videos, index.failures)


def _fields(video: IndexedVideo, folder: Path) -> dict[str, object]:
    key = video.key
    group = video.group
    fps = _regular_fps(video.timing)
    fields: dict[str, object] = {
        "path": _stored(video.source.path, folder),
        "member": video.source.member,
        "video_id": video.video_id,
        "key": None if key is None else [key.patient_id, key.data_idx, key.study_date, key.data_type],
        "title": video.title,
        "height": video.height,
        "width": video.width,
        "frames": video.n_frames,
        "timing": video.timing.source.value,
        "fps": fps,
        "times_s": video.timing.times_s.tolist() if fps is None else None,
        "region": list(video.region),
        "spacing_mm": None if video.spacing_mm is None else list(video.spacing_mm),
        "format": video.source.format,
        "zone": video.zone,
        "modality": video.modality or None,
        "notes": list(video.notes) or None,
        "group": [group.key, group.label, group.patient_key, group.study_date],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _regular_fps(timing: Timing) -> float | None:
    """The rate that gives all times, None where there is none."""
    times = timing.times_s
    candidates = [timing.fps, 1.0 / float(times[1])] if times.size > 1 else [timing.fps]
    n = np.arange(times.size)
    return next((fps for fps in candidates if np.max(np.abs(n / fps - times)) <= _REGULAR_WITHIN_S), None)


def _video(path: Path, folder: Path, number: int, held: Any) -> IndexedVideo:
    """Raises JsonFieldError."""
    where = f"{path}, video {number}"
    fields = checked(held, _VIDEO, _VIDEO_OPTIONAL, where)
    try:
        source = VideoSource(_found(folder, fields["path"]), fields.get("member"), fields["format"])
        spacing = fields.get("spacing_mm")
        return IndexedVideo(
            video_id=fields["video_id"],
            key=_key(fields.get("key")),
            title=fields["title"],
            height=fields["height"],
            width=fields["width"],
            timing=_timing(fields),
            region=_numbers(fields["region"], 4, int),
            spacing_mm=None if spacing is None else _numbers(spacing, 2, float),
            source=source,
            group=StudyGroup(*_texts(fields["group"], 4)),
            zone=fields.get("zone"),
            modality=fields.get("modality", ""),
            notes=tuple(map(str, fields.get("notes", ()))),
        )
    except ValueError as error:
        raise JsonFieldError(f"{where}: {error}.") from error


def _failure(folder: Path, held: Any) -> Failure:
    if not isinstance(held, list):
        raise ValueError(f'"failures" must hold pairs of path and reason, found {held!r:.40}')
    path, message = _texts(held, 2)
    return Failure(_found(folder, path), message)


def _timing(fields: dict[str, Any]) -> Timing:
    source = TimingSource(fields["timing"])
    if not 0 < fields["frames"] <= _MOST_FRAMES:
        raise ValueError(f"expected 1 to {_MOST_FRAMES} frames, found {fields['frames']}")
    if "fps" in fields:
        return Timing.regular(fields["frames"], fields["fps"], source)
    times = fields.get("times_s", [])
    if len(times) != fields["frames"] or not all(type(t) in (int, float) for t in times):
        raise ValueError(f'"times_s" must be a number for each of {fields["frames"]} frames')
    return Timing(np.array(times, dtype=np.float64), source)


def _key(held: list[Any] | None) -> SheetKey | None:
    if held is None:
        return None
    if [type(part) for part in held] != [str, int, str, str]:
        raise ValueError('"key" must be PatientID, Data_idx, StudyDate and Data_type')
    return SheetKey(*held)


def _numbers(held: list[Any], n: int, kind: type) -> Any:
    if len(held) != n or not all(type(value) is int or type(value) is kind for value in held):
        raise ValueError(f"expected {n} numbers, found {held}")
    return tuple(map(kind, held))


def _texts(held: list[Any], n: int) -> list[str]:
    if len(held) != n or not all(isinstance(value, str) for value in held):
        raise ValueError(f"expected {n} texts, found {held}")
    return held


def _stored(path: Path, folder: Path) -> str:
    whole, base = path.absolute(), folder.absolute()
    if whole.is_relative_to(base.parent):
        return Path(relpath(whole, base)).as_posix()
    return whole.as_posix()


def _found(folder: Path, stored: str) -> Path:
    path = Path(stored)
    if path.is_absolute():
        return path
    base = folder.absolute()
    # Plain text, not resolve(): two thousand look-ups on a network drive would take seconds.
    return base.parent / path.relative_to("..") if path.parts[:1] == ("..",) else base / path
