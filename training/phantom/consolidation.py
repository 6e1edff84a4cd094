"""Consolidation: lung without air, dense as liver, with a torn border to the aerated lung and air in its bronchi."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.span import Span
from training.phantom.echoes import Echoes, Samples, step
from training.phantom.motion import Pose
from training.phantom.roughness import Roughness

_PX_PER_CM = 40
_RAMP_FRAMES = 4


@dataclass(frozen=True)
class Consolidation:
    """A dense area below the lung's surface.

    lung_cm: its place on the lung. half_width_cm, thickness_cm: its size. frames: in which it is seen. border: of its
    deep edge. bronchi: picture of its air bronchograms, rows down from the surface, columns across, _PX_PER_CM.
    """

    lung_cm: float
    half_width_cm: float
    thickness_cm: float
    frames: Span
    border: Roughness
    tears: Roughness
    bronchi: NDArray[np.float32]

    def bottom_cm(self, pose: Pose, surface_cm: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n_beams,) depth of the deep border; the surface's own where there is no consolidation."""
        off = (pose.lung_cm - np.float32(self.lung_cm)) / np.float32(self.half_width_cm)
        profile = np.clip(1 - off * off, 0, 1) ** np.float32(1.1)
        uneven = 1 + np.float32(0.16) * self.border.at(pose.lung_cm)
        torn = np.float32(0.14) * self.tears.at(pose.lung_cm)
        thickness = np.clip(profile * (np.float32(self.thickness_cm) * uneven + torn), 0, None)
        return surface_cm + thickness * np.float32(self._grown(pose.index))

    def inside(self, pose: Pose, depth_cm: Samples, surface_cm: NDArray[np.float32]) -> Samples:
        """(n_rows, n_beams) 0 to 1: how much of a sample is consolidated."""
        bottom = self.bottom_cm(pose, surface_cm)
        return step(depth_cm - surface_cm, 0.06) * step(bottom - depth_cm, 0.14) * (bottom - surface_cm > 0.05)

    def draw(self, pose: Pose, echoes: Echoes, surface_cm: NDArray[np.float32]) -> None:
        """Replace the lung by dense tissue, with bright air in its bronchi and below its border."""
        if pose.index not in self.frames:
            return
        inside = self.inside(pose, echoes.depth_cm, surface_cm)
        bottom = self.bottom_cm(pose, surface_cm)
        air = self._air(pose, echoes.depth_cm - surface_cm)
        # Breath moves the air in the bronchi, which twinkles.
        twinkle = np.float32(0.85 + 0.15 * np.sin(1.3 * pose.index))
        echoes.mirror *= 1 - inside
        echoes.scatter *= 1 - inside
        echoes.scatter += inside * (np.float32(0.017) + np.float32(0.35) * twinkle * air)
        echoes.mirror += inside * air * np.float32(0.16)
        self._draw_border(pose, echoes, surface_cm, bottom)

    def _draw_border(
        self, pose: Pose, echoes: Echoes, surface_cm: NDArray[np.float32], bottom_cm: NDArray[np.float32]
    ) -> None:
        """The shred line: aerated lung behind dense lung is bright and throws short comets."""
        is_there = np.clip((bottom_cm - surface_cm) / np.float32(self.thickness_cm), 0, 1) ** 2
        strength = is_there * np.clip(np.float32(0.6) + np.float32(0.3) * self.tears.at(pose.lung_cm), 0, 1.3)
        below = echoes.depth_cm - bottom_cm
        comet = step(below, 0.1) * np.exp(np.clip(below, 0, None) * np.float32(-0.55))
        echoes.scatter += comet * (np.float32(0.12) * strength)
        echoes.line(bottom_cm, 1.2, np.float32(0.20) * strength)

    def _grown(self, index: int) -> float:
        """It comes into the plane within a few frames, half of it at once."""
        if index not in self.frames:
            return 0.0
        edge = min(index - self.frames.start, self.frames.stop - 1 - index)
        return min(1.0, 0.6 + 0.4 * edge / _RAMP_FRAMES)

    def _air(self, pose: Pose, below_cm: Samples) -> Samples:
        width = self.bronchi.shape[1]
        columns = (pose.lung_cm - np.float32(self.lung_cm)) * np.float32(_PX_PER_CM) + np.float32(width / 2)
        rows = below_cm * np.float32(_PX_PER_CM)
        return np.asarray(
            cv2.remap(self.bronchi, np.broadcast_to(columns, rows.shape).copy(), rows, cv2.INTER_LINEAR), np.float32
        )


def draw_bronchi(rng: np.random.Generator, half_width_cm: float, thickness_cm: float) -> NDArray[np.float32]:
    """A picture of branching bronchi, amplitude 0 to 1, _PX_PER_CM; rows down from the surface, the middle in the
    middle column."""
    height, width = (max(8, round(cm * _PX_PER_CM)) for cm in (thickness_cm * 1.3, half_width_cm * 2))
    picture = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(2, 4))):
        start = np.array([width * rng.uniform(0.25, 0.75), height * rng.uniform(0.6, 0.85)])
        angle = -np.pi / 2 + rng.uniform(-0.7, 0.7)
        _branch(rng, picture, start, angle, 0.45 * height)
    for _ in range(int(rng.integers(6, 14))):
        place = (int(width * rng.uniform(0.15, 0.85)), int(height * rng.uniform(0.12, 0.8)))
        cv2.circle(picture, place, int(rng.integers(1, 4)), float(rng.uniform(0.4, 1.0)), -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.6), np.float32)


def _branch(
    rng: np.random.Generator, picture: NDArray[np.float32], start: NDArray[np.float64], angle: float, length: float
) -> None:
    """A bronchus towards `angle`, then two thinner ones; air in it is interrupted."""
    if length < 8:
        return
    thick = max(1, round(length / 18))
    n_parts = 5
    for part in range(n_parts):
        bend = angle + 0.12 * (part - n_parts / 2)
        end = start + length / n_parts * np.array([np.cos(bend), np.sin(bend)])
        if rng.random() < 0.75:
            ends = [(int(x), int(y)) for x, y in (start, end)]
            cv2.line(picture, ends[0], ends[1], float(rng.uniform(0.3, 0.9)), thick, cv2.LINE_AA)
        start = end
    for turn in (-0.45, 0.5):
        _branch(rng, picture, start, angle + turn + rng.uniform(-0.15, 0.15), length * rng.uniform(0.5, 0.7))
