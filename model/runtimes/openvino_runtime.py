"""LUV-Net on OpenVINO: float32, bf16 or int8 on a CPU, and its GPU and NPU where there are some. Without torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.errors import PredictionError
from model.frames import InputFrames
from model.head_weights import HeadWeights
from model.runtimes.openvino_core import openvino_core

if TYPE_CHECKING:
    import openvino

OPENVINO_DEVICES = ("CPU", "GPU", "NPU")
FRAMES_AT_ONCE = 4
_CLIPS_AT_ONCE = 32
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
_NICENESS = 10


class OpenVINORuntime:
    """An encoder compiled by OpenVINO beside a numpy head; see `contract.Runtime`.

    model: of `openvino_model.convert_encoder`, images (B, size, size, 3) uint8 -> features (B, D). precision: what
    its layers compute in; "int8" for a quantised model, whose other layers then run in float32.
    n_threads: of the CPU. background: its threads get a lower priority (Linux), so that a window on the same cores
    goes first.
    Raises PredictionError when the device is not there or cannot compile the model.
    """

    def __init__(
        self,
        model: openvino.Model,
        head: HeadWeights,
        precision: str,
        *,
        device: str = "CPU",
        n_threads: int | None = None,
        background: bool = False,
    ) -> None:
        self.head, self.precision, self.name = head, precision, f"{device.lower()} (OpenVINO)"
        self.frames_at_once, self.clips_at_once = FRAMES_AT_ONCE, _CLIPS_AT_ONCE
        options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": _HINTS[precision]}
        if device == "CPU":
            options["INFERENCE_NUM_THREADS"] = n_threads or _usable_cores()
        with _guarded(self.name):
            check_openvino(device, precision)
            core = openvino_core()
            self._compile = lambda n_images: _request(core, model, n_images, device, options, background)
            self._requests = {self.frames_at_once: self._compile(self.frames_at_once)}

    def encode(self, frames: InputFrames, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `contract.Runtime.encode`."""
        parts = []
        for first in range(0, len(indices), self.frames_at_once):
            images = frames.images(indices[first : first + self.frames_at_once])
            n_images = len(images)
            size = 1 if n_images == 1 and 1 in self._requests else self.frames_at_once
            if n_images < size:
                images = np.concatenate([images, np.repeat(images[-1:], size - n_images, axis=0)])
            with self.running():
                request = self._requests[size]
                # Asynchronous, because then OpenVINO's own threads compute, with their priority, and not this one.
                request.start_async([images])
                request.wait()
                parts.append(request.get_output_tensor(0).data[:n_images].copy())
        return np.concatenate(parts)

    def expect_single_frames(self) -> None:
        """See `contract.Runtime.expect_single_frames`."""
        if 1 not in self._requests:
            with self.running():
                self._requests[1] = self._compile(1)

    @contextmanager
    def running(self) -> Iterator[None]:
        """See `contract.Runtime.running`."""
        with _guarded(self.name):
            yield


def _usable_cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _request(
    core: openvino.Core, model: openvino.Model, n_images: int, device: str, options: dict[str, Any], background: bool
) -> openvino.InferRequest:
    fixed = model.clone()
    fixed.reshape([n_images, *(side.get_length() for side in list(model.input(0).partial_shape)[1:])])
    return _compiled(core, fixed, device, options, background).create_infer_request()


def _compiled(
    core: openvino.Core, model: openvino.Model, device: str, options: dict[str, Any], background: bool
) -> openvino.CompiledModel:
    """Compile the model; in the background, from a thread whose low priority OpenVINO's threads inherit (Linux)."""
    if not background or sys.platform != "linux":
        return core.compile_model(model, device, options)
    made: list[openvino.CompiledModel | BaseException] = []

    def compile_quietly() -> None:
        try:
            # On Linux this is the niceness of the calling thread alone.
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
            made.append(core.compile_model(model, device, options))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            made.append(error)

    thread = Thread(target=compile_quietly, name="openvino-compile")
    thread.start()
    thread.join()
    if isinstance(made[0], BaseException):
        raise made[0]
    return made[0]


@contextmanager
def _guarded(name: str) -> Iterator[None]:
    try:
        yield
    except MemoryError as error:
        raise PredictionError(f"there is not enough memory for this network on {name}: close other programs") from error
    except PredictionError:
        raise
    except RuntimeError as error:
        reason = str(error).strip().splitlines()
        raise PredictionError(f"the network failed on {name}: {reason[-1] if reason else 'no reason given'}") from error


def check_openvino(device: str, precision: str) -> None:
    """Raises PredictionError, one sentence, when OpenVINO cannot run this here.

    device: "CPU", "GPU" or "NPU". precision: of `contract.PRECISIONS`, or "auto". On a CPU without the instructions
    OpenVINO would quietly compute bf16 and fp16 in float32, so that is refused.
    """
    if device not in OPENVINO_DEVICES:
        raise PredictionError(
            f"unknown device openvino:{device.lower()}: expected openvino, openvino:gpu, openvino:npu"
        )
    available = openvino_core().available_devices
    if not any(found.partition(".")[0] == device for found in available):
        raise PredictionError(
            f"OpenVINO finds no {device} here (it finds {', '.join(available) or 'none'}): use device cpu"
        )
    if device == "CPU" and precision in ("bf16", "fp16") and precision.upper() not in capabilities():
        raise PredictionError(f"this processor does not compute {precision} with OpenVINO: use fp32, int8 or auto")


def capabilities(device: str = "CPU") -> tuple[str, ...]:
    """What OpenVINO says a device computes in hardware: FP32, BF16, FP16, INT8, ...; empty when it is not there."""
    core = openvino_core()
    if device not in core.available_devices:
        return ()
    return tuple(str(name) for name in core.get_property(device, "OPTIMIZATION_CAPABILITIES"))
