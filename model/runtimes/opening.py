"""From what a caller asks for, device and precision, to the engine that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from model.errors import PredictionError
from model.facts import CheckpointFacts
from model.runtimes.contract import PRECISIONS, Runtime
from model.runtimes.prepared import PreparedNetwork

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint
    from model.networks.luv_net import LUVNet
    from model.runtimes.clip_runtime import ClipRuntime


def facts_of(source: Checkpoint | PreparedNetwork) -> CheckpointFacts:
    """What it says of itself."""
    return source.facts if isinstance(source, PreparedNetwork) else source


@overload
def open_runtime(
    source: PreparedNetwork,
    device: str = "auto",
    precision: str = "auto",
    *,
    n_threads: int | None = None,
    background: bool = False,
) -> Runtime: ...


@overload
def open_runtime(
    source: Checkpoint | PreparedNetwork,
    device: str = "auto",
    precision: str = "auto",
    *,
    n_threads: int | None = None,
    background: bool = False,
) -> Runtime | ClipRuntime: ...


def open_runtime(
    source: Checkpoint | PreparedNetwork,
    device: str = "auto",
    precision: str = "auto",
    *,
    n_threads: int | None = None,
    background: bool = False,
) -> Runtime | ClipRuntime:
    """The engine for a checkpoint in memory or a prepared one; a `ClipRuntime` for a network that is no LUV-Net, which
    runs on torch alone.

    device: "auto", "cpu", "cuda", "cuda:1", "mps", "torch" (torch on the CPU), "openvino", "openvino:gpu",
    "openvino:npu". precision: "auto", "fp32", "bf16", "fp16", "int8".
    A `Checkpoint` in memory runs on torch with its weights as they are now, unless OpenVINO is named: "auto" is then
    CUDA when present, else the CPU, in fp32. A `PreparedNetwork` runs on OpenVINO: on the CPU, "auto" is what was
    measured on this machine (`model.runtimes.choice`), fp32 until then.
    n_threads, background: see `OpenVINORuntime`; torch's threads are the caller's to set.
    Raises PredictionError, one sentence, for what does not exist here; StoreError, one of them, for a damaged cache.
    """
    if precision != "auto" and precision not in PRECISIONS:
        raise PredictionError(f"unknown precision {precision!r}: expected auto, {', '.join(PRECISIONS)}")
    engine, _, place = device.partition(":")
    if isinstance(source, PreparedNetwork):
        if engine not in ("auto", "cpu", "openvino"):
            raise PredictionError(f"a prepared network runs on OpenVINO: device {device!r} needs the checkpoint itself")
        return _prepared_runtime(source, place.upper() or "CPU", precision, n_threads, background)
    if engine == "openvino":
        return _converted_runtime(source, place.upper() or "CPU", precision, n_threads, background)
    return _torch_runtime(source, "cpu" if device == "torch" else device, precision)


def _prepared_runtime(
    source: PreparedNetwork, place: str, precision: str, n_threads: int | None, background: bool
) -> Runtime:
    from model.runtimes.choice import read_choice
    from model.runtimes.openvino_runtime import OpenVINORuntime

    if precision == "auto":
        choice = read_choice(source) if place == "CPU" else None
        precision = choice.precision if choice is not None else ("fp32" if place == "CPU" else "fp16")
    if precision == "int8" and not source.has_int8:
        raise PredictionError(
            f"{source.facts.name} was not brought to int8 on this computer yet: run `luv engines` once, or use bf16"
        )
    model, head = source.encoder(precision), source.head()
    return OpenVINORuntime(model, head, precision, device=place, n_threads=n_threads, background=background)


def _converted_runtime(
    source: Checkpoint, place: str, precision: str, n_threads: int | None, background: bool
) -> Runtime:
    from model.head_weights import HeadWeights
    from model.runtimes.openvino_model import convert_encoder
    from model.runtimes.openvino_runtime import OpenVINORuntime

    network = _luv_net(source)
    if precision == "int8":
        raise PredictionError(
            f"int8 needs frames to calibrate with: save {source.name} to a file and run `luv engines` on it"
        )
    model, head = convert_encoder(network, source.preprocessing), HeadWeights.of(network)
    chosen = "fp32" if precision == "auto" else precision
    return OpenVINORuntime(model, head, chosen, device=place, n_threads=n_threads, background=background)


def _torch_runtime(source: Checkpoint, device: str, precision: str) -> Runtime | ClipRuntime:
    from model.devices import resolve_engine
    from model.networks.luv_net import LUVNet
    from model.runtimes.clip_runtime import ClipRuntime
    from model.runtimes.torch_runtime import TorchRuntime

    engine = resolve_engine(device, precision)
    if isinstance(source.network, LUVNet):
        return TorchRuntime(source.network, engine)
    if not hasattr(source.network, "option_values"):
        raise PredictionError(
            f"checkpoint {source.name} holds a {type(source.network).__name__}, expected a network of model.registry"
        )
    return ClipRuntime(source.network, engine)


def _luv_net(source: Checkpoint) -> LUVNet:
    from model.networks.luv_net import LUVNet

    if not isinstance(source.network, LUVNet):
        raise PredictionError(
            f"checkpoint {source.name} holds a {type(source.network).__name__}, and OpenVINO runs LUV-Net only: "
            f"use device cpu, cuda or torch"
        )
    return source.network
