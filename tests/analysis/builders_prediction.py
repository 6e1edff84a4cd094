"""Small predictions and cines to draw and write."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.domain.prediction import Prediction, Provenance

LENGTH = 30


@dataclass(frozen=True)
class Cine:
    """Frames in memory, shaped as a Video: n_frames, region, modality, frame(i)."""

    frames: NDArray[np.uint8]
    modality: str = "US"

    @property
    def n_frames(self) -> int:
        return len(self.frames)

    @property
    def region(self) -> tuple[int, int, int, int]:
        return (0, 0, self.frames.shape[2], self.frames.shape[1])

    def frame(self, i: int) -> NDArray[np.uint8]:
        return self.frames[i]


def speckle_cine(n_frames: int, side: int = 64, seed: int = 0) -> Cine:
    """Grey, dark, speckled frames with a bright line that moves: near enough to ultrasound for the rules."""
    rng = np.random.default_rng(seed)
    frames = np.zeros((n_frames, side, side, 3), np.uint8)
    for i in range(n_frames):
        coarse = rng.integers(0, 90, (side // 4, side // 4))
        grey = np.kron(coarse, np.ones((4, 4), int)).astype(np.uint8)
        row = side // 3 + i % 5
        grey[row : row + 3] = 230
        frames[i] = grey[..., None]
    return Cine(frames)


def prediction(n_frames: int = 62, seed: int = 0, constant: tuple[int, ...] = ()) -> Prediction:
    """A valid prediction of stride 24 with drawn-by-lot numbers; the columns in `constant` have nothing to scale."""
    rng = np.random.default_rng(seed)
    starts = range(0, n_frames, 24)
    spans = np.array([(start, min(start + LENGTH, n_frames)) for start in starts])
    curves = rng.random((n_frames, 4))
    curves -= curves.min(axis=0)
    curves /= np.maximum(curves.max(axis=0), 1e-12)
    curves[:, list(constant)] = 0
    ranked = np.argsort(-curves, axis=0, kind="stable")[:3]
    top = tuple(() if p in constant else tuple(int(i) for i in ranked[:, p]) for p in range(4))
    return Prediction(
        patterns=NETWORK_PATTERNS,
        clip_spans=spans,
        probabilities=rng.random((len(spans), 4)),
        thresholds=np.full(4, 0.5),
        clip_attention=rng.random((len(spans), LENGTH, 4)),
        frame_attention=curves,
        constant_attention=np.isin(np.arange(4), constant),
        top_frames=top,
        provenance=Provenance("tiny", "0123456789ab", "cpu", "fp32", 24, "pad"),
    )
