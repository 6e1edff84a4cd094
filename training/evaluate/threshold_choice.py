"""Thresholds chosen on validation predictions, for calls on other data (systems specification 3.9, 3.10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.evaluate.ensemble import MEAN_LOGIT, MEAN_PROBABILITY
from training.evaluate.predictions import (
    EvaluationError,
    Joined,
    Predictions,
    Truth,
    join,
    read_predictions,
    read_truth,
)
from training.evaluate.rows import rows_csv
from training.statistics import THRESHOLD_RULES, Threshold, ThresholdRule


@dataclass(frozen=True)
class ChosenThreshold:
    """The threshold of a model, a fold (or the name of an ensemble), and a pattern."""

    model: str
    fold: str
    pattern: str
    threshold: Threshold


def choose_thresholds(
    truth_file: Path, prediction_files: Sequence[Path], patterns: Sequence[str], rule: ThresholdRule = "youden"
) -> tuple[ChosenThreshold, ...]:
    """A threshold for every model, fold and pattern, each from the fold's own validation clips.

    A file may hold a part of the clips of the truth. For a model with several folds the thresholds of its mean
    probability and mean logit come from the clips of all folds together, each judged by the fold that did not learn it.
    A pattern of one class gets 0.5, and its `reason` says so. Raises EvaluationError where files do not fit.
    """
    truth = read_truth(truth_file, patterns)
    found = read_predictions(prediction_files, patterns)
    chosen: list[ChosenThreshold] = []
    for model in dict.fromkeys(one.model for one in found):
        joined = [join(_part(truth, one), one) for one in found if one.model == model]
        for one in joined:
            chosen += _chosen([one], one.fold, rule)
        if len(joined) > 1:
            chosen += [*_chosen(joined, MEAN_PROBABILITY, rule), *_chosen(joined, MEAN_LOGIT, rule)]
    return tuple(chosen)


def thresholds_csv(chosen: Sequence[ChosenThreshold]) -> str:
    """CSV as `read_thresholds` reads it, with what each threshold does on the cases it was chosen from."""
    return rows_csv(
        [
            {
                "model": one.model,
                "fold": one.fold,
                "pattern": one.pattern,
                # Rounding could move a threshold past the score it stands for.
                "threshold": repr(one.threshold.value),
                "sensitivity": one.threshold.sensitivity,
                "specificity": one.threshold.specificity,
                "method": one.threshold.method,
                "reason": one.threshold.reason,
            }
            for one in chosen
        ]
    )


def _chosen(folds: Sequence[Joined], name: str, rule: ThresholdRule) -> list[ChosenThreshold]:
    """One threshold per pattern from the cases of all `folds`."""
    labels = np.concatenate([one.labels for one in folds])
    values = np.concatenate([one.values for one in folds])
    return [
        ChosenThreshold(folds[0].model, name, pattern, THRESHOLD_RULES[rule](labels[:, p], values[:, p]))
        for p, pattern in enumerate(folds[0].patterns)
    ]


def _part(truth: Truth, predictions: Predictions) -> Truth:
    """The truth of the clips that were predicted."""
    wanted = set(predictions.ids)
    rows = [i for i, name in enumerate(truth.ids) if name in wanted]
    if not rows:
        raise EvaluationError(f"{predictions.name} has no clip of the truth")
    return Truth(tuple(truth.ids[i] for i in rows), truth.patterns, truth.labels[rows])
