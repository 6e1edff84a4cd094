"""Any network of the registry on torch, clip by clip. Torch is imported when one is built, see `model`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.preprocessing import Preprocessing, normalize

if TYPE_CHECKING:
    from torch import nn

    from model.devices import Engine

FloatArray = NDArray[np.floating]


class ClipRuntime:
    """A network on a torch device at one precision, of the whole network; used by one thread at a time.

    It is put into eval mode, moved there, and stays there. name, precision: as of `contract.Runtime`.
    """

    def __init__(self, network: nn.Module, engine: Engine) -> None:
        self._network, self._engine = network, engine
        with engine.guarded():
            network.eval().to(engine.device)

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def precision(self) -> str:
        return self._engine.precision

    def run_clip(
        self, images: Sequence[NDArray[np.uint8]], preprocessing: Preprocessing
    ) -> tuple[FloatArray, FloatArray | None]:
        """L letterboxed uint8 frames, as `InputFrames.image` gives them -> logits (P,), attention (P, L, H) or None.

        Raises PredictionError when the engine fails, ValueError for a clip of a size the network does not take.
        """
        with self._engine.running():
            clip = normalize(images, preprocessing, self._engine.device)[None]
            with self._engine.encoder_precision():
                logits, attention = self._network(clip)
            return (
                logits[0].float().cpu().numpy(),
                None if attention is None else attention[0].float().cpu().numpy(),
            )
