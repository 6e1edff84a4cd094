"""A-lines: the pleural line seen again at every multiple of its depth, as air reflects it to the probe and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.phantom.echoes import Echoes, Samples, bell, line_sigma_cm
from training.phantom.motion import Pose
from training.phantom.roughness import Roughness

_VISIBLE = 0.5


@dataclass(frozen=True)
class ALines:
    """strength: amplitude of the first repetition. decay: of each next one against the one before. centre_cm,
    half_width_cm: where the beams meet the pleura squarely; elsewhere nothing comes back."""

    strength: float
    decay: float
    centre_cm: float
    half_width_cm: float
    evenness: Roughness

    def lateral(self, pose: Pose) -> NDArray[np.float32]:
        """(n_beams,) how squarely the beams meet the pleura, 0 to 1."""
        window = bell((pose.lateral_cm - np.float32(self.centre_cm)) / np.float32(self.half_width_cm))
        return window * np.clip(1 + np.float32(0.10) * self.evenness.at(pose.lung_cm), 0, 1)

    def draw(self, pose: Pose, echoes: Echoes, shown: NDArray[np.float32]) -> None:
        """Add the lines. shown: (n_beams,) 0 to 1, where nothing erases them."""
        amplitude = np.float32(self.strength) * self.lateral(pose) * shown
        for order in self._orders(pose, echoes.depth_cm):
            fade = np.float32(self.decay ** (order - 2))
            echoes.line(pose.pleura_cm * order, _thickness(order), amplitude * fade)

    def coverage(self, pose: Pose, depth_cm: Samples, shown: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(n_rows, n_beams) where a line is plainly seen."""
        seen = self.lateral(pose) * shown > _VISIBLE
        covered = np.zeros((len(depth_cm), len(seen)), bool)
        for order in self._orders(pose, depth_cm):
            # At least the nearest sample, so that a thin line on a coarse grid is not lost.
            reach = max(1.5 * line_sigma_cm(depth_cm, _thickness(order)), float(depth_cm[1, 0] - depth_cm[0, 0]) / 2)
            covered |= np.abs(depth_cm - pose.pleura_cm * order) <= np.float32(reach)
        return covered & seen

    def _orders(self, pose: Pose, depth_cm: Samples) -> range:
        deepest = int(float(depth_cm[-1, 0]) / float(pose.pleura_cm.min()))
        return range(2, min(deepest, 5) + 1)


def _thickness(order: int) -> float:
    return 0.8 + 0.3 * order
