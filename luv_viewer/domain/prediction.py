"""What a network said about one video: the value that crosses from the AI worker to the window and to files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span

FloatArray = NDArray[np.floating]

CONSTANT_WITHIN = 1e-5
"""Attention that varies by less than this fraction of its largest value is rounding (as in `model.attention`)."""

NO_PATTERN_ATTENTION = "this network has no pattern attention"


@dataclass(frozen=True)
class Provenance:
    """Which network gave a result, and how: carried by every result.

    checkpoint: its name; version: first 12 hex digits of the SHA-256 of its file; device: `cpu`, `cuda:0 (name)`, ...;
    precision: `fp32`, `bf16`, `fp16`; stride in frames; tail: `pad`, `align` or `drop`.
    """

    checkpoint: str
    version: str
    device: str
    precision: str
    stride: int
    tail: str


@dataclass(frozen=True, eq=False)
class Prediction:
    """A network's result for a video of T frames, K clips of length L, P patterns; arrays are made read-only.

    patterns: P patterns in column order.
    clip_spans: (K, 2) int, half-open real frames. A clip that has not run yet has NaN in its rows below.
    probabilities: (K, P) in [0, 1]. thresholds: (P,) in [0, 1]; present means probability >= threshold.
    clip_attention: (K, L, P), head-summed raw attention as the network gave it; rows past the span are padding copies.
    frame_attention: (T, P) in [0, 1], equation 8 over the video; NaN where no clip that has run covers the frame.
    constant_attention: (P,) bool, True where min-max had nothing to scale and the curve is all 0.
    top_frames: P tuples of frame indices (from 0) by rank, at most 3.
    has_attention: False when the network has no pattern attention: both attentions are then NaN throughout, no pattern
        is constant, and none has top frames.
    head_attention: (K, P, L, H) raw attention of each head, None where it was not asked for or there is none.
    Raises ValueError, naming expected and found, when shapes or ranges break these rules.
    """

    patterns: tuple[Pattern, ...]
    clip_spans: NDArray[np.integer]
    probabilities: FloatArray
    thresholds: FloatArray
    clip_attention: FloatArray
    frame_attention: FloatArray
    constant_attention: NDArray[np.bool_]
    top_frames: tuple[tuple[int, ...], ...]
    provenance: Provenance
    has_attention: bool = True
    head_attention: FloatArray | None = None

    def __post_init__(self) -> None:
        k, p, t = len(self.clip_spans), len(self.patterns), len(self.frame_attention)
        expected = {
            "clip_spans": (k, 2),
            "probabilities": (k, p),
            "thresholds": (p,),
            "clip_attention": (k, self.clip_attention.shape[1] if self.clip_attention.ndim == 3 else -1, p),
            "frame_attention": (t, p),
            "constant_attention": (p,),
        }
        for name, shape in expected.items():
            array = np.array(getattr(self, name))
            if array.shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {array.shape}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        self._check_heads(k, p)
        for name in ("probabilities", "thresholds", "frame_attention"):
            array = getattr(self, name)
            if np.any((array < 0) | (array > 1)):
                raise ValueError(f"{name} must lie in [0, 1], found {np.nanmin(array)} to {np.nanmax(array)}")
        if len(self.top_frames) != p or any(not 0 <= i < t for frames in self.top_frames for i in frames):
            raise ValueError(f"top_frames must be {p} tuples of frames below {t}, got {self.top_frames}")
        if not self.has_attention and not (np.isnan(self.frame_attention).all() and not any(self.top_frames)):
            raise ValueError("a network without pattern attention has NaN as attention and no top frames")

    def _check_heads(self, k: int, p: int) -> None:
        if self.head_attention is None:
            return
        heads = np.array(self.head_attention)
        expected = (k, p, self.clip_attention.shape[1])
        if heads.ndim != 4 or heads.shape[:3] != expected:
            raise ValueError(f"head_attention must have shape {(*expected, -1)}, got {heads.shape}")
        heads.flags.writeable = False
        object.__setattr__(self, "head_attention", heads)

    @property
    def n_frames(self) -> int:
        """Frames of the video, T."""
        return len(self.frame_attention)

    @property
    def clips_done(self) -> int:
        """How many of the K clips have run."""
        return int(np.count_nonzero(~np.isnan(self.probabilities).any(axis=1)))

    @property
    def is_complete(self) -> bool:
        """True when every clip has run."""
        return self.clips_done == len(self.clip_spans)

    @property
    def video_probabilities(self) -> FloatArray:
        """(P,) largest probability over the clips that have run; NaN where none has."""
        if self.clips_done == 0:
            return np.full(len(self.patterns), np.nan)
        return np.asarray(np.nanmax(self.probabilities, axis=0))

    @property
    def present(self) -> NDArray[np.bool_]:
        """(P,) True where the video probability reaches its threshold."""
        return self.video_probabilities >= self.thresholds

    def clip_at(self, frame: int) -> int | None:
        """The clip shown for `frame`: of those that cover it the one whose middle is nearest, ties to the earlier.

        None when no clip covers the frame (tail "drop").
        """
        starts, stops = self.clip_spans[:, 0], self.clip_spans[:, 1]
        covering = np.flatnonzero((starts <= frame) & (frame < stops))
        if covering.size == 0:
            return None
        middles = (starts[covering] + stops[covering] - 1) / 2
        return int(covering[np.argmin(np.abs(middles - frame))])

    def span(self, clip: int) -> Span:
        """The real frames of a clip."""
        start, stop = (int(v) for v in self.clip_spans[clip])
        return Span(start, stop)

    def clip_curve(self, clip: int) -> FloatArray:
        """(n_real, P) attention of one clip scaled by equation 8 over its own real frames; constant columns are 0.

        NaN for a clip that has not run, and where there is no attention.
        """
        span = self.span(clip)
        raw = self.clip_attention[clip, : len(span)]
        low, high = raw.min(axis=0), raw.max(axis=0)
        constant = high - low <= CONSTANT_WITHIN * np.abs(high)
        return np.where(constant, 0.0, (raw - low) / np.where(constant, 1.0, high - low))

    def clip_top_frames(self, clip: int) -> tuple[tuple[int, ...], ...]:
        """P tuples of the at most 3 frames of the video with the largest attention in one clip, by rank.

        Ties go to the earlier frame. Empty where the clip has not run, its attention is constant or there is none.
        """
        if not self.has_attention or np.isnan(self.probabilities[clip]).any():
            return ((),) * len(self.patterns)
        curve, start = self.clip_curve(clip), self.span(clip).start
        order = np.argsort(-curve, axis=0, kind="stable")[:3] + start
        return tuple(
            tuple(int(frame) for frame in order[:, p]) if curve[:, p].any() else () for p in range(len(self.patterns))
        )
