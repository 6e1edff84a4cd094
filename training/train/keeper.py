"""What a run leaves on the disk while it goes on: the best network, the state to go on from, logs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from luv_viewer.io.whole_file import make_folder, write_whole
from training.train.module import FitModule
from training.train.quiet import hush_lightning
from training.train.scores import EpochRecord, metrics_csv


@dataclass(frozen=True)
class BatchesDone:
    """done of total batches of an epoch under way, in each process."""

    done: int
    total: int


FitReport = Callable[[EpochRecord | BatchesDone], None]
State = dict[str, Tensor]


@dataclass(frozen=True)
class FoldPlace:
    """Where one fold of a run lies."""

    folder: Path

    @property
    def metrics(self) -> Path:
        """A row per epoch."""
        return self.folder / "metrics.csv"

    @property
    def logs(self) -> Path:
        """For TensorBoard."""
        return self.folder / "tensorboard"

    @property
    def state(self) -> Path:
        """To go on from."""
        return self.folder / "checkpoints" / "last.ckpt"

    @property
    def best(self) -> Path:
        """The network of the best epoch, as the viewer opens it."""
        return self.folder / "best.pt"


@dataclass(frozen=True, eq=False)
class BestNetwork:
    """The network of the best epoch. state: on the CPU. logits: (N, P) of the validation clips."""

    record: EpochRecord
    state: State
    logits: NDArray[np.float64]


class Keeper(pl.Callback):
    """Keeps what `FoldPlace` says, tells `report` of batches and epochs, and stops when the patience is over.

    The best network is written before the state that knows of it: a run that goes on finds it again.
    """

    def __init__(self, place: FoldPlace, write_best: Callable[[BestNetwork], None], report: FitReport) -> None:
        self._place = place
        self._write_best = write_best
        self._report = report
        self._unwritten: BestNetwork | None = None
        self._logs: SummaryWriter | None = None
        self._kept_s = time.monotonic()

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """First thing in each process; in this one it is undone after the training."""
        hush_lightning()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Opens the logs; a run that goes on may be at its end already."""
        module = _ours(pl_module)
        if trainer.is_global_zero:
            make_folder(self._place.state.parent)
            self._logs = SummaryWriter(str(self._place.logs), purge_step=len(module.progress.records))
        self._kept_s = time.monotonic()
        self._stop_when_over(trainer, module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Says how far the epoch is."""
        if trainer.is_global_zero:
            self._report(BatchesDone(batch_idx + 1, int(trainer.num_training_batches)))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """After validation."""
        module = _ours(pl_module)
        record = module.progress.records[-1]
        if trainer.is_global_zero:
            if module.progress.best_epoch == record.epoch and module.valid_logits is not None:
                self._unwritten = BestNetwork(record, network_state(module), module.valid_logits)
            self._log(record)
        self._stop_when_over(trainer, module)
        is_late = time.monotonic() - self._kept_s >= module.config.train.keep_every_s
        if trainer.strategy.broadcast(is_late):
            self._keep(trainer, module)
        if trainer.is_global_zero:
            self._report(record)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Everything is written."""
        self._keep(trainer, _ours(pl_module))
        self._close()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """The logs are whole."""
        self._close()

    def _keep(self, trainer: pl.Trainer, module: FitModule) -> None:
        if trainer.is_global_zero:
            if self._unwritten is not None:
                self._write_best(self._unwritten)
                self._unwritten = None
            write_whole(self._place.metrics, metrics_csv(module.progress.records).encode())
        beside = self._place.state.with_suffix(".part")
        trainer.save_checkpoint(beside)
        if trainer.is_global_zero:
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(beside, self._place.state)
        self._kept_s = time.monotonic()

    def _log(self, record: EpochRecord) -> None:
        if self._logs is not None:
            for name, value in asdict(record).items():
                if name != "epoch":
                    self._logs.add_scalar(name, value, record.epoch)

    def _close(self) -> None:
        if self._logs is not None:
            self._logs.close()
            self._logs = None

    @staticmethod
    def _stop_when_over(trainer: pl.Trainer, module: FitModule) -> None:
        """Systems 3.9."""
        progress = module.progress
        if progress.records and progress.records[-1].epoch - progress.best_epoch >= module.config.train.patience:
            trainer.should_stop = True


def network_state(module: FitModule) -> State:
    """A copy of the network's tensors on the CPU, in the usual order of memory."""
    with torch.no_grad():
        state = module.network.state_dict()
        return {key: tensor.detach().to("cpu", copy=True).contiguous() for key, tensor in state.items()}


def _ours(module: Any) -> FitModule:
    if not isinstance(module, FitModule):
        raise TypeError(f"a FitModule was expected, got {type(module).__name__}")
    return module
