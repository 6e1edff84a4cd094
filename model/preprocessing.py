"""From decoded frames to network input (systems 1.6, 2.1a): crop, channel rule, letterbox, ImageNet normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch
    from torch import Tensor

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

Region = tuple[int, int, int, int]
Image = NDArray[np.uint8]
ChannelRule = Literal["luminance", "channel0"]


@dataclass(frozen=True)
class Preprocessing:
    """How frames of a video become network input; stored in every checkpoint.

    size: side of the square input, pixels. channel_rule: which grey is replicated to three channels, "luminance"
    (ITU-R BT.601 of RGB) or "channel0" (the authors' files). mean, std: of R, G, B after division by 255.
    Raises ValueError when a value does not fit.
    """

    size: int = 256
    channel_rule: ChannelRule = "luminance"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1 pixel, got {self.size}")
        if self.channel_rule not in ("luminance", "channel0"):
            raise ValueError(f"channel_rule must be 'luminance' or 'channel0', got {self.channel_rule!r}")
        if (
            len(self.mean) != 3
            or len(self.std) != 3
            or not all(np.isfinite(self.mean))
            or not all(s > 0 for s in self.std)
        ):
            raise ValueError(f"mean and std must be three numbers each, std positive, got {self.mean} and {self.std}")


def check_frame(frame: Image, name: str = "a frame") -> None:
    """Raises ValueError, with expected and found, unless `frame` is (H, W, 3) uint8 with at least one pixel."""
    if not isinstance(frame, np.ndarray) or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        found = frame.shape if isinstance(frame, np.ndarray) else type(frame).__name__
        raise ValueError(f"{name} must have shape (H, W, 3), RGB, got {found}")
    if frame.dtype != np.uint8:
        raise ValueError(f"{name} must be uint8 (0 to 255), got {frame.dtype}")


def check_region(region: Region, shape: Sequence[int]) -> None:
    """Raises ValueError unless `region` lies inside a frame of `shape` (H, W, ...)."""
    x0, y0, x1, y1 = region
    height, width = shape[:2]
    if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
        raise ValueError(f"region {region} does not lie inside a frame of {width} x {height} pixels")


def letterbox(image: Image, size: int = 256) -> Image:
    """Shrink or enlarge (H, W) or (H, W, C) uint8 to fit a black (size, size[, C]) square, aspect kept, centred.

    scale = min(size / W, size / H), new sides int(W * scale) x int(H * scale), pasted at int(size / 2 - side / 2).
    Bilinear as OpenCV's INTER_LINEAR: pixel centres aligned, the two nearest pixels per axis, no smoothing before.

    >>> rows = np.flatnonzero(letterbox(np.full((771, 988), 255, np.uint8)).any(axis=1))
    >>> int(rows[0]), int(rows[-1])
    (28, 226)
    """
    top, left, height, width = letterbox_place(image.shape[:2], size)
    square = np.zeros((size, size, *image.shape[2:]), np.uint8)
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    square[top : top + height, left : left + width] = resized
    return square


def letterbox_place(shape: Sequence[int], size: int = 256) -> tuple[int, int, int, int]:
    """Where `letterbox` puts an image of `shape` (H, W): top, left, height, width inside the square, pixels.

    >>> letterbox_place((771, 988))
    (28, 0, 199, 256)
    """
    scale = min(size / shape[1], size / shape[0])
    height, width = max(1, int(shape[0] * scale)), max(1, int(shape[1] * scale))
    return int(size / 2 - height / 2), int(size / 2 - width / 2), height, width


def video_frame(frame: Image, region: Region, preprocessing: Preprocessing) -> Image:
    """(H, W, 3) uint8 RGB frame of a video -> (size, size) uint8: crop to region, channel rule, letterbox.

    region: (x0, y0, x1, y1), half-open, pixels; it must lie inside the frame (ValueError).
    """
    check_frame(frame)
    check_region(region, frame.shape)
    x0, y0, x1, y1 = region
    crop = frame[y0:y1, x0:x1]
    if preprocessing.channel_rule == "channel0":
        grey = np.ascontiguousarray(crop[:, :, 0])
    else:
        grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
    return letterbox(grey, preprocessing.size)


def array_frame(frame: Image, preprocessing: Preprocessing) -> Image:
    """(H, W, 3) uint8 RGB frame of a plain array -> (size, size, 3) uint8: letterbox only, colours untouched."""
    check_frame(frame)
    return letterbox(np.ascontiguousarray(frame), preprocessing.size)


def normalize(images: Sequence[Image], preprocessing: Preprocessing, device: torch.device | str = "cpu") -> Tensor:
    """M images (size, size) grey or (size, size, 3) RGB uint8 -> (M, 3, size, size) float32 on `device`.

    Grey is replicated; then (value / 255 - mean) / std. Raises ValueError when there is no image.
    """
    if not images:
        raise ValueError("there is no image to normalise")
    # Here, because frames are prepared for OpenVINO too, without torch.
    import torch

    stacked = torch.from_numpy(np.stack(images)).to(device)
    channels_first = stacked[:, None].expand(-1, 3, -1, -1) if stacked.ndim == 3 else stacked.permute(0, 3, 1, 2)
    mean = torch.tensor(preprocessing.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(preprocessing.std, device=device).view(1, 3, 1, 1)
    return channels_first.float().div(255).sub(mean).div(std)
