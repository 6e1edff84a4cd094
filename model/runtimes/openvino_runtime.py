"""LUV-Net on OpenVINO: float32, bf16 or int8 on a CPU, and its GPU and NPU where there are some. Without torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
_CLIPS_AT_ONCE = 32
_FRAMES_PER_REQUEST = 2
_MOST_STREAMS = 4
"""Streams of a CPU, each with its share of the cores: two cores encode a tenth more float32 frames a second in two
streams than together in one (DenseNet-161)."""
_FRAMES_ELSEWHERE = 4
"""Frames per request on a GPU or NPU, which get one at a time."""
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16", "int8": "f32"}
_NICENESS = 10
_TOGETHER: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}


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
        self.clips_at_once = _CLIPS_AT_ONCE
        self._compile = _Compiler(model, device, precision, n_threads or _usable_cores(), background)
        self._per_request = _FRAMES_PER_REQUEST if device == "CPU" else _FRAMES_ELSEWHERE
        with _guarded(self.name):
            check_openvino(device, precision)
            self._requests = self._compile.requests(self._per_request)
        self._single: openvino.InferRequest | None = None
        self.frames_at_once = self._per_request * len(self._requests)

    def encode(self, frames: InputFrames, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `contract.Runtime.encode`."""
        parts = []
        for first in range(0, len(indices), self.frames_at_once):
            images = frames.images(indices[first : first + self.frames_at_once])
            with self.running():
                parts += self._encode_images(images)
        return np.concatenate(parts)

    def _encode_images(self, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """At most `frames_at_once` images, shared out to the streams."""
        if len(images) == 1 and self._single is not None:
            started = [(self._single, 1)]
            self._single.start_async([images])
        else:
            started = []
            for first, request in zip(range(0, len(images), self._per_request), self._requests, strict=False):
                part = images[first : first + self._per_request]
                missing = self._per_request - len(part)
                filled = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) if missing else part
                # Asynchronous also for one: then OpenVINO's own threads compute, with their priority, and not this one.
                request.start_async([filled])
                started.append((request, len(part)))
        for request, _ in started:
            request.wait()
        return [request.get_output_tensor(0).data[:n_images].copy() for request, n_images in started]

    def expect_single_frames(self) -> None:
        """See `contract.Runtime.expect_single_frames`."""
        if self._single is None:
            with self.running():
                self._single = self._compile.single()

    @contextmanager
    def running(self) -> Iterator[None]:
        """See `contract.Runtime.running`."""
        with _guarded(self.name):
            yield


def _usable_cores() -> int:
    """Those this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


@dataclass(frozen=True, eq=False)
class _Compiler:
    """Compiles one model for requests of a fixed number of images.

    background: from a thread whose low priority OpenVINO's threads inherit (Linux).
    """

    model: openvino.Model
    device: str
    precision: str
    n_threads: int
    background: bool

    def requests(self, n_images: int) -> list[openvino.InferRequest]:
        """One for each stream."""
        n_streams = min(self.n_threads, _MOST_STREAMS) if self.device == "CPU" else 1
        options = {"PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": n_streams} if n_streams > 1 else _TOGETHER
        compiled = self._compiled(n_images, options)
        return [compiled.create_infer_request() for _ in range(n_streams)]

    def single(self) -> openvino.InferRequest:
        """For one image, with all threads."""
        return self._compiled(1, _TOGETHER).create_infer_request()

    def _compiled(self, n_images: int, options: dict[str, Any]) -> openvino.CompiledModel:
        fixed = self.model.clone()
        fixed.reshape([n_images, *(side.get_length() for side in list(self.model.input(0).partial_shape)[1:])])
        options = {"INFERENCE_PRECISION_HINT": _HINTS[self.precision], **options}
        if self.device == "CPU":
            options["INFERENCE_NUM_THREADS"] = self.n_threads
            # Pinned threads of two processes, or of the window and LUV-Net, would share one core while others rest.
            options["ENABLE_CPU_PINNING"] = False
        core = openvino_core()
        if self.background and sys.platform == "linux":
            return _with_low_priority(lambda: core.compile_model(fixed, self.device, options))
        return core.compile_model(fixed, self.device, options)


def _with_low_priority(compiles: Callable[[], openvino.CompiledModel]) -> openvino.CompiledModel:
    made: list[openvino.CompiledModel | BaseException] = []

    def compile_quietly() -> None:
        try:
            # On Linux this is the niceness of the calling thread alone.
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
            made.append(compiles())
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
