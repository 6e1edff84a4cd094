"""Renders a scene: frame by frame, any frame at any time, with masks of what is where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from training.phantom import b_lines
from training.phantom.body import build_body
from training.phantom.echoes import Display, Echoes, Samples, step
from training.phantom.geometry import Grid, ScanConverter
from training.phantom.motion import Pose
from training.phantom.roughness import Roughness
from training.phantom.scene import Scene
from training.phantom.speckle import Speckle

_SPECKLE, _GAIN, _NOISE = 11, 12, 13
_REVERBERATION = (1.0, 0.16, 0.07, 0.03, 0.015)
"""What is left of the chest wall's echoes after so many round trips between pleura and probe."""


@dataclass(frozen=True)
class _Surfaces:
    """Of one frame: the depth of the lung's surface (n_beams,), how far rays (`rays`, `curtains`) cover each beam, and
    what the ribs let pass (n_rows, n_beams)."""

    lung_cm: NDArray[np.float32]
    rays: NDArray[np.float32]
    curtains: NDArray[np.float32]
    passing: Samples


class PhantomVideo:
    """A synthetic video. n_frames, region and frame(i) are as of any video, so a network can be run on it.

    shape: (height, width) of the picture, pixels. Every frame is a function of the scene, the shape and its number
    alone. Raises ValueError for a side below 16 pixels, IndexError for a frame that is not there.
    """

    def __init__(self, scene: Scene, shape: tuple[int, int]) -> None:
        if min(shape) < 16:
            raise ValueError(f"a picture needs at least 16 pixels a side, got {shape[0]} x {shape[1]}")
        self.scene, self.shape = scene, shape
        grid = Grid.for_height(shape[0])
        self._body = build_body(scene, grid.n_beams)
        depth = np.linspace(0, self._body.geometry.depth_cm, grid.n_rows, dtype=np.float32)
        self._depth_cm: Samples = depth[:, None]
        self._converter = ScanConverter(self._body.geometry, grid, shape)
        self._speckle = Speckle(self._rng(_SPECKLE), grid)
        self._gain = _gain(self._rng(_GAIN), self._depth_cm, self._body.chest.lateral_cm)
        self._display = Display(gain_db=float(self._rng(_GAIN).uniform(1.0, 5.0)))
        noise = np.linspace(self._display.noise_top, self._display.noise_bottom, grid.n_rows, dtype=np.float32)
        self._noise_level: Samples = noise[:, None]
        self._noise = self._rng(_NOISE).standard_normal((grid.n_rows + 97, grid.n_beams + 97), np.float32)

    @property
    def n_frames(self) -> int:
        """How many frames there are."""
        return self.scene.n_frames

    @property
    def region(self) -> tuple[int, int, int, int]:
        """The whole picture, half-open (x0, y0, x1, y1)."""
        return 0, 0, self.shape[1], self.shape[0]

    @property
    def cm_per_px(self) -> float:
        """Size of a pixel, the same in both directions."""
        return self._converter.cm_per_px

    def frame(self, index: int) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB, its three channels equal."""
        return np.repeat(self.grey(index)[..., None], 3, axis=-1)

    def grey(self, index: int) -> NDArray[np.uint8]:
        """(height, width) uint8."""
        pose = self._pose(index)
        echoes = self._lung_and_wall(pose)
        self._draw(pose, echoes)
        return self._converter.picture(self._grey_samples(pose, echoes))

    def greys(self) -> Iterator[NDArray[np.uint8]]:
        """All frames in order, (height, width) uint8 each."""
        return (self.grey(index) for index in range(self.n_frames))

    def masks(self, index: int) -> NDArray[np.bool_]:
        """(patterns, height, width) where each of TRACK_PATTERNS is seen in a frame; ribs hide what lies behind."""
        pose = self._pose(index)
        surfaces = self._surfaces(pose)
        body, depth = self._body, self._depth_cm
        below_lung = depth > surfaces.lung_cm
        found = {
            Pattern.A_LINE: body.a_lines.coverage(pose, depth, self._a_lines_shown(pose, surfaces)),
            Pattern.B_LINE: below_lung & (surfaces.rays > 0.5),
            Pattern.CONFLUENT_B_LINE: below_lung & (surfaces.curtains > 0.5),
            Pattern.CONSOLIDATION: np.zeros(below_lung.shape, bool),
            Pattern.PLEURAL_EFFUSION: np.zeros(below_lung.shape, bool),
        }
        for consolidation in body.consolidations:
            if index in consolidation.frames:
                found[Pattern.CONSOLIDATION] |= consolidation.inside(pose, depth, surfaces.lung_cm) > 0.5
        for effusion in body.effusions:
            if index in effusion.frames:
                found[Pattern.PLEURAL_EFFUSION] |= effusion.inside(pose, depth, surfaces.lung_cm) > 0.5
        is_seen = surfaces.passing > 0.5
        return np.stack([self._converter.mask(found[pattern] & is_seen) for pattern in TRACK_PATTERNS])

    def _rng(self, part: int) -> np.random.Generator:
        return np.random.default_rng((self.scene.seed, part))

    def _pose(self, index: int) -> Pose:
        if not 0 <= index < self.n_frames:
            raise IndexError(f"frame {index} of a video of {self.n_frames} frames")
        return self._body.chest.pose(index, index / self.scene.fps)

    def _surfaces(self, pose: Pose) -> _Surfaces:
        lung = pose.pleura_cm
        for effusion in self._body.effusions:
            lung = np.maximum(lung, effusion.lung_surface_cm(pose))
        passing = np.ones((len(self._depth_cm), len(lung)), np.float32)
        for rib in self._body.ribs:
            passing *= rib.shade(pose, self._depth_cm)[0]
        rays, curtains = (b_lines.lateral_of(found, pose) for found in (self._body.rays, self._body.curtains))
        return _Surfaces(lung, rays, curtains, passing)

    def _a_lines_shown(self, pose: Pose, surfaces: _Surfaces) -> NDArray[np.float32]:
        """(n_beams,) 0 to 1: A-lines are there in their frames and where no ray erases them."""
        if pose.index not in self.scene.frames(Pattern.A_LINE):
            return np.zeros_like(pose.pleura_cm)
        return (1 - surfaces.rays) * (1 - surfaces.curtains)

    def _lung_and_wall(self, pose: Pose) -> Echoes:
        """The chest wall, its reverberation and the haze below the pleura."""
        relative = self._depth_cm / pose.pleura_cm
        scatter, mirror = self._body.wall.echoes(relative)
        left = np.take(np.asarray(_REVERBERATION, np.float32), relative.astype(np.intp), mode="clip")
        below = self._depth_cm - pose.pleura_cm
        haze = step(below, 0.1) * np.float32(self._body.haze)
        haze *= np.exp(np.clip(below, 0, None) * np.float32(-self._body.fade_per_cm))
        # Layers of the wall seen again below the pleura would pass for A-lines.
        return Echoes(self._depth_cm, scatter * left + haze, mirror * (relative < 1))

    def _draw(self, pose: Pose, echoes: Echoes) -> None:
        body, surfaces = self._body, self._surfaces(pose)
        for effusion in body.effusions:
            effusion.draw(pose, echoes, surfaces.lung_cm)
        bright = np.clip(np.float32(0.75) + np.float32(0.22) * body.pleura.at(pose.lung_cm), 0.3, 1.3)
        has_fluid = np.float32(0.45 if pose.index in self.scene.frames(Pattern.PLEURAL_EFFUSION) else 1.0)
        echoes.line(pose.pleura_cm, 1.1, np.float32(0.5) * bright * has_fluid)
        body.a_lines.draw(pose, echoes, self._a_lines_shown(pose, surfaces))
        b_lines.draw(body.rays, pose, echoes, surfaces.lung_cm)
        b_lines.draw(body.curtains, pose, echoes, surfaces.lung_cm)
        for consolidation in body.consolidations:
            consolidation.draw(pose, echoes, surfaces.lung_cm)
        for rib in body.ribs:
            rib.draw(pose, echoes)

    def _grey_samples(self, pose: Pose, echoes: Echoes) -> NDArray[np.uint8]:
        n_rows, n_beams = echoes.scatter.shape
        chest, body = self._body.chest, self._body
        is_lung = (self._depth_cm > pose.pleura_cm).astype(np.float32)
        slid = chest.breathing.slid_cm(pose.time_s)
        rows_per_cm = (n_rows - 1) / body.geometry.depth_cm
        beams_per_cm = (n_beams - 1) / float(chest.lateral_cm[-1] - chest.lateral_cm[0])
        risen = chest.breathing.rise_cm * pose.phase * rows_per_cm
        wall_rad, lung_rad = 0.35 * pose.phase, 1.1 * pose.time_s + 1.5 * slid
        real, imaginary = self._speckle.at(
            np.minimum(self._depth_cm / pose.pleura_cm, 1) * np.float32(risen),
            is_lung * np.float32(slid * beams_per_cm),
            np.float32(wall_rad) + is_lung * np.float32(lung_rad - wall_rad),
        )
        real *= echoes.scatter
        real += echoes.mirror
        imaginary *= echoes.scatter
        real *= self._gain
        imaginary *= self._gain
        real += self._noise_of(pose.index, n_rows, n_beams) * self._noise_level
        real *= real
        imaginary *= imaginary
        real += imaginary
        return self._display.grey(real)

    def _noise_of(self, index: int, n_rows: int, n_beams: int) -> Samples:
        """Noise of the receiver, another one in every frame."""
        row, column = np.random.default_rng((self.scene.seed, _NOISE, index)).integers(0, 97, 2)
        return self._noise[row : row + n_rows, column : column + n_beams]


def _gain(rng: np.random.Generator, depth_cm: Samples, lateral_cm: NDArray[np.float32]) -> Samples:
    """(n_rows, n_beams) the time-gain compensation, never quite right, and weaker beams where contact is poor."""
    relative = depth_cm / depth_cm[-1]
    slope, swell = rng.uniform(-0.25, 0.25), rng.uniform(0.0, 0.3)
    column = np.exp(np.float32(slope) * relative + np.float32(swell) * np.sin(np.pi * relative))
    edge = (lateral_cm / lateral_cm[-1]) ** 4
    contact = 1 - np.float32(rng.uniform(0.25, 0.6)) * edge
    uneven = np.exp(np.float32(0.10) * Roughness(rng, 1.5).at(lateral_cm))
    return np.asarray(column * (contact * uneven), np.float32)
