"""Platt scaling of the video scores, and how it becomes part of the network.

The score of a video is its largest clip logit x, as the viewer takes the largest clip probability. Per pattern
p = sigmoid(a x + b) is fitted on out-of-fold scores; a > 0, so no order and no area under the curve changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from torch import nn

from model.networks.luv_net import LUVNet
from training.cohort import UNKNOWN
from training.evaluation import Judged, Scores
from training.folds import Fold
from training.statistics import brier_score, expected_calibration_error

MIN_SCALE = 0.01
"""Smallest a. Scores without or with reversed meaning would ask for 0 or less; 0.01 leaves their order as it is, keeps
20 log-odds apart by 0.2, far beyond float32 rounding, and says little more than the share of positive videos."""

Row = dict[str, str | int | float]


@dataclass(frozen=True)
class Platt:
    """Calibrated log-odds = scale * logit + offset of one pattern.

    positives, negatives: videos it was fitted on. method: "Platt", "Platt, scale at its lower bound", or "as trained"
    when one class was missing; then scale is 1 and offset 0.
    """

    scale: float
    offset: float
    positives: int
    negatives: int
    method: str

    @property
    def is_fitted(self) -> bool:
        """False when there was no positive or no negative video, so that the scores were left as they are."""
        return self.method != "as trained"


def fit_platt(logits: Scores, truth: NDArray[np.int64]) -> Platt:
    """Maximum likelihood of sigmoid(a x + b) with Platt's targets (1999), a at least `MIN_SCALE`.

    logits: (S, N), the same N videos scored S times; each scoring counts 1 / S, so that repeats make no case surer.
    truth: (N,) 0 or 1. The targets (n+ + 1) / (n+ + 2) and 1 / (n- + 2) keep the fit finite when scores separate.
    Raises ValueError when the shapes do not fit.

    >>> fit_platt(np.array([[3.0, 1.0]]), np.array([0, 0])).is_fitted
    False
    """
    if logits.ndim != 2 or truth.shape != logits.shape[1:]:
        raise ValueError(f"logits must be (S, N) and truth (N,), got shapes {logits.shape}, {truth.shape}")
    positives = int((truth == 1).sum())
    negatives = int(truth.size - positives)
    if not positives or not negatives:
        return Platt(1.0, 0.0, positives, negatives, "as trained")
    targets = np.where(truth == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre, spread = float(logits.mean()), float(logits.std()) or 1.0
    inputs = (logits - centre) / spread

    def loss(parameters: Scores) -> tuple[float, Scores]:
        log_odds = parameters[0] * inputs + parameters[1]
        excess = expit(log_odds) - targets
        value = np.mean(np.logaddexp(0.0, log_odds) - targets * log_odds)
        return float(value), np.array([np.mean(excess * inputs), np.mean(excess)])

    lowest = MIN_SCALE * spread
    found = minimize(
        loss,
        [max(1.0, lowest), 0.0],
        jac=True,
        method="L-BFGS-B",
        bounds=[(lowest, None), (None, None)],
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1000},
    )
    scale = max(float(found.x[0]) / spread, MIN_SCALE)
    method = "Platt, scale at its lower bound" if scale <= MIN_SCALE * (1 + 1e-9) else "Platt"
    return Platt(scale, float(found.x[1]) - scale * centre, positives, negatives, method)


def fit_patterns(judged: Sequence[Judged]) -> tuple[Platt, ...]:
    """P calibrations from the same videos' logits by several seeds; videos with an unknown label are left out.

    Raises ValueError when the judgements are not of the same labels.
    """
    labels = judged[0].labels
    if any(not np.array_equal(one.labels, labels) for one in judged):
        raise ValueError("the seeds must judge the same videos in the same order, found different labels")
    logits = np.stack([one.scores for one in judged])
    fitted = []
    for p in range(labels.shape[1]):
        known = labels[:, p] != UNKNOWN
        fitted.append(fit_platt(logits[:, known, p], labels[known, p]))
    return tuple(fitted)


def probabilities(judged: Judged, platts: Sequence[Platt] | None = None) -> Judged:
    """The logits as probabilities, calibrated when `platts` (P) are given."""
    if platts is None:
        return replace(judged, scores=expit(judged.scores))
    scale, offset = _columns(platts)
    return replace(judged, scores=expit(scale * judged.scores + offset))


def left_out_probabilities(judged: Sequence[Judged], folds: Sequence[Sequence[Fold]]) -> tuple[Judged, ...]:
    """Per seed the probability of every video by the calibration that was fitted without the video's fold.

    judged: one per seed, logits. folds: of the same seeds; each deals all videos.
    """
    found = []
    for one, dealt in zip(judged, folds, strict=True):
        scores = np.full_like(one.scores, np.nan)
        for fold in dealt:
            platts = fit_patterns([_part(other, fold.training) for other in judged])
            scores[fold.held_out] = probabilities(_part(one, fold.held_out), platts).scores
        found.append(replace(one, scores=scores))
    return tuple(found)


def fold_into(network: LUVNet, platts: Sequence[Platt]) -> None:
    """Scale and shift the last layer's rows in place, so that the logits come out calibrated; nothing else changes.

    a (w h + c) + b = (a w) h + (a c + b). Raises ValueError unless there is one calibration per output.
    """
    layer = list(network.output.modules())[-1]
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"the network ends in a {type(layer).__name__}, expected a Linear layer")
    if len(platts) != layer.out_features:
        raise ValueError(f"{len(platts)} calibrations do not fit {layer.out_features} outputs")
    scale, offset = (torch.from_numpy(column).to(layer.weight) for column in _columns(platts))
    with torch.no_grad():
        layer.weight.mul_(scale[:, None])
        layer.bias.mul_(scale).add_(offset)


def calibration_rows(platts: Sequence[Platt], patterns: Sequence[str]) -> list[Row]:
    """One row per pattern with the fields of `Platt`, rounded to four decimals."""
    rows: list[Row] = []
    for pattern, platt in zip(patterns, platts, strict=True):
        fields = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(platt).items()}
        rows.append({"pattern": pattern, **fields})
    return rows


def reliability_rows(
    before: Sequence[Judged], after: Sequence[Judged], patterns: Sequence[str], *, set_name: str
) -> list[Row]:
    """How probabilities (of one or more seeds, pooled) agree with known labels, uncalibrated and calibrated.

    `Brier of prevalence` is that of always saying the share of positives. No row for a pattern with one class only.
    """
    rows: list[Row] = []
    for p, pattern in enumerate(patterns):
        labels = np.concatenate([one.labels[:, p] for one in after])
        known = labels != UNKNOWN
        truth = labels[known]
        if np.unique(truth).size < 2:
            continue
        raw, calibrated = (np.concatenate([one.scores[:, p] for one in many])[known] for many in (before, after))
        share = float(truth.mean())
        values = {
            "prevalence": share,
            "mean before": float(raw.mean()),
            "mean after": float(calibrated.mean()),
            "Brier before": brier_score(truth, raw),
            "Brier after": brier_score(truth, calibrated),
            "Brier of prevalence": share * (1 - share),
            "ECE before": expected_calibration_error(truth, raw),
            "ECE after": expected_calibration_error(truth, calibrated),
        }
        rows.append({"set": set_name, "pattern": pattern, **{name: round(value, 3) for name, value in values.items()}})
    return rows


def _columns(platts: Sequence[Platt]) -> tuple[Scores, Scores]:
    """(P,) scales and (P,) offsets."""
    return np.array([platt.scale for platt in platts]), np.array([platt.offset for platt in platts])


def _part(judged: Judged, rows: NDArray[np.int64]) -> Judged:
    return Judged(judged.scores[rows], judged.labels[rows], [judged.clusters[i] for i in rows])
