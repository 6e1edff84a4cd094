"""Pleural effusion: fluid without echoes between the two sheets of the pleura, in which the lung floats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.span import Span
from training.phantom.echoes import Echoes, Samples, step
from training.phantom.motion import Pose
from training.phantom.roughness import Roughness

_RAMP_FRAMES = 4
_SINUSOID = 0.28


@dataclass(frozen=True)
class Effusion:
    """thickness_cm: between the sheets in the middle of the picture and of the breath. slope: change of it, per cm to
    the right. frames: in which it is seen. surface: of the floating lung."""

    thickness_cm: float
    slope: float
    frames: Span
    surface: Roughness

    def lung_surface_cm(self, pose: Pose) -> NDArray[np.float32]:
        """(n_beams,) depth of the lung's own pleura, which nears the chest wall with every breath (sinusoid sign)."""
        if pose.index not in self.frames:
            return pose.pleura_cm
        edge = min(pose.index - self.frames.start, self.frames.stop - 1 - pose.index)
        grown = min(1.0, 0.6 + 0.4 * edge / _RAMP_FRAMES)
        # The heart sends small waves along a lung that floats.
        wave = 0.05 * np.sin(2 * np.pi * (1.2 * pose.time_s - 0.2 * pose.lateral_cm))
        breathed = self.thickness_cm * (1 - _SINUSOID * pose.phase)
        uneven = np.float32(0.10) * self.surface.at(pose.lung_cm)
        thickness = np.float32(breathed) + np.float32(self.slope) * pose.lateral_cm + uneven + wave.astype(np.float32)
        return pose.pleura_cm + np.clip(thickness, 0.25, None) * np.float32(grown)

    def inside(self, pose: Pose, depth_cm: Samples, surface_cm: NDArray[np.float32]) -> Samples:
        """(n_rows, n_beams) 0 to 1: how much of a sample is fluid. surface_cm: of `lung_surface_cm`."""
        return step(depth_cm - pose.pleura_cm, 0.08) * step(surface_cm - depth_cm, 0.08)

    def draw(self, pose: Pose, echoes: Echoes, surface_cm: NDArray[np.float32]) -> None:
        """Empty the fluid of echoes and draw the border of the floating lung, bright as the fluid weakens nothing."""
        if pose.index not in self.frames:
            return
        inside = self.inside(pose, echoes.depth_cm, surface_cm)
        echoes.dim(1 - np.float32(0.99) * inside)
        echoes.scatter += inside * np.float32(0.0012)
        bright = np.clip(np.float32(0.75) + np.float32(0.3) * self.surface.at(pose.lung_cm * 3), 0.25, 1.2)
        echoes.line(surface_cm, 1.2, np.float32(0.30) * bright)
        below = echoes.depth_cm - surface_cm
        glow = step(below, 0.1) * np.exp(np.clip(below, 0, None) * np.float32(-0.45))
        echoes.scatter += glow * (np.float32(0.05) * bright)
