"""USVN's four pools against their formulas written out with loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from model import build_network
from model.networks.usvn import USVN


def network_with(pool: str) -> USVN:
    torch.manual_seed(1)
    network = build_network("usvn", encoder="resnet18", n_heads=4, pool=pool).double().eval()
    assert isinstance(network, USVN)
    return network


def scores_by_hand(network: USVN, heads: Any) -> Any:
    """(L, H, d) -> (L, H)."""
    q = network.queries.detach().numpy()
    scores = np.zeros(heads.shape[:2])
    for t in range(heads.shape[0]):
        for k in range(heads.shape[1]):
            if network.options.pool == "attn":
                scores[t, k] = heads[t, k] @ q[k] / math.sqrt(heads.shape[2])
            else:
                scores[t, k] = q[k] @ np.tanh(network.keys.detach().numpy()[k] @ heads[t, k])
    return scores


def pooled_by_hand(network: USVN, features: Any) -> Any:
    """(L, D) of real frames -> (D,)."""
    if network.options.pool == "max":
        return features.max(axis=0)
    if network.options.pool == "avg":
        return features.mean(axis=0)
    heads = features.reshape(len(features), 4, -1)
    weights = np.exp(scores_by_hand(network, heads))
    weights /= weights.sum(axis=0)
    pooled = (weights[:, :, None] * heads).sum(axis=0)
    if network.options.pool == "tanh_attn":
        pooled = pooled / math.sqrt(heads.shape[2])
    return pooled.ravel()


@pytest.mark.parametrize("pool", ["attn", "tanh_attn", "max", "avg"])
@pytest.mark.parametrize("n_real", [5, 3])
def test_pools_equal_their_formulas_over_real_frames(pool: str, n_real: int) -> None:
    network = network_with(pool)
    # Below zero throughout: padding that counted as zero would be the largest.
    features = -torch.rand(1, 5, 512, dtype=torch.float64) - 0.5
    mask = torch.arange(5)[None] < n_real
    with torch.inference_mode():
        pooled = network.pool(features, None if n_real == 5 else mask)[0].numpy()
    np.testing.assert_allclose(pooled, pooled_by_hand(network, features[0, :n_real].numpy()), rtol=1e-10)


@pytest.mark.parametrize("pool", ["attn", "tanh_attn"])
def test_attention_sums_to_one_over_real_frames(pool: str) -> None:
    network = network_with(pool)
    mask = torch.tensor([[True, False, True, True]])
    with torch.inference_mode():
        attention = network.attention(torch.randn(1, 4, 512, dtype=torch.float64), mask)
    assert attention.shape == (1, 4, 4)
    assert torch.all(attention[:, 1] == 0)
    torch.testing.assert_close(attention.sum(dim=1), torch.ones(1, 4, dtype=torch.float64))
