"""The five models of a cross-validation as one (systems specification 3.10): vote, mean probability, mean logit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from training.evaluate.predictions import EvaluationError, Floats, Joined

VOTE, MEAN_PROBABILITY, MEAN_LOGIT = "vote", "mean probability", "mean logit"
ENSEMBLES = (VOTE, MEAN_PROBABILITY, MEAN_LOGIT)
_FARTHEST = 1e-12


def ensembles(folds: Sequence[Joined], thresholds: ArrayLike) -> tuple[Joined, ...]:
    """The three ensembles of F models on the same cases; their `fold` is the name in `ENSEMBLES`.

    thresholds: (F, P), each fold's own; a fold votes positive at probability >= threshold. The value of the vote is the
    share of folds that vote positive: more than half of them (3 of 5) is a share >= `vote_threshold(F)`.
    Raises EvaluationError when the folds are not of one model on the same cases.
    """
    first = folds[0]
    for other in folds[1:]:
        if other.model != first.model or other.clusters != first.clusters or (other.labels != first.labels).any():
            raise EvaluationError(f"{first.model}: the folds of an ensemble must judge the same cases")
    limits = np.asarray(thresholds, dtype=np.float64)
    values = np.stack([one.values for one in folds])
    if limits.shape != (len(folds), values.shape[2]):
        raise EvaluationError(f"thresholds must be (folds, patterns) {(len(folds), values.shape[2])}")
    combined: dict[str, Floats] = {
        VOTE: (values >= limits[:, None, :]).mean(axis=0),
        MEAN_PROBABILITY: values.mean(axis=0),
        MEAN_LOGIT: expit(logit(np.clip(values, _FARTHEST, 1 - _FARTHEST)).mean(axis=0)),
    }
    return tuple(replace(first, fold=name, values=combined[name]) for name in ENSEMBLES)


def vote_threshold(n_folds: int) -> float:
    """The share of votes from which on a case is positive: more than half, so 3 of 5.

    >>> vote_threshold(5), vote_threshold(4)
    (0.6, 0.75)
    """
    return (n_folds // 2 + 1) / n_folds
