"""Which frames the network sees together (systems 1.6)."""

from __future__ import annotations

from operator import index
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Tail = Literal["pad", "align", "drop"]
TAILS: tuple[Tail, ...] = ("pad", "align", "drop")


def plan_clips(n_frames: int, clip_length: int = 30, stride: int = 24, tail: Tail = "pad") -> NDArray[np.int64]:
    """(K, 2) half-open spans of real frames, in order, one clip each; frames, from 0.

    tail "pad" (the paper): starts 0, stride, ... below n_frames, the last ones cut at the end and later padded by
    repeating the last frame. "align": whole clips only, one more ending at the last frame where they fall short.
    "drop": whole clips only. A video shorter than clip_length is one clip under every rule.
    Raises ValueError when a number is below 1 or the tail is unknown, TypeError when a number is not whole.

    >>> plan_clips(62).tolist()
    [[0, 30], [24, 54], [48, 62]]
    >>> plan_clips(62, tail="align").tolist()
    [[0, 30], [24, 54], [32, 62]]
    >>> plan_clips(30).tolist(), plan_clips(7, tail="drop").tolist()
    ([[0, 30], [24, 30]], [[0, 7]])
    """
    n_frames, clip_length, stride = index(n_frames), index(clip_length), index(stride)
    for name, value in (("n_frames", n_frames), ("clip_length", clip_length), ("stride", stride)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if tail not in TAILS:
        raise ValueError(f"tail must be one of {', '.join(TAILS)}, got {tail!r}")
    if n_frames < clip_length:
        return np.array([[0, n_frames]], dtype=np.int64)
    last_whole = n_frames - clip_length
    if tail == "pad":
        starts = np.arange(0, n_frames, stride, dtype=np.int64)
    else:
        starts = np.arange(0, last_whole + 1, stride, dtype=np.int64)
        if tail == "align" and starts[-1] < last_whole:
            starts = np.append(starts, last_whole)
    return np.stack([starts, np.minimum(starts + clip_length, n_frames)], axis=1)


def clip_rows(spans: NDArray[np.int64], clip_length: int) -> NDArray[np.int64]:
    """(K, L) frame in each row of each clip: past a span its last real frame repeats (systems 3.2).

    >>> clip_rows(np.array([[4, 6]]), 4).tolist()
    [[4, 5, 5, 5]]
    """
    return np.minimum(spans[:, :1] + np.arange(clip_length), spans[:, 1:] - 1)


def nearest_clips(spans: NDArray[np.int64], n_frames: int) -> NDArray[np.int64]:
    """(T,) of the clips that cover a frame the one whose middle is nearest, ties to the earlier; -1 where none does.

    >>> nearest_clips(np.array([[0, 4], [3, 7]]), 8).tolist()
    [0, 0, 0, 0, 1, 1, 1, -1]
    """
    frames = np.arange(n_frames)
    covers = (spans[:, :1] <= frames) & (frames < spans[:, 1:])
    middles = (spans[:, 0] + spans[:, 1] - 1) / 2
    distance = np.where(covers, np.abs(frames - middles[:, None]), np.inf)
    return np.where(covers.any(axis=0), distance.argmin(axis=0), -1)
