"""CVAT's task backups: task.json, annotations.json and data/manifest.jsonl, of one task or many, in folders or a zip.

Frames in a backup count the frames that the task shows, from 0; annotations.json has one part for each job.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from luv_viewer.io.bridges.bridge import MAX_FRAME, Bridged, BridgedVideo, BridgeError, Draft, Known, Ledger
from luv_viewer.io.bridges.cvat_frames import Keyframe, Marks, TaskFrames, frame_step
from luv_viewer.io.bridges.sources import Sources, parse_json


def read_backup(sources: Sources, known: Known) -> Bridged:
    """Every task in `sources`. Raises BridgeError when there is none, or the only one cannot be read.

    One broken task among several is a problem in the answer.
    """
    names = set(sources.names())
    folders = sorted((PurePosixPath(n).parent for n in names if PurePosixPath(n).name == "task.json"), key=_by_number)
    if not folders:
        raise BridgeError(f"{sources.title} holds no CVAT task (task.json); choose a task's folder or its backup zip.")
    ledger, videos = Ledger(), []
    for folder in folders:
        try:
            part = Ledger()
            videos.append(_Task(sources, folder, names).read(known, part))
            ledger.add(part)
        except BridgeError as error:
            if len(folders) == 1:
                raise
            ledger.problem(str(error))
    return ledger.bridged(videos)


def _by_number(folder: PurePosixPath) -> list[tuple[str, int]]:
    # task_9 before task_10
    return [(text, int(number or 0)) for text, number in re.findall(r"([^\d]*)(\d{0,18})", str(folder))]


def _with_note(video: BridgedVideo) -> BridgedVideo:
    spans = [span for frames in video.present for span in frames]
    if not spans or any(len(span) > 1 for span in spans):
        return video
    note = "Labels stand on single frames only; nothing is said of the frames between."
    return replace(video, notes=(*video.notes, note))


class _Task:
    """One task's files."""

    def __init__(self, sources: Sources, folder: PurePosixPath, names: set[str]) -> None:
        self._sources, self._folder, self._names = sources, folder, names
        self._title = folder.name or sources.title

    def read(self, known: Known, ledger: Ledger) -> BridgedVideo:
        """Raises BridgeError."""
        task = self._object(self._json("task.json"), "task.json")
        frames = self._frames(task)
        name = task.get("name")
        draft = Draft(name if isinstance(name, str) and name else self._title, known, ledger)
        self._set_length(draft, frames)
        if frames.step > 1:
            draft.notes.append(f"CVAT showed one frame in {frames.step}; the frames between carry no label.")
        if frames.hidden:
            ledger.lose("frame", "deleted in CVAT: what was labelled there is left out", len(frames.hidden))
        annotations = self._json("annotations.json")
        parts = annotations if isinstance(annotations, list) else [annotations]
        ends = self._job_ends(task, frames, len(parts))
        for part, end in zip(parts, ends, strict=True):
            self._read_part(self._object(part, "annotations.json"), Marks(draft, frames, end))
        return _with_note(draft.finish())

    def _read_part(self, part: Mapping[str, object], marks: Marks) -> None:
        for i, shape in enumerate(self._list(part, "shapes"), start=1):
            where = f"shape {i}"
            kind, frame = str(shape.get("type", "shape")), self._whole(shape, "frame", where)
            if shape.get("outside") is not True:
                marks.still(self._label(shape, where), kind, frame)
        for i, tag in enumerate(self._list(part, "tags"), start=1):
            marks.still(self._label(tag, f"tag {i}"), "tag", self._whole(tag, "frame", f"tag {i}"))
        for i, track in enumerate(self._list(part, "tracks"), start=1):
            shapes = self._list(track, "shapes")
            keys = [
                Keyframe(self._whole(shape, "frame", f"track {i}"), shape.get("outside") is True) for shape in shapes
            ]
            kind = str(shapes[0].get("type", "shape")) if shapes else "shape"
            marks.track(self._label(track, f"track {i}"), kind, keys)

    def _frames(self, task: Mapping[str, object]) -> TaskFrames:
        data = self._object(task.get("data"), "task.json")
        start = self._whole(data, "start_frame", "data", "task.json") if "start_frame" in data else 0
        step = frame_step(str(data.get("frame_filter") or ""))
        if "stop_frame" in data and data["stop_frame"] is not None:
            n = (self._whole(data, "stop_frame", "data", "task.json") - start) // step + 1
        elif "size" in data:
            n = self._whole(data, "size", "data", "task.json")
        else:
            n = max(
                (
                    self._whole(job, "stop_frame", "job", "task.json") + 1
                    for job in self._list(task, "jobs", "task.json")
                ),
                default=0,
            )
        if n < 1:
            raise self._error("task.json", "expected at least one frame, found none")
        deleted = data.get("deleted_frames") or []
        if not isinstance(deleted, list) or not all(type(frame) is int for frame in deleted):
            raise self._error("task.json", "expected a list of whole numbers as deleted_frames")
        return TaskFrames(start, step, n, frozenset(start + frame * step for frame in deleted))

    def _set_length(self, draft: Draft, frames: TaskFrames) -> None:
        stated, media = self._manifest()
        if media and media != draft.name:
            draft.notes.append(f"The video file is {media} in CVAT.")
            draft.n_frames = draft.n_frames or draft.known.length(media)
        if stated is not None:
            draft.state_length(stated)
        if draft.n_frames is None:
            draft.n_frames = frames.start + (frames.n - 1) * frames.step + 1
            draft.notes.append("The length is that of the CVAT task; the video may be longer.")

    def _manifest(self) -> tuple[int | None, str]:
        """(frames, file name) of the video, when a manifest says."""
        name = (self._folder / "data" / "manifest.jsonl").as_posix()
        if name not in self._names:
            return None, ""
        for line in self._sources.read(name).splitlines()[:10]:
            entry = parse_json(line, f"{self._title}/data/manifest.jsonl") if line.strip() else None
            found = entry.get("properties") if isinstance(entry, dict) else None
            if isinstance(found, dict):
                length, media = found.get("length"), found.get("name")
                whole = length if type(length) is int and 0 < length <= MAX_FRAME else None
                return whole, media if isinstance(media, str) else ""
        return None, ""

    def _job_ends(self, task: Mapping[str, object], frames: TaskFrames, n_parts: int) -> list[int]:
        """One past the last task frame of the job that each part of annotations.json belongs to."""
        jobs = self._list(task, "jobs", "task.json") if "jobs" in task else []
        if len(jobs) != n_parts:
            return [frames.n] * n_parts
        return [self._whole(job, "stop_frame", "job", "task.json") + 1 for job in jobs]

    def _json(self, name: str) -> object:
        path = (self._folder / name).as_posix()
        if path not in self._names:
            raise BridgeError(f"{self._title} has no {name}; export the task from CVAT again.")
        return parse_json(self._sources.read(path), f"{self._title}/{name}")

    def _object(self, value: object, name: str) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._error(name, f"expected an object, found {type(value).__name__}")
        return value

    def _list(
        self, value: Mapping[str, object], key: str, name: str = "annotations.json"
    ) -> list[Mapping[str, object]]:
        found = value.get(key) or []
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise self._error(name, f"expected a list of objects as {key}")
        return found

    def _whole(self, value: Mapping[str, object], key: str, where: str, name: str = "annotations.json") -> int:
        number = value.get(key)
        if type(number) is not int or not -MAX_FRAME <= number <= MAX_FRAME:
            raise self._error(name, f"{where}: expected a whole number as {key}, found {number!r:.40}")
        return number

    def _label(self, value: Mapping[str, object], where: str) -> str:
        label = value.get("label")
        if not isinstance(label, str):
            raise self._error("annotations.json", f"{where}: expected a label's name, found {label!r:.40}")
        return label

    def _error(self, name: str, what: str) -> BridgeError:
        return BridgeError(f"{self._title}/{name}: {what}; export the task from CVAT again.")
