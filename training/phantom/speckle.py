"""Speckle: the interference of echoes too close together to be told apart, which moves with its tissue."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from training.phantom.geometry import Grid

_AXIAL_SIGMA = 0.8
_LATERAL_SIGMA = 1.5
_LARGEST_SCALE = 1.2


class Speckle:
    """Two independent complex Gaussian fields, wrapped around at their ends.

    A place in the tissue is a weighted sum of both, of squares that add to 1, so that the amplitude stays Rayleigh
    distributed while the pattern changes as the tissue leaves the plane of the picture.
    """

    def __init__(self, rng: np.random.Generator, grid: Grid) -> None:
        self._rows, self._columns = np.mgrid[0 : grid.n_rows, 0 : grid.n_beams].astype(np.float32)
        # The point spread function has a size in centimetres; a small picture cannot show it as fine as it is.
        scale = min(grid.n_rows / 256, _LARGEST_SCALE)
        fields = [
            gaussian_filter(
                rng.standard_normal((grid.n_rows + 64, grid.n_beams + 64)),
                (_AXIAL_SIGMA * scale, _LATERAL_SIGMA * scale),
                mode="wrap",
            )
            for _ in range(4)
        ]
        # Each of the two parts of a complex field has half of the mean power 1.
        self._fields = np.stack([field / field.std() / np.sqrt(2) for field in fields], axis=-1).astype(np.float32)

    def at(
        self, shift_rows: NDArray[np.float32], shift_columns: NDArray[np.float32], phase_rad: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Real and imaginary part, (n_rows, n_beams) each, of mean power 1.

        shift_rows, shift_columns: how far the tissue has moved, samples; phase_rad: how far it left the plane (a
        quarter turn is a new pattern). Each broadcasts to (n_rows, n_beams).
        """
        moved = cv2.remap(
            self._fields,
            self._columns - shift_columns,
            self._rows - shift_rows,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        first, second = np.cos(phase_rad), np.sin(phase_rad)
        real = first * moved[..., 0] + second * moved[..., 1]
        imaginary = first * moved[..., 2] + second * moved[..., 3]
        return real, imaginary
