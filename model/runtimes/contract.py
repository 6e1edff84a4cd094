"""What an engine must do: encode frames, and hold the head's weights where its arrays live."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.frames import InputFrames
from model.head_weights import Array, HeadWeights

PRECISIONS = ("fp32", "bf16", "fp16", "int8")


class Runtime(Protocol):
    """One network on one engine at one precision; used by one thread at a time.

    name: for provenance, e.g. `cpu`, `cpu (OpenVINO)`, `cuda:0 (name)`. precision: of the encoder, one of `PRECISIONS`;
    the head is always float32. frames_at_once: frames per encoder call; results do not depend on it beyond rounding.
    clips_at_once: clips per head call, as memory allows. head: its arrays are numpy's or tensors of the device.
    """

    @property
    def name(self) -> str: ...

    @property
    def precision(self) -> str: ...

    @property
    def frames_at_once(self) -> int: ...

    @property
    def clips_at_once(self) -> int: ...

    @property
    def head(self) -> HeadWeights: ...

    def encode(self, frames: InputFrames, indices: NDArray[np.int64]) -> Array:
        """(M, D) float32 features of some frames, of the same kind as the head's arrays.

        Raises what reading a frame raises, and PredictionError when the engine fails.
        """
        ...

    def expect_single_frames(self) -> None:
        """Frames will come one by one, live: be ready to encode one without waiting for others."""
        ...

    def running(self) -> AbstractContextManager[None]:
        """For one piece of work on this engine's arrays. Raises PredictionError when memory runs out or it fails."""
        ...
