"""The files of a cohort's videos: one folder per patient, as a scanner or an archive leaves them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from luv_viewer.io.whole_file import make_folder
from training.phantom.cohort import Cohort, PlannedVideo
from training.phantom.dicom import ScanIdentity, write_patient_screen, write_scan
from training.phantom.media import write_array, write_masks, write_movie, write_truth
from training.phantom.screen import FULL_SIZE_PX, Screen
from training.phantom.video import PhantomVideo

Report = Callable[[int, int], None]


class FileKind(Enum):
    """What a video is stored as; the value is the name on the command line."""

    DICOM = "dicom"
    DICOM_JPEG = "dicom-jpeg"
    AVI = "avi"
    MP4 = "mp4"
    NPY = "npy"

    @property
    def suffix(self) -> str:
        """The ending of its files."""
        return ".dcm" if self.is_dicom else f".{self.value}"

    @property
    def is_dicom(self) -> bool:
        """True for both kinds of DICOM file."""
        return self in (FileKind.DICOM, FileKind.DICOM_JPEG)


@dataclass(frozen=True)
class StudyForm:
    """kind: of the files. size_px: height of the picture, pixels. masks: whether to write where each pattern is."""

    kind: FileKind = FileKind.DICOM
    size_px: int = FULL_SIZE_PX
    masks: bool = False


def write_studies(folder: Path, cohort: Cohort, form: StudyForm, report: Report) -> None:
    """`videos/<PatientID>/<Data_idx>` and `truth/<PatientID>/<Data_idx>.csv` for every video below `folder`.

    A DICOM folder also holds each patient's screen of data (00001) and, for the first patient, a file that came twice.
    What is there already stays, so an interrupted run can go on. report(done, total) is called before each video and
    at the end; it raises when the user cancelled. Raises WriteError, and ValueError for a picture that is too small.
    """
    screen = Screen.for_picture(form.size_px)
    total = len(cohort.videos)
    for done, planned in enumerate(cohort.videos):
        report(done, total)
        patient = planned.key.patient_id
        videos, truth = folder / "videos" / patient, folder / "truth" / patient
        make_folder(videos)
        make_folder(truth)
        _write_video(videos / f"{planned.stem}{form.kind.suffix}", planned, screen, form)
        if form.masks:
            masks = truth / f"{planned.stem}_masks.npz"
            if not masks.exists():
                write_masks(masks, PhantomVideo(planned.scene, screen.picture_shape))
        write_truth(truth / f"{planned.stem}.csv", planned.scene)
    if form.kind.is_dicom:
        _write_other_dicom(folder / "videos", cohort, screen, form)
    report(total, total)


def _write_video(path: Path, planned: PlannedVideo, screen: Screen, form: StudyForm) -> None:
    if path.exists():
        return
    video = PhantomVideo(planned.scene, screen.picture_shape)
    if form.kind.is_dicom:
        write_scan(path, video, screen, _identity(planned), compress=form.kind is FileKind.DICOM_JPEG)
    elif form.kind is FileKind.NPY:
        write_array(path, video)
    else:
        write_movie(path, video)


def _write_other_dicom(folder: Path, cohort: Cohort, screen: Screen, form: StudyForm) -> None:
    """What preparation has to leave out: screens without an ultrasound region, and a second copy of a file."""
    last: dict[str, PlannedVideo] = {}
    for planned in cohort.videos:
        last[planned.key.patient_id] = planned
    for patient, planned in last.items():
        identity = ScanIdentity(patient, 1, planned.key.study_date)
        path = folder / patient / "00001.dcm"
        write_patient_screen(path, screen, identity, compress=form.kind is FileKind.DICOM_JPEG)
    twice = last[cohort.videos[0].key.patient_id]
    _write_video(folder / twice.key.patient_id / f"{twice.key.data_idx + 1:05d}.dcm", twice, screen, form)


def _identity(planned: PlannedVideo) -> ScanIdentity:
    return ScanIdentity(planned.key.patient_id, planned.key.data_idx, planned.key.study_date)
