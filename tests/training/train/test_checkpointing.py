"""Blocks that are computed again give the same results, gradients and statistics."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from model.networks.encoders import build_encoder
from training.train.checkpointing import checkpoint_blocks


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "densenet161", "mobilenet_v2"])
def test_checkpointing_changes_nothing_but_memory(name: str) -> None:
    torch.manual_seed(0)
    plain, again = build_encoder(name), build_encoder(name)
    again.load_state_dict(plain.state_dict())
    for module in (*plain.modules(), *again.modules()):
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    checkpoint_blocks(again)
    checkpoint_blocks(again)
    frames = torch.randn(2, 3, 32, 32)
    kept = []
    for encoder in (plain, again):
        saved = 0

        def count(tensor: torch.Tensor) -> torch.Tensor:
            nonlocal saved
            saved += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
            features = encoder(frames)
        kept.append(saved)
        features.square().sum().backward()
    for (key, one), other in zip(plain.named_parameters(), again.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad), key
    assert all(torch.equal(one, other) for one, other in zip(plain.buffers(), again.buffers(), strict=True))
    assert kept[1] < 0.6 * kept[0]


def test_a_network_without_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="Linear has no blocks"):
        checkpoint_blocks(nn.Linear(2, 2))
