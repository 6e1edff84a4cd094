"""One cine loop or still, as the rest of the program sees it, whatever file it came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.frame_cache import FrameCache, FrameKey
from luv_viewer.domain.play_path import PlayPath
from luv_viewer.domain.timing import Timing

Region = tuple[int, int, int, int]


class FrameStore(Protocol):
    """Decodes the frames of one stored video. Methods may be called from several threads at once."""

    def read(self, i: int) -> NDArray[np.uint8]:
        """Frame i (0 <= i < n_frames) as (H, W, 3) uint8 RGB, ready for display. Raises StudyError."""

    def video_id(self) -> str:
        """SOP Instance UID, or `sha256:<hex>` of the file for other formats."""

    def frame_digest(self, i: int) -> str:
        """SHA-256 (hex) of the stored, encoded bytes of frame i; of the whole file for AVI, MP4 and the like."""

    def close(self) -> None:
        """Release files; reading afterwards opens them again."""


@dataclass(frozen=True)
class VideoSource:
    """Where a video is stored.

    path: the file the user has (for a zip: the archive; for numbered images: the folder).
    member: the entry inside the archive, else None.
    format: what it is, for people: "DICOM, JPEG Baseline", "MP4, h264", "numbered PNG".
    """

    path: Path
    member: str | None
    format: str

    @property
    def name(self) -> str:
        """File name to show: the member's inside an archive, else the file's."""
        return Path(self.member).name if self.member else self.path.name


@dataclass(frozen=True)
class StudyGroup:
    """Which patient and study a video belongs to. For the window only: never logged, never written to results.

    key: equal for videos of the same patient and study, free of their names.
    label: a heading for the study panel.
    patient_key: equal for videos of the same patient, free of name and number; "" where the file names none.
    study_date: YYYYMMDD, or "" where unknown. patient_id: DICOM's PatientID, for sheets that are asked to carry it.
    """

    key: str
    label: str
    patient_key: str = ""
    study_date: str = ""
    patient_id: str = field(default="", repr=False)


@dataclass(frozen=True)
class FrameIdentity:
    """What an annotation refers to, so that a changed file is never mistaken for the annotated one.

    video_id: SOP Instance UID or `sha256:<hex>` of the file; frame_number from 1; time_s of the frame, first frame 0;
    digest: SHA-256 (hex) of the stored bytes of the frame.
    """

    video_id: str
    frame_number: int
    time_s: float
    digest: str


def check_geometry(height: int, width: int, region: Region, spacing_mm: tuple[float, float] | None) -> None:
    """Raises ValueError unless the region lies inside the picture and the spacing is positive."""
    x0, y0, x1, y1 = region
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"region {region} does not lie inside {width} x {height} pixels")
    if spacing_mm is not None and not all(np.isfinite(v) and v > 0 for v in spacing_mm):
        raise ValueError(f"pixel spacing must be positive millimetres, got {spacing_mm}")


@dataclass(frozen=True, eq=False)
class Video:
    """One cine loop (or still: n_frames 1). Frames are decoded when asked for.

    title: what the study panel calls it; never a patient name.
    height, width: of every frame, pixels.
    timing: frame times and their source.
    region: (x0, y0, x1, y1), half-open, pixels: the largest 2D tissue region (DICOM PS3.3 C.8.5.5), else the
        whole image.
    spacing_mm: (horizontal, vertical) millimetres per pixel inside the region, or None when unknown.
    zone: lung zone such as `R2`, or None.
    modality: DICOM's Modality (0008,0060) such as `US`; empty for other formats and files that state none.
    notes: plain sentences a user should see about this file (an assumed frame rate, a clamped region).
    has_stated_region: the file itself states the region.
    """

    title: str
    height: int
    width: int
    timing: Timing
    region: Region
    spacing_mm: tuple[float, float] | None
    source: VideoSource
    group: StudyGroup
    store: FrameStore
    cache: FrameCache
    zone: str | None = None
    modality: str = ""
    notes: tuple[str, ...] = ()
    has_stated_region: bool = False
    _key: object = field(default_factory=object, repr=False)

    def __post_init__(self) -> None:
        check_geometry(self.height, self.width, self.region, self.spacing_mm)

    @property
    def n_frames(self) -> int:
        """Number of frames, T."""
        return int(self.timing.times_s.size)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """(T,) seconds, the first frame at 0; read-only."""
        return self.timing.times_s

    @property
    def is_still(self) -> bool:
        """True for a single image."""
        return self.n_frames == 1

    @cached_property
    def identity(self) -> str:
        """SOP Instance UID, or `sha256:<hex>` of the file (read once, when first asked for)."""
        return self.store.video_id()

    def frame(self, i: int) -> NDArray[np.uint8]:
        """Frame i, 0 <= i < n_frames, as (height, width, 3) uint8 RGB, read-only; the last ones come from the cache.

        Raises IndexError for a frame the video does not have, StudyError when it cannot be decoded.
        """
        frame = self.kept_frame(i)
        if frame is None:
            frame = self.read(i)
            self.cache.put(FrameKey(self._key, i), frame)
        return frame

    def kept_frame(self, i: int) -> NDArray[np.uint8] | None:
        """Frame i as `frame` gives it where it needs no decoding, else None."""
        return self.cache.get(FrameKey(self._key, i))

    def read(self, i: int) -> NDArray[np.uint8]:
        """Frame i decoded afresh and not kept, for passes over a whole video; otherwise as `frame`."""
        if not 0 <= i < self.n_frames:
            raise IndexError(f"frame {i + 1} of {self.n_frames} does not exist")
        frame = self.store.read(i)
        if frame.shape != (self.height, self.width, 3) or frame.dtype != np.uint8:
            raise ValueError(
                f"{self.source.name}: frame {i + 1} decoded to {frame.shape} {frame.dtype}, "
                f"expected ({self.height}, {self.width}, 3) uint8"
            )
        frame.flags.writeable = False
        return frame

    def is_cached(self, i: int) -> bool:
        """True when frame i needs no decoding now."""
        return self.cache.holds(FrameKey(self._key, i))

    def look_at(self, path: PlayPath) -> None:
        """This is the video shown: the cache keeps its frames on that path before all others."""
        self.cache.look_at(self._key, path)

    def room(self) -> int:
        """How many frames of this video the cache can hold."""
        return self.cache.budget_bytes // (self.height * self.width * 3)

    @property
    def reads_in_order(self) -> bool:
        """True for coded streams, where a frame needs those before it: two threads would each decode all of them."""
        return bool(getattr(self.store, "reads_in_order", False))

    def frame_identity(self, i: int) -> FrameIdentity:
        """What an annotation of frame i refers to."""
        return FrameIdentity(self.identity, i + 1, float(self.times_s[i]), self.store.frame_digest(i))
