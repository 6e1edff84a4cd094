"""A reader's file as the rest of the program sees it, whatever it is stored in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry
from luv_viewer.domain.video import FrameIdentity


class Role(Enum):
    """What a reader does in a project."""

    ANNOTATOR = "annotator"
    ADJUDICATOR = "adjudicator"
    COORDINATOR = "coordinator"


@dataclass(frozen=True)
class Reader:
    """name: 1 to 60 characters that can stand in a file name. blinded: sees nobody's work, nor the AI's."""

    name: str
    role: Role = Role.ANNOTATOR
    blinded: bool = False

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= 60 or self.name != self.name.strip():
            raise ValueError("a reader's name has 1 to 60 characters and no space at its ends")
        if any(c in '/\\:*?"<>|' or not c.isprintable() for c in self.name) or self.name.startswith("."):
            raise ValueError(f"a reader's name is also a file name: {self.name!r} cannot be used")


@dataclass(frozen=True)
class SheetKey:
    """A video's row in the labelling sheets. study_date: YYYYMMDD or "". data_type: `video` or `image`.

    >>> SheetKey("0012", 2, "20240131", "video").study_id
    '0012_2'
    """

    patient_id: str
    data_idx: int
    study_date: str = ""
    data_type: str = "video"

    @property
    def study_id(self) -> str:
        """`{PatientID}_{Data_idx}`, unique for a video (systems.md 1.1)."""
        return f"{self.patient_id}_{self.data_idx}"


@dataclass(frozen=True)
class VideoRecord:
    """What a reader file knows of a video, so that a changed file is noticed.

    video_id: SOP Instance UID or `sha256:<hex>`. name: file name, for people. times_s: (n_frames,) seconds.
    digests: SHA-256 (hex) of the stored bytes of every frame, or a single one for files whose frames have none of
    their own. key: its row in the sheets, None as long as nobody has given it one.
    """

    video_id: str
    name: str
    n_frames: int
    times_s: tuple[float, ...]
    digests: tuple[str, ...]
    key: SheetKey | None = None

    def __post_init__(self) -> None:
        if len(self.times_s) != self.n_frames or len(self.digests) not in (1, self.n_frames):
            raise ValueError(
                f"{self.n_frames} frames need as many times and one digest or as many, "
                f"got {len(self.times_s)} and {len(self.digests)}"
            )

    def frame_identity(self, frame: int) -> FrameIdentity:
        """What an edit of `frame` (from 0) refers to."""
        digest = self.digests[frame if len(self.digests) > 1 else 0]
        return FrameIdentity(self.video_id, frame + 1, self.times_s[frame], digest)

    def difference(self, other: VideoRecord) -> str | None:
        """What is not the same in the stored pictures of `other`, as words ("frame 3 changed"); None for no difference.

        Times are compared to the microsecond.
        """
        if self.n_frames != other.n_frames:
            return f"it has {other.n_frames} frames instead of {self.n_frames}"
        if len(self.digests) != len(other.digests):
            return "it is stored in another way"
        changed = [i for i, (a, b) in enumerate(zip(self.digests, other.digests, strict=True)) if a != b]
        if changed:
            return "its content changed" if len(self.digests) == 1 else f"frame {changed[0] + 1} changed"
        if any(abs(a - b) > 1e-6 for a, b in zip(self.times_s, other.times_s, strict=True)):
            return "its frame times changed"
        return None


class ReaderFileError(Exception):
    """A reader file cannot be opened or written; str(error) is one plain sentence for people."""


class ReaderFileReadOnlyError(ReaderFileError):
    """Somebody else writes this file, or the folder does not allow it."""


class ReaderFileFullError(ReaderFileError):
    """The disk is full."""


class ReaderFileDamagedError(ReaderFileError):
    """The file is not a reader file, of a newer version, or damaged."""


class ReaderFile(Protocol):
    """One reader's work in one project. Every method may be called from any one thread at a time.

    read_only: why nothing can be written ("kim has it open on host x since 14:02"), or "".
    """

    @property
    def path(self) -> Path: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def read_only(self) -> str: ...
    @property
    def last_number(self) -> int:
        """Number of the newest entry, 0 for none."""

    def records(self) -> Mapping[str, VideoRecord]:
        """All videos of the file by video_id. Raises ReaderFileError."""

    def annotations(self) -> Mapping[str, VideoAnnotation]:
        """All annotations by video_id. Raises ReaderFileError."""

    def entries(self, video_id: str | None = None) -> Sequence[Entry]:
        """The record in order: of one video, or of all. Raises ReaderFileError."""

    def append(self, entries: Iterable[Entry], records: Iterable[VideoRecord] = ()) -> None:
        """Keep entries, numbered on from `last_number`: all on the disk when this returns, or none and an error.

        records: of videos that VIDEO entries name. Raises ReaderFileError; ValueError for wrong numbers.
        """

    def close(self) -> None:
        """Let another window write."""
