"""From clips to the video: the largest probability, the mean attention (architecture: "Attention of a whole video")."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MIN_REAL_FRAMES = 15


def video_probabilities(probabilities: NDArray[np.floating]) -> FloatArray:
    """(K, P) -> (P,), the largest over the clips that have run; NaN where none has.

    >>> video_probabilities(np.array([[0.2, 0.9], [0.4, 0.1], [np.nan, np.nan]])).tolist()
    [0.4, 0.9]
    """
    return np.fmax.reduce(np.asarray(probabilities, dtype=np.float64), axis=0)


def video_attention(
    clip_attention: NDArray[np.floating],
    spans: NDArray[np.int64],
    n_frames: int,
    masked: NDArray[np.bool_] | None = None,
) -> FloatArray:
    """(T, P) mean, over the clips that cover a frame, of their head-summed raw attention; NaN where none has run.

    clip_attention: (K, L, P), NaN for a clip that has not run; rows past the span are copies and are not read.
    spans: (K, 2) half-open real frames. masked: (K,) True for a clip whose padding was masked instead of repeated;
    its attention, which sums to H over fewer rows, is first multiplied by n_real / L.
    A clip with fewer than 15 real frames counts only for frames that no longer clip covers.
    """
    n_clips, clip_length, n_patterns = clip_attention.shape
    n_real = spans[:, 1] - spans[:, 0]
    rows = np.arange(clip_length)
    ran = ~np.isnan(clip_attention).any(axis=(1, 2))
    used = (rows < n_real[:, None]) & ran[:, None]
    clips, places = np.nonzero(used)
    frames = spans[clips, 0] + places
    scale = np.ones(n_clips) if masked is None else np.where(masked, n_real / clip_length, 1.0)
    values = clip_attention[clips, places] * scale[clips, None]
    long_enough = n_real[clips] >= MIN_REAL_FRAMES
    result = np.full((n_frames, n_patterns), np.nan)
    for chosen in (~long_enough, long_enough):
        sums, counts = np.zeros((n_frames, n_patterns)), np.zeros(n_frames)
        np.add.at(sums, frames[chosen], values[chosen])
        np.add.at(counts, frames[chosen], 1)
        covered = counts > 0
        result[covered] = sums[covered] / counts[covered, None]
    return result
