"""The network of the best epoch as a checkpoint that the viewer and `luv predict` open.

Axis letters: n, N clips, P patterns.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import luv_viewer
from model import build_network
from model.checkpoint import Checkpoint, save_checkpoint
from model.errors import CheckpointError
from model.preprocessing import Preprocessing
from training.data.clip_table import ClipTable
from training.data.fold import FoldTables
from training.data.frame_store import StoreSettings
from training.statistics import THRESHOLD_RULES, Threshold, delong_interval
from training.train.config import TrainConfig
from training.train.errors import TrainError
from training.train.keeper import BestNetwork
from training.train.presets import config_tables
from training.train.scores import EpochRecord


@dataclass(frozen=True, eq=False)
class BestWriter:
    """Writes `path`. tables, settings: of the clips; fold: which one."""

    path: Path
    config: TrainConfig
    fold: int
    tables: FoldTables
    settings: StoreSettings

    def __call__(self, best: BestNetwork) -> None:
        """With thresholds of the epoch's own validation logits. Raises TrainError when a weight is no number."""
        with torch.device("meta"):
            network = build_network(self.config.network.name, **self.config.network.options)
        network.load_state_dict(best.state, strict=True, assign=True)
        self.write(network, best.record, chosen_thresholds(self.config, self.tables.valid, sigmoid(best.logits)), [])

    def write(
        self,
        network: nn.Module,
        record: EpochRecord,
        thresholds: Sequence[Threshold],
        metrics: Sequence[dict[str, Any]],
    ) -> None:
        """network: on the CPU. metrics: rows as `held_out_metrics` gives them. Raises TrainError, OSError."""
        checkpoint = Checkpoint(
            network=network.eval(),
            network_name=self.config.network.name,
            network_options=dict(self.config.network.options),
            name=f"{self.config.network.label} fold {self.fold}",
            # A rule may put the threshold just above the largest probability, where nothing is present.
            thresholds=np.minimum([threshold.value for threshold in thresholds], 1.0),
            threshold_method=f"{thresholds[0].method} on validation clips",
            patterns=self.tables.valid.patterns,
            clip_length=self.settings.clip_length,
            preprocessing=self.preprocessing,
            metadata=self._metadata(record, metrics),
        )
        try:
            save_checkpoint(self.path, checkpoint)
        except CheckpointError as error:
            raise TrainError(f"{error}; lower train.lr, or train with --precision fp32.") from error

    @property
    def preprocessing(self) -> Preprocessing:
        """As the clips were made."""
        return self.settings.preprocessing

    def _metadata(self, record: EpochRecord, metrics: Sequence[dict[str, Any]]) -> dict[str, Any]:
        parts = {
            part: f"{len(table)} clips of {len(set(table.patients))} patients"
            for part, table in self.tables.parts().items()
        }
        return {
            "title": f"{self.config.network.label}, fold {self.fold}",
            "description": f"Trained by luv train, preset {self.config.preset}, best of the epochs up to its last: "
            f"{record.epoch + 1}.",
            "data": [f"{part}: {told}" for part, told in parts.items()],
            "licence": "as that of the data it was trained on; research use only",
            "limitations": ["Not a medical device. Judged on clips like those it was trained on, and on no others."],
            "date": datetime.date.today().isoformat(),
            "metrics": list(metrics),
            "training": {
                "command": "luv train",
                "code version": luv_viewer.__version__,
                "torch": torch.__version__.split("+")[0],
                "split sha256": {part: table.digest() for part, table in self.tables.parts().items()},
                "config": config_tables(self.config),
                "best epoch": asdict(record),
            },
        }


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of logits."""
    return np.asarray(torch.from_numpy(logits).double().sigmoid())


def chosen_thresholds(config: TrainConfig, table: ClipTable, scores: NDArray[np.float64]) -> tuple[Threshold, ...]:
    """Per pattern, by the config's rule, from (n, P) probabilities of the first n clips of a table."""
    rule, labels = THRESHOLD_RULES[config.train.threshold_rule], table.labels[: len(scores)]
    return tuple(rule(labels[:, p], scores[:, p]) for p in range(labels.shape[1]))


def held_out_metrics(table: ClipTable, scores: NDArray[np.float64]) -> list[dict[str, Any]]:
    """AUC with DeLong's interval of each pattern that has both classes, as a checkpoint's metadata hold them."""
    rows = []
    for p, pattern in enumerate(table.patterns):
        truth = table.labels[:, p]
        if len(set(truth.tolist())) < 2:
            continue
        found = delong_interval(truth, scores[:, p])
        rows.append(
            {
                "set": "held-out patients",
                "level": "clip",
                "pattern": pattern,
                "positives": found.positives,
                "negatives": found.negatives,
                "auc": round(found.auc, 4),
                "low": round(found.low, 4),
                "high": round(found.high, 4),
                "method": found.method,
            }
        )
    return rows
