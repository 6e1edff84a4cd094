"""How good an epoch is on the validation clips (systems 3.9), and what is kept of every epoch.

Axis letters: N clips, P patterns.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from training.statistics import auc

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EpochRecord:
    """One epoch, counted from 0. train_loss: mean over its clips, while the weights changed. The others: of the
    validation clips after it. macro_auc: mean of the patterns' AUCs, of those with both classes; NaN without any.
    subset_accuracy: share of clips with every pattern right at 0.5; hamming_accuracy: of clip-pattern pairs.
    lr: the rate of its steps."""

    epoch: int
    train_loss: float
    valid_loss: float
    macro_auc: float
    subset_accuracy: float
    hamming_accuracy: float
    lr: float


RECORD_COLUMNS = tuple(one.name for one in fields(EpochRecord))


@dataclass(frozen=True)
class ValidScores:
    """The numbers of an `EpochRecord` that come from logits."""

    macro_auc: float
    subset_accuracy: float
    hamming_accuracy: float


def valid_scores(logits: Floats, labels: NDArray[np.float32]) -> ValidScores:
    """(N, P) logits and labels 0 or 1 -> scores. A logit of 0 or more counts as present, probability 0.5.

    >>> valid_scores(np.array([[2.0], [-1.0], [3.0]]), np.array([[1], [0], [0]], np.float32))
    ValidScores(macro_auc=0.5, subset_accuracy=0.6666666666666666, hamming_accuracy=0.6666666666666666)
    """
    known = [auc(truth, score) for truth, score in zip(labels.T > 0.5, logits.T, strict=True) if len(set(truth)) == 2]
    is_right = (logits >= 0) == (labels > 0.5)
    return ValidScores(
        float(np.mean(known)) if known else math.nan, float(is_right.all(axis=1).mean()), float(is_right.mean())
    )


def metrics_csv(records: Sequence[EpochRecord]) -> str:
    """A row per epoch, every number with all its digits; an unknown AUC is an empty cell."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(RECORD_COLUMNS)
    for record in records:
        writer.writerow(["" if isinstance(v, float) and math.isnan(v) else repr(v) for v in asdict(record).values()])
    return stream.getvalue()
