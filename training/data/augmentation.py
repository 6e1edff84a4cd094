"""Flips and rotations of whole clips (systems.md 3.8), on tensors, keeping the range of grey levels.

Axis letters: N batch, L frames of a clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as V

from model.networks.contract import check_clips
from training.data.normalise import one_grey
from training.data.order import clip_generator


@dataclass(frozen=True)
class AugmentationOptions:
    """flip: probability of a horizontal flip. rotation: probability of a rotation. rotation_degrees: the angle is
    uniform between minus and plus this. legacy_rotation: rotated clips lose their range as in the authors' code, where
    grey levels are divided by 255 a second time. Raises ValueError for values out of range."""

    flip: float = 0.5
    rotation_degrees: float = 10.0
    rotation: float = 0.5
    legacy_rotation: bool = False

    def __post_init__(self) -> None:
        for name in ("flip", "rotation"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be a probability, 0 to 1, got {getattr(self, name)}")
        if not 0 <= self.rotation_degrees <= 180:
            raise ValueError(f"rotation_degrees must lie in 0 to 180, got {self.rotation_degrees}")


@dataclass(frozen=True)
class ClipDecision:
    """What is done to every frame of a clip alike: first the flip, then the rotation, counter-clockwise; None: none."""

    is_flipped: bool = False
    angle_degrees: float | None = None


class ClipAugmentation(nn.Module):
    """Flip and rotate clips at random, as `seed`, epoch and the clip's index decide."""

    def __init__(self, options: AugmentationOptions | None = None, seed: int = 0) -> None:
        super().__init__()
        self.options = options or AugmentationOptions()
        self.seed = seed

    def decide(self, epoch: int, index: int) -> ClipDecision:
        """The same for the same seed, epoch and index, whatever else was drawn."""
        flip, rotation, angle = clip_generator(self.seed, epoch, index).random(3).tolist()
        turned = (2 * angle - 1) * self.options.rotation_degrees
        return ClipDecision(flip < self.options.flip, turned if rotation < self.options.rotation else None)

    def forward(self, clips: Tensor, indices: Sequence[int] | Tensor, epoch: int) -> Tensor:
        """(N, L, 3, H, W) uint8 or float of clips `indices` (N,) -> the same shape, dtype and range of values.

        With legacy_rotation the result is float32, rotated clips 255 times darker. Raises ValueError for another shape.
        """
        numbers = indices.tolist() if isinstance(indices, Tensor) else list(indices)
        return transform_clips(clips, [self.decide(epoch, i) for i in numbers], self.options.legacy_rotation)


def transform_clips(clips: Tensor, decisions: Sequence[ClipDecision], legacy_rotation: bool = False) -> Tensor:
    """Each clip of (N, L, 3, H, W) by its decision; see `ClipAugmentation.forward`. `clips` stays as it is."""
    check_clips(clips)
    if len(decisions) != len(clips):
        raise ValueError(f"{len(clips)} clips need as many decisions, got {len(decisions)}")
    levels = one_grey(clips)
    made = torch.stack([_transformed(clip, told) for clip, told in zip(levels, decisions, strict=True)])
    if legacy_rotation:
        turned = torch.tensor([told.angle_degrees is not None for told in decisions], device=clips.device)
        made = made.to(torch.float32)
        made = torch.where(turned.view(-1, 1, 1, 1, 1), made / 255, made)
    return made.expand(-1, -1, 3, -1, -1)


def _transformed(clip: Tensor, told: ClipDecision) -> Tensor:
    """(L, C, H, W)."""
    if told.is_flipped:
        clip = clip.flip(-1)
    if told.angle_degrees is None:
        return clip
    # Frames as channels of one image: one grid, and one decision for all of them.
    flat = clip.flatten(0, 1)
    turned = V.rotate(flat, told.angle_degrees, interpolation=InterpolationMode.BILINEAR, fill=0)
    return turned.reshape(clip.shape)
