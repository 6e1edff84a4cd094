"""What a training is asked to do: config, files, machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import platformdirs

from training.train.config import TrainConfig
from training.train.errors import TrainError
from training.train.scores import EpochRecord

Accelerator = Literal["auto", "cpu", "gpu"]
Stage = Literal["clips", "features", "batches", "epochs", "predictions"]


@dataclass(frozen=True)
class TrainSource:
    """split: folder of `luv prepare split`. clips: folder of `luv prepare clips`. encoder_weights: state dict or
    checkpoint to start the encoder from; None for random weights. cache: folder for decoded clips and features, shared
    by all runs; None for the user's cache."""

    split: Path
    clips: Path
    encoder_weights: Path | None = None
    cache: Path | None = None

    @property
    def cache_folder(self) -> Path:
        """Below `LUV_CACHE_DIR` when that is set."""
        if self.cache is not None:
            return self.cache
        folder = os.environ.get("LUV_CACHE_DIR") or platformdirs.user_cache_dir("luv-viewer", appauthor=False)
        return Path(folder) / "training"


@dataclass(frozen=True)
class Machine:
    """What trains. devices: processes per node, each with a card or a share of the cores. nodes: computers, each of
    which runs the same command with NODE_RANK, MASTER_ADDR and MASTER_PORT set (torchrun and SLURM do that).
    workers: processes that decode clips, 0 for none beside this one."""

    accelerator: Accelerator = "auto"
    devices: int = 1
    nodes: int = 1
    workers: int = 0

    def __post_init__(self) -> None:
        if self.devices < 1 or self.nodes < 1 or self.workers < 0:
            raise TrainError(f"At least one device and node are needed, got {self.devices} and {self.nodes}.")

    @property
    def processes(self) -> int:
        """All together."""
        return self.devices * self.nodes


@dataclass(frozen=True)
class TrainJob:
    """Everything but the fold and the folder of the run. Raises TrainError where a batch cannot be shared evenly."""

    config: TrainConfig
    source: TrainSource
    machine: Machine = field(default_factory=Machine)

    def __post_init__(self) -> None:
        batch_size, n = self.config.train.batch_size, self.machine.processes
        if batch_size % n:
            raise TrainError(
                f"A batch of {batch_size} clips cannot be shared by {n} processes; choose a --batch-size that is a "
                f"multiple of {n}."
            )


@dataclass(frozen=True)
class Step:
    """How far a fold is: `done` of `total` of a stage; an epoch comes with its record."""

    fold: int
    stage: Stage
    done: int
    total: int
    record: EpochRecord | None = None


Report = Callable[[Step], None]


def ignore(step: Step) -> None:
    """For whom nobody asks."""
