"""Clips, or their features, with labels, as data sets of torch.

Axis letters: N clips, L frames of a clip, P patterns, D features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from training.data.clip_table import ClipTable
from training.data.feature_cache import PLAIN, FeatureCache
from training.data.frame_store import FrameStore, Report

Sample = tuple[Tensor, Tensor, int]


@dataclass(frozen=True)
class ClipBatch:
    """n clips. inputs: (n, L, 3, H, W) uint8, or (n, L, D) float32 features. labels: (n, P) float32. indices: (n,) rows
    of the table."""

    inputs: Tensor
    labels: Tensor
    indices: Tensor

    def to(self, device: torch.device | str, *args: Any, **kwargs: Any) -> ClipBatch:
        """The batch on a device; channels that share memory cross once. More arguments as those of `Tensor.to`."""
        inputs = self.inputs
        if inputs.ndim == 5 and inputs.stride(2) == 0:
            inputs = inputs[:, :, :1].to(device, *args, **kwargs).expand(-1, -1, 3, -1, -1)
        else:
            inputs = inputs.to(device, *args, **kwargs)
        return ClipBatch(inputs, self.labels.to(device, *args, **kwargs), self.indices.to(device, *args, **kwargs))

    def __len__(self) -> int:
        return len(self.indices)


class ClipDataset(Dataset[Sample]):
    """The clips of a table as (L, 3, H, W) uint8 grey levels, neither augmented nor normalised."""

    def __init__(self, table: ClipTable, store: FrameStore) -> None:
        """store: of the table's files, in its order; ValueError when it has another number of clips."""
        if len(table) != len(store):
            raise ValueError(f"the table has {len(table)} clips, the store {len(store)}")
        self.table = table
        self.store = store
        self._labels = torch.tensor(table.labels)

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, i: int) -> Sample:
        return self.store.clips([i])[0], self._labels[i], i

    def batch(self, indices: Sequence[int]) -> ClipBatch:
        """Several clips at once."""
        rows = torch.tensor(indices, dtype=torch.int64)
        return ClipBatch(self.store.clips(indices), self._labels[rows], rows)

    # Torch's loader asks for a whole batch so; `batch_loader` hands it on as it is.
    def __getitems__(self, indices: Sequence[int]) -> ClipBatch:
        return self.batch(indices)


class FeatureDataset(Dataset[Sample]):
    """The clips of a table as (L, D) features of a frozen encoder, in the view that each clip has in the epoch."""

    def __init__(self, table: ClipTable, cache: FeatureCache, *, is_augmented: bool = False) -> None:
        """cache: of the table's clips, in its order; ValueError when it has another number. is_augmented: views change
        from epoch to epoch as the cache's settings say; else every clip is plain."""
        if len(table) != len(cache):
            raise ValueError(f"the table has {len(table)} clips, the cache {len(cache)}")
        self.table = table
        self.cache = cache
        self.epoch = 0
        self._is_augmented = is_augmented
        self._labels = torch.tensor(table.labels)

    def set_epoch(self, epoch: int) -> None:
        """Which epoch the next samples are for."""
        self.epoch = epoch

    def fill(self, report: Report | None = None) -> None:
        """Compute all views that can come up, which is otherwise done when needed. Raises DataError, WriteError."""
        self.cache.fill(self.cache.settings.views.all if self._is_augmented else (PLAIN,), report)

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, i: int) -> Sample:
        return self.batch([i]).inputs[0], self._labels[i], i

    def batch(self, indices: Sequence[int]) -> ClipBatch:
        """Several clips at once."""
        choose = self.cache.settings.views.choose
        views = [choose(self.epoch, i) if self._is_augmented else PLAIN for i in indices]
        rows = torch.tensor(indices, dtype=torch.int64)
        return ClipBatch(self.cache.features(indices, views), self._labels[rows], rows)

    def __getitems__(self, indices: Sequence[int]) -> ClipBatch:
        return self.batch(indices)


def batch_loader(
    dataset: Dataset[Sample], batch_size: int, sampler: Sampler[int] | None = None, *, drop_last: bool = False
) -> DataLoader[Sample]:
    """Batches as `ClipBatch`, in the sampler's order, else from first to last.

    In this process: reading from the store costs a copy of a few megabytes, less than sending them from another one.
    """
    return DataLoader(dataset, batch_size, sampler=sampler, collate_fn=_as_it_is, drop_last=drop_last)


def _as_it_is(batch: Any) -> Any:
    return batch
