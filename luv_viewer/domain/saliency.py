"""Maps of where in a frame a network finds its evidence, laid over the frame: values, scale and colours.

Axis letters: T frames, P patterns, h and w rows and columns of a map, H and W pixels of the region.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Provenance
from luv_viewer.domain.span import Span

FloatArray = NDArray[np.float32]
Region = tuple[int, int, int, int]

FLAT_WITHIN = 1e-5
"""Maps that vary by less than this fraction of their largest value are rounding."""

_SAMPLES = 64
_COLORS = (
    (0.0, (40, 10, 90)),
    (0.3, (150, 20, 120)),
    (0.6, (235, 85, 60)),
    (0.8, (252, 165, 50)),
    (1.0, (253, 240, 150)),
)
_GREY = 70
_FADE = 1.5


class MapKind(Enum):
    """The two kinds of maps; the value is the word used in file names and on the command line."""

    ATTENTION = "attention"
    GRADIENT = "gradient"

    @property
    def title(self) -> str:
        """For people, with the word that research uses."""
        return "Where it looks (attention)" if self is MapKind.ATTENTION else "What moves the answer (gradient)"

    def scale_words(self, low: float, high: float) -> str:
        """What the colours stand for, and their ends.

        >>> MapKind.ATTENTION.scale_words(-1.25, 30), MapKind.GRADIENT.scale_words(0, 0.04)
        ('attention score, -1.25 (median) to 30', 'Grad-CAM of the logit, 0 to 0.04')
        """
        if self is MapKind.ATTENTION:
            return f"attention score, {low:.3g} (median) to {high:.3g}"
        return f"Grad-CAM of the logit, {low:.3g} to {high:.3g}"


@dataclass(frozen=True, eq=False)
class SaliencyMaps:
    """Maps of one kind for the T frames of `span`; arrays are made read-only.

    maps: (T, P, h, w) float32, NaN throughout for a frame that no clip covers. rows (H, h), columns (W, w): what each
    row and column of the region's pixels takes of those of a map, each row summing to 1. region: (x0, y0, x1, y1) of
    the frame, half-open pixels. Raises ValueError, with expected and found, when shapes do not fit.
    """

    kind: MapKind
    span: Span
    patterns: tuple[Pattern, ...]
    maps: FloatArray
    rows: FloatArray
    columns: FloatArray
    region: Region
    provenance: Provenance

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.region
        h, w = self.maps.shape[2:] if self.maps.ndim == 4 else (0, 0)
        expected = {
            "maps": (len(self.span), len(self.patterns), h, w),
            "rows": (y1 - y0, h),
            "columns": (x1 - x0, w),
        }
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"{name} must be float32 of shape {shape}, got {array.dtype} of shape {array.shape}")
            array.flags.writeable = False

    def has(self, frame: int) -> bool:
        """Whether there is a map of this frame of the video."""
        return frame in self.span and not bool(np.isnan(self.maps[frame - self.span.start, 0, 0, 0]))

    def limits(self, pattern: Pattern) -> tuple[float, float]:
        """The ends of the colour scale, of all frames of the span on the picture: the largest value, and the median of
        attention, whose zero has no meaning, or 0 of gradients. (0, 0) where no frame has a map.
        """
        return self._limits[self.patterns.index(pattern)]

    @cached_property
    def _limits(self) -> tuple[tuple[float, float], ...]:
        rows, columns = _sampled(self.rows), _sampled(self.columns)
        found = []
        for p in range(len(self.patterns)):
            known = self.maps[~np.isnan(self.maps[:, p, 0, 0]), p]
            values = rows @ known @ columns.T
            low = 0.0 if self.kind is MapKind.GRADIENT or not values.size else float(np.median(values))
            found.append((low, float(values.max()) if values.size else 0.0))
        return tuple(found)

    def is_flat(self, pattern: Pattern) -> bool:
        """True where the maps of all frames are the same everywhere, so that there is nothing to show."""
        low, high = self.limits(pattern)
        return high - low <= FLAT_WITHIN * max(abs(low), abs(high))

    def heat(self, frame: int, pattern: Pattern, step: int = 1) -> FloatArray:
        """(ceil(H / step), ceil(W / step)) in [0, 1]: the map of a frame between the ends of the scale, 0 below them.

        step: every how many pixels. All 0 where the frame has no map or the maps are flat.
        """
        rows, columns = self.rows[::step], self.columns[::step]
        if not self.has(frame) or self.is_flat(pattern):
            return np.zeros((len(rows), len(columns)), np.float32)
        low, high = self.limits(pattern)
        values = self.maps[frame - self.span.start, self.patterns.index(pattern)]
        scaled = rows @ ((values - low) / (high - low)).astype(np.float32) @ columns.T
        return np.asarray(np.clip(scaled, 0, 1), dtype=np.float32)


@dataclass(frozen=True)
class ClipMaps:
    """Both kinds of maps of the frames of one clip.

    attention: None for a network without pattern attention. own: the frames for which no other clip's middle is nearer;
    the maps are shown on these. Raises ValueError when they are not frames of the clip.
    """

    attention: SaliencyMaps | None
    gradient: SaliencyMaps
    own: Span

    def __post_init__(self) -> None:
        if not (self.span.start <= self.own.start and self.own.stop <= self.span.stop):
            raise ValueError(f"{self.own} does not lie inside the clip {self.span}")

    @property
    def span(self) -> Span:
        """The frames of the video that the clip is made of."""
        return self.gradient.span

    def of_kind(self, kind: MapKind) -> SaliencyMaps | None:
        """The maps of one kind, None where the network has none."""
        return self.attention if kind is MapKind.ATTENTION else self.gradient


def _sampled(weights: FloatArray) -> FloatArray:
    """Some 64 rows with both ends: bilinear maps hide nothing between them."""
    count = min(_SAMPLES, len(weights))
    return weights[np.unique(np.linspace(0, len(weights) - 1, count).round().astype(np.int64))]


def heat_colors() -> NDArray[np.uint8]:
    """(256, 3) RGB from cold to hot; brightness rises throughout, so that it reads without colour vision too."""
    places = np.linspace(0, 1, 256)
    stops = [place for place, _ in _COLORS]
    channels = [np.interp(places, stops, [color[c] for _, color in _COLORS]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


_LUT = heat_colors()


def heat_rgba(heat: FloatArray, opacity: float) -> NDArray[np.uint8]:
    """(h, w) in [0, 1] -> (h, w, 4) RGBA, not premultiplied: what is hot covers, what is cold lets the picture through.

    opacity: of the hottest, 0 to 1; it falls faster than the heat, so that what is lukewarm is no haze.
    """
    levels = np.rint(heat * 255).astype(np.uint8)
    alpha = np.rint(heat**_FADE * (opacity * 255)).astype(np.uint8)
    return np.dstack([_LUT[levels], alpha])


def blended(picture: NDArray[np.uint8], rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, 3) uint8 with `rgba` over it."""
    alpha = rgba[:, :, 3:].astype(np.float32) / 255
    mixed = picture.astype(np.float32) * (1 - alpha) + rgba[:, :, :3].astype(np.float32) * alpha
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def scale_bar(width_px: int, height_px: int, opacity: float) -> NDArray[np.uint8]:
    """(height, width, 3) uint8: the colours from cold to hot, as they look over a grey of the picture."""
    heat = np.tile(np.linspace(0, 1, width_px, dtype=np.float32), (height_px, 1))
    return blended(np.full((height_px, width_px, 3), _GREY, np.uint8), heat_rgba(heat, opacity))
