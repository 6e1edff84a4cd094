"""`videos.csv`: which file is which row of the sheets, and how long it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.reader_file import SheetKey
from luv_viewer.domain.video import Video
from luv_viewer.io import open_study
from luv_viewer.io.byte_source import os_reason
from luv_viewer.io.errors import UnreadableFileError
from luv_viewer.io.whole_file import write_whole
from training.prepare.errors import PrepareError

LIST_NAME = "videos.csv"
COLUMNS = (
    *("study_id", "PatientID", "Data_idx", "StudyDate", "Data_type"),
    *("n_frames", "fps", "file", "member", "video_id"),
)


@dataclass(frozen=True)
class ListedVideo:
    """key: its row in the sheets. n_frames. fps: frames per second. file: relative to the data root, `/` between its
    parts. member: inside an archive, else "". video_id: SOP Instance UID or `sha256:<hex>`.

    Raises PrepareError for numbers that cannot be, and for a PatientID that no folder can be called.
    """

    key: SheetKey
    n_frames: int
    fps: float
    file: str
    member: str = ""
    video_id: str = ""

    def __post_init__(self) -> None:
        if self.n_frames < 1 or not self.fps > 0:
            raise PrepareError(f"{self.key.study_id} needs at least one frame and a rate above 0.")
        if not can_name_folder(self.key.patient_id):
            raise PrepareError(f"The PatientID {self.key.patient_id!r} cannot be the name of a folder; give another.")

    @property
    def stem(self) -> str:
        """`{PatientID}/{Data_idx:05d}`: where the published layout has its video, without ending."""
        return f"{self.key.patient_id}/{self.key.data_idx:05d}"


def can_name_folder(patient_id: str) -> bool:
    """Whether a PatientID can stand in file names on every system.

    >>> [can_name_folder(text) for text in ("0012", "A/B", "..", "")]
    [True, False, False, False]
    """
    return bool(re.fullmatch(r"[^<>:\"/\\|?*\x00-\x1f]{1,64}", patient_id)) and patient_id == patient_id.strip(" .")


def read_video_list(path: Path) -> tuple[ListedVideo, ...]:
    """The videos of a list, in order. Raises PrepareError for a file that is none, and for rows that repeat."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        found = tuple(_listed(row) for row in rows)
    except OSError as error:
        raise PrepareError(f"{path} cannot be read: {os_reason(error)}.") from error
    except (UnicodeDecodeError, csv.Error, KeyError, ValueError, TypeError, AttributeError) as error:
        raise PrepareError(
            f"{path.name} is no list of videos; make one with luv prepare index (columns {', '.join(COLUMNS)})."
        ) from error
    ids = [video.key.study_id for video in found]
    if len(set(ids)) != len(ids):
        twice = next(study_id for study_id in ids if ids.count(study_id) > 1)
        raise PrepareError(f"{path.name}: {twice} stands in two rows; keep one.")
    return found


def write_video_list(path: Path, videos: Iterable[ListedVideo]) -> None:
    """Replace `path` by the list. Raises WriteError."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for video in videos:
        key = video.key
        writer.writerow(
            [
                *(key.study_id, key.patient_id, key.data_idx, key.study_date, key.data_type),
                *(video.n_frames, f"{video.fps:.10g}", video.file, video.member, video.video_id),
            ]
        )
    write_whole(path, stream.getvalue().encode("utf-8", "surrogateescape"))


def open_listed(root: Path, listed: ListedVideo) -> Video:
    """The video of a row; its frames are not decoded. root: the data root. Raises StudyError."""
    path = root / listed.file
    study = open_study(path)
    videos = [v for v in study.videos if v.source.path == path and (v.source.member or "") == listed.member]
    if len(videos) > 1:
        videos = [video for video in videos if video.identity == listed.video_id]
    if len(videos) != 1:
        raise UnreadableFileError(f"{path.name} does not hold the video of {listed.key.study_id}; index it again.")
    if videos[0].n_frames != listed.n_frames:
        raise UnreadableFileError(
            f"{path.name} has {videos[0].n_frames} frames, the list says {listed.n_frames}; index it again."
        )
    return videos[0]


def _listed(row: dict[str, str]) -> ListedVideo:
    key = SheetKey(row["PatientID"].strip(), int(row["Data_idx"]), row["StudyDate"].strip(), row["Data_type"].strip())
    return ListedVideo(key, int(row["n_frames"]), float(row["fps"]), row["file"], row["member"], row["video_id"])
