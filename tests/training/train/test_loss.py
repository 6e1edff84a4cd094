"""The loss against its formula, and scores of an epoch."""

from __future__ import annotations

import math

import numpy as np
import torch

from training.train.config import LossConfig
from training.train.loss import ClipLoss, positive_weight
from training.train.scores import EpochRecord, metrics_csv, valid_scores

LOGITS = torch.tensor([[0.5, -2.0], [1.5, 0.1]])
LABELS = torch.tensor([[1.0, 0.0], [0.0, 1.0]])


def _terms(gamma: float, weights: tuple[float, float]) -> float:
    total = 0.0
    for row, truth in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        for logit, label, weight in zip(row, truth, weights, strict=True):
            p = 1 / (1 + math.exp(-logit))
            p_true = p if label else 1 - p
            total += -math.log(p_true) * (weight if label else 1) * (1 - p_true) ** gamma
    return total / 4


def test_cross_entropy_focal_and_weights_are_their_formulas() -> None:
    weights = torch.tensor([2.0, 0.5])
    for config, own, wanted in (
        (LossConfig(), None, _terms(0, (1, 1))),
        (LossConfig(positive_weight="balanced"), weights, _terms(0, (2, 0.5))),
        (LossConfig("focal", 2.0), None, _terms(2, (1, 1))),
        (LossConfig("focal", 0.0), weights, _terms(0, (2, 0.5))),
    ):
        assert math.isclose(ClipLoss(config, own)(LOGITS, LABELS).item(), wanted, rel_tol=1e-6)


def test_half_precision_logits_are_judged_in_float32() -> None:
    assert ClipLoss(LossConfig())(LOGITS.bfloat16(), LABELS).dtype == torch.float32


def test_balanced_weights_are_negatives_by_positives() -> None:
    labels = np.array([[1, 0], [0, 0], [0, 1], [0, 1]], np.float32)
    found = positive_weight(LossConfig(positive_weight="balanced"), labels)
    assert found is not None
    assert found.tolist() == [3.0, 1.0]
    assert positive_weight(LossConfig(), labels) is None


def test_scores_leave_out_a_pattern_of_one_class() -> None:
    logits = np.array([[1.0, -1.0], [2.0, -3.0], [-1.0, 5.0]])
    labels = np.array([[1, 0], [1, 0], [0, 0]], np.float32)
    scores = valid_scores(logits, labels)
    assert (scores.macro_auc, scores.subset_accuracy, scores.hamming_accuracy) == (1.0, 2 / 3, 5 / 6)
    assert math.isnan(valid_scores(logits[:, 1:], labels[:, 1:]).macro_auc)


def test_metrics_keep_every_digit_and_leave_unknown_blank() -> None:
    record = EpochRecord(0, 0.1 + 0.2, 0.5, math.nan, 0.0, 1.0, 1e-6)
    assert metrics_csv([record]).splitlines()[1] == "0,0.30000000000000004,0.5,,0.0,1.0,1e-06"
