"""How well a fast path agrees with plain float32 on the same clips.

Axis letters: K clips, L clip length, P patterns. A clip-pattern pair is one clip seen for one pattern.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.attention import min_max, top_frames

MAX_PROBABILITY_DIFFERENCE = 0.02
MIN_TOP3_AGREEMENT = 0.95
N_TOP = 3


@dataclass(frozen=True)
class Agreement:
    """Figures of a fast path against float32.

    max_probability_difference: largest over clips and patterns, in [0, 1]. top3_agreement: fraction of the n_pairs
    clip-pattern pairs in which the same three frames have the largest attention, whatever their order.
    auc_difference: largest over the patterns, in [0, 1]; None where no pattern has both labels.
    Raises ValueError when a value does not fit.
    """

    max_probability_difference: float
    top3_agreement: float
    auc_difference: float | None
    n_clips: int
    n_pairs: int

    def __post_init__(self) -> None:
        for name in ("max_probability_difference", "top3_agreement", "auc_difference"):
            value = getattr(self, name)
            if value is None and name == "auc_difference":
                continue
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must be a number from 0 to 1, got {value}")
        if self.n_clips < 1 or self.n_pairs < self.n_clips:
            raise ValueError(
                f"an agreement needs at least one clip and one pair per clip, got {self.n_clips} and {self.n_pairs}"
            )

    @property
    def passes(self) -> bool:
        """Close enough to be chosen unasked: probabilities within 0.02, the same top 3 in 95 % of pairs."""
        return (
            self.max_probability_difference <= MAX_PROBABILITY_DIFFERENCE and self.top3_agreement >= MIN_TOP3_AGREEMENT
        )

    @property
    def shortfall(self) -> str:
        """What keeps it from passing, with the limit; empty when it passes.

        >>> Agreement(0.0121, 0.9, None, 20, 80).shortfall
        'the same top 3 frames in only 90 % of clips and patterns (95 % needed)'
        """
        missing = []
        if self.max_probability_difference > MAX_PROBABILITY_DIFFERENCE:
            difference = _up(self.max_probability_difference)
            missing.append(f"probabilities differ by up to {difference} ({MAX_PROBABILITY_DIFFERENCE} allowed)")
        if self.top3_agreement < MIN_TOP3_AGREEMENT:
            share = math.floor(round(100 * self.top3_agreement, 6))
            needed = round(100 * MIN_TOP3_AGREEMENT)
            missing.append(f"the same top 3 frames in only {share} % of clips and patterns ({needed} % needed)")
        return " and ".join(missing)

    @property
    def sentence(self) -> str:
        """The figures in plain words; never rounded to the better side of the limits.

        >>> Agreement(0.0121, 0.975, None, 20, 80).sentence
        'probabilities differ by at most 0.013; the same top 3 frames in 97 % of 80 clip-pattern pairs (20 clips)'
        """
        clips = "1 clip" if self.n_clips == 1 else f"{self.n_clips} clips"
        pairs = "1 clip-pattern pair" if self.n_pairs == 1 else f"{self.n_pairs} clip-pattern pairs"
        auc = "" if self.auc_difference is None else f"; AUC differs by at most {_up(self.auc_difference)}"
        return (
            f"probabilities differ by at most {_up(self.max_probability_difference)}; the same top 3 frames in "
            f"{math.floor(round(100 * self.top3_agreement, 6))} % of {pairs} ({clips}){auc}"
        )


@dataclass(frozen=True, eq=False)
class ClipResults:
    """What one path gave for the clips. probabilities: (K, P) in [0, 1]. attention: (K, L, P), summed over heads.

    n_real: (K,) real frames of each clip, 1 to L; rows past them are copies and are not read. None: all are real.
    Raises ValueError, with expected and found, when shapes or values do not fit.
    """

    probabilities: NDArray[np.floating]
    attention: NDArray[np.floating]
    n_real: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        k, p = self.probabilities.shape if self.probabilities.ndim == 2 else (0, 0)
        if k < 1 or p < 1:
            raise ValueError(f"probabilities must have shape (K, P) and hold values, got {self.probabilities.shape}")
        if self.attention.ndim != 3 or self.attention.shape[::2] != (k, p) or self.attention.shape[1] < 1:
            raise ValueError(f"attention must have shape ({k}, L, {p}), got {self.attention.shape}")
        inside = (self.probabilities >= 0) & (self.probabilities <= 1)
        if not inside.all() or not np.isfinite(self.attention).all():
            raise ValueError("probabilities must be numbers from 0 to 1 and attention finite numbers")
        if self.n_real is not None and (
            self.n_real.shape != (k,) or self.n_real.min() < 1 or self.n_real.max() > self.attention.shape[1]
        ):
            raise ValueError(f"n_real must be {k} numbers from 1 to {self.attention.shape[1]}, got {self.n_real}")

    def real_frames(self) -> NDArray[np.int64]:
        """(K,) real frames of each clip."""
        k, length = self.attention.shape[:2]
        return np.full(k, length) if self.n_real is None else self.n_real

    def top_sets(self) -> list[frozenset[int]]:
        """Per clip and pattern (K * P) the rows of the three largest values; empty where attention is constant."""
        return [
            found
            for attention, n_real in zip(self.attention, self.real_frames(), strict=True)
            for found in _top_sets(attention[:n_real])
        ]


def compare(reference: ClipResults, fast: ClipResults, labels: NDArray[np.floating] | None = None) -> Agreement:
    """Agreement of `fast` with `reference`, the same clips in the same order.

    labels: (K, P) 1 present, 0 absent, NaN not known; None when there are none.
    Constant attention has no top frames: such a pair agrees when it is constant in both. Ties go to the earlier frame.
    Raises ValueError when the clips do not fit one another.
    """
    if reference.attention.shape != fast.attention.shape:
        raise ValueError(f"the clips differ in shape: {reference.attention.shape} and {fast.attention.shape}")
    if not np.array_equal(reference.real_frames(), fast.real_frames()):
        raise ValueError("the clips differ in their numbers of real frames")
    same = [a == b for a, b in zip(reference.top_sets(), fast.top_sets(), strict=True)]
    return Agreement(
        max_probability_difference=float(np.abs(reference.probabilities - fast.probabilities).max()),
        top3_agreement=float(np.mean(same)),
        auc_difference=None if labels is None else auc_difference(reference, fast, labels),
        n_clips=len(reference.probabilities),
        n_pairs=len(same),
    )


def auc_difference(reference: ClipResults, fast: ClipResults, labels: NDArray[np.floating]) -> float | None:
    """Largest difference of the areas under the ROC curve over the patterns that have both labels; None without any.

    Raises ValueError when labels are not (K, P) of 0, 1 and NaN.
    """
    if labels.shape != reference.probabilities.shape:
        raise ValueError(f"labels must have shape {reference.probabilities.shape}, got {labels.shape}")
    if not (np.isnan(labels) | (labels == 0) | (labels == 1)).all():
        raise ValueError("labels must be 0, 1 or NaN")
    differences = []
    for pattern, column in enumerate(labels.T):
        areas = [area_under_curve(r.probabilities[:, pattern], column) for r in (reference, fast)]
        if areas[0] is not None and areas[1] is not None:
            differences.append(abs(areas[0] - areas[1]))
    return max(differences, default=None)


def area_under_curve(scores: NDArray[np.floating], labels: NDArray[np.floating]) -> float | None:
    """Area under the ROC curve of (K,) scores, ties counting half; clips labelled NaN are left out.

    None when one of the two labels is missing.

    >>> area_under_curve(np.array([0.1, 0.4, 0.4, 0.8]), np.array([0.0, 1.0, 0.0, np.nan]))
    0.75
    """
    # Here, because agreement figures are read where scipy is not needed.
    from scipy.stats import rankdata

    present, known = labels == 1, ~np.isnan(labels)
    n_present, n_absent = int(present.sum()), int(known.sum() - present.sum())
    if not n_present or not n_absent:
        return None
    ranks = rankdata(scores[known])
    wins = ranks[present[known]].sum() - n_present * (n_present + 1) / 2
    return float(wins / (n_present * n_absent))


def _top_sets(attention: NDArray[np.floating]) -> list[frozenset[int]]:
    """(n, P) -> P sets."""
    constant = min_max(attention)[1]
    return [
        frozenset() if constant[pattern] else frozenset(top_frames(attention[:, pattern], N_TOP))
        for pattern in range(attention.shape[1])
    ]


def _up(value: float) -> str:
    """Three decimals, rounded up."""
    return f"{math.ceil(round(value * 1000, 6)) / 1000:.3f}"
