"""Breathing: how the pleura rises and falls, and how far the lung has slid along it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.phantom.roughness import Roughness


@dataclass(frozen=True)
class Breathing:
    """rate_hz: breaths per second. start_rad: where in the breath the video begins. slide_cm: how far the lung slides
    to either side; 0 without lung sliding. rise_cm: how far the pleura rises and falls. heart_hz: heart beats per
    second, which the lung follows a little."""

    rate_hz: float
    start_rad: float
    slide_cm: float
    rise_cm: float
    heart_hz: float = 1.2

    def phase(self, time_s: float) -> float:
        """-1 (breathed out) to 1 (breathed in)."""
        return float(np.sin(2 * np.pi * self.rate_hz * time_s + self.start_rad))

    def slid_cm(self, time_s: float) -> float:
        """How far the lung has moved along the pleura, positive to the right."""
        beat = np.sin(2 * np.pi * self.heart_hz * time_s)
        return float(self.slide_cm * (self.phase(time_s) + 0.03 * beat))


@dataclass(frozen=True)
class PleuraShape:
    """The parietal pleura in a resting chest: depth_cm in the middle, tilt in cm per cm to the right, bow_cm deeper at
    the edges of the picture, bump_cm of irregularity."""

    depth_cm: float
    tilt: float
    bow_cm: float
    bump_cm: float


@dataclass(frozen=True)
class Pose:
    """Where everything is in one frame.

    pleura_cm: (n_beams,) depth of the parietal pleura. lateral_cm: (n_beams,) place of the beams on the chest wall.
    lung_cm: (n_beams,) place on the lung that lies there now. phase: of the breath, -1 to 1.
    """

    index: int
    time_s: float
    phase: float
    pleura_cm: NDArray[np.float32]
    lateral_cm: NDArray[np.float32]
    lung_cm: NDArray[np.float32]


class Chest:
    """A breathing chest wall with its pleura."""

    def __init__(
        self, shape: PleuraShape, breathing: Breathing, lateral_cm: NDArray[np.float32], rng: np.random.Generator
    ) -> None:
        self.breathing = breathing
        self.lateral_cm = lateral_cm
        half = float(lateral_cm[-1])
        bumps = Roughness(rng, 0.8).at(lateral_cm)
        rest = shape.depth_cm + shape.tilt * lateral_cm + shape.bow_cm * (lateral_cm / half) ** 2
        self._rest_cm = (rest + shape.bump_cm * bumps).astype(np.float32)
        self.depth_cm = shape.depth_cm

    def pose(self, index: int, time_s: float) -> Pose:
        """The chest at a time."""
        phase = self.breathing.phase(time_s)
        pleura = self._rest_cm + self.breathing.rise_cm * phase
        lung = self.lateral_cm - self.breathing.slid_cm(time_s)
        return Pose(index, time_s, phase, pleura, self.lateral_cm, lung)
