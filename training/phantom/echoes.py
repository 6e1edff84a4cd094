"""What comes back from each sample: scattered and mirror-like echoes, and how they become grey levels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""(n_rows, n_beams) float32, or what broadcasts to it."""


@dataclass
class Echoes:
    """Amplitudes while a frame is made; 1 is the brightest tissue.

    depth_cm: (n_rows, 1). scatter: (n_rows, n_beams) diffuse echoes, which speckle. mirror: the same of smooth
    surfaces, which do not. Patterns change both arrays in place.
    """

    depth_cm: Samples
    scatter: Samples
    mirror: Samples

    def dim(self, factor: Samples) -> None:
        """Weaken what is there by a factor from 0 to 1."""
        self.scatter *= factor
        self.mirror *= factor

    def line(self, at_cm: Samples, thickness: float, amplitude: Samples) -> None:
        """A smooth surface at depth at_cm (n_beams,), of an amplitude (n_beams,); thickness as of `line_sigma_cm`."""
        sigma_cm = line_sigma_cm(self.depth_cm, thickness)
        self.mirror += amplitude * bell((self.depth_cm - at_cm) / np.float32(sigma_cm))


def line_sigma_cm(depth_cm: Samples, thickness: float) -> float:
    """Half the width of a drawn line: 1 is the sharpest; a picture that reaches deeper is made with a coarser pulse."""
    return thickness * float(depth_cm[-1, 0]) / 250


def bell(distance: Samples) -> Samples:
    """exp(-distance² / 2), to within 1 %; 0 beyond 4.

    A power of a polynomial costs a third of the exponential.

    >>> bell(np.float32([0, 1, 5])).round(2).tolist()
    [1.0, 0.6000000238418579, 0.0]
    """
    inner = np.maximum(1 - distance * distance * np.float32(1 / 32), 0)
    inner *= inner
    inner *= inner
    inner *= inner
    inner *= inner
    return np.asarray(inner, np.float32)


def step(distance_cm: Samples, softness_cm: float) -> Samples:
    """0 where distance is below 0, 1 above, linear over softness_cm around it."""
    return np.clip(distance_cm / np.float32(softness_cm) + np.float32(0.5), 0, 1)


@dataclass(frozen=True)
class Display:
    """How amplitudes become grey levels: dynamic_range_db shown below full white, gain_db, and noise of the receiver
    (amplitude at the probe and at the bottom, as the gain over depth lifts it)."""

    dynamic_range_db: float = 52.0
    gain_db: float = 0.0
    noise_top: float = 0.0006
    noise_bottom: float = 0.0035

    def grey(self, power: Samples) -> NDArray[np.uint8]:
        """uint8 of the power (amplitude squared); overwrites it. Smoothed along the beams' order, as scanners do."""
        np.maximum(power, np.float32(1e-9), out=power)
        level = cv2.log(power)
        level *= np.float32(10 / np.log(10) * 255 / self.dynamic_range_db)
        level += np.float32(255 * (1 + self.gain_db / self.dynamic_range_db))
        grey = np.clip(level, 0, 255, out=level).astype(np.uint8)
        return np.asarray(cv2.GaussianBlur(grey, (5, 3), sigmaX=1.1, sigmaY=0.6), np.uint8)
