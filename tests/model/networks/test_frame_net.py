"""Clip logits of the frame-based network against probabilities pooled directly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model import build_network
from model.networks.frame_net import POOLS, FrameNet


def network_with(pool: str, top_k: int = 2) -> FrameNet:
    with torch.device("meta"):
        network = build_network("frame_net", encoder="resnet18", pool=pool, top_k=top_k)
    assert isinstance(network, FrameNet)
    return network


NETWORKS = {pool: network_with(pool) for pool in POOLS}


def pooled_directly(pool: str, p: Any) -> float:
    """(L,) probabilities of real frames -> the clip's."""
    if pool == "max":
        return float(p.max())
    if pool == "mean":
        return float(p.mean())
    if pool == "top_k":
        return float(np.sort(p)[-2:].mean())
    return float(1 - np.prod(1 - p))


@settings(max_examples=60)
@given(
    pool=st.sampled_from(POOLS),
    logits=st.lists(st.floats(-9, 9), min_size=1, max_size=8),
    n_copies=st.integers(0, 3),
)
def test_the_sigmoid_of_a_clips_logit_is_the_pooled_probability(pool: str, logits: list[float], n_copies: int) -> None:
    frames = torch.tensor([*logits, *[9.0] * n_copies], dtype=torch.float64)[None, :, None]
    real = torch.arange(frames.shape[1])[None] < len(logits)
    found = torch.sigmoid(NETWORKS[pool].pool(frames, real)).item()
    expected = pooled_directly(pool, 1 / (1 + np.exp(-np.array(logits))))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("height", [-200.0, -30.0, -14.9, 30.0, 200.0])
def test_logits_and_gradients_stay_finite_where_probabilities_do_not(pool: str, height: float) -> None:
    frames = torch.full((1, 4, 1), height).requires_grad_()
    logit = NETWORKS[pool].pool(frames, torch.tensor([[True, True, True, False]]))
    logit.sum().backward()
    assert frames.grad is not None
    assert torch.isfinite(logit).all()
    assert torch.isfinite(frames.grad).all()
    assert frames.grad.sum() > 0.3
    if pool != "noisy_or":
        assert logit.item() == pytest.approx(height, rel=1e-5)
    elif height < -20:
        assert logit.item() == pytest.approx(height + np.log(3), abs=1e-3)


def test_frames_are_scored_on_their_own() -> None:
    network = build_network("frame_net", encoder="resnet18").eval()
    clips = torch.randn(2, 3, 3, 32, 32)
    with torch.inference_mode():
        frames = network.frame_logits(clips)
        torch.testing.assert_close(frames[1, 2], network.frame_logits(clips[1:, 2:])[0, 0], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(network(clips)[0], frames.amax(dim=1))
