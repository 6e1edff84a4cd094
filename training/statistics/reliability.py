"""How well probabilities agree with what happened: Brier score and expected calibration error."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from training.statistics.roc import Bools, Floats, checked

N_BINS = 10


def brier_score(truth: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared difference of probability and outcome (Brier 1950), 0 best, 1 worst.

    truth: (N,) 0 or 1, N at least 1. probability: (N,) in [0, 1]. Raises ValueError for other input.

    >>> brier_score([1, 0], [0.5, 0.5])
    0.25
    """
    labels, values = _checked(truth, probability)
    return float(np.mean((values - labels) ** 2))


def expected_calibration_error(truth: ArrayLike, probability: ArrayLike) -> float:
    """Mean over cases of |observed share - mean probability| in the case's bin, ten bins of equal width (Naeini 2015).

    Bins are half-open, the last one holds 1 too. Arguments and errors as `brier_score`. With few cases it is not 0
    even for right probabilities.

    >>> round(expected_calibration_error([1, 0, 1, 0], [0.51, 0.51, 0.95, 0.05]), 3)
    0.03
    """
    labels, values = _checked(truth, probability)
    place = np.minimum((values * N_BINS).astype(np.int64), N_BINS - 1)
    excess = np.bincount(place, weights=values - labels, minlength=N_BINS)
    return float(np.abs(excess).sum() / values.size)


def _checked(truth: ArrayLike, probability: ArrayLike) -> tuple[Bools, Floats]:
    labels, values = checked(truth, probability)
    if not values.size:
        raise ValueError("probabilities of at least one case are needed, got none")
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"probabilities must lie in [0, 1], found {values.min():g} to {values.max():g}")
    return labels, values
