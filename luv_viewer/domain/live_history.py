"""The last seconds of live mode: probabilities over time, and the attention of every frame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.live import LiveRefusal, LiveResult
from luv_viewer.domain.prediction import CONSTANT_WITHIN

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class LiveCurves:
    """What the window draws of the seconds from start_s to end_s (the newest frame); times on the source's clock.

    result_times_s: (m,) of the newest frame of each clip; probabilities: (m, P), a row of NaN where nothing is said.
    frame_times_s: (n,); attention: (n, P) in [0, 1], the mean over the clips that covered a frame, scaled by equation
    8 over these seconds; all 0 where constant.
    """

    start_s: float
    end_s: float
    result_times_s: FloatArray
    probabilities: FloatArray
    frame_times_s: FloatArray
    attention: FloatArray


class LiveHistory:
    """Keeps what lies within `seconds` of the newest frame, whatever the rate; never more than `limit` entries."""

    def __init__(self, n_patterns: int, seconds: float, limit: int = 4096) -> None:
        if n_patterns < 1 or not seconds > 0 or limit < 1:
            raise ValueError(f"patterns, seconds and limit must be positive, got {n_patterns}, {seconds}, {limit}")
        self.seconds = seconds
        self._n_patterns, self._limit = n_patterns, limit
        self._newest_s = 0.0
        self._results: deque[tuple[float, FloatArray]] = deque(maxlen=limit)
        self._frames: dict[int, _FrameAttention] = {}

    def advance(self, time_s: float) -> None:
        """A frame of this time was shown: the window shown moves on, and never back."""
        self._newest_s = max(self._newest_s, time_s)
        start = self._newest_s - self.seconds
        while self._results and self._results[0][0] < start:
            self._results.popleft()
        old = [number for number, frame in self._frames.items() if frame.time_s < start]
        for number in old:
            del self._frames[number]

    def add(self, result: LiveResult) -> None:
        """Take a clip's probabilities, and its attention for the frames that are still shown."""
        newest = float(result.times_s[-1])
        self._results.append((newest, np.asarray(result.probabilities)))
        for number, time_s, attention in zip(
            result.numbers.tolist(), result.times_s.tolist(), result.attention, strict=True
        ):
            frame = self._frames.get(number)
            if frame is None:
                frame = self._frames[number] = _FrameAttention(time_s, np.zeros(self._n_patterns))
            frame.total += attention
            frame.n_clips += 1
        while len(self._frames) > self._limit:
            del self._frames[min(self._frames)]
        self.advance(newest)

    def refuse(self, refusal: LiveRefusal) -> None:
        """Nothing is said at this time: the lines break here."""
        self._results.append((refusal.time_s, np.full(self._n_patterns, np.nan)))
        self.advance(refusal.time_s)

    def curves(self) -> LiveCurves:
        """What is known about the seconds shown."""
        numbers = sorted(self._frames)
        frames = [self._frames[number] for number in numbers]
        attention = np.array([frame.total / frame.n_clips for frame in frames]).reshape(-1, self._n_patterns)
        return LiveCurves(
            start_s=self._newest_s - self.seconds,
            end_s=self._newest_s,
            result_times_s=np.array([time_s for time_s, _ in self._results]),
            probabilities=np.array([row for _, row in self._results]).reshape(-1, self._n_patterns),
            frame_times_s=np.array([frame.time_s for frame in frames]),
            attention=scaled(attention),
        )


@dataclass
class _FrameAttention:
    """total: (P,) summed over n_clips clips."""

    time_s: float
    total: FloatArray
    n_clips: int = 0


def scaled(attention: FloatArray) -> FloatArray:
    """Equation 8: (n, P) -> (n, P) in [0, 1] per pattern; a constant pattern is all 0.

    >>> scaled(np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]])).T.tolist()
    [[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]]
    """
    if len(attention) == 0:
        return attention
    low, high = attention.min(axis=0), attention.max(axis=0)
    constant = high - low <= CONSTANT_WITHIN * np.abs(high)
    width = np.where(constant, 1.0, high - low)
    return np.asarray(np.where(constant, 0.0, np.clip((attention - low) / width, 0.0, 1.0)))
