"""LUV-Net on frames as they come: each is encoded once, and the newest clip can be asked for at any time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.attention import sum_heads
from model.dense_head import array_module, frame_products, run_head
from model.errors import PredictionError
from model.frames import InputFrames
from model.head_weights import Array
from model.preprocessing import Preprocessing, Region
from model.runtimes.contract import Runtime

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MIN_FRAMES = 15
"""A clip with fewer real frames says nothing: half of the 30 that the network was trained on."""


@dataclass(frozen=True, eq=False)
class LiveClip:
    """numbers: (n,) of its real frames, evenly spaced; the rest of the L rows are copies of the last, as in training.

    logits, probabilities: (P,). attention: (L, P), summed over heads, as the network gave it (equation 7).
    """

    numbers: IntArray
    logits: FloatArray
    probabilities: FloatArray
    attention: FloatArray


class LiveClips:
    """Keeps the features of the last frames. For one thread at a time.

    longest_spacing: a clip may be made of every 1st, 2nd, 4th, ... up to this frame.
    """

    def __init__(
        self, runtime: Runtime, preprocessing: Preprocessing, clip_length: int = 30, longest_spacing: int = 1
    ) -> None:
        if clip_length < 1 or longest_spacing < 1:
            raise ValueError(f"clip length and spacing must be positive, got {clip_length} and {longest_spacing}")
        self._runtime, self._preprocessing = runtime, preprocessing
        self._longest_spacing = longest_spacing
        self.clip_length = clip_length
        self.needed = min(MIN_FRAMES, clip_length)
        self._rows: dict[int, tuple[Array, Array | None]] = {}

    @property
    def frames_at_once(self) -> int:
        """How many frames the engine encodes together at the cost of little more than one."""
        return self._runtime.frames_at_once

    @property
    def held(self) -> tuple[int, ...]:
        """Numbers of the frames whose features are kept, in order."""
        return tuple(self._rows)

    def encode(self, numbers: Sequence[int], frames: Sequence[NDArray[np.uint8]], region: Region | None = None) -> None:
        """Encode (H, W, 3) uint8 RGB frames of one size, numbered upwards, each above all before it (ValueError).

        region: what of them the network sees, by the checkpoint's channel rule; None: frames enter whole, colours
        untouched. Raises PredictionError when the engine fails.
        """
        if len(numbers) != len(frames):
            raise ValueError(f"every frame needs a number, got {len(numbers)} for {len(frames)} frames")
        before = [*list(self._rows)[-1:], *numbers]
        if any(late <= early for early, late in pairwise(before)):
            raise ValueError(f"frame numbers must rise, got {before}")
        if not numbers:
            return
        source = np.stack(frames) if region is None else _Few(tuple(frames), region)
        inputs = InputFrames(source, self._preprocessing)
        features = self._runtime.encode(inputs, np.arange(len(numbers)))
        temporal = self._runtime.head.temporal
        with self._runtime.running():
            products = None if temporal is None else frame_products(temporal, features)
        for place, number in enumerate(numbers):
            self._rows[number] = (features[place], None if products is None else products[place])
        oldest = numbers[-1] - self.clip_length * self._longest_spacing
        self._rows = {number: row for number, row in self._rows.items() if number > oldest}

    def newest(self, spacing: int = 1) -> LiveClip | None:
        """The clip that ends with the newest frame, of every spacing-th frame, None while they are fewer than `needed`.

        While they are too few, a clip of wider spaced frames, those whose numbers are multiples of 2, 4, ... times
        the spacing: what was handed in before the spacing became finer. It ends with the newest of those.
        Raises PredictionError when the engine fails.
        """
        numbers, wider = even_run(self._rows, spacing, self.clip_length), spacing * 2
        while len(numbers) < self.needed and wider <= self._longest_spacing:
            numbers = even_run([n for n in self._rows if n % wider == 0], wider, self.clip_length)
            wider *= 2
        return self._clip(numbers) if len(numbers) >= self.needed else None

    def run_length(self, spacing: int = 1) -> int:
        """How many evenly spaced frames end with the newest one, at most a clip's."""
        return len(even_run(self._rows, spacing, self.clip_length))

    def forget(self) -> None:
        """Begin anew: what comes next has nothing to do with what came before."""
        self._rows = {}

    def _clip(self, numbers: tuple[int, ...]) -> LiveClip:
        padded = [*numbers, *[numbers[-1]] * (self.clip_length - len(numbers))]
        rows = [self._rows[number] for number in padded]
        with self._runtime.running():
            xp = array_module(rows[0][0])
            features = xp.stack([row[0] for row in rows])
            products = None if rows[0][1] is None else xp.stack([row[1] for row in rows])
            made = run_head(self._runtime.head, features, np.zeros(1, np.int64), self.clip_length, products)
            logits, attention = (np.asarray(array if xp is np else array.cpu().numpy()) for array in made)
        if not (np.isfinite(logits).all() and np.isfinite(attention).all()):
            raise PredictionError("the network gave values that are not numbers for these frames: nothing is shown")
        scores = logits[0].astype(np.float64)
        return LiveClip(
            numbers=np.array(numbers, np.int64),
            logits=scores,
            probabilities=1.0 / (1.0 + np.exp(-np.clip(scores, -700.0, 700.0))),
            attention=sum_heads(attention)[0],
        )


@dataclass(frozen=True, eq=False)
class _Few:
    """Some frames as a `FrameSource`."""

    frames: tuple[NDArray[np.uint8], ...]
    region: Region

    @property
    def n_frames(self) -> int:
        return len(self.frames)

    def frame(self, i: int) -> NDArray[np.uint8]:
        return self.frames[i]


def even_run(held: Collection[int], spacing: int, longest: int) -> tuple[int, ...]:
    """The numbers n, n - spacing, n - 2 * spacing, ... from the largest down to the first gap, in rising order.

    >>> even_run([3, 4, 6, 8, 9, 10], 2, 30), even_run([3, 4, 6, 8, 9, 10], 1, 2), even_run([], 1, 30)
    ((4, 6, 8, 10), (9, 10), ())
    """
    if not held:
        return ()
    known, number = set(held), max(held)
    run: list[int] = []
    while number in known and len(run) < longest:
        run.append(number)
        number -= spacing
    return tuple(reversed(run))
