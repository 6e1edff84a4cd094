"""Every network of the registry, tiny, with clips it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from model import build_network


@dataclass(frozen=True)
class Tiny:
    """options: with dropout and stochastic depth 0. clip: L, H, W. learning_rate, n_steps: to learn eight clips."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    clip: tuple[int, int, int] = (3, 16, 16)
    learning_rate: float = 1e-3
    n_steps: int = 15

    def build(self) -> nn.Module:
        """With the weights of seed 0."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return build_network(self.name, **self.options)

    def clips(self, n_clips: int, seed: int = 1) -> Tensor:
        """(N, L, 3, H, W) noise."""
        length, height, width = self.clip
        return torch.randn(n_clips, length, 3, height, width, generator=torch.Generator().manual_seed(seed))


_ENCODER = {"encoder": "resnet18"}
_SMALL_VIVIT = {"clip_length": 4, "size": 32, "embedding": 24, "depth": 2, "n_heads": 2, "head_width": 8}
_SMALL_MVIT = {"clip_length": 4, "size": 32, "depths": (1, 1, 1, 2), "channels": 8, "dropout": 0.0}
_SMALL_SWIN = {"channels": 8, "depths": (2, 2), "n_heads": (1, 2), "stochastic_depth": 0.0}

TINY = {
    "luv_net": Tiny("luv_net", {**_ENCODER, "projection": 16, "kernel_size": 3, "mlp_hidden": 32}, learning_rate=3e-3),
    "usvn-attn": Tiny("usvn", _ENCODER),
    "usvn-tanh_attn": Tiny("usvn", {**_ENCODER, "pool": "tanh_attn"}),
    "usvn-max": Tiny("usvn", {**_ENCODER, "pool": "max"}),
    "usvn-avg": Tiny("usvn", {**_ENCODER, "pool": "avg"}),
    "frame_net-max": Tiny("frame_net", _ENCODER),
    "frame_net-mean": Tiny("frame_net", {**_ENCODER, "pool": "mean"}),
    "frame_net-top_k": Tiny("frame_net", {**_ENCODER, "pool": "top_k", "top_k": 2}),
    "frame_net-noisy_or": Tiny("frame_net", {**_ENCODER, "pool": "noisy_or"}),
    "cnn_lstm": Tiny("cnn_lstm", {**_ENCODER, "projection": 32, "hidden": 64}, (2, 16, 16), 5e-3, 25),
    "cnn_lstm-3": Tiny("cnn_lstm", {**_ENCODER, "projection": 64, "hidden": 128, "n_layers": 3}, (2, 16, 16), 2e-3, 28),
    "b_line_net": Tiny("b_line_net", {**_ENCODER, "hidden": 32}, learning_rate=3e-3),
    "c3d": Tiny(
        "c3d",
        {"clip_length": 16, "height": 16, "width": 16, "channels": 8, "hidden": 128, "dropout": 0.0},
        clip=(16, 16, 16),
        learning_rate=1e-3,
        n_steps=100,
    ),
    "r2plus1d": Tiny("r2plus1d", {"layers": (1, 1, 1, 1)}, clip=(4, 16, 16), n_steps=10),
    "r2plus1d-authors": Tiny("r2plus1d", {"layers": (1, 1, 1, 1), "layout": "authors"}, clip=(4, 16, 16), n_steps=10),
    "vivit-cls": Tiny("vivit", _SMALL_VIVIT, clip=(4, 32, 32), learning_rate=5e-3, n_steps=40),
    "vivit-mean": Tiny("vivit", {**_SMALL_VIVIT, "pool": "mean"}, clip=(4, 32, 32), learning_rate=5e-3, n_steps=40),
    "mvit-v1": Tiny("mvit", {**_SMALL_MVIT, "stochastic_depth": 0.0}, (4, 32, 32), 3e-3, 60),
    "mvit-v2": Tiny("mvit", {**_SMALL_MVIT, "stochastic_depth": 0.0, "version": "v2"}, (4, 32, 32), 1e-2, 60),
    "swin": Tiny("swin", _SMALL_SWIN, (4, 32, 32), 1e-2, 60),
}
