"""What several networks share."""

from __future__ import annotations

from torch import Tensor, nn


def encode_frames(encoder: nn.Module, clips: Tensor) -> Tensor:
    """(N, L, 3, H, W) -> (N, L, D), every frame on its own."""
    features: Tensor = encoder(clips.flatten(0, 1))
    return features.unflatten(0, clips.shape[:2])


def channels_before_time(clips: Tensor) -> Tensor:
    """(N, L, 3, H, W) -> (N, 3, L, H, W), as three-dimensional convolutions want it."""
    return clips.transpose(1, 2)
