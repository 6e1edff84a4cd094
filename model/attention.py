"""Attention as people see it: equations 7 and 8 of the paper, and the frames that count most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_NOISE = 1e-5
"""Attention that varies by less than this fraction of its largest value is float32 rounding, not a finding."""


def sum_heads(attention: NDArray[np.floating]) -> FloatArray:
    """Equation 7: (K, P, L, H) as the network gives it -> (K, L, P), summed over heads."""
    return np.asarray(attention, dtype=np.float64).sum(axis=3).swapaxes(1, 2)


class HeadAttention:
    """(K, P, L, H) float32 attention of every head, filled clip by clip; its size is known with the first clips."""

    def __init__(self, n_clips: int) -> None:
        self._n_clips = n_clips
        self._values: NDArray[np.float32] | None = None

    def put(self, clips: NDArray[np.int64], attention: NDArray[np.floating]) -> None:
        """attention: (C, P, L, H) of C clips."""
        if self._values is None:
            self._values = np.full((self._n_clips, *attention.shape[1:]), np.nan, dtype=np.float32)
        self._values[clips] = attention

    def copy(self) -> NDArray[np.float32] | None:
        """What came so far, NaN for other clips; None before the first."""
        return None if self._values is None else self._values.copy()


def min_max(attention: NDArray[np.floating]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Equation 8: (T, P) -> (T, P) in [0, 1] per pattern, and (P,) True where it is constant (then all 0).

    NaN rows (frames not reached yet) stay NaN and do not count. A pattern without any number is not constant.

    >>> curves, constant = min_max(np.array([[1.0, 5.0], [3.0, 5.0], [2.0, 5.0]]))
    >>> curves.T.tolist(), constant.tolist()
    ([[0.0, 1.0, 0.5], [0.0, 0.0, 0.0]], [False, True])
    """
    values = np.asarray(attention, dtype=np.float64)
    known = ~np.isnan(values)
    low = np.where(known, values, np.inf).min(axis=0)
    high = np.where(known, values, -np.inf).max(axis=0)
    constant = known.any(axis=0) & (high - low <= _NOISE * np.abs(high))
    width = np.where(constant | (high <= low), 1.0, high - low)
    scaled = np.where(constant, 0.0, (values - np.where(np.isfinite(low), low, 0.0)) / width)
    return np.where(known, np.clip(scaled, 0.0, 1.0), np.nan), constant


def top_frames(curve: NDArray[np.floating], k: int = 3) -> tuple[int, ...]:
    """The k frames of (T,) with the largest values, by rank, ties to the earlier; NaN frames never; fewer where T < k.

    >>> top_frames(np.array([0.2, 1.0, np.nan, 0.2, 0.5]))
    (1, 4, 0)
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    known = np.flatnonzero(~np.isnan(curve))
    order = np.argsort(-curve[known], kind="stable")[:k]
    return tuple(int(frame) for frame in known[order])
