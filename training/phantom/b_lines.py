"""B-lines: bright rays from the pleura to the bottom of the picture, apart or run together (confluent)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.span import Span
from training.phantom.echoes import Echoes, bell, step
from training.phantom.motion import Pose
from training.phantom.roughness import Roughness

_RINGING_CM = 0.16
_LEAST_BEAMS = 0.65


@dataclass(frozen=True)
class Ray:
    """One B-line: lung_cm is its place on the lung, with which it slides; frames are those it is seen in."""

    lung_cm: float
    half_width_cm: float
    brightness: float
    frames: Span

    def lateral(self, pose: Pose) -> NDArray[np.float32]:
        """(n_beams,) 0 to 1 across the ray; 0 when it is not there."""
        if pose.index not in self.frames:
            return np.zeros_like(pose.lung_cm)
        # No picture shows less than a beam.
        spacing_cm = float(pose.lung_cm[1] - pose.lung_cm[0])
        half_width = np.float32(max(self.half_width_cm, _LEAST_BEAMS * spacing_cm))
        return bell((pose.lung_cm - np.float32(self.lung_cm)) / half_width)


@dataclass(frozen=True)
class Curtain:
    """Confluent B-lines: a wide bright area, uneven across."""

    lung_cm: float
    half_width_cm: float
    brightness: float
    frames: Span
    evenness: Roughness

    def lateral(self, pose: Pose) -> NDArray[np.float32]:
        """(n_beams,) 0 to 1 across the area; 0 when it is not there."""
        if pose.index not in self.frames:
            return np.zeros_like(pose.lung_cm)
        off = np.abs(pose.lung_cm - np.float32(self.lung_cm))
        plateau = step(np.float32(self.half_width_cm) - off, 0.7)
        return plateau * np.clip(np.float32(0.85) + np.float32(0.15) * self.evenness.at(pose.lung_cm), 0.55, 1)


def lateral_of(rays: tuple[Ray, ...] | tuple[Curtain, ...], pose: Pose) -> NDArray[np.float32]:
    """(n_beams,) the strongest of all at each beam, 0 to 1."""
    return reduce(np.maximum, [ray.lateral(pose) for ray in rays], np.zeros_like(pose.lung_cm))


def draw(rays: tuple[Ray, ...] | tuple[Curtain, ...], pose: Pose, echoes: Echoes, from_cm: NDArray[np.float32]) -> None:
    """Add rays that begin at from_cm (n_beams,), and let the erased picture below them fade."""
    amplitude = sum((np.float32(ray.brightness) * ray.lateral(pose) for ray in rays), np.zeros_like(pose.lung_cm))
    lateral = lateral_of(rays, pose)
    if not lateral.any():
        return
    below = echoes.depth_cm - from_cm
    started = step(below, 0.15)
    # A bubble tetrahedron rings: a comb of close repetitions, hardly weaker with depth.
    ringing = 1 + np.float32(0.22) * np.sin(echoes.depth_cm * np.float32(2 * np.pi / _RINGING_CM) + pose.index % 7)
    column = np.exp(echoes.depth_cm * np.float32(-0.035)) * ringing
    echoes.scatter *= 1 - started * (np.float32(0.8) * lateral)
    echoes.scatter += started * (column * amplitude)
