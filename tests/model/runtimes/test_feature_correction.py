"""Slopes and offsets of features: found again where they are known, and left alone where they cannot be known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.runtimes.feature_correction import FeatureCorrection


@given(st.integers(0, 2**31), st.integers(16, 60))
def test_a_known_slope_and_offset_are_found_again(seed: int, n_frames: int) -> None:
    rng = np.random.default_rng(seed)
    exact = rng.normal(size=(n_frames, 5)).astype(np.float32)
    slope, offset = rng.uniform(0.5, 2, 5), rng.normal(size=5)
    found = FeatureCorrection.fitted(exact, ((exact - offset) / slope).astype(np.float32))
    assert found.slope == pytest.approx(slope, rel=1e-3)
    assert found.offset == pytest.approx(offset, abs=1e-3)


def test_too_few_frames_and_constant_features_get_an_offset_alone() -> None:
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(15, 3)).astype(np.float32)
    few = FeatureCorrection.fitted(exact, 2 * exact + 1)
    assert few.slope.tolist() == [1, 1, 1]
    assert few.offset == pytest.approx(exact.mean(axis=0) - (2 * exact + 1).mean(axis=0), abs=1e-5)
    constant = FeatureCorrection.fitted(np.full((20, 1), 3, np.float32), np.full((20, 1), 2, np.float32))
    assert (constant.slope.item(), constant.offset.item()) == (1.0, 1.0)


@given(st.integers(0, 2**31))
def test_the_squared_error_on_the_fitted_frames_never_grows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    exact = rng.normal(size=(20, 4)).astype(np.float32)
    rounded = (exact + rng.normal(0.1, 0.3, exact.shape)).astype(np.float32)
    found = FeatureCorrection.fitted(exact, rounded)
    after = np.square(rounded * found.slope + found.offset - exact).sum(axis=0)
    assert np.all(after <= np.square(rounded - exact).sum(axis=0) * (1 + 1e-4))
