"""Clips of grey levels as normalised network input, on the device where they are.

Axis letters: N batch, L frames of a clip.
"""

from __future__ import annotations

import torch
from torch import Tensor

from model.networks.contract import check_clips
from model.preprocessing import Preprocessing


def one_grey(clips: Tensor) -> Tensor:
    """(N, L, 3, H, W) -> (N, L, 1, H, W) where the three channels are one and the same memory, else `clips` itself."""
    return clips[:, :, :1] if clips.stride(2) == 0 else clips


def normalise_clips(clips: Tensor, preprocessing: Preprocessing) -> Tensor:
    """(N, L, 3, H, W) grey levels 0 to 255, uint8 or float -> (value / 255 - mean) / std, float32, same shape.

    Equal to `model.preprocessing.normalize` bit for bit. Frames lie channels-last in memory, which convolutions are
    faster with; shape and values do not tell. Raises ValueError for another shape.
    """
    check_clips(clips)
    levels = one_grey(clips)
    n, length, _, height, width = clips.shape
    made = torch.empty((n, length, height, width, 3), dtype=torch.float32, device=clips.device)
    scaled = levels.to(torch.float32).div(255)
    for channel, (mean, std) in enumerate(zip(preprocessing.mean, preprocessing.std, strict=True)):
        source = scaled[:, :, channel if levels.shape[2] == 3 else 0]
        torch.sub(source, mean, out=made[..., channel]).div_(std)
    return made.permute(0, 1, 4, 2, 3)
