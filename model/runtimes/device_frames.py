"""Frames prepared on a card: uploaded as uint8, then crop, grey, letterbox and normalisation there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.frames import InputFrames
from model.preprocessing import Preprocessing, Region, check_frame, check_region, letterbox_place

_LUMINANCE = (9798, 19235, 3735)
_LUMINANCE_SHIFT = 15
"""ITU-R BT.601 in the whole numbers of OpenCV's RGB2GRAY, so that grey levels are the same."""

_WEIGHT = 2048


@dataclass(frozen=True, eq=False)
class DeviceFrames:
    """raw: (M, H, W, 3) uint8 RGB on the host. region: as `InputFrames.region`."""

    raw: Tensor
    region: Region | None
    preprocessing: Preprocessing

    @classmethod
    def read(cls, frames: InputFrames, indices: NDArray[np.int64]) -> DeviceFrames:
        """Read some frames; raises what reading raises, ValueError when they differ in size or shape."""
        images = [frames.raw(int(i)) for i in indices]
        for image in images:
            check_frame(image)
        if frames.region is not None:
            check_region(frames.region, images[0].shape)
        return cls(torch.from_numpy(np.stack(images)), frames.region, frames.preprocessing)

    def normalized(self, device: torch.device) -> Tensor:
        """(M, 3, size, size) float32 on `device`: what `normalize` makes of the letterboxed frames."""
        rules = self.preprocessing
        on_device = self.raw.to(device, non_blocking=True)
        if self.region is not None:
            x0, y0, x1, y1 = self.region
            on_device = on_device[:, y0:y1, x0:x1]
            on_device = on_device[..., :1] if rules.channel_rule == "channel0" else _luminance(on_device)
        channels_first = on_device.permute(0, 3, 1, 2)
        top, left, height, width = letterbox_place(channels_first.shape[2:4], rules.size)
        square = torch.zeros(len(on_device), channels_first.shape[1], rules.size, rules.size, device=device)
        square[:, :, top : top + height, left : left + width] = _resized(channels_first, height, width)
        mean = torch.tensor(rules.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(rules.std, device=device).view(1, 3, 1, 1)
        return square.expand(-1, 3, -1, -1).div(255).sub(mean).div(std)


def _luminance(rgb: Tensor) -> Tensor:
    """(M, H, W, 3) uint8 -> (M, H, W, 1) whole grey levels, rounded as OpenCV does."""
    weights = torch.tensor(_LUMINANCE, device=rgb.device, dtype=torch.int32)
    summed = (rgb.to(torch.int32) * weights).sum(dim=3, keepdim=True)
    return (summed + (1 << (_LUMINANCE_SHIFT - 1))) >> _LUMINANCE_SHIFT


def _resized(images: Tensor, height: int, width: int) -> Tensor:
    """(M, C, H, W) whole numbers -> (M, C, height, width), bilinear in OpenCV's whole numbers: 11 bits of weight per
    axis, the last two of them rounded, the others cut off."""
    rows, columns = images.shape[2:4]
    if (rows, columns) == (height, width):
        return images
    left, right, left_weight, right_weight = _neighbours(columns, width, images.device, clamped=True)
    upper, lower, upper_weight, lower_weight = _neighbours(rows, height, images.device, clamped=False)
    whole = images.to(torch.int32)
    across = whole[..., left] * left_weight + whole[..., right] * right_weight >> 4
    above = across[:, :, upper] * upper_weight[:, None] >> 16
    below = across[:, :, lower] * lower_weight[:, None] >> 16
    return above + below + 2 >> 2


def _neighbours(n_in: int, n_out: int, device: torch.device, *, clamped: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The two pixels each new pixel of an axis lies between, and their weights of 2048 in all.

    clamped: past the ends all weight lies on one pixel (OpenCV's columns), not on the end taken twice (its rows).
    """
    # In float32 from here on, as OpenCV has it.
    places = ((torch.arange(n_out, dtype=torch.float64) + 0.5) * (n_in / n_out) - 0.5).float()
    first = places.floor()
    share = places - first
    if clamped:
        share = torch.where((first < 0) | (first >= n_in - 1), 0.0, share)
    second_weight = (share * _WEIGHT).round().int()
    first_weight = ((1.0 - share) * _WEIGHT).round().int()
    one, other = first.clamp(0, n_in - 1).long(), (first + 1).clamp(0, n_in - 1).long()
    return one.to(device), other.to(device), first_weight.to(device), second_weight.to(device)
