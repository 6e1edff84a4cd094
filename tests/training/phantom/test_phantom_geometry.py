"""From beams to pictures, against trigonometry done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from training.phantom.geometry import Geometry, Grid, Probe, ScanConverter

CONVEX = Geometry(Probe.CONVEX, depth_cm=10, radius_cm=5, half_angle_rad=0.5)
LINEAR = Geometry(Probe.LINEAR, depth_cm=5, width_cm=4)
GRID = Grid(64, 48)


def _ramp_of_depth() -> np.ndarray:
    return np.repeat(np.linspace(0, 252, GRID.n_rows).round().astype(np.uint8)[:, None], GRID.n_beams, axis=1)


def test_a_linear_picture_is_a_rectangle_of_the_probes_proportions() -> None:
    converter = ScanConverter(LINEAR, GRID, (50, 60))
    rows, columns = (np.flatnonzero(converter.is_inside.any(axis=axis)) for axis in (1, 0))
    assert len(rows) == 50
    assert len(columns) == 40
    assert converter.is_inside.sum() == 50 * 40
    assert converter.cm_per_px == pytest.approx(0.1)


def test_depth_grows_down_the_middle_of_a_convex_picture() -> None:
    shape = (64, 64)
    converter = ScanConverter(CONVEX, GRID, shape)
    picture = converter.picture(_ramp_of_depth())
    wide, high = CONVEX.box_cm
    assert converter.cm_per_px == pytest.approx(max(wide, high) / 64)
    for row in np.flatnonzero(converter.is_inside[:, 32]):
        y_cm = (row - 31.5) * converter.cm_per_px + high / 2 + 5 * np.cos(0.5)
        depth_cm = np.hypot(0.5 * converter.cm_per_px, y_cm) - 5
        assert abs(int(picture[row, 32]) - depth_cm / 10 * 252) <= 2


def test_outside_of_the_sector_is_black_and_in_no_mask() -> None:
    converter = ScanConverter(CONVEX, GRID, (48, 64))
    picture = converter.picture(np.full((GRID.n_rows, GRID.n_beams), 200, np.uint8))
    mask = converter.mask(np.ones((GRID.n_rows, GRID.n_beams), bool))
    assert not picture[~converter.is_inside].any()
    assert (mask == converter.is_inside).all()
    assert not converter.is_inside[0, 0]
    assert (picture[converter.is_inside] == 200).mean() > 0.95


def test_left_and_right_are_not_exchanged() -> None:
    samples = np.zeros((GRID.n_rows, GRID.n_beams), bool)
    samples[:, : GRID.n_beams // 4] = True
    columns = np.nonzero(ScanConverter(CONVEX, GRID, (48, 64)).mask(samples))[1]
    assert columns.max() < 32


@pytest.mark.parametrize("wrong", [{"depth_cm": 0.0}, {"depth_cm": 5.0, "half_angle_rad": 2.0}])
def test_impossible_probes_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Geometry(Probe.CONVEX, **wrong)
