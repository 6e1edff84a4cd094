"""Videos cropped to their region, in grey, in the published layout (systems.md 2.1, 2.1a, 2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.timing import ASSUMED_FPS, TimingSource
from luv_viewer.domain.video import Region, Video
from luv_viewer.io.whole_file import make_folder, write_whole
from model.preprocessing import ChannelRule
from training.prepare.clip_pixels import grey_crop, source_key
from training.prepare.clips import LEFT_OUT_COLUMNS, write_reasons
from training.prepare.coding import SUFFIXES, Coding, coded_video
from training.prepare.errors import PrepareError
from training.prepare.journal import Finished, Journal, file_digest
from training.prepare.video_list import LIST_NAME, ListedVideo, open_listed, write_video_list
from training.prepare.workers import run_jobs

LEFT_OUT_NAME, JOURNAL_NAME = "left_out.csv", "finished.jsonl"
COLOUR_LIMIT = 2
"""Grey levels by which channels may differ before it is said that the picture has colours."""
Crop = Literal["inclusive", "exclusive"]
Output = Literal["video", "png", "both"]
Rate = Literal["file", "cine_rate"]


@dataclass(frozen=True)
class ExportForm:
    """crop: `inclusive` takes the region as DICOM means it, `exclusive` without its last row and column, as the authors
    did. channel: which grey. output: a video per video, a PNG per frame, or both; a still is one PNG always. rate: of
    the videos, `file` as the viewer shows it, `cine_rate` what DICOM states as Cine Rate, else 30 (systems.md 2.1a)."""

    crop: Crop = "inclusive"
    channel: ChannelRule = "luminance"
    coding: Coding = "ffv1"
    output: Output = "video"
    rate: Rate = "file"


FORMS = {
    "default": ExportForm(),
    "paper-code": ExportForm("exclusive", "channel0", "mjpg", "both", "cine_rate"),
}
"""`paper-code`: exclusive corner, channel 0, MJPG AVI and PNG, Cine Rate."""


@dataclass(frozen=True)
class ExportJob:
    """One video. root: data root. folder: where results go. finished: of an earlier run."""

    root: Path
    folder: Path
    video: ListedVideo
    form: ExportForm
    finished: Finished | None = None


@dataclass(frozen=True)
class Exported:
    """videos: what is in the new list. left_out: reasons by study_id. warnings: by study_id. n_kept: results of an
    earlier run that stand."""

    videos: tuple[ListedVideo, ...]
    left_out: Mapping[str, str]
    warnings: Mapping[str, str]
    n_kept: int = 0


def cropped_region(video: Video, crop: Crop) -> Region:
    """The region to cut out, half-open. One of one pixel, or one the file does not state, is never made smaller."""
    x0, y0, x1, y1 = video.region
    if crop == "inclusive" or not video.has_stated_region:
        return video.region
    return x0, y0, max(x1 - 1, x0 + 1), max(y1 - 1, y0 + 1)


def frame_rate(video: Video, listed_fps: float, rate: Rate) -> float:
    """Frames per second of the exported video. A movie has no Cine Rate and keeps its own."""
    if rate == "file" or video.timing.source is TimingSource.CONTAINER:
        return listed_fps
    return video.timing.cine_rate or ASSUMED_FPS


def export_video(job: ExportJob) -> Finished:
    """Write one video, unless it stands there already from the same frames and settings.

    `{PatientID}/{idx5}.mkv` (.avi for MJPG), `{PatientID}/{PatientID}_{idx5}_{frame}.png` from 1, a still
    `{PatientID}/{PatientID}_{idx5}.png`. Raises StudyError when a frame cannot be decoded, WriteError.
    """
    video = open_listed(job.root, job.video)
    try:
        key = source_key(video, {"form": asdict(job.form), "stem": job.video.stem})
        if job.finished is not None and job.finished.stands(job.folder, key):
            return replace(job.finished, is_new=False)
        region = cropped_region(video, job.form.crop)
        differences: list[int] = []
        fps = frame_rate(video, job.video.fps, job.form.rate)
        made = replace(job, video=replace(job.video, fps=fps))
        names = _written(made, _grey_frames(video, region, job.form, differences))
        files = {name: file_digest(job.folder / name) for name in names}
        told = {"file": names[0], "colour": max(differences), "region": list(region), "fps": fps}
        return Finished(key, files, told)
    finally:
        video.store.close()


def export_videos(
    jobs: Sequence[ExportJob], folder: Path, n_workers: int = 0, report: Callable[[int, int], None] | None = None
) -> Exported:
    """Write all of them, then `videos.csv` (for `luv prepare clips`) and `left_out.csv` into `folder`.

    A video that cannot be exported is left out with its reason, and the others go on; the same call again after a kill
    does only what is missing or was changed. Raises PrepareError where a result would replace a source, WriteError.
    """
    for job in jobs:
        if job.folder.resolve() == job.root.resolve():
            raise PrepareError(f"{job.folder} holds the videos to export; choose another folder for the results.")
    make_folder(folder)
    journal = Journal(folder / JOURNAL_NAME)
    out: dict[str, str] = {}
    rows: dict[str, Finished] = {}
    n_kept = 0
    try:
        known = [replace(job, finished=journal.finished.get(job.video.key.study_id)) for job in jobs]
        for done, (job, result) in enumerate(run_jobs(export_video, known, n_workers), start=1):
            name = job.video.key.study_id
            if isinstance(result, str):
                out[name] = result
            else:
                rows[name] = result
                if result.is_new:
                    journal.add(name, result)
                else:
                    n_kept += 1
            if report is not None:
                report(done, len(jobs))
    finally:
        journal.close()
    listed = [job.video for job in jobs if job.video.key.study_id in rows]
    videos = tuple(_as_exported(video, rows[video.key.study_id]) for video in listed)
    write_reasons(folder / LEFT_OUT_NAME, LEFT_OUT_COLUMNS, sorted(out.items()))
    write_video_list(folder / LIST_NAME, [video for video in videos if _is_one_file(video, jobs)])
    return Exported(videos, out, _warnings(rows), n_kept)


def _as_exported(video: ListedVideo, finished: Finished) -> ListedVideo:
    file, fps = str(finished.row["file"]), float(finished.row["fps"])
    return replace(video, file=file, fps=fps, member="", video_id="")


def _is_one_file(video: ListedVideo, jobs: Sequence[ExportJob]) -> bool:
    """Frames as PNG alone are no video that clips can be cut from; a still's PNG is all there is of it."""
    return video.n_frames == 1 or jobs[0].form.output != "png"


def _warnings(rows: Mapping[str, Finished]) -> dict[str, str]:
    return {
        name: f"its channels differ by up to {finished.row['colour']} grey levels inside the region, so luminance and "
        "channel 0 are not the same"
        for name, finished in rows.items()
        if int(finished.row["colour"]) > COLOUR_LIMIT
    }


def _grey_frames(video: Video, region: Region, form: ExportForm, differences: list[int]) -> Iterator[NDArray[np.uint8]]:
    """differences: gets, per frame, by how much its channels differ at most."""
    x0, y0, x1, y1 = region
    for i in range(video.n_frames):
        frame = video.read(i)
        crop = frame[y0:y1, x0:x1]
        differences.append(int((crop.max(axis=2) - crop.min(axis=2)).max()))
        yield grey_crop(frame, region, form.channel)


def _written(job: ExportJob, frames: Iterator[NDArray[np.uint8]]) -> list[str]:
    """Names of the files, the one that stands for the video first."""
    patient, stem = job.video.key.patient_id, f"{job.video.key.data_idx:05d}"
    make_folder(job.folder / patient)
    if job.video.n_frames == 1:
        return [_write_png(job.folder, f"{patient}/{patient}_{stem}.png", next(frames))]
    names: list[str] = []
    if job.form.output == "png":
        for number, frame in enumerate(frames, start=1):
            names.append(_write_png(job.folder, f"{patient}/{patient}_{stem}_{number}.png", frame))
        return names

    def passed_on() -> Iterator[NDArray[np.uint8]]:
        for number, frame in enumerate(frames, start=1):
            if job.form.output == "both":
                names.append(_write_png(job.folder, f"{patient}/{patient}_{stem}_{number}.png", frame))
            yield frame

    name = f"{job.video.stem}{SUFFIXES[job.form.coding]}"
    write_whole(job.folder / name, coded_video(passed_on(), job.video.fps, job.form.coding))
    return [name, *names]


def _write_png(folder: Path, name: str, frame: NDArray[np.uint8]) -> str:
    done, coded = cv2.imencode(".png", frame)
    if not done:
        raise PrepareError(f"{name} could not be coded as PNG.")
    write_whole(folder / name, coded.tobytes())
    return name
