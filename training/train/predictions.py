"""Probabilities of a trained network for clips, and the files that `luv evaluate` and `luv thresholds` read.

Axis letters: N clips, P patterns.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.preprocessing import Preprocessing
from training.data.clip_dataset import batch_loader
from training.data.clip_table import ClipTable
from training.train.module import clip_logits


def probabilities(
    network: nn.Module,
    clips: Any,
    preprocessing: Preprocessing,
    batch_size: int,
    report: Callable[[int], None] = lambda done: None,
) -> NDArray[np.float64]:
    """(N, P) of a data set of clips or features, in float32 on the network's device. report: clips done."""
    device = next(network.parameters()).device
    network.eval()
    parts, done = [], 0
    with torch.inference_mode():
        for batch in batch_loader(clips, batch_size):
            logits = clip_logits(network, batch.to(device).inputs, preprocessing)
            parts.append(logits.double().sigmoid().cpu().numpy())
            done += len(batch)
            report(done)
    return np.concatenate(parts)


def predictions_csv(table: ClipTable, values: NDArray[np.float64], model: str) -> str:
    """`clip_id` and a column `{model}_{pattern}` each, every digit: a threshold is one of these numbers."""
    header = ("clip_id", *(f"{model}_{pattern}" for pattern in table.patterns))
    return _csv(header, ((name, *map(repr, row)) for name, row in zip(table.clip_ids, values.tolist(), strict=True)))


def truth_csv(table: ClipTable) -> str:
    """`clip_id, video_id, patient_id` and a 0/1 column per pattern."""
    labels = table.labels.astype(int).tolist()
    rows = zip(table.clip_ids, table.studies, table.patients, labels, strict=True)
    header = ("clip_id", "video_id", "patient_id", *table.patterns)
    return _csv(header, ((name, video, patient, *values) for name, video, patient, values in rows))


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue()
