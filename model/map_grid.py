"""Where the cells of an encoder's last map lie on the frames of a video: numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.preprocessing import Region, letterbox_place


@dataclass(frozen=True)
class MapGrid:
    """A map of `shape` (h, w) cells over the square that the network sees, and that square over the frame.

    size: side of the square, pixels. picture: (top, left, height, width) of the part of the square that holds the
    picture; the rest is black. region: (x0, y0, x1, y1) of the frame that the picture shows, half-open pixels.
    centre_px, stride_px: the cell in row or column j sees the pixels of the square around centre_px + j * stride_px.
    Raises ValueError when the numbers do not fit one another.
    """

    shape: tuple[int, int]
    size: int
    picture: tuple[int, int, int, int]
    region: Region
    centre_px: float
    stride_px: float

    def __post_init__(self) -> None:
        top, left, height, width = self.picture
        x0, y0, x1, y1 = self.region
        if min(self.shape) < 1 or self.stride_px <= 0:
            raise ValueError(f"a map needs cells and a distance between them, got {self.shape} and {self.stride_px}")
        if top < 0 or left < 0 or min(height, width) < 1 or max(top + height, left + width) > self.size:
            raise ValueError(f"the picture {self.picture} does not lie inside a square of {self.size} pixels")
        if not (0 <= x0 < x1 and 0 <= y0 < y1):
            raise ValueError(f"the region {self.region} is empty or lies outside the frame")

    @classmethod
    def of(cls, shape: tuple[int, int], size: int, region: Region, cell: tuple[float, float]) -> MapGrid:
        """The grid of a map of `shape` made from `region` of a frame through `letterbox`; cell: (centre, stride).

        >>> grid = MapGrid.of((8, 8), 256, (160, 106, 1148, 877), (14, 32))
        >>> grid.picture
        (28, 0, 199, 256)
        """
        x0, y0, x1, y1 = region
        return cls(shape, size, letterbox_place((y1 - y0, x1 - x0), size), region, *cell)

    @property
    def rows(self) -> NDArray[np.float32]:
        """(H, h): what each row of the region's H pixels takes of each row of the map; each row sums to 1."""
        top, _, height, _ = self.picture
        return self._weights(self.region[3] - self.region[1], top, height, self.shape[0])

    @property
    def columns(self) -> NDArray[np.float32]:
        """(W, w): as `rows`, for the columns."""
        _, left, _, width = self.picture
        return self._weights(self.region[2] - self.region[0], left, width, self.shape[1])

    def on_region(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """(h, w) -> (H, W) on the region's pixels: bilinear between the middles of cells, the outermost repeated."""
        if values.shape != self.shape:
            raise ValueError(f"a map of {self.shape} cells was expected, got {values.shape}")
        return np.asarray(self.rows @ values.astype(np.float32) @ self.columns.T, dtype=np.float32)

    def _weights(self, n_pixels: int, start: int, length: int, n_cells: int) -> NDArray[np.float32]:
        # As OpenCV's bilinear resize, which made the picture: pixel centres lie at half numbers.
        in_square = start + (np.arange(n_pixels) + 0.5) * (length / n_pixels) - 0.5
        place = np.clip((in_square - self.centre_px) / self.stride_px, 0, n_cells - 1)
        before = np.minimum(place.astype(np.int64), max(n_cells - 2, 0))
        after = np.minimum(before + 1, n_cells - 1)
        weights = np.zeros((n_pixels, n_cells))
        each = np.arange(n_pixels)
        weights[each, before] += 1 - (place - before)
        weights[each, after] += place - before
        return weights.astype(np.float32)
