"""Baseline that knows no time: one ridge-penalised logistic regression per pattern on a video's mean features."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.cohort import UNKNOWN
from training.features import Features
from training.fit import LabelledFeatures

PENALTY = 0.1
ITERATIONS = 100


def linear_probe_scorer(data: LabelledFeatures, held_out: list[Features], seed: int) -> list[NDArray[np.float64]]:
    """Per held-out video (1, P) log-odds from a probe fitted on `data`; unknown labels are left out.

    A `training.evaluation.Scorer`; nothing is drawn at random, so `seed` changes nothing.
    """
    inputs = _means([views[0] for views in data.views])
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-3
    fitted = torch.from_numpy((inputs - centre) / spread)
    weight = torch.zeros(data.labels.shape[1], inputs.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(data.labels.shape[1], dtype=torch.float64, requires_grad=True)
    labels = torch.from_numpy(data.labels)
    known = labels != UNKNOWN
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        log_odds = fitted @ weight.T + bias
        losses = torch.nn.functional.softplus(log_odds) - log_odds * labels.clamp(min=0)
        total = (losses * known).sum() + PENALTY * weight.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    with torch.no_grad():
        scores = torch.from_numpy((_means(held_out) - centre) / spread) @ weight.T + bias
    return list(np.asarray(scores.numpy())[:, None, :])


def _means(videos: list[Features]) -> NDArray[np.float64]:
    return np.stack([features.mean(axis=0, dtype=np.float64) for features in videos])
