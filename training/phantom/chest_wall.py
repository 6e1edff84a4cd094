"""Skin, fat and muscle above the pleura, their reverberation below it, and the ribs with their shadows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from training.phantom.echoes import Echoes, Samples, bell, step
from training.phantom.motion import Pose
from training.phantom.roughness import Roughness

_ROWS = 192


class ChestWall:
    """Layers between the probe's face (0) and the pleura (1), which rise and fall with it."""

    def __init__(self, rng: np.random.Generator, lateral_cm: NDArray[np.float32], pleura_cm: float) -> None:
        self._columns = np.arange(len(lateral_cm), dtype=np.float32)[None]
        self._layers = np.stack(_layers(rng, lateral_cm, pleura_cm), axis=-1).astype(np.float32)

    def echoes(self, relative_depth: Samples) -> tuple[Samples, Samples]:
        """Scatter and mirror at depths relative to the pleura (n_rows, n_beams); wrapped below it, as reverberation."""
        rows = (relative_depth - np.floor(relative_depth)) * np.float32(_ROWS - 1)
        columns = np.broadcast_to(self._columns, rows.shape)
        found = cv2.remap(self._layers, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return found[..., 0], found[..., 1]


def _layers(
    rng: np.random.Generator, lateral_cm: NDArray[np.float32], pleura_cm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    depth = np.linspace(0, 1, _ROWS)[:, None]
    scatter = np.full((_ROWS, len(lateral_cm)), 0.045)
    mirror = np.zeros_like(scatter)
    fat_ends = rng.uniform(0.25, 0.45)
    muscle = depth > fat_ends + 0.02 * Roughness(rng, 2.0).at(lateral_cm)
    grain = rng.standard_normal(scatter.shape)
    # Wrapped at its edges, where any other padding would make the noise stronger.
    # Muscle is striped along the surface, fat is mottled with a few bright septa.
    stripes = gaussian_filter(grain, (2.2, 16), mode="wrap")
    mottle = gaussian_filter(grain, (4, 6), mode="wrap")
    scatter *= np.exp(np.where(muscle, 0.8 * stripes / stripes.std() + 0.2, 0.5 * mottle / mottle.std() - 0.5))
    _add_fasciae(rng, mirror, depth, lateral_cm, pleura_cm)
    skin = np.exp(-0.5 * (depth * pleura_cm / 0.06) ** 2)
    # The tissue right above the pleura is dark, which sets the pleural line off.
    above_pleura = 1 - 0.55 * np.exp(-0.5 * ((1 - depth) * pleura_cm / 0.15) ** 2)
    return (scatter + 0.2 * skin) * above_pleura, mirror * above_pleura + 0.1 * skin


def _add_fasciae(
    rng: np.random.Generator,
    mirror: NDArray[np.float64],
    depth: NDArray[np.float64],
    lateral_cm: NDArray[np.float32],
    pleura_cm: float,
) -> None:
    for place in np.sort(rng.uniform(0.12, 0.85, int(rng.integers(5, 9)))):
        waviness = 0.05 / pleura_cm * Roughness(rng, 2.5).at(lateral_cm) + rng.uniform(-0.01, 0.01) * lateral_cm
        strength = rng.uniform(0.05, 0.30) * np.clip(0.5 + 0.5 * Roughness(rng, 1.2).at(lateral_cm), 0, 1)
        mirror += strength * np.exp(-0.5 * ((depth - place - waviness) * pleura_cm / 0.025) ** 2)


@dataclass(frozen=True)
class Rib:
    """A rib cut across: lateral_cm of its middle, half_width_cm, and top_cm of its surface above the pleura."""

    lateral_cm: float
    half_width_cm: float
    top_cm: float

    def shade(self, pose: Pose, depth_cm: Samples) -> tuple[Samples, Samples]:
        """What it lets pass, 0 to 1, of (n_rows, n_beams), and the depth of its surface (n_beams,)."""
        off = np.abs(pose.lateral_cm - np.float32(self.lateral_cm)) / np.float32(self.half_width_cm)
        surface = pose.pleura_cm - np.float32(self.top_cm) + np.float32(0.5 * self.top_cm) * off * off
        blocked = step(np.float32(self.half_width_cm) * (1 - off), 0.35)
        return 1 - blocked * step(depth_cm - surface, 0.12), surface

    def draw(self, pose: Pose, echoes: Echoes) -> Samples:
        """Add the bright surface and darken what lies behind it; returns what it lets pass."""
        passing, surface = self.shade(pose, echoes.depth_cm)
        echoes.dim(np.float32(0.04) + np.float32(0.96) * passing)
        off = (pose.lateral_cm - np.float32(self.lateral_cm)) / np.float32(self.half_width_cm)
        echoes.line(surface, 2.0, np.float32(0.8) * bell(off * np.float32(2.2)))
        return passing
