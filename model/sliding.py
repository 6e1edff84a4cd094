"""Encode every frame once, then give each clip its rows: the run between `plan_clips` and the combined result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from model.attention import HeadAttention, sum_heads
from model.clips import clip_rows
from model.dense_head import array_module, frame_products, run_head
from model.errors import PredictionError
from model.frames import InputFrames
from model.head_weights import Array
from model.runtimes.contract import Runtime

Report = Callable[[int, int], None]
PlayHead = Callable[[], int | None]

_CLIPS_TO_START = 8
"""Clips that wait for one another while frames are still to come, where somebody watches: soon enough."""


class SlidingRun:
    """One pass of a network over the clips of a video.

    is_watched: whether somebody waits for the first clips; else the head is called less often, which is faster.
        Else the attention of each head is kept beside the sum, too: H times as much memory.
    A clip cut by the end of the video is a window too: over the video with its last frame repeated L - 1 times.
    """

    def __init__(
        self,
        runtime: Runtime,
        frames: InputFrames,
        spans: NDArray[np.int64],
        clip_length: int,
        *,
        is_watched: bool = True,
    ) -> None:
        self._runtime, self._frames, self._clip_length = runtime, frames, clip_length
        self._starts = spans[:, 0]
        self._rows = clip_rows(spans, clip_length)
        self._to_encode = np.zeros(frames.n_frames, dtype=bool)
        self._to_encode[self._rows] = True
        self._waiting = np.ones(len(spans), dtype=bool)
        self._uses = np.bincount(np.concatenate([np.unique(rows) for rows in self._rows]), minlength=frames.n_frames)
        self._features: dict[int, Array] = {}
        self._products: dict[int, Array] = {}
        self._fresh: list[tuple[NDArray[np.int64], Array, Array]] = []
        self._logits = np.full((len(spans), runtime.head.n_patterns), np.nan)
        self._clip_attention = np.full((len(spans), clip_length, runtime.head.n_patterns), np.nan)
        self._heads = None if is_watched else HeadAttention(len(spans))
        stride = int(spans[1, 0] - spans[0, 0]) if len(spans) > 1 else 1
        self._clips_to_start = runtime.clips_at_once
        if is_watched:
            self._clips_to_start = max(1, min(_CLIPS_TO_START, runtime.clips_at_once) // max(1, stride))

    def steps(self, report: Report, play_head: PlayHead) -> Iterator[None]:
        """Run to the end, frames nearest to the play head first; yields each time more clips are done.

        report(done, total) is called before the first and after every small batch of frames or clips; what it raises
        ends the run.
        """
        total = int(self._to_encode.sum()) + len(self._waiting)
        done = 0
        report(done, total)
        while self._waiting.any():
            chunk = self._next_frames(play_head() or 0)
            if chunk.size:
                self._encode(chunk)
                done += chunk.size
                report(done, total)
            ready = self._ready_clips()
            if ready.size < self._clips_to_start and self._to_encode.any():
                continue
            for batch in self._batches(ready):
                self._run_clips(batch)
                done += batch.size
                report(done, total)
            if ready.size:
                yield

    @property
    def is_complete(self) -> bool:
        """True when every clip has run."""
        return not self._waiting.any()

    def results(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Copies of logits (K, P) and attention (K, L, P), summed over heads (equation 7); NaN for clips not run yet.

        Results stay on the device until they are asked for, so that a run waits for it once.
        Raises PredictionError when the network gave values that are not numbers.
        """
        with self._runtime.running():
            for clips, logits, attention in self._fresh:
                found, weights = _on_host(logits), _on_host(attention)
                if not (np.isfinite(found).all() and np.isfinite(weights).all()):
                    raise PredictionError(
                        "the network gave values that are not numbers for this video: its result is not shown"
                    )
                self._logits[clips], self._clip_attention[clips] = found, sum_heads(weights)
                if self._heads is not None:
                    self._heads.put(clips, weights)
        self._fresh.clear()
        return self._logits.copy(), self._clip_attention.copy()

    def head_attention(self) -> NDArray[np.float32] | None:
        """A copy of (K, P, L, H) as far as `results` has it, NaN for clips not run yet; None where it is not kept."""
        return None if self._heads is None else self._heads.copy()

    def _next_frames(self, near: int) -> NDArray[np.int64]:
        """The frames still to encode of the fixed group whose member lies nearest to `near`, later ones first on ties.

        Groups are fixed so that results do not depend on where the play head was.
        """
        left = np.flatnonzero(self._to_encode)
        if left.size == 0:
            return left
        distance = np.abs(left - near)
        nearest = left[np.flatnonzero(distance == distance.min())[-1]]
        first = nearest - nearest % self._runtime.frames_at_once
        return left[(left >= first) & (left < first + self._runtime.frames_at_once)]

    def _encode(self, chunk: NDArray[np.int64]) -> None:
        features = self._runtime.encode(self._frames, chunk)
        self._features.update(zip(chunk.tolist(), features, strict=True))
        self._to_encode[chunk] = False

    def _ready_clips(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._waiting & ~self._to_encode[self._rows].any(axis=1))

    def _batches(self, ready: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Clips that overlap or touch go together, at most `clips_at_once`; clips are in order of their starts."""
        gaps = np.flatnonzero(np.diff(self._starts[ready]) > self._clip_length) + 1
        for group in np.split(ready, gaps):
            for first in range(0, group.size, self._runtime.clips_at_once):
                yield group[first : first + self._runtime.clips_at_once]

    def _run_clips(self, clips: NDArray[np.int64]) -> None:
        head = self._runtime.head
        starts = self._starts[clips]
        rows = np.minimum(np.arange(starts[0], starts[-1] + self._clip_length), self._frames.n_frames - 1)
        with self._runtime.running():
            frames = np.unique(rows)
            features = self._stacked(self._features, frames)
            products = None
            if head.temporal is not None:
                new = np.array([frame for frame in frames.tolist() if frame not in self._products], dtype=np.int64)
                if new.size:
                    made = frame_products(head.temporal, self._stacked(self._features, new))
                    self._products.update(zip(new.tolist(), made, strict=True))
                products = self._stacked(self._products, rows)
            copies = rows.size - frames.size
            if copies:
                xp = array_module(features)
                features = xp.concatenate([features, *[features[-1:]] * copies])
            logits, attention = run_head(head, features, starts - starts[0], self._clip_length, products)
        self._fresh.append((clips, logits, attention))
        self._waiting[clips] = False
        self._forget(clips)

    @staticmethod
    def _stacked(kept: dict[int, Array], frames: NDArray[np.int64]) -> Array:
        rows = [kept[frame] for frame in frames.tolist()]
        return array_module(rows[0]).stack(rows)

    def _forget(self, clips: NDArray[np.int64]) -> None:
        """Release what no clip needs any more, so that memory does not grow with the length of the video."""
        for rows in self._rows[clips]:
            self._uses[np.unique(rows)] -= 1
        for kept in (self._features, self._products):
            for frame in [frame for frame in kept if self._uses[frame] <= 0]:
                del kept[frame]


def _on_host(array: Array) -> NDArray[np.floating]:
    return np.asarray(array if isinstance(array, np.ndarray) else array.cpu().numpy())
