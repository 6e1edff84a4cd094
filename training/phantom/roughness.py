"""Irregular outlines: smooth noise along a line of tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

_STEP_CM = 0.02
_LENGTH_CM = 40.0


class Roughness:
    """Noise of mean 0 and standard deviation 1 along a line, smooth over correlation_cm, repeated every 40 cm."""

    def __init__(self, rng: np.random.Generator, correlation_cm: float) -> None:
        noise = rng.standard_normal(round(_LENGTH_CM / _STEP_CM))
        smooth = gaussian_filter1d(noise, correlation_cm / _STEP_CM / 2, mode="wrap")
        self._values = ((smooth - smooth.mean()) / smooth.std()).astype(np.float32)
        self._places = np.arange(len(smooth)) * _STEP_CM

    def at(self, place_cm: NDArray[np.float32]) -> NDArray[np.float32]:
        """The noise at places, an array of their shape."""
        return np.interp(place_cm, self._places, self._values, period=_LENGTH_CM).astype(np.float32)
