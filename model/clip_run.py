"""Run every clip of a video on its own, for networks that do not slide: each clip once, each frame read once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from model.attention import HeadAttention, sum_heads
from model.clips import clip_rows
from model.errors import PredictionError
from model.frames import InputFrames
from model.runtimes.clip_runtime import ClipRuntime
from model.sliding import PlayHead, Report


class ClipRun:
    """One pass of a network over the clips of a video. As `model.sliding.SlidingRun`, but for what is shared: frames
    are prepared once, and kept while a clip that has not run needs them.
    """

    def __init__(
        self,
        runtime: ClipRuntime,
        frames: InputFrames,
        spans: NDArray[np.int64],
        clip_length: int,
        n_patterns: int,
        *,
        keeps_heads: bool = False,
    ) -> None:
        self._runtime, self._frames = runtime, frames
        self._rows = clip_rows(spans, clip_length)
        self._middles = (spans[:, 0] + spans[:, 1] - 1) / 2
        self._waiting = np.ones(len(spans), dtype=bool)
        self._images: dict[int, NDArray[np.uint8]] = {}
        self._logits = np.full((len(spans), n_patterns), np.nan)
        self._clip_attention = np.full((len(spans), clip_length, n_patterns), np.nan)
        self._heads = HeadAttention(len(spans)) if keeps_heads else None

    def steps(self, report: Report, play_head: PlayHead) -> Iterator[None]:
        """Run to the end, the clip whose middle is nearest to the play head first; yields after every clip.

        report(done, total) is called before the first and after every frame read and clip run; what it raises ends the
        run.
        """
        done, total = 0, len(np.unique(self._rows)) + len(self._waiting)
        report(done, total)
        while self._waiting.any():
            clip = self._next_clip(play_head() or 0)
            for frame in np.unique(self._rows[clip]).tolist():
                if frame not in self._images:
                    self._images[frame] = self._frames.image(frame)
                    done += 1
                    report(done, total)
            self._run_clip(clip)
            done += 1
            report(done, total)
            yield

    @property
    def is_complete(self) -> bool:
        """True when every clip has run."""
        return not self._waiting.any()

    def results(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Copies of logits (K, P) and attention (K, L, P), summed over heads; NaN for clips not run yet, and attention
        throughout for a network that has none."""
        return self._logits.copy(), self._clip_attention.copy()

    def head_attention(self) -> NDArray[np.float32] | None:
        """As `SlidingRun.head_attention`; None also for a network without pattern attention."""
        return None if self._heads is None else self._heads.copy()

    def _next_clip(self, near: int) -> int:
        waiting = np.flatnonzero(self._waiting)
        return int(waiting[np.argmin(np.abs(self._middles[waiting] - near))])

    def _run_clip(self, clip: int) -> None:
        images = [self._images[frame] for frame in self._rows[clip].tolist()]
        logits, attention = self._runtime.run_clip(images, self._frames.preprocessing)
        if not (np.isfinite(logits).all() and (attention is None or np.isfinite(attention).all())):
            raise PredictionError(
                "the network gave values that are not numbers for this video: its result is not shown"
            )
        self._logits[clip] = logits
        if attention is not None:
            self._clip_attention[clip] = sum_heads(attention[None])[0]
            if self._heads is not None:
                self._heads.put(np.array([clip]), attention[None])
        self._waiting[clip] = False
        needed = set(np.unique(self._rows[self._waiting]).tolist())
        self._images = {frame: image for frame, image in self._images.items() if frame in needed}
