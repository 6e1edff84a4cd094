"""The scanner's screen around the picture: where the picture lies and what is burned in beside it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.video import Region

_HEIGHT, _WIDTH = 924, 1232
_REGION = (160, 106, 1149, 878)
FULL_SIZE_PX = _REGION[3] - _REGION[1]
"""Height of the picture on a screen of full size: 772 rows of 989 pixels on 924 x 1232."""
_SMALLEST_PX = 24
_GREY = (200, 200, 200)


@dataclass(frozen=True)
class Screen:
    """shape: (height, width) of the whole image. region: where the picture is, half-open (x0, y0, x1, y1)."""

    shape: tuple[int, int]
    region: Region

    @classmethod
    def for_picture(cls, height_px: int) -> Screen:
        """The published layout (systems.md 2.1), scaled so that the picture has this height.

        Raises ValueError below 24 pixels.

        >>> Screen.for_picture(FULL_SIZE_PX)
        Screen(shape=(924, 1232), region=(160, 106, 1149, 878))
        >>> Screen.for_picture(64).picture_shape
        (64, 82)
        """
        if height_px < _SMALLEST_PX:
            raise ValueError(f"the picture needs at least {_SMALLEST_PX} rows, got {height_px}")
        scale = height_px / FULL_SIZE_PX
        x0, y0 = round(_REGION[0] * scale), round(_REGION[1] * scale)
        width = round((_REGION[2] - _REGION[0]) * scale)
        shape = (max(round(_HEIGHT * scale), y0 + height_px), max(round(_WIDTH * scale), x0 + width))
        return cls(shape, (x0, y0, x0 + width, y0 + height_px))

    @property
    def picture_shape(self) -> tuple[int, int]:
        """(height, width) of the picture."""
        x0, y0, x1, y1 = self.region
        return y1 - y0, x1 - x0

    def background(self, lines: tuple[str, ...]) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB: an empty screen with lines of text above the picture and a scale left of it."""
        image = np.zeros((*self.shape, 3), np.uint8)
        x0, y0, _, y1 = self.region
        step = max(1, y0 // (len(lines) + 1))
        size = max(0.2, step / 40)
        for number, text in enumerate(lines, start=1):
            cv2.putText(image, text, (4, number * step), cv2.FONT_HERSHEY_SIMPLEX, size, _GREY, 1, cv2.LINE_AA)
        # Letters on a small screen may reach into the picture, which belongs to the echoes alone.
        image[y0:, x0:] = 0
        image[y0 : y1 : max(1, (y1 - y0) // 14), max(0, x0 - 8) : max(0, x0 - 3)] = 120
        return image

    def filled(self, background: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A copy of the background with a grey picture in its place."""
        x0, y0, x1, y1 = self.region
        image = background.copy()
        image[y0:y1, x0:x1] = picture[..., None]
        return image
