"""The anatomy and the findings of a scene, with sizes and places drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from training.phantom.a_lines import ALines
from training.phantom.b_lines import Curtain, Ray
from training.phantom.chest_wall import ChestWall, Rib
from training.phantom.consolidation import Consolidation, draw_bronchi
from training.phantom.effusion import Effusion
from training.phantom.geometry import Geometry, Probe
from training.phantom.motion import Breathing, Chest, PleuraShape
from training.phantom.roughness import Roughness
from training.phantom.scene import Scene

_GEOMETRY, _CHEST, _RIBS, _RAYS, _AREAS = range(1, 6)


@dataclass(frozen=True)
class Body:
    """All that can be seen in a video. haze: scatter just below the pleura of aerated lung, which falls by fade_per_cm
    (natural logarithm)."""

    geometry: Geometry
    chest: Chest
    wall: ChestWall
    ribs: tuple[Rib, ...]
    pleura: Roughness
    a_lines: ALines
    rays: tuple[Ray, ...]
    curtains: tuple[Curtain, ...]
    consolidations: tuple[Consolidation, ...]
    effusions: tuple[Effusion, ...]
    haze: float
    fade_per_cm: float


def build_body(scene: Scene, n_beams: int) -> Body:
    """The body below n_beams beams; its sizes do not depend on n_beams."""
    rng = _stream(scene, _GEOMETRY)
    geometry, shape = _probe_and_pleura(rng, scene.probe, has_effusion=bool(scene.frames(Pattern.PLEURAL_EFFUSION)))
    lateral = geometry.lateral_cm(n_beams, shape.depth_cm)
    half_cm = float(lateral[-1])
    breathing = Breathing(
        rate_hz=rng.uniform(0.22, 0.38),
        start_rad=rng.uniform(0, 2 * np.pi),
        slide_cm=0.14 * half_cm * rng.uniform(0.6, 1.0) if scene.slides else 0.0,
        rise_cm=0.03 * shape.depth_cm * rng.uniform(0.5, 1.2),
    )
    haze, fade = rng.uniform(0.009, 0.018), rng.uniform(1.6, 2.8) / geometry.depth_cm
    chest_rng = _stream(scene, _CHEST)
    return Body(
        geometry=geometry,
        chest=Chest(shape, breathing, lateral, chest_rng),
        wall=ChestWall(chest_rng, lateral, shape.depth_cm),
        ribs=_ribs(_stream(scene, _RIBS), half_cm, shape.depth_cm),
        pleura=Roughness(chest_rng, 0.5),
        a_lines=_a_lines(chest_rng, half_cm),
        rays=_rays(_stream(scene, _RAYS), scene, half_cm),
        curtains=_curtains(_stream(scene, _AREAS), scene, half_cm),
        consolidations=_consolidations(_stream(scene, _AREAS), scene, half_cm, geometry.depth_cm - shape.depth_cm),
        effusions=_effusions(_stream(scene, _AREAS), scene, half_cm, geometry.depth_cm - shape.depth_cm),
        haze=haze,
        fade_per_cm=fade,
    )


def _stream(scene: Scene, part: int) -> np.random.Generator:
    """Random numbers of one part, so that a change in one part leaves the others as they are."""
    return np.random.default_rng((scene.seed, part))


def _probe_and_pleura(rng: np.random.Generator, probe: Probe, *, has_effusion: bool) -> tuple[Geometry, PleuraShape]:
    if probe is Probe.LINEAR:
        geometry = Geometry(probe, depth_cm=rng.uniform(5.0, 6.5), width_cm=rng.uniform(4.6, 5.2))
        pleura = rng.uniform(1.1, 1.6)
        return geometry, PleuraShape(pleura, rng.uniform(-0.06, 0.06), rng.uniform(-0.05, 0.12), 0.01)
    geometry = Geometry(
        probe,
        depth_cm=rng.uniform(12.0, 14.5) if has_effusion else rng.uniform(10.5, 14.0),
        radius_cm=rng.uniform(4.5, 6.0),
        half_angle_rad=rng.uniform(0.50, 0.60),
    )
    pleura = rng.uniform(2.0, 2.7)
    # A straight pleura lies deeper at the slanting beams of the edges.
    return geometry, PleuraShape(pleura, rng.uniform(-0.06, 0.06), rng.uniform(0.35, 0.80), 0.015)


def _ribs(rng: np.random.Generator, half_cm: float, pleura_cm: float) -> tuple[Rib, ...]:
    """None, one or two, near the edges of the picture, where they hide no finding."""
    sides = ((), (-1,), (1,), (-1, 1))[int(rng.choice(4, p=(0.35, 0.2, 0.2, 0.25)))]
    return tuple(
        Rib(
            lateral_cm=side * half_cm * rng.uniform(0.84, 0.96),
            half_width_cm=half_cm * rng.uniform(0.16, 0.20),
            top_cm=pleura_cm * rng.uniform(0.30, 0.42),
        )
        for side in sides
    )


def _a_lines(rng: np.random.Generator, half_cm: float) -> ALines:
    return ALines(
        strength=rng.uniform(0.14, 0.24),
        decay=rng.uniform(0.50, 0.66),
        centre_cm=half_cm * rng.uniform(-0.12, 0.12),
        half_width_cm=half_cm * rng.uniform(0.24, 0.36),
        evenness=Roughness(rng, 0.9),
    )


def _rays(rng: np.random.Generator, scene: Scene, half_cm: float) -> tuple[Ray, ...]:
    """In every interval one ray throughout, and up to three more for a part of it."""
    rays: list[Ray] = []
    # Beside a consolidation they keep to the left.
    places = (-0.46, -0.36) if scene.frames(Pattern.CONSOLIDATION) else (-0.45, 0.45)
    for span in scene.frames(Pattern.B_LINE):
        n_rays = 1 if places[1] < 0 else int(rng.integers(1, 5))
        slots = rng.permutation(np.linspace(*places, 5))[:n_rays]
        for number, slot in enumerate(slots):
            ray = Ray(
                lung_cm=half_cm * float(slot + rng.uniform(-0.04, 0.04)),
                half_width_cm=half_cm * rng.uniform(0.018, 0.045),
                brightness=rng.uniform(0.11, 0.20),
                frames=span,
            )
            rays.append(ray if number == 0 else replace(ray, frames=_within(rng, span)))
    return tuple(rays)


def _within(rng: np.random.Generator, span: Span) -> Span:
    start, stop = np.sort(rng.integers(span.start, span.stop + 1, 2))
    return Span(int(start), max(int(stop), int(start) + 1)) if start < span.stop else span


def _curtains(rng: np.random.Generator, scene: Scene, half_cm: float) -> tuple[Curtain, ...]:
    return tuple(
        Curtain(
            lung_cm=half_cm * rng.uniform(-0.22, 0.22),
            half_width_cm=half_cm * rng.uniform(0.34, 0.60),
            brightness=rng.uniform(0.09, 0.14),
            frames=span,
            evenness=Roughness(rng, 0.5),
        )
        for span in scene.frames(Pattern.CONFLUENT_B_LINE)
    )


def _consolidations(
    rng: np.random.Generator, scene: Scene, half_cm: float, below_pleura_cm: float
) -> tuple[Consolidation, ...]:
    """One place for the whole video; it comes into view and leaves."""
    is_below_fluid = bool(scene.frames(Pattern.PLEURAL_EFFUSION))
    wide = half_cm * (rng.uniform(0.55, 0.75) if is_below_fluid else rng.uniform(0.40, 0.54))
    thick = below_pleura_cm * (rng.uniform(0.26, 0.36) if is_below_fluid else rng.uniform(0.32, 0.48))
    place = half_cm * (rng.uniform(-0.1, 0.1) if is_below_fluid else rng.uniform(0.20, 0.27))
    bronchi: NDArray[np.float32] = draw_bronchi(rng, wide, thick)
    border, tears = Roughness(rng, 1.4), Roughness(rng, 0.35)
    return tuple(
        Consolidation(place, wide, thick, span, border, tears, bronchi) for span in scene.frames(Pattern.CONSOLIDATION)
    )


def _effusions(rng: np.random.Generator, scene: Scene, half_cm: float, below_pleura_cm: float) -> tuple[Effusion, ...]:
    thick = below_pleura_cm * rng.uniform(0.20, 0.36)
    slope = 0.5 * thick / half_cm * rng.uniform(-1, 1)
    surface = Roughness(rng, 1.0)
    return tuple(Effusion(thick, slope, span, surface) for span in scene.frames(Pattern.PLEURAL_EFFUSION))
