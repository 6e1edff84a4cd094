"""What a synthetic video shows and when: the exact truth, drawn without rendering a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from training.phantom.geometry import Probe

FRAMES_PER_S = 30.0
_SHORTEST = 8
_WHOLE_SHARE = 0.1
_CONVEX_SHARE = 0.85
_SLIDING_SHARE = 0.93


class Lung(Enum):
    """The state of the lung below the probe, which decides what can be seen together."""

    HEALTHY = "healthy"
    INTERSTITIAL = "interstitial"
    CONFLUENT = "confluent"
    CONSOLIDATED = "consolidated"
    EFFUSION = "effusion"
    COMPRESSED = "compressed"
    QUIET = "quiet"


_MAIN: Mapping[Lung, Pattern] = {
    Lung.HEALTHY: Pattern.A_LINE,
    Lung.INTERSTITIAL: Pattern.B_LINE,
    Lung.CONFLUENT: Pattern.CONFLUENT_B_LINE,
    Lung.CONSOLIDATED: Pattern.CONSOLIDATION,
    Lung.EFFUSION: Pattern.PLEURAL_EFFUSION,
    Lung.COMPRESSED: Pattern.PLEURAL_EFFUSION,
}
_BESIDE: Mapping[Lung, Pattern] = {
    Lung.INTERSTITIAL: Pattern.A_LINE,
    Lung.CONFLUENT: Pattern.B_LINE,
    Lung.CONSOLIDATED: Pattern.B_LINE,
}
_WEIGHTS: Mapping[Lung, float] = {
    Lung.HEALTHY: 0.24,
    Lung.INTERSTITIAL: 0.20,
    Lung.CONFLUENT: 0.14,
    Lung.CONSOLIDATED: 0.16,
    Lung.EFFUSION: 0.10,
    Lung.COMPRESSED: 0.08,
    Lung.QUIET: 0.08,
}


@dataclass(frozen=True)
class Scene:
    """One video, fully determined: equal scenes give equal pixels.

    present: frames per TRACK_PATTERNS. slides: whether there is lung sliding. fps: frames per second. Raises ValueError
    for a video without frames, patterns outside of it, or another number of patterns.
    """

    seed: int
    n_frames: int
    probe: Probe
    present: tuple[SpanSet, ...]
    slides: bool = True
    fps: float = FRAMES_PER_S

    def __post_init__(self) -> None:
        if self.n_frames < 1 or self.seed < 0 or not self.fps > 0:
            raise ValueError(
                f"a scene needs frames, a seed from 0 and a frame rate, got {self.n_frames}, {self.seed}, {self.fps}"
            )
        if len(self.present) != len(TRACK_PATTERNS):
            raise ValueError(f"a scene has {len(TRACK_PATTERNS)} patterns, got {len(self.present)}")
        if any(frames.stop > self.n_frames for frames in self.present):
            raise ValueError(f"a pattern is present after frame {self.n_frames}, the last one")

    def frames(self, pattern: Pattern) -> SpanSet:
        """Frames in which a pattern is present."""
        return self.present[TRACK_PATTERNS.index(pattern)]


def draw_scene(seed: int, n_frames: int, lung: Lung | None = None, probe: Probe | None = None) -> Scene:
    """A scene with intervals of the patterns that this state of the lung shows; both are drawn where not given.

    >>> scene = draw_scene(1, 152, Lung.HEALTHY)
    >>> scene == draw_scene(1, 152, Lung.HEALTHY), bool(scene.frames(Pattern.A_LINE))
    (True, True)
    """
    rng = np.random.default_rng((seed, 0))
    drawn = list(_WEIGHTS)[int(rng.choice(len(_WEIGHTS), p=list(_WEIGHTS.values())))]
    drawn_probe = Probe.CONVEX if rng.random() < _CONVEX_SHARE else Probe.LINEAR
    slides = bool(rng.random() < _SLIDING_SHARE)
    lung = drawn if lung is None else lung
    found: dict[Pattern, SpanSet] = {}
    if lung in _MAIN:
        found[_MAIN[lung]] = _intervals(rng, n_frames)
    if lung is Lung.COMPRESSED:
        found[Pattern.CONSOLIDATION] = _part_of(rng, found[Pattern.PLEURAL_EFFUSION])
    if lung in _BESIDE and rng.random() < 0.7:
        beside = _intervals(rng, n_frames)
        if lung is not Lung.CONSOLIDATED:
            # Rays erase A-lines, and lie unseen in a confluent area.
            beside = _long_enough(beside - found[_MAIN[lung]])
        found[_BESIDE[lung]] = beside
    present = tuple(found.get(pattern, NO_FRAMES) for pattern in TRACK_PATTERNS)
    return Scene(seed, n_frames, probe or drawn_probe, present, slides)


def _intervals(rng: np.random.Generator, n_frames: int) -> SpanSet:
    """The whole video, or up to three intervals apart, none shorter than _SHORTEST frames unless the video is."""
    if n_frames < 3 * _SHORTEST or rng.random() < _WHOLE_SHARE:
        return SpanSet.whole(n_frames)
    n_steps = n_frames // _SHORTEST
    n_spans = int(rng.integers(1, min(3, (n_steps + 1) // 4) + 1))
    edges = np.sort(rng.choice(n_steps + 1, 2 * n_spans, replace=False)) * _SHORTEST
    slack = n_frames - n_steps * _SHORTEST
    edges = edges + rng.integers(0, slack + 1)
    return SpanSet.union(Span(int(a), int(b)) for a, b in edges.reshape(-1, 2))


def _part_of(rng: np.random.Generator, frames: SpanSet) -> SpanSet:
    """Most of each interval."""
    parts = []
    for span in frames:
        cut = int(rng.integers(0, len(span) // 3 + 1))
        parts.append(Span(span.start + cut, span.stop) if rng.random() < 0.5 else Span(span.start, span.stop - cut))
    return SpanSet.union(parts)


def _long_enough(frames: SpanSet) -> SpanSet:
    return SpanSet(tuple(span for span in frames if len(span) >= _SHORTEST))
