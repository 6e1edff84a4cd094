"""Agreement between two readers: Cohen's kappa with its errors, and the measures that prevalence does not bend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Weights = Literal["none", "linear", "quadratic"]

_AGREEMENT_WEIGHTS = {"none": "unweighted", "linear": "linear weights", "quadratic": "quadratic weights"}


@dataclass(frozen=True)
class Kappa:
    """Cohen's kappa of n paired ratings.

    kappa, low, high: NaN where chance alone would agree always (`reason` says so). standard_error: asymptotic, of
    Fleiss, Cohen and Everitt (1969), for the interval; null_error: under no agreement beyond chance, for z and the
    two-sided p.
    observed, expected: (weighted) agreement. method: how it was made.
    """

    kappa: float
    standard_error: float
    null_error: float
    low: float
    high: float
    z: float
    p_value: float
    observed: float
    expected: float
    n: int
    method: str
    reason: str = ""


@dataclass(frozen=True)
class BinaryAgreement:
    """Agreement of two readers on present (True) or absent.

    rate: share of equal ratings. positive, negative: specific agreement (NaN where neither reader used that answer).
    pabak: prevalence- and bias-adjusted kappa. ac1: Gwet's first coefficient.
    """

    rate: float
    positive: float
    negative: float
    pabak: float
    ac1: float
    n: int
    method: str = "two readers, present or absent"


def contingency(first: ArrayLike, second: ArrayLike, categories: Sequence[object]) -> NDArray[np.int64]:
    """(C, C) counts of paired ratings, rows the first reader's, in the order of `categories`.

    Raises ValueError for ratings of different number or outside the categories.

    >>> contingency([0, 1, 1], [0, 0, 1], [0, 1]).tolist()
    [[1, 0], [1, 1]]
    """
    one, other = np.asarray(first).ravel(), np.asarray(second).ravel()
    if one.shape != other.shape:
        raise ValueError(f"both readers must rate the same cases, got {one.size} and {other.size} ratings")
    place = {category: i for i, category in enumerate(categories)}
    unknown = sorted({str(v) for v in (*one.tolist(), *other.tolist()) if v not in place})
    if unknown:
        raise ValueError(f"ratings {', '.join(unknown)} are not among the categories {list(categories)}")
    table = np.zeros((len(place), len(place)), dtype=np.int64)
    np.add.at(table, ([place[v] for v in one.tolist()], [place[v] for v in other.tolist()]), 1)
    return table


def cohen_kappa(table: ArrayLike, *, weights: Weights = "none", confidence: float = 0.95) -> Kappa:
    """Cohen's kappa of a (C, C) table of counts, categories in order where weights are used.

    Raises ValueError for a table that is not square, holds negative or no counts, or unknown weights.

    >>> result = cohen_kappa([[20, 5], [10, 15]])
    >>> round(result.kappa, 6), round(result.standard_error, 6), round(result.null_error, 6)
    (0.4, 0.126996, 0.138564)
    """
    counts = np.asarray(table, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.shape[0] < 2:
        raise ValueError(f"the table must be square with at least two categories, got shape {counts.shape}")
    if np.any(counts < 0) or counts.sum() <= 0:
        raise ValueError("the table must hold counts, at least one of them above 0")
    agreement = _agreement_weights(len(counts), weights)
    n = int(counts.sum())
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = np.outer(rows, columns)
    observed, expected = float((agreement * p).sum()), float((agreement * chance).sum())
    method = f"Cohen's kappa, {_AGREEMENT_WEIGHTS[weights]}, Fleiss-Cohen-Everitt errors"
    if 1 - expected <= 1e-12:
        undefined = (float("nan"),) * 7
        reason = "both readers gave every case the same rating, so agreement by chance is complete"
        return Kappa(*undefined, observed, expected, n, method, reason)
    kappa = (observed - expected) / (1 - expected)
    means = (agreement @ columns)[:, None] + (rows @ agreement)[None, :]
    scale = n * (1 - expected) ** 2
    spread = float((p * (agreement - means * (1 - kappa)) ** 2).sum())
    error = np.sqrt(max(0.0, spread - (kappa - expected * (1 - kappa)) ** 2) / scale)
    null = np.sqrt(max(0.0, float((chance * (agreement - means) ** 2).sum()) - expected**2) / scale)
    half = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    z = kappa / null if null > 0 else float("nan")
    return Kappa(
        kappa=kappa,
        standard_error=float(error),
        null_error=float(null),
        low=max(-1.0, kappa - half),
        high=min(1.0, kappa + half),
        z=float(z),
        p_value=float(2 * stats.norm.sf(abs(z))),
        observed=observed,
        expected=expected,
        n=n,
        method=method,
    )


def binary_agreement(first: ArrayLike, second: ArrayLike) -> BinaryAgreement:
    """How two readers agree on present or absent, frame by frame or case by case. Raises ValueError as `contingency`.

    >>> result = binary_agreement([1, 1, 0, 0], [1, 0, 0, 0])
    >>> result.rate, result.pabak, round(result.positive, 3), round(result.negative, 3)
    (0.75, 0.5, 0.667, 0.8)
    """
    (neither, only_second), (only_first, both) = contingency(
        np.asarray(first, dtype=bool), np.asarray(second, dtype=bool), [False, True]
    ).tolist()
    n = neither + only_first + only_second + both
    if n == 0:
        raise ValueError("there must be at least one rating")
    differ = only_first + only_second
    rate = (both + neither) / n
    prevalence = (2 * both + differ) / (2 * n)
    chance = 2 * prevalence * (1 - prevalence)
    return BinaryAgreement(
        rate=rate,
        positive=2 * both / (2 * both + differ) if both + differ else float("nan"),
        negative=2 * neither / (2 * neither + differ) if neither + differ else float("nan"),
        pabak=2 * rate - 1,
        ac1=(rate - chance) / (1 - chance),
        n=n,
    )


def _agreement_weights(n: int, weights: Weights) -> NDArray[np.float64]:
    if weights not in _AGREEMENT_WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(_AGREEMENT_WEIGHTS)}, got {weights!r}")
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / (n - 1)
    if weights == "none":
        return np.eye(n)
    return np.asarray(1 - (distance if weights == "linear" else distance**2))
