"""How well probabilities agree with what happened: Brier score, reliability diagram, calibration error, temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar

from training.statistics.roc import Bools, Floats, checked

N_BINS = 10
_HOTTEST = 100.0


@dataclass(frozen=True, eq=False)
class ReliabilityDiagram:
    """What was said against what happened, in B bins of equal width over [0, 1].

    edges: (B + 1,). counts: (B,) cases. mean_probability, observed_share: (B,), NaN for an empty bin.
    expected_error: the mean of their distance weighted by counts (ECE); largest_error: the largest (MCE).
    reason: why both are NaN, else "".
    """

    edges: Floats
    counts: NDArray[np.int64]
    mean_probability: Floats
    observed_share: Floats
    expected_error: float
    largest_error: float
    n: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class Temperature:
    """Calibrated probability = sigmoid(logit / value). loss: mean negative log-likelihood before and after.

    reason: why the value is NaN, or that it stands at a bound of what was searched, else "".
    """

    value: float
    loss_before: float
    loss_after: float
    n: int
    method: str
    reason: str = ""


def reliability_diagram(truth: ArrayLike, probability: ArrayLike, n_bins: int = N_BINS) -> ReliabilityDiagram:
    """The diagram of N cases; with none the errors are NaN and the reason says so.

    truth: (N,) 0 or 1. probability: (N,) in [0, 1]. Bins are half-open, the last one holds 1 too.
    Raises ValueError for other input or fewer than one bin.

    >>> found = reliability_diagram([1, 0, 1], [0.9, 0.2, 0.3], n_bins=2)
    >>> found.counts.tolist(), found.observed_share.tolist(), round(found.expected_error, 3)
    ([2, 1], [0.5, 1.0], 0.2)
    """
    if n_bins < 1:
        raise ValueError(f"there must be at least one bin, got {n_bins}")
    labels, values = checked(truth, probability)
    edges, method = np.linspace(0.0, 1.0, n_bins + 1), f"{n_bins} bins of equal width"
    if not values.size:
        empty = np.full(n_bins, np.nan)
        none = np.zeros(n_bins, dtype=np.int64)
        return ReliabilityDiagram(
            edges, none, empty, empty, float("nan"), float("nan"), 0, method, "there are no cases"
        )
    labels, values = _checked(labels, values)
    place = np.minimum((values * n_bins).astype(np.int64), n_bins - 1)
    counts = np.bincount(place, minlength=n_bins)
    means, shares = (
        np.divide(
            np.bincount(place, weights=what, minlength=n_bins),
            counts,
            out=np.full(n_bins, np.nan),
            where=counts > 0,
        )
        for what in (values, labels)
    )
    distance = np.abs(means - shares)
    expected = float(np.nansum(distance * counts) / values.size)
    return ReliabilityDiagram(edges, counts, means, shares, expected, float(np.nanmax(distance)), values.size, method)


def fit_temperature(truth: ArrayLike, logits: ArrayLike) -> Temperature:
    """The one temperature of least negative log-likelihood (Guo et al. 2017), sought in [0.01, 100].

    truth: 0 or 1, and logits, of equal shape (N,) or (N, P); all patterns share the temperature, so no order and no
    area under the curve changes. Without a positive or a negative case NaN and a reason, for then the likelihood has no
    optimum. Raises ValueError for other bad input.

    >>> found = fit_temperature([1, 0, 1, 0, 1, 0], [8, -8, 8, -8, -8, 8])
    >>> round(found.value, 2), found.loss_after < found.loss_before
    (11.54, True)
    """
    labels, values = np.asarray(truth), np.asarray(logits, dtype=np.float64)
    if labels.shape != values.shape:
        raise ValueError(f"truth and logits must have one shape, got {labels.shape} and {values.shape}")
    labels, values = checked(labels.ravel(), values.ravel())
    method = "temperature scaling, maximum likelihood"
    before = _log_loss(labels, values, 1.0) if values.size else float("nan")
    if labels.all() or not labels.any():
        nan, reason = float("nan"), "there are no positive or no negative cases"
        return Temperature(nan, before, nan, values.size, method, reason)
    bound = np.log(_HOTTEST)
    found = minimize_scalar(
        lambda log_value: _log_loss(labels, values, np.exp(log_value)), bounds=(-bound, bound), method="bounded"
    )
    value = float(np.exp(found.x))
    reason = "it stands at a bound of the search" if abs(found.x) > bound - 1e-3 else ""
    return Temperature(value, before, float(found.fun), values.size, method, reason)


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
    return reliability_diagram(labels, values).expected_error


def _log_loss(labels: Bools, logits: Floats, temperature: float) -> float:
    log_odds = logits / temperature
    return float(np.mean(np.logaddexp(0.0, log_odds) - labels * log_odds))


def _checked(truth: ArrayLike, probability: ArrayLike) -> tuple[Bools, Floats]:
    labels, values = checked(truth, probability)
    if not values.size:
        raise ValueError("probabilities of at least one case are needed, got none")
    if values.min() < 0 or values.max() > 1:
        raise ValueError(f"probabilities must lie in [0, 1], found {values.min():g} to {values.max():g}")
    return labels, values
