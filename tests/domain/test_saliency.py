"""Maps over a frame: scale, heat, colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Provenance
from luv_viewer.domain.saliency import (
    ClipMaps,
    MapKind,
    SaliencyMaps,
    blended,
    heat_colors,
    heat_rgba,
    scale_bar,
)
from luv_viewer.domain.span import Span

ROWS = np.array([[1, 0], [0.5, 0.5], [0, 1]], np.float32)
COLUMNS = np.array([[1, 0], [0, 1]], np.float32)


def maps_of(values: NDArray[np.float64], kind: MapKind = MapKind.ATTENTION) -> SaliencyMaps:
    """Of two frames, 10 and 11, the A-line's as given, all others 0."""
    maps = np.zeros((2, 4, 2, 2), np.float32)
    maps[:, 0] = values
    made_by = Provenance("n", "v", "cpu", "fp32", 24, "pad")
    return SaliencyMaps(kind, Span(10, 12), NETWORK_PATTERNS, maps, ROWS, COLUMNS, (5, 5, 7, 8), made_by)


def test_heat_runs_from_the_median_to_the_most_of_all_frames() -> None:
    maps = maps_of(np.array([[[-1.0, 1.0], [3.0, 1.0]], [[7.0, 1.0], [1.0, 1.0]]]))
    # On the three rows of pixels: -1 1, 1 1, 3 1 and 7 1, 4 1, 1 1.
    assert maps.limits(Pattern.A_LINE) == (1.0, 7.0)
    np.testing.assert_allclose(maps.heat(10, Pattern.A_LINE), [[0, 0], [0, 0], [1 / 3, 0]], atol=1e-6)
    assert maps.heat(11, Pattern.A_LINE).max() == 1
    assert maps.heat(10, Pattern.A_LINE, step=2).shape == (2, 1)
    assert maps.has(11)
    assert not maps.has(12)


def test_a_gradient_scale_begins_at_nothing() -> None:
    maps = maps_of(np.full((2, 2, 2), 4.0), MapKind.GRADIENT)
    assert maps.limits(Pattern.A_LINE) == (0.0, 4.0)
    assert (maps.heat(10, Pattern.A_LINE) == 1).all()


def test_flat_maps_and_frames_without_one_are_cold() -> None:
    values = np.full((2, 2, 2), 5.0)
    assert maps_of(values).is_flat(Pattern.A_LINE)
    assert not maps_of(values).heat(10, Pattern.A_LINE).any()
    assert maps_of(values).is_flat(Pattern.B_LINE)
    values[0, 0, 0], values[1] = 6.0, np.nan
    partly = maps_of(values)
    partly_nan = replace(partly, maps=np.where(np.isnan(values)[:, None], np.nan, partly.maps).astype(np.float32))
    assert not partly_nan.has(11)
    assert partly_nan.limits(Pattern.A_LINE) == (5.0, 6.0)
    assert not partly_nan.heat(11, Pattern.A_LINE).any()
    nothing = replace(partly, maps=np.full_like(partly.maps, np.nan))
    assert nothing.limits(Pattern.A_LINE) == (0.0, 0.0)


def test_what_does_not_fit_is_refused() -> None:
    good = maps_of(np.zeros((2, 2, 2)))
    assert not good.maps.flags.writeable
    with pytest.raises(ValueError, match=r"rows must be float32 of shape \(3, 2\)"):
        replace(good, rows=ROWS[:2])
    with pytest.raises(ValueError, match="maps must be float32"):
        replace(good, maps=good.maps.astype(np.float64))
    with pytest.raises(ValueError, match=r"maps must be float32 of shape \(3, 4, 2, 2\)"):
        replace(good, span=Span(10, 13))
    with pytest.raises(ValueError, match="does not lie inside the clip"):
        ClipMaps(None, good, Span(9, 11))


def test_colours_grow_brighter_and_cold_lets_the_picture_through() -> None:
    brightness = heat_colors() @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness) >= -0.5).all()
    assert brightness[-1] - brightness[0] > 150
    rgba = heat_rgba(np.array([[0.0, 0.5, 1.0]], np.float32), 0.5)
    assert rgba[0, :, 3].tolist() == [0, 45, 128]
    picture = np.full((1, 3, 3), 100, np.uint8)
    over = blended(picture, rgba)
    assert over[0, 0].tolist() == [100, 100, 100]
    np.testing.assert_allclose(over[0, 2], (100 + heat_colors()[255].astype(float)) / 2, atol=1)
    assert scale_bar(40, 6, 0.5).shape == (6, 40, 3)
