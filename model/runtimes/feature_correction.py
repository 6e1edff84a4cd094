"""Take back what rounding does to every feature alike: features ~ slope * rounded features + offset, one pair each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.runtimes.openvino_core import import_openvino
from model.runtimes.openvino_model import OUTPUT

if TYPE_CHECKING:
    import openvino

_MIN_FRAMES_FOR_SLOPES = 16


@dataclass(frozen=True, eq=False)
class FeatureCorrection:
    """slope, offset: (D,) float32."""

    slope: NDArray[np.float32]
    offset: NDArray[np.float32]

    @classmethod
    def fitted(cls, exact: NDArray[np.float32], rounded: NDArray[np.float32]) -> FeatureCorrection:
        """Least squares over (M, D) features of the same frames.

        Slopes are 1 with fewer than 16 frames, and for a feature that does not vary.
        """
        wanted, found = exact.astype(np.float64), rounded.astype(np.float64)
        spread = found.var(axis=0)
        shared = ((found - found.mean(axis=0)) * (wanted - wanted.mean(axis=0))).mean(axis=0)
        usable = (spread > 1e-12) & (len(found) >= _MIN_FRAMES_FOR_SLOPES)
        slope = np.where(usable, shared / np.where(usable, spread, 1.0), 1.0)
        offset = wanted.mean(axis=0) - slope * found.mean(axis=0)
        return cls(slope.astype(np.float32), offset.astype(np.float32))

    def put_into(self, model: openvino.Model) -> openvino.Model:
        """A copy of `model` whose features are corrected."""
        ov = import_openvino()
        copy = model.clone()
        ops = ov.opset13
        result = copy.get_results()[0]
        features = result.input_value(0)
        features.get_tensor().set_names(set())
        corrected = ops.add(ops.multiply(features, ops.constant(self.slope)), ops.constant(self.offset))
        corrected.output(0).get_tensor().set_names({OUTPUT})
        result.input(0).replace_source_output(corrected.output(0))
        copy.validate_nodes_and_infer_types()
        return copy
