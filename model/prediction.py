"""What inference says about one video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attention import top_frames
from model.clips import Tail

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PredictionProvenance:
    """checkpoint: its name; version: of its file; device: `cpu`, `cpu (OpenVINO)`,
    `cuda:0 (name)`; precision: `fp32`, `bf16`, `fp16`, `int8`."""

    checkpoint: str
    version: str
    device: str
    precision: str
    stride: int
    tail: Tail


@dataclass(frozen=True, eq=False)
class VideoPrediction:
    """Result for a video of T frames, K clips of length L, P patterns. Arrays are read-only float64.

    clip_spans: (K, 2) int, half-open real frames. logits, probabilities: (K, P), NaN for a clip that has not run.
    video_probabilities: (P,) the largest over clips that have run, NaN where none has.
    clip_attention: (K, L, P) summed over heads as the network gave it (equation 7); rows past the span are the copies.
    frame_attention: (T, P) in [0, 1], equation 8 over the video's mean attention; NaN where no clip has run.
    constant_attention: (P,) bool, True where there was nothing to scale and the curve is all 0.
    has_attention: False when the network has no pattern attention: clip_attention and frame_attention are then NaN
        throughout, constant_attention is False and `top_frames` is empty.
    head_attention: (K, P, L, H) of each head, NaN for a clip that has not run; None from `iter_predictions`.
    """

    clip_spans: NDArray[np.int64]
    logits: FloatArray
    probabilities: FloatArray
    video_probabilities: FloatArray
    clip_attention: FloatArray
    frame_attention: FloatArray
    constant_attention: NDArray[np.bool_]
    provenance: PredictionProvenance
    has_attention: bool = True
    head_attention: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        k, p = len(self.clip_spans), self.frame_attention.shape[1]
        expected = {
            "clip_spans": (k, 2),
            "logits": (k, p),
            "probabilities": (k, p),
            "video_probabilities": (p,),
            "clip_attention": (k, self.clip_attention.shape[1], p),
            "constant_attention": (p,),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {getattr(self, name).shape}")
        for name in (*expected, "frame_attention"):
            getattr(self, name).flags.writeable = False
        if self.head_attention is not None:
            if self.head_attention.shape[:3] != (k, p, self.clip_attention.shape[1]):
                raise ValueError(f"head_attention must be (clips, patterns, L, H), got {self.head_attention.shape}")
            self.head_attention.flags.writeable = False

    @property
    def is_complete(self) -> bool:
        """True when every clip has run."""
        return not bool(np.isnan(self.logits).any())

    def top_frames(self, pattern_index: int, k: int = 3) -> tuple[int, ...]:
        """The k frames with the highest attention for a pattern, by rank, ties to the earlier; fewer where T < k,
        none where the network has no pattern attention."""
        return top_frames(self.frame_attention[:, pattern_index], k)
