"""Fitting learns what is there to learn, ignores unknown labels, repeats itself, and takes raw features afterwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from model import plan_clips
from tests.training.builders_features import separable
from training.evaluation import head_scorer, metric_rows, of_clips, of_videos, out_of_fold, pattern_aucs
from training.fit import HeadSettings, clip_logits, fit_head, masked_loss
from training.linear_probe import linear_probe_scorer

SMALL = HeadSettings(projection=16, mlp_hidden=16, n_heads=4, kernel_size=3, batch=8, steps=60, learning_rate=3e-3)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_grouped_folds_of_separable_features_are_told_apart() -> None:
    data = separable()
    scores = out_of_fold(data, head_scorer(SMALL), seed=0)
    assert [len(one) for one in scores] == [len(plan_clips(len(views[0]))) for views in data.views]
    assert (pattern_aucs(of_videos(scores, data)) > 0.9).all()
    baseline = out_of_fold(data, linear_probe_scorer, seed=0)
    assert (pattern_aucs(of_videos(baseline, data)) > 0.9).all()


def test_labels_without_meaning_are_not_told_apart() -> None:
    data = separable()
    shuffled = replace(data, labels=np.random.default_rng(2).permutation(data.labels))
    assert pattern_aucs(of_videos(out_of_fold(shuffled, linear_probe_scorer, seed=0), shuffled)).mean() < 0.8


def test_the_same_seed_gives_the_same_weights() -> None:
    data, short = separable(n_groups=4), replace(SMALL, steps=5, noise=0.3, input_dropout=0.2)
    first, second, other = (fit_head(data, short, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["projection.weight"], other["projection.weight"])


def test_unknown_labels_change_nothing() -> None:
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    known = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor([2.0, -1.0, 3.0]), torch.tensor([1.0, 0.0, 0.0])
    )
    assert masked_loss(logits, torch.tensor([[1, 0], [-1, 0]])).item() == pytest.approx(known.item())
    assert masked_loss(logits, torch.full((2, 2), -1)).item() == 0.0


def test_the_fitted_network_takes_the_features_of_its_own_encoder() -> None:
    """A constant added to every feature must not change what fitting finds: the standardisation is in the weights."""
    data, short = separable(n_groups=4), replace(SMALL, steps=10)
    moved = replace(data, views=[(views[0] * 2 + 5,) for views in data.views])
    plain, shifted = fit_head(data, short, 0), fit_head(moved, short, 0)
    for views, moved_views in zip(data.views, moved.views, strict=True):
        expected = clip_logits(plain, views[0])
        np.testing.assert_allclose(clip_logits(shifted, moved_views[0]), expected, atol=2e-3)


def test_clips_follow_the_papers_plan() -> None:
    network = fit_head(separable(n_groups=4), replace(SMALL, steps=2), 0)
    features = np.random.default_rng(0).random((50, 1280), dtype=np.float32)
    found = clip_logits(network, features)
    assert found.shape == (3, 2)
    tail = np.concatenate([features[48:], np.repeat(features[49:], 28, axis=0)])
    with torch.inference_mode():
        logits, _ = network.head(network.project(torch.from_numpy(tail[None])))
    np.testing.assert_allclose(found[2], logits[0].numpy(), atol=1e-6)


def test_metric_rows_name_set_level_method_and_counts() -> None:
    data = separable()
    clips = out_of_fold(data, linear_probe_scorer, seed=0)
    rows = metric_rows(of_videos(clips, data), ["one", "two"], set_name="folds", level="video")
    assert [(row["pattern"], row["method"]) for row in rows] == [
        ("one", "DeLong"),
        ("one", "bootstrap over clusters, percentile"),
        ("two", "DeLong"),
        ("two", "bootstrap over clusters, percentile"),
    ]
    assert {row["positives"] for row in rows[2:]} == {int((data.labels[:, 1] == 1).sum())}
    assert all(float(row["low"]) <= float(row["auc"]) <= float(row["high"]) for row in rows)
    one_class = replace(data, labels=np.ones_like(data.labels))
    assert metric_rows(of_clips(clips, one_class), ["one", "two"], set_name="folds", level="clip") == []
