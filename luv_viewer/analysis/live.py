"""From live frames to what LUV-Net says of them, refusing what is plainly no lung ultrasound."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

import model
from luv_viewer.analysis.engine import check_patterns
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.plausibility import MIN_GREY_RANGE, MIN_SIDE_PX, frame_problem
from luv_viewer.domain.live import LiveFrame, LiveOutcome, LiveRefusal, LiveResult, LiveWaiting
from luv_viewer.domain.live_pace import LONGEST_SPACING
from luv_viewer.domain.prediction import Provenance
from model.facts import CheckpointFacts
from model.live import LiveClips
from model.runtimes.contract import Runtime
from model.runtimes.opened import OpenedNetwork

LOOKED_AT_PX = 256
"""Frames are looked at in this size: all 247 lung clips of the development data pass (worst correlation 0.52)."""

FULL_LOOK_S = 0.5
_EMPTY = "the frames are empty or of one brightness"


@dataclass(frozen=True)
class _Times:
    """Of a frame whose features are held."""

    time_s: float
    arrived_s: float


class LiveAssessor:
    """LUV-Net on frames as they come; for one thread.

    Every frame is looked at for being empty, one each half second for everything in `plausibility`.
    """

    def __init__(self, facts: CheckpointFacts, runtime: Runtime) -> None:
        """Raises CheckpointUnusableError for patterns this program does not know."""
        self.patterns = check_patterns(facts)
        self.thresholds = np.asarray(facts.thresholds, dtype=np.float64)
        self.facts = facts
        self.provenance = Provenance(facts.name, facts.version, runtime.name, runtime.precision, 1, "live")
        self._clips = LiveClips(runtime, facts.preprocessing, facts.clip_length, LONGEST_SPACING)
        self._times: dict[int, _Times] = {}
        self._shape: tuple[object, ...] | None = None
        self._problem: str | None = None
        self._next_look_s = -np.inf

    @property
    def frames_at_once(self) -> int:
        """How many waiting frames are best handed in together."""
        return self._clips.frames_at_once

    def assess(self, frames: Sequence[LiveFrame], spacing: int = 1) -> LiveOutcome | None:
        """What is known once these frames, later than all before, are encoded; None for none.

        spacing: of the frames that are handed in now. Raises AnalysisError when the network cannot run.
        """
        frames = self._of_one_run(frames)
        if not frames:
            return None
        begun_s = time.perf_counter()
        newest = frames[-1]
        for frame in frames:
            problem = self._look_at(frame)
            if problem is not None:
                self._begin_anew()
                return LiveRefusal(newest.time_s, problem)
        try:
            self._encode(frames)
            clip = self._clips.newest(spacing)
        except model.PredictionError as error:
            raise AnalysisError(f"LUV-Net stopped: {error}.") from error
        if clip is None:
            return LiveWaiting(self._clips.run_length(spacing), self._clips.needed)
        numbers = clip.numbers.tolist()
        return LiveResult(
            numbers=clip.numbers,
            times_s=np.array([self._times[number].time_s for number in numbers]),
            arrived_s=self._times[numbers[-1]].arrived_s,
            patterns=self.patterns,
            probabilities=clip.probabilities,
            attention=clip.attention[: len(numbers)],
            clip_length=self._clips.clip_length,
            step_s=time.perf_counter() - begun_s,
        )

    def _of_one_run(self, frames: Sequence[LiveFrame]) -> Sequence[LiveFrame]:
        """Those of the newest source: where numbers fall, another one has started."""
        starts = [i for i in range(1, len(frames)) if frames[i].number <= frames[i - 1].number]
        frames = frames[starts[-1] :] if starts else frames
        if frames and self._clips.held and frames[0].number <= self._clips.held[-1]:
            self._begin_anew()
            self._next_look_s = -np.inf
        return frames

    def _encode(self, frames: Sequence[LiveFrame]) -> None:
        shape = (*frames[-1].rgb.shape, *frames[-1].region)
        if shape != self._shape or any((*frame.rgb.shape, *frame.region) != shape for frame in frames):
            # Another picture size is another picture: its frames do not go on where the others ended.
            frames = [frame for frame in frames if (*frame.rgb.shape, *frame.region) == shape]
            self._begin_anew()
            self._shape = shape
        self._clips.encode([f.number for f in frames], [f.rgb for f in frames], frames[-1].region)
        self._times.update({frame.number: _Times(frame.time_s, frame.arrived_s) for frame in frames})
        held = set(self._clips.held)
        self._times = {number: times for number, times in self._times.items() if number in held}

    def _begin_anew(self) -> None:
        self._clips.forget()
        self._times = {}

    def _look_at(self, frame: LiveFrame) -> str | None:
        x0, y0, x1, y1 = frame.region
        if min(x1 - x0, y1 - y0) < MIN_SIDE_PX:
            return f"the image is only {x1 - x0} x {y1 - y0} pixels, too small for lung ultrasound"
        picture = _small(frame.rgb[y0:y1, x0:x1])
        if _is_empty(picture):
            # Whatever follows an empty picture may be something else than what went before it.
            self._next_look_s = -np.inf
            return _EMPTY
        if frame.time_s >= self._next_look_s:
            self._problem = frame_problem(picture)
            self._next_look_s = frame.time_s + FULL_LOOK_S
        return self._problem


def live_assessor(network: OpenedNetwork) -> LiveAssessor:
    """For frames that come one by one. Raises AnalysisError when the network is no LUV-Net, which alone runs live."""
    try:
        runtime = network.sliding_runtime
    except model.PredictionError as error:
        raise AnalysisError(f"The network cannot run live: {error}.") from error
    runtime.expect_single_frames()
    return LiveAssessor(network.facts, runtime)


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """No side longer than `LOOKED_AT_PX`."""
    height, width = picture.shape[:2]
    scale = LOOKED_AT_PX / max(height, width)
    if scale >= 1:
        return picture
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _is_empty(picture: NDArray[np.uint8]) -> bool:
    """The first rule of `plausibility.frame_problem`, on every fourth pixel both ways."""
    low, high = np.percentile(picture[::4, ::4].mean(axis=2), [1, 99])
    return bool(high - low < MIN_GREY_RANGE)
