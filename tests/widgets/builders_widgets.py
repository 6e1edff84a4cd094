"""Small predictions for tests of widgets: the numbers follow from the seed, the shapes and rules are the real ones."""

from __future__ import annotations

import numpy as np

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.domain.prediction import Prediction, Provenance

CLIP_LENGTH, STRIDE = 30, 24
PROVENANCE = Provenance("luv-net-mobilenet", "0123456789ab", "cpu", "fp32", STRIDE, "pad")
PEAKS = (0.62, 0.91, 0.08, 0.02)
THRESHOLDS = (0.5, 0.18, 0.3, 0.25)


def build_prediction(n_frames: int = 152, clips_done: int | None = None, seed: int = 1) -> Prediction:
    """A prediction of the four patterns, the last one's attention constant; the first `clips_done` clips have run."""
    rng = np.random.default_rng(seed)
    starts = np.arange(0, n_frames, STRIDE)
    spans = np.stack([starts, np.minimum(starts + CLIP_LENGTH, n_frames)], axis=1)
    k, p = len(spans), len(NETWORK_PATTERNS)
    done = k if clips_done is None else clips_done
    frames = np.arange(n_frames)[:, None]
    centres = rng.uniform(0, n_frames, (6, 1, p))
    raw = 0.02 * rng.random((n_frames, p)) + np.exp(-(((frames - centres) / (n_frames / 25)) ** 2)).sum(axis=0)
    raw[:, -1] = 0.5
    clip_attention = np.full((k, CLIP_LENGTH, p), np.nan)
    for clip, (start, stop) in enumerate(spans[:done]):
        clip_attention[clip] = raw[np.minimum(np.arange(start, start + CLIP_LENGTH), stop - 1)]
    probabilities = np.full((k, p), np.nan)
    probabilities[:done] = np.array(PEAKS) * rng.uniform(0.3, 0.9, (k, p))[:done]
    if done:
        probabilities[0] = PEAKS
    curve = np.full((n_frames, p), np.nan)
    top: tuple[tuple[int, ...], ...] = ((),) * p
    if done:
        seen = int(spans[done - 1, 1])
        part = raw[:seen]
        width = np.ptp(part, axis=0)
        curve[:seen] = (part - part.min(axis=0)) / np.where(width > 0, width, 1)
        order = np.argsort(-part, axis=0, kind="stable")[:3]
        top = tuple(tuple(int(i) for i in order[:, column]) for column in range(p))
    constant = np.array([False, False, False, done > 0])
    thresholds = np.array(THRESHOLDS)
    return Prediction(
        NETWORK_PATTERNS, spans, probabilities, thresholds, clip_attention, curve, constant, top, PROVENANCE
    )
