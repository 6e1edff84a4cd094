"""The order of clips in an epoch, and random numbers of a clip: functions of seed, epoch and clip alone.

Nothing depends on what was drawn before, so a run that was killed, or that several processes share, draws the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

_ORDER, _CLIP, _STORED_VIEW = 1, 2, 3  # what a stream is for, so that order and augmentation are independent


def epoch_order(n_clips: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """(N,) permutation of 0 to N - 1.

    >>> bool((epoch_order(9, 1, 0) == epoch_order(9, 1, 0)).all()), bool((epoch_order(9, 1, 0) == range(9)).all())
    (True, False)
    """
    return np.random.default_rng([_ORDER, seed, epoch]).permutation(n_clips)


def clip_generator(seed: int, epoch: int, index: int) -> np.random.Generator:
    """Random numbers of clip `index` in an epoch."""
    return np.random.default_rng([_CLIP, seed, epoch, index])


def stored_view_generator(seed: int, number: int, frames_key: str) -> np.random.Generator:
    """Random numbers of the `number`-th stored view of a clip. frames_key: hexadecimal digest of the clip."""
    return np.random.default_rng([_STORED_VIEW, seed, number, int(frames_key[:16], 16)])


class EpochSampler(Sampler[int]):
    """The clips of an epoch, shuffled. Of W processes, process r takes every W-th one from the r-th.

    So the batches that W processes take at the same time are together one batch of a single process, W times as
    large. The remainder that cannot be shared evenly (fewer than W clips, others each epoch) is left out.
    """

    def __init__(self, n_clips: int, seed: int, rank: int = 0, n_processes: int = 1) -> None:
        """Raises ValueError for a process that there is not, or that would have no clip."""
        if not 0 <= rank < n_processes or n_clips < n_processes:
            raise ValueError(f"process {rank} of {n_processes} cannot have a part of {n_clips} clips")
        self._n_clips = n_clips
        self._seed = seed
        self._rank = rank
        self._n_processes = n_processes
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Which epoch the next pass is; Lightning calls this itself."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        order = epoch_order(self._n_clips, self._seed, self.epoch)
        shared = order[: len(self) * self._n_processes]
        return iter(shared[self._rank :: self._n_processes].tolist())

    def __len__(self) -> int:
        return self._n_clips // self._n_processes
