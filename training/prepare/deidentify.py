"""Studies without whoever they are of: new DICOM files, pictures blanked outside their region (systems.md 2.3)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.video import Video
from luv_viewer.io.deidentification_key import DeidentificationKey
from luv_viewer.io.dicom_deidentify import CleanPixels, deidentified
from luv_viewer.io.dicom_header import CONVERSION_ERRORS
from luv_viewer.io.library_silence import quietly
from luv_viewer.io.whole_file import make_folder, write_whole
from training.prepare.clip_pixels import source_key
from training.prepare.clips import write_reasons
from training.prepare.errors import PrepareError
from training.prepare.journal import Finished, Journal, file_digest
from training.prepare.video_list import LIST_NAME, ListedVideo, open_listed, write_video_list
from training.prepare.workers import run_jobs

REPORT_NAME, JOURNAL_NAME = "report.csv", "finished.jsonl"
LEFT_OUT_COLUMNS = ("study_id", "file", "reason")
REPORT_COLUMNS = (
    *("file", "elements_removed", "private_elements_removed", "frames", "region", "burned_in_annotation"),
    "self_check",
)
_SETTLED_FRAMES = 5
_STILL_LEVELS = 3
_EDGE_LEVELS = 60
_TEXT_PIXELS = 12


@dataclass(frozen=True)
class DeidentifyJob:
    """One file. root: data root. folder: where the new file goes. reviewed: new names (`{pseudonym}/{idx5}.dcm`) of
    files in whose regions someone has looked for text and found none. finished: of an earlier run."""

    root: Path
    folder: Path
    video: ListedVideo
    key: DeidentificationKey
    keeps_dates: bool = True
    reviewed: frozenset[str] = frozenset()
    finished: Finished | None = None

    @property
    def pseudonymous(self) -> SheetKey:
        """The new row: pseudonym, the same Data_idx, the shifted date."""
        key = self.video.key
        day = self.key.shifted(key.study_date, key.patient_id) if self.keeps_dates else ""
        return replace(key, patient_id=self.key.pseudonym(key.patient_id), study_date=day)

    @property
    def name(self) -> str:
        """The new file, relative to the folder."""
        row = self.pseudonymous
        return f"{row.patient_id}/{row.data_idx:05d}.dcm"


@dataclass(frozen=True)
class Deidentification:
    """videos: the new list. left_out: reasons by (original) study_id. n_kept: results of an earlier run that stand.
    n_marked: files with marks inside the region that may be text."""

    videos: tuple[ListedVideo, ...]
    left_out: Mapping[str, str]
    n_kept: int
    n_marked: int


def deidentify_file(job: DeidentifyJob) -> Finished:
    """Write `{pseudonym}/{idx5}.dcm`, unless it stands there already from the same file and key.

    Raises StudyError, PrepareError for a file that cannot be read or holds no tissue region, and where an original
    value would survive; nothing is written then. Raises WriteError.
    """
    video = open_listed(job.root, job.video)
    try:
        _check_source(video)
        is_reviewed = job.name in job.reviewed
        made_of = [file_digest(video.source.path), job.key.uid("settings"), job.keeps_dates, is_reviewed]
        key = source_key(video, made_of)
        if job.finished is not None and job.finished.stands(job.folder, key):
            return replace(job.finished, is_new=False)
        original = _read(video.source.path)
        pixels = clean_pixels(video)
        pixels = replace(pixels, is_clean=pixels.is_clean or is_reviewed)
    finally:
        video.store.close()
    made = deidentified(original, pixels, job.key, job.video.key.patient_id, keeps_dates=job.keeps_dates)
    if made.survivors:
        raise PrepareError(
            f"The self-check found values of {', '.join(dict.fromkeys(made.survivors))} in the new file; it was not "
            "written."
        )
    make_folder((job.folder / job.name).parent)
    write_whole(job.folder / job.name, made.data)
    x0, y0, x1, y1 = pixels.region
    report = {
        "file": job.name,
        "elements_removed": made.n_removed,
        "private_elements_removed": made.n_private,
        "frames": len(pixels.frames),
        "region": f"{x0} {y0} {x1} {y1}",
        "burned_in_annotation": "NO" if pixels.is_clean else "YES",
        "self_check": "passed",
    }
    return Finished(key, {job.name: file_digest(job.folder / job.name)}, report)


def deidentify_files(
    jobs: Sequence[DeidentifyJob], folder: Path, n_workers: int = 0, report: Callable[[int, int], None] | None = None
) -> Deidentification:
    """Write all of them, then `videos.csv` and `report.csv` into `folder`; nothing there names a patient or a source.

    A file that cannot be made harmless is left out, and the others go on; the same call again after a kill does only
    what is missing or was changed. Raises PrepareError where two patients would share a pseudonym, WriteError.
    """
    _check_pseudonyms(jobs)
    make_folder(folder)
    journal = Journal(folder / JOURNAL_NAME)
    out: dict[str, str] = {}
    rows: dict[str, Finished] = {}
    n_kept = 0
    try:
        known = [replace(job, finished=journal.finished.get(job.pseudonymous.study_id)) for job in jobs]
        for done, (job, result) in enumerate(run_jobs(deidentify_file, known, n_workers), start=1):
            if isinstance(result, str):
                out[job.video.key.study_id] = result
            else:
                rows[job.pseudonymous.study_id] = result
                if result.is_new:
                    journal.add(job.pseudonymous.study_id, result)
                else:
                    n_kept += 1
            if report is not None:
                report(done, len(jobs))
    finally:
        journal.close()
    videos = tuple(_listed(job, rows[job.pseudonymous.study_id]) for job in jobs if job.pseudonymous.study_id in rows)
    _write_report(folder / REPORT_NAME, [rows[video.key.study_id].row for video in videos])
    write_video_list(folder / LIST_NAME, videos)
    marked = sum(rows[video.key.study_id].row["burned_in_annotation"] == "YES" for video in videos)
    return Deidentification(videos, out, n_kept, marked)


def write_secrets(beside: Path, jobs: Iterable[DeidentifyJob], left_out: Mapping[str, str]) -> tuple[Path, Path]:
    """Who is who, and which files were left out, beside the key and apart from the data: `<key>.patients.csv`,
    `<key>.left_out.csv`. Raises WriteError."""
    jobs = list(jobs)
    patients = dict.fromkeys(job.video.key.patient_id for job in jobs)
    rows = [(who, jobs[0].key.pseudonym(who), str(jobs[0].key.shift_days(who))) for who in patients]
    table, listed = beside.with_name(f"{beside.name}.patients.csv"), beside.with_name(f"{beside.name}.left_out.csv")
    write_reasons(table, ("PatientID", "pseudonym", "days_back"), rows)
    files = {job.video.key.study_id: job.video.file for job in jobs}
    write_reasons(listed, LEFT_OUT_COLUMNS, [(name, files[name], why) for name, why in left_out.items()])
    for path in (table, listed):
        path.chmod(0o600)
    return table, listed


def clean_pixels(video: Video) -> CleanPixels:
    """The frames with all outside the region black, coded lossless; grey where they have no colour.

    Marks inside the region that may be text are looked for, not removed. Raises StudyError.
    """
    x0, y0, x1, y1 = video.region
    is_grey = all(_is_grey(video.read(i)[y0:y1, x0:x1]) for i in range(video.n_frames))
    frames: list[bytes] = []
    lowest = highest = np.zeros((y1 - y0, x1 - x0), np.uint8)
    for i in range(video.n_frames):
        frame = video.read(i)
        blank = np.zeros_like(frame)
        blank[y0:y1, x0:x1] = frame[y0:y1, x0:x1]
        grey = blank[y0:y1, x0:x1].max(axis=2)
        lowest, highest = (grey, grey) if i == 0 else (np.minimum(lowest, grey), np.maximum(highest, grey))
        frames.append(_coded(np.ascontiguousarray(blank[:, :, 0]) if is_grey else blank))
    is_clean = video.n_frames >= _SETTLED_FRAMES and is_grey and not may_hold_text(lowest, highest)
    return CleanPixels(frames, (video.height, video.width), 1 if is_grey else 3, video.region, is_clean)


def may_hold_text(lowest: NDArray[np.uint8], highest: NDArray[np.uint8]) -> bool:
    """Whether pixels that never change have sharp bright edges, as burned-in letters, marks and scales do.

    lowest, highest: (H, W) smallest and largest grey of each pixel over the video. Tissue and speckle move, the black
    around a sector has no edges of its own; so a still picture can never be told clean.
    """
    is_still = (highest.astype(np.int16) - lowest) <= _STILL_LEVELS
    square = np.ones((3, 3), np.uint8)
    around = cv2.dilate(lowest, square).astype(np.int16) - cv2.erode(lowest, square)
    is_all_still = cv2.erode(is_still.astype(np.uint8), square) > 0
    return bool(np.count_nonzero(is_all_still & (around > _EDGE_LEVELS)) >= _TEXT_PIXELS)


def _is_grey(crop: NDArray[np.uint8]) -> bool:
    return bool((crop.max(axis=2) == crop.min(axis=2)).all())


def _coded(frame: NDArray[np.uint8]) -> bytes:
    """A JPEG-LS codestream."""
    return bytes(jpeg_ls.encode_array(frame, interleave_mode=2 if frame.ndim == 3 else 0))


def _check_source(video: Video) -> None:
    if not video.source.format.startswith("DICOM"):
        raise PrepareError(f"{video.source.name} is no DICOM file: there is no header to de-identify; export it.")
    if video.source.member is not None:
        raise PrepareError(f"{video.source.name} lies in an archive: unpack it first.")
    if not video.has_stated_region:
        raise PrepareError(
            f"{video.source.name} states no 2D tissue region, so burned-in text cannot be told from the picture."
        )


def read_reviewed(path: Path) -> frozenset[str]:
    """Names of new files, one a line. Raises PrepareError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PrepareError(f"{path.name} cannot be read as a list of files.") from error
    return frozenset(line.strip() for line in lines if line.strip())


def _read(path: Path) -> Dataset:
    """All of a file's header; pixel data are left where they are. Raises PrepareError."""
    with quietly():
        try:
            return dcmread(path, stop_before_pixels=True, force=True)
        except (InvalidDicomError, *CONVERSION_ERRORS) as error:
            raise PrepareError(f"The header of {path.name} cannot be read in full ({type(error).__name__}).") from error


def _check_pseudonyms(jobs: Iterable[DeidentifyJob]) -> None:
    owner: dict[str, str] = {}
    for job in jobs:
        patient = job.video.key.patient_id
        if owner.setdefault(job.pseudonymous.patient_id, patient) != patient:
            raise PrepareError("Two patients get the same pseudonym; make another key.")


def _listed(job: DeidentifyJob, finished: Finished) -> ListedVideo:
    name = str(finished.row["file"])
    return ListedVideo(job.pseudonymous, job.video.n_frames, job.video.fps, name)


def _write_report(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, REPORT_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, stream.getvalue().encode())
