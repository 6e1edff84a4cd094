"""How far live results lag behind, and how many frames come and are assessed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

LONGEST_MS = 60_000


class Latency:
    """Seconds from a frame's arrival to its result on the screen.

    Percentiles are of all results, exact to a millisecond up to a minute; memory does not grow.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(LONGEST_MS + 1, np.int64)

    def add(self, seconds: float) -> None:
        """Count one result; raises ValueError for a negative or unknown time."""
        if not seconds >= 0:
            raise ValueError(f"latency must not be negative, got {seconds}")
        self._counts[min(round(min(seconds, LONGEST_MS) * 1000), LONGEST_MS)] += 1

    @property
    def count(self) -> int:
        """Results counted."""
        return int(self._counts.sum())

    def percentile_ms(self, percent: float) -> int:
        """The smallest time that at least `percent` of the results kept within; raises ValueError without results."""
        if self.count == 0:
            raise ValueError("no result has been counted")
        needed = max(1, int(np.ceil(percent / 100 * self.count - 1e-9)))
        return int(np.searchsorted(np.cumsum(self._counts), needed))


class Rate:
    """Events a second over the last `seconds`."""

    def __init__(self, seconds: float = 2.0) -> None:
        self._seconds = seconds
        self._times_s: deque[float] = deque()

    def count(self, now_s: float, n: int = 1) -> None:
        """n events happened now (monotonic clock)."""
        self._times_s.extend([now_s] * n)
        self._forget(now_s)

    def per_second(self, now_s: float) -> float:
        """Over the span watched, shorter at the start; events of its first instant belong to the time before it.

        >>> rate = Rate()
        >>> for beat in range(3):
        ...     rate.count(beat * 0.5, 4)
        >>> rate.per_second(1.0)
        8.0
        """
        self._forget(now_s)
        if not self._times_s or now_s <= self._times_s[0]:
            return 0.0
        first_s = self._times_s[0]
        return sum(time_s > first_s for time_s in self._times_s) / (now_s - first_s)

    def _forget(self, now_s: float) -> None:
        while self._times_s and self._times_s[0] < now_s - self._seconds:
            self._times_s.popleft()


@dataclass(frozen=True)
class LiveFigures:
    """The numbers of live mode at one moment. dropped: frames LUV-Net should have seen but came too late for.

    latency_ms, latency_p95_ms: median and 95th percentile, None before the first result. spacing: of assessed frames.
    """

    frames_in: int = 0
    fps_in: float = 0.0
    fps_assessed: float = 0.0
    dropped: int = 0
    latency_ms: int | None = None
    latency_p95_ms: int | None = None
    results: int = 0

    @property
    def latency_words(self) -> str:
        """
        >>> LiveFigures(latency_ms=120, latency_p95_ms=181).latency_words
        '120 ms behind (95 % within 181 ms)'
        >>> LiveFigures().latency_words
        'no result yet'
        """
        if self.latency_ms is None or self.latency_p95_ms is None:
            return "no result yet"
        return f"{self.latency_ms} ms behind (95 % within {self.latency_p95_ms} ms)"

    @property
    def summary(self) -> str:
        """The closing sentence."""
        sentence = f"Live mode: {self.frames_in} frames came, {self.results} results were shown, {self.dropped} dropped"
        if self.latency_ms is None:
            return f"{sentence}."
        return (
            f"{sentence}; a result was on the screen {self.latency_ms} ms after its frame had arrived (median; "
            f"95 % within {self.latency_p95_ms} ms)."
        )
