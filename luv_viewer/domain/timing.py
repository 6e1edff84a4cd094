"""When each frame of a video was taken, and how we know."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

ASSUMED_FPS = 30.0


class TimingSource(Enum):
    """Where frame times came from, in DICOM's order of preference (product: "Opening")."""

    FRAME_TIME_VECTOR = "Frame Time Vector"
    FRAME_TIME = "Frame Time"
    CINE_RATE = "Cine Rate"
    RECOMMENDED_RATE = "Recommended Display Frame Rate"
    CONTAINER = "video container"
    ASSUMED = "assumed"


@dataclass(frozen=True, eq=False)
class Timing:
    """Frame times of one video.

    times_s: (T,) float64, seconds, times_s[0] = 0, strictly increasing; read-only.
    source: where they came from. cine_rate: Cine Rate of a DICOM file, frames per second, whether or not the times come
    from it; None where it states no usable one, and for other files.
    Raises ValueError when the times break those rules.
    """

    times_s: NDArray[np.float64]
    source: TimingSource
    cine_rate: float | None = None

    def __post_init__(self) -> None:
        times = np.array(self.times_s, dtype=np.float64)
        if times.ndim != 1 or times.size == 0:
            raise ValueError(f"frame times must be one row of at least one number, got shape {times.shape}")
        if times[0] != 0 or not np.all(np.isfinite(times)) or np.any(np.diff(times) <= 0):
            raise ValueError("frame times must start at 0 and increase strictly")
        times.flags.writeable = False
        object.__setattr__(self, "times_s", times)

    @classmethod
    def regular(cls, n_frames: int, fps: float, source: TimingSource) -> Timing:
        """Evenly spaced times of `n_frames` frames at `fps` frames per second."""
        if not (np.isfinite(fps) and fps > 0):
            raise ValueError(f"frame rate must be positive, got {fps}")
        return cls(np.arange(n_frames) / fps, source)

    @property
    def fps(self) -> float:
        """Mean frame rate in frames per second; the assumed rate for a single frame.

        >>> Timing.regular(152, 25.0, TimingSource.CINE_RATE).fps
        25.0
        """
        if self.times_s.size < 2:
            return ASSUMED_FPS
        return round((self.times_s.size - 1) / float(self.times_s[-1]), 6)

    @property
    def duration_s(self) -> float:
        """Time from the first frame to the end of the last one, which lasts one mean frame interval."""
        return float(self.times_s[-1]) + 1.0 / self.fps
