"""What passes between a live source, LUV-Net and the window: frames, states, results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.video import Region, check_geometry

FloatArray = NDArray[np.floating]


class SourcePhase(Enum):
    """What a live source is doing."""

    OPENING = "opening"
    RUNNING = "running"
    WAITING = "waiting"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True)
class SourceStatus:
    """sentence: for people, whole. fps: the rate the source states, None when it states none."""

    phase: SourcePhase
    sentence: str
    fps: float | None = None

    @property
    def is_over(self) -> bool:
        """True when no frame will come any more."""
        return self.phase in (SourcePhase.ENDED, SourcePhase.FAILED)


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """number: counted from 0 since the source started. time_s: on the source's clock, frame 0 at 0.

    arrived_s: monotonic clock, when this program got it. rgb: (H, W, 3) uint8, made read-only.
    region: (x0, y0, x1, y1) half-open pixels, what LUV-Net sees. Raises ValueError when they do not fit.
    """

    number: int
    time_s: float
    arrived_s: float
    rgb: NDArray[np.uint8]
    region: Region

    def __post_init__(self) -> None:
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8 or self.rgb.size == 0:
            raise ValueError(f"a live frame must be (H, W, 3) uint8, got {self.rgb.shape} {self.rgb.dtype}")
        if self.number < 0 or not np.isfinite(self.time_s) or self.time_s < 0:
            raise ValueError(f"frame number and time must not be negative, got {self.number} and {self.time_s}")
        check_geometry(self.rgb.shape[0], self.rgb.shape[1], self.region, None)
        self.rgb.flags.writeable = False


@dataclass(frozen=True)
class LiveWaiting:
    """LUV-Net has encoded n_frames since it began anew, and says nothing before it has `needed`."""

    n_frames: int
    needed: int


@dataclass(frozen=True)
class LiveRefusal:
    """A frame that is plainly no lung ultrasound: nothing is said about it, and clips begin anew after it."""

    time_s: float
    reason: str


@dataclass(frozen=True, eq=False)
class LiveResult:
    """What LUV-Net said about the newest clip; arrays are made read-only.

    numbers, times_s: (n,) of the clip's real frames, evenly spaced, oldest first; n <= clip_length, the rest of the
        clip being copies of the last. arrived_s: monotonic clock, when the newest frame arrived.
    probabilities: (P,) in [0, 1]. attention: (n, P) summed over heads, as the network gave it. step_s: what it cost.
    Raises ValueError, naming expected and found.
    """

    numbers: NDArray[np.int64]
    times_s: FloatArray
    arrived_s: float
    patterns: tuple[Pattern, ...]
    probabilities: FloatArray
    attention: FloatArray
    clip_length: int
    step_s: float = 0.0

    def __post_init__(self) -> None:
        n, p = len(self.numbers), len(self.patterns)
        expected = {"numbers": (n,), "times_s": (n,), "probabilities": (p,), "attention": (n, p)}
        for name, shape in expected.items():
            array = np.array(getattr(self, name))
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if not 1 <= n <= self.clip_length:
            raise ValueError(f"a clip holds 1 to {self.clip_length} real frames, got {n}")
        steps = np.diff(self.numbers)
        if n > 1 and (steps[0] < 1 or np.any(steps != steps[0])):
            raise ValueError(f"the frames of a clip must be evenly spaced, got {self.numbers.tolist()}")
        if not np.all((self.probabilities >= 0) & (self.probabilities <= 1)):
            raise ValueError(f"probabilities must lie in [0, 1], got {self.probabilities.tolist()}")
        if not np.all(np.isfinite(self.attention)):
            raise ValueError("attention must be finite")

    @property
    def spacing(self) -> int:
        """1: neighbouring frames; 2: every 2nd frame, so that the clip covers twice the time."""
        return int(self.numbers[1] - self.numbers[0]) if len(self.numbers) > 1 else 1

    @property
    def duration_s(self) -> float:
        """Seconds from the clip's first to its last frame, and one frame more."""
        n = len(self.times_s)
        whole = float(self.times_s[-1] - self.times_s[0])
        return whole * n / (n - 1) if n > 1 else whole


LiveOutcome = LiveResult | LiveRefusal | LiveWaiting


class RecordingPhase(Enum):
    """What becomes of a recording."""

    RUNNING = "recording"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True)
class RecordingStatus:
    """path: of the file, as text. seconds, n_frames: written so far. n_lost: frames that came too fast for the disk.

    sentence: empty while all is well.
    """

    phase: RecordingPhase
    path: str
    seconds: float = 0.0
    n_frames: int = 0
    n_lost: int = 0
    sentence: str = ""


def ordinal(n: int) -> str:
    """
    >>> [ordinal(n) for n in (1, 2, 3, 4, 8, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '8th', '11th', '22nd']
    """
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
