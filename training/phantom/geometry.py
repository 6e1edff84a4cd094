"""From beams to pictures: where each beam and depth of a convex or linear probe lies in the image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

_LARGEST_ROWS = 480
_BEAMS_PER_ROW = 0.75
_OUTSIDE = -10.0


class Probe(Enum):
    """The shape of the probe's face."""

    CONVEX = "convex"
    LINEAR = "linear"


@dataclass(frozen=True)
class Geometry:
    """What a probe sees.

    depth_cm: from the probe's face to the bottom of the picture. radius_cm, half_angle_rad: of a convex face.
    width_cm: of a linear face. Raises ValueError unless all are positive and the half angle is below a right angle.
    """

    probe: Probe
    depth_cm: float
    radius_cm: float = 5.0
    half_angle_rad: float = 0.55
    width_cm: float = 5.0

    def __post_init__(self) -> None:
        lengths = (self.depth_cm, self.radius_cm, self.half_angle_rad, self.width_cm)
        if not all(np.isfinite(value) and value > 0 for value in lengths) or self.half_angle_rad >= np.pi / 2:
            raise ValueError(f"a probe's lengths and angle must be positive, the angle below 1.57, got {lengths}")

    @property
    def box_cm(self) -> tuple[float, float]:
        """Width and height of the smallest box around what is seen."""
        if self.probe is Probe.LINEAR:
            return self.width_cm, self.depth_cm
        reach = self.radius_cm + self.depth_cm
        sagitta = self.radius_cm * np.cos(self.half_angle_rad)
        return float(2 * reach * np.sin(self.half_angle_rad)), float(reach - sagitta)

    def lateral_cm(self, n_beams: int, depth_cm: float) -> NDArray[np.float32]:
        """(n_beams,) places of the beams along the arc at a depth; 0 is the middle."""
        arc_cm = 2 * self.half_angle_rad * (self.radius_cm + depth_cm)
        half = (self.width_cm if self.probe is Probe.LINEAR else arc_cm) / 2
        return np.linspace(-half, half, n_beams, dtype=np.float32)


@dataclass(frozen=True)
class Grid:
    """The simulated samples: n_rows depths by n_beams beams."""

    n_rows: int
    n_beams: int

    @classmethod
    def for_height(cls, height_px: int) -> Grid:
        """Fine enough for a picture of that height; a larger one is interpolated, as scanners do.

        >>> Grid.for_height(256), Grid.for_height(772).n_rows
        (Grid(n_rows=256, n_beams=192), 480)
        """
        n_rows = max(16, min(height_px, _LARGEST_ROWS))
        return cls(n_rows, max(12, round(n_rows * _BEAMS_PER_ROW)))


class ScanConverter:
    """Maps (n_rows, n_beams) samples to a picture of (height, width); what is seen lies in the middle, unstretched."""

    def __init__(self, geometry: Geometry, grid: Grid, shape: tuple[int, int]) -> None:
        height, width = shape
        wide, high = geometry.box_cm
        self.cm_per_px = max(wide / width, high / height)
        y, x = np.mgrid[0:height, 0:width].astype(np.float64)
        x_cm = (x - (width - 1) / 2) * self.cm_per_px
        y_cm = (y - (height - 1) / 2) * self.cm_per_px + high / 2
        beam, depth = _beam_and_depth(geometry, x_cm, y_cm)
        is_inside = (np.abs(beam) <= 1) & (depth >= 0) & (depth <= geometry.depth_cm)
        self.is_inside: NDArray[np.bool_] = is_inside
        columns = np.where(is_inside, (beam + 1) / 2 * (grid.n_beams - 1), _OUTSIDE).astype(np.float32)
        rows = np.where(is_inside, depth / geometry.depth_cm * (grid.n_rows - 1), _OUTSIDE).astype(np.float32)
        self._smooth = cv2.convertMaps(columns, rows, cv2.CV_16SC2)
        self._nearest = cv2.convertMaps(np.rint(columns), np.rint(rows), cv2.CV_16SC2, nninterpolation=True)

    def picture(self, samples: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(height, width) uint8 from (n_rows, n_beams) uint8; black outside of what is seen."""
        return np.asarray(cv2.remap(samples, *self._smooth, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), np.uint8)

    def mask(self, samples: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(height, width) bool from (n_rows, n_beams) bool; False outside of what is seen."""
        found = cv2.remap(
            samples.astype(np.uint8), *self._nearest, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        return found.astype(bool)


def _beam_and_depth(
    geometry: Geometry, x_cm: NDArray[np.float64], y_cm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Beam from -1 (left) to 1, and depth below the face, of points in the box (y from its top)."""
    if geometry.probe is Probe.LINEAR:
        return x_cm / (geometry.width_cm / 2), y_cm
    below_centre = y_cm + geometry.radius_cm * np.cos(geometry.half_angle_rad)
    angle = np.arctan2(x_cm, below_centre)
    return angle / geometry.half_angle_rad, np.hypot(x_cm, below_centre) - geometry.radius_cm
