"""Any network of the registry as a Lightning module.

Axis letters: N batch, L frames of a clip, P patterns, E features of the encoder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader

from model.preprocessing import Preprocessing
from training.data.augmentation import AugmentationOptions, ClipAugmentation
from training.data.clip_dataset import ClipBatch, batch_loader
from training.data.normalise import normalise_clips
from training.data.order import EpochSampler
from training.train.checkpointing import checkpoint_blocks
from training.train.config import DataConfig, TrainConfig
from training.train.errors import TrainError
from training.train.loss import ClipLoss
from training.train.scores import EpochRecord, valid_scores
from training.train.sharing import SharedRows

STATE_KEY = "luv"
_DROPOUT_STREAM = 3  # beside the streams of `training.data.order`


@dataclass(frozen=True, eq=False)
class FitData:
    """train, valid: clips, or features where the encoder is frozen. valid_labels: (N, P) of the clips that count.

    preprocessing: of uint8 clips.
    """

    train: Any
    valid: Any
    valid_labels: NDArray[np.float32]
    preprocessing: Preprocessing


@dataclass
class Progress:
    """What is known after each epoch; goes into the state on disk. best_epoch: -1 before there is one."""

    records: list[EpochRecord]
    best_epoch: int = -1
    best_loss: float = math.inf


class FitModule(pl.LightningModule):
    """A network, its loss and its data; after each epoch `progress` and `valid_logits` are up to date.

    Everything random is a function of seed, epoch, clip and process, so a run that goes on from the end of an epoch
    gives the weights of one that was never stopped.
    """

    def __init__(self, network: nn.Module, config: TrainConfig, loss: ClipLoss, data: FitData) -> None:
        super().__init__()
        self.network = network
        self.config = config
        self.loss = loss
        self.data = data
        self.augmentation = augmentation_of(config.data, config.train.seed)
        self.progress = Progress([])
        self.valid_logits: NDArray[np.float64] | None = None
        self._plateau: ReduceLROnPlateau | None = None
        self._plateau_state: dict[str, Any] | None = None
        self._valid_parts: list[tuple[Tensor, Tensor]] = []
        if config.encoder.frozen:
            network.encoder.requires_grad_(False)

    def setup(self, stage: str) -> None:
        """Once in each process."""
        if self.config.encoder.checkpointing:
            checkpoint_blocks(self.network.encoder)  # type: ignore[arg-type]

    def train(self, mode: bool = True) -> FitModule:
        """Training mode, but for what is frozen."""
        super().train(mode)
        if self.config.encoder.frozen:
            self.network.encoder.eval()  # type: ignore[union-attr]
        if self.config.train.freeze_batch_norm:
            for module in batch_norms(self.network):
                module.eval()
        return self

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam over what is not frozen."""
        train = self.config.train
        learnt = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        optimizer = torch.optim.Adam(learnt, lr=train.lr, weight_decay=train.weight_decay, fused=True)
        if train.schedule == "plateau":
            self._plateau = ReduceLROnPlateau(optimizer, factor=train.plateau_factor, patience=train.plateau_patience)
        return optimizer

    def train_dataloader(self) -> DataLoader[Any]:
        """This process's share of every batch."""
        world, train = self.trainer.world_size, self.config.train
        sampler = EpochSampler(len(self.data.train), train.seed, self.trainer.global_rank, world)
        return batch_loader(self.data.train, train.batch_size // world, sampler)

    def val_dataloader(self) -> DataLoader[Any]:
        """This process's share of the validation clips that count."""
        rows = SharedRows(len(self.data.valid_labels), self.trainer.global_rank, self.trainer.world_size)
        return batch_loader(self.data.valid, self.config.train.batch_size, rows)

    def transfer_batch_to_device(self, batch: ClipBatch, device: torch.device, dataloader_idx: int) -> ClipBatch:
        """See Lightning."""
        return batch.to(device)

    def on_fit_start(self) -> None:
        """Where the run goes on, the schedule does too."""
        # Lightning leaves modules in the mode it finds them in.
        self.train()
        if self._plateau is not None and self._plateau_state is not None:
            self._plateau.load_state_dict(self._plateau_state)

    def on_train_epoch_start(self) -> None:
        """Views of cached features change with the epoch."""
        if hasattr(self.data.train, "set_epoch"):
            self.data.train.set_epoch(self.current_epoch)
        self._train_sum = torch.zeros(2, dtype=torch.float64, device=self.device)

    def training_step(self, batch: ClipBatch, batch_idx: int) -> Tensor:
        """The loss of a batch."""
        # Here and not once per epoch: a loader that is made anew draws from the same generator.
        key = (_DROPOUT_STREAM, self.config.train.seed, self.current_epoch, batch_idx, self.global_rank)
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        inputs = batch.inputs
        if inputs.ndim == 5:
            inputs = self.augmentation(inputs, batch.indices, self.current_epoch)
        loss: Tensor = self.loss(self.logits(inputs), batch.labels)
        self._train_sum += torch.stack([loss.detach().double() * len(batch), loss.new_tensor(len(batch)).double()])
        return loss

    def validation_step(self, batch: ClipBatch, batch_idx: int) -> None:
        """Keeps the logits of a batch."""
        self._valid_parts.append((batch.indices, self.logits(batch.inputs).float()))

    def on_validation_epoch_end(self) -> None:
        """The numbers of the epoch, equal in every process."""
        rows, parts = zip(*self._valid_parts, strict=True)
        self._valid_parts = []
        indices, logits = self._gathered(torch.cat(rows)), self._gathered(torch.cat(parts))
        labels = torch.tensor(self.data.valid_labels)
        whole = torch.empty(labels.shape, dtype=torch.float32)
        whole[indices.cpu()] = logits.cpu()
        train_sum = self._gathered(self._train_sum[None]).sum(dim=0)
        with torch.autocast(self.device.type, enabled=False):
            valid_loss = float(self.loss(whole.to(self.device), labels.to(self.device)))
        train_loss = float(train_sum[0] / train_sum[1])
        if not (math.isfinite(train_loss) and math.isfinite(valid_loss)):
            raise TrainError(
                f"The loss of epoch {self.current_epoch} is not a number (training {train_loss}, validation "
                f"{valid_loss}); lower train.lr, or train with --precision fp32."
            )
        self.valid_logits = whole.double().numpy()
        scores = valid_scores(self.valid_logits, self.data.valid_labels)
        rate = float(self.trainer.optimizers[0].param_groups[0]["lr"])
        self._noted(EpochRecord(self.current_epoch, train_loss, valid_loss, **asdict(scores), lr=rate))

    def _noted(self, record: EpochRecord) -> None:
        self.progress.records.append(record)
        if record.valid_loss < self.progress.best_loss:
            self.progress.best_epoch, self.progress.best_loss = record.epoch, record.valid_loss
        if self._plateau is not None:
            self._plateau.step(record.valid_loss)

    def _gathered(self, rows: Tensor) -> Tensor:
        """(n, ...) of this process -> (n * processes, ...) of all."""
        if self.trainer.world_size == 1:
            return rows
        gathered = [torch.empty_like(rows) for _ in range(self.trainer.world_size)]
        torch.distributed.all_gather(gathered, rows.contiguous())
        return torch.cat(gathered)

    def logits(self, inputs: Tensor) -> Tensor:
        """(N, L, 3, H, W) grey levels, or (N, L, E) features -> (N, P)."""
        return clip_logits(self.network, inputs, self.data.preprocessing)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Beside what Lightning keeps."""
        checkpoint[STATE_KEY] = {
            "records": [asdict(record) for record in self.progress.records],
            "best_epoch": self.progress.best_epoch,
            "best_loss": self.progress.best_loss,
            "plateau": None if self._plateau is None else self._plateau.state_dict(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """The reverse."""
        held = checkpoint[STATE_KEY]
        records = [EpochRecord(**record) for record in held["records"]]
        self.progress = Progress(records, held["best_epoch"], held["best_loss"])
        self._plateau_state = held["plateau"]


def clip_logits(network: Any, inputs: Tensor, preprocessing: Preprocessing) -> Tensor:
    """(N, L, 3, H, W) grey levels, or (N, L, E) features of its encoder -> (N, P)."""
    if inputs.ndim == 5:
        logits: Tensor = network(normalise_clips(inputs, preprocessing))[0]
    else:
        logits = network.from_features(inputs)[0]
    return logits


def augmentation_of(data: DataConfig, seed: int) -> ClipAugmentation:
    """What turns and mirrors the training clips."""
    options = AugmentationOptions(data.flip, data.rotation_degrees, data.rotation, data.legacy_rotation)
    return ClipAugmentation(options, seed)


def batch_norms(network: nn.Module) -> Iterable[nn.Module]:
    """Every batch norm, of images, sequences and volumes."""
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    return (module for module in network.modules() if isinstance(module, kinds))
