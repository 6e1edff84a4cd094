"""Frames prepared on a card: uploaded as uint8, then crop, grey, letterbox and normalisation there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.frames import InputFrames
from model.preprocessing import Preprocessing, Region, check_frame, check_region, letterbox_place

_LUMINANCE = (4899, 9617, 1868)
_LUMINANCE_SHIFT = 14
"""ITU-R BT.601 in the whole numbers of OpenCV's RGB2GRAY, so that grey levels are the same."""


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
        """(M, 3, size, size) float32 on `device`: what `normalize` makes of the letterboxed frames, within one grey
        level: OpenCV interpolates in whole numbers."""
        rules = self.preprocessing
        on_device = self.raw.to(device, non_blocking=True)
        if self.region is not None:
            x0, y0, x1, y1 = self.region
            on_device = on_device[:, y0:y1, x0:x1]
            on_device = on_device[..., :1] if rules.channel_rule == "channel0" else _luminance(on_device)
        channels_first = on_device.permute(0, 3, 1, 2).float()
        top, left, height, width = letterbox_place(channels_first.shape[2:4], rules.size)
        resized = torch.nn.functional.interpolate(
            channels_first, size=(height, width), mode="bilinear", align_corners=False, antialias=False
        )
        square = resized.new_zeros(len(resized), resized.shape[1], rules.size, rules.size)
        square[:, :, top : top + height, left : left + width] = resized.add(0.5).floor()
        mean = torch.tensor(rules.mean, device=device).view(1, 3, 1, 1)
        std = torch.tensor(rules.std, device=device).view(1, 3, 1, 1)
        return square.expand(-1, 3, -1, -1).div(255).sub(mean).div(std)


def _luminance(rgb: Tensor) -> Tensor:
    """(M, H, W, 3) uint8 -> (M, H, W, 1) whole grey levels, rounded as OpenCV does."""
    weights = torch.tensor(_LUMINANCE, device=rgb.device, dtype=torch.int32)
    summed = (rgb.to(torch.int32) * weights).sum(dim=3, keepdim=True)
    return (summed + (1 << (_LUMINANCE_SHIFT - 1))) >> _LUMINANCE_SHIFT
