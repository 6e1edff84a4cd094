"""LUV-Net on torch: the plain path on a CPU, and the fast one on a CUDA or Apple card."""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.devices import Engine
from model.frames import InputFrames
from model.head_weights import Array, HeadWeights
from model.networks.encoders import EncoderSpec, encoder_spec
from model.networks.luv_net import LUVNet
from model.preprocessing import normalize
from model.runtimes.device_frames import DeviceFrames

_CLIPS_AT_ONCE = {"cpu": 32, "cuda": 256, "mps": 64}
_FRAMES_AT_ONCE = {"cuda": 64, "mps": 8}
_CPU_BATCH_REDUCED = 8
"""Frames at once on a CPU in bf16, which is fastest channels last and in batches of this size (measured)."""


class TorchRuntime:
    """A network on a torch device; see `contract.Runtime`. It is put into eval mode, moved there, and stays there.

    On the CPU the head runs on numpy arrays and frames are prepared by OpenCV; on a card frames are uploaded as uint8
    and resized there, in half precision channels last, and nothing waits for the card until results are asked for.
    """

    def __init__(self, network: LUVNet, engine: Engine) -> None:
        self._network, self._engine = network, engine
        spec, kind = encoder_spec(network.options.encoder), engine.device.type
        self._on_cpu = kind == "cpu"
        self.frames_at_once = _FRAMES_AT_ONCE.get(kind, self._cpu_batch(spec))
        self.clips_at_once = _CLIPS_AT_ONCE[kind]
        self._channels_last = engine.precision != "fp32" or (self._on_cpu and spec.cpu_channels_last)
        with engine.guarded():
            network.eval().to(engine.device)
            if self._channels_last:
                network.encoder.to(memory_format=torch.channels_last)
        with engine.running():
            weights = HeadWeights.of(network)
            self.head = weights if self._on_cpu else weights.mapped(self._on_device)

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def precision(self) -> str:
        return self._engine.precision

    def running(self) -> AbstractContextManager[None]:
        return self._engine.running()

    def expect_single_frames(self) -> None:
        """Nothing to do: torch takes any number of frames."""

    def encode(self, frames: InputFrames, indices: NDArray[np.int64]) -> Array:
        """See `contract.Runtime.encode`."""
        # Reading stands outside the engine's guard: what a reader raises is not the device's failure.
        if self._on_cpu:
            images = [frames.image(int(i)) for i in indices]
            with self._engine.running():
                return self._encoded(normalize(images, frames.preprocessing)).numpy()
        raw = DeviceFrames.read(frames, indices)
        with self._engine.running():
            return self._encoded(raw.normalized(self._engine.device))

    def _encoded(self, batch: Tensor) -> Tensor:
        if self._channels_last:
            batch = batch.contiguous(memory_format=torch.channels_last)
        with self._engine.encoder_precision():
            return self._network.encode(batch).float()

    def _cpu_batch(self, spec: EncoderSpec) -> int:
        return spec.cpu_batch if self._engine.precision == "fp32" else _CPU_BATCH_REDUCED

    def _on_device(self, array: NDArray[np.float32]) -> Tensor:
        return torch.tensor(array, device=self._engine.device)
