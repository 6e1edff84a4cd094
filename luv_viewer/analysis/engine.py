"""From a checkpoint file and what the user asks for to a network that runs: torch is imported only where it must be."""

from __future__ import annotations

import ctypes.util
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import model
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError
from luv_viewer.domain.pattern import Pattern
from model.facts import CheckpointFacts
from model.runtimes.opened import OpenedNetwork
from model.runtimes.opening import open_runtime
from model.runtimes.prepared import PreparedNetwork, StoreError, find_prepared, keep_prepared

DEVICES = ("auto", "cpu", "cuda", "mps", "torch", "openvino", "openvino:gpu", "openvino:npu")

_OPENVINO_ON_CPU = ("auto", "fp32", "bf16", "int8")


def open_network(
    path: Path,
    device: str = "auto",
    precision: str = "auto",
    *,
    background: bool = False,
    say: Callable[[str], None] = lambda sentence: None,
) -> OpenedNetwork:
    """The network in `path` on the engine asked for (see `model.runtimes.opening.open_runtime`).

    "auto" is CUDA where there is a card that torch can use, else the CPU. On the CPU it is OpenVINO, with a network
    converted once and kept in the user's cache, and torch where OpenVINO is not installed or cannot compute the
    precision. A network that is no LUV-Net runs on torch alone. background: a window on the same cores goes first.
    say: told what takes a while.
    Raises CheckpointUnusableError for the file, AnalysisError for device and precision, in one sentence.
    """
    try:
        device = resolved_device(device)
        if runs_on_openvino(device, precision):
            prepared = find_prepared_file(path)
            if prepared is None:
                checkpoint = load_checkpoint(path)
                if checkpoint.network_name != "luv_net":
                    return _on_torch(checkpoint, device, precision, background)
                say("Converting LUV-Net for this computer, once ...")
                prepared = _prepare(checkpoint)
            try:
                return OpenedNetwork(prepared, open_runtime(prepared, device, precision, background=background))
            except StoreError:
                # A disk or a power cut damaged the cache: what it holds can be made again, once.
                prepared.discard()
                say("Converting LUV-Net for this computer again ...")
                prepared = prepare_file(path)
                return OpenedNetwork(prepared, open_runtime(prepared, device, precision, background=background))
        say("Loading LUV-Net ...")
        return _on_torch(load_checkpoint(path), device, precision, background)
    except StoreError as error:
        raise AnalysisError(f"LUV-Net cannot run on OpenVINO: {error}. With device torch it runs without.") from error
    except model.PredictionError as error:
        raise AnalysisError(f"LUV-Net cannot run: {error}.") from error


def check_engine(device: str, precision: str) -> None:
    """Raises AnalysisError, one sentence, when the device or precision does not exist on this machine."""
    try:
        plain = resolved_device(device)
        if runs_on_openvino(plain, precision):
            from model.runtimes.openvino_runtime import check_openvino

            check_openvino((plain.partition(":")[2] or "cpu").upper(), precision)
        else:
            from model.devices import resolve_engine

            resolve_engine("cpu" if plain == "torch" else plain, precision)
    except model.PredictionError as error:
        raise AnalysisError(f"LUV-Net cannot run: {error}.") from error


def resolved_device(device: str) -> str:
    """ "auto" made plain: "cuda" or "cpu"; everything else as it is."""
    if device != "auto":
        return device
    if not has_nvidia_card():
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def runs_on_openvino(device: str, precision: str) -> bool:
    """Whether OpenVINO runs this. device: not "auto"."""
    if device.partition(":")[0] == "openvino":
        return True
    if device != "cpu" or precision not in _OPENVINO_ON_CPU or find_spec("openvino") is None:
        return False
    if precision != "bf16":
        return True
    from model.runtimes.openvino_runtime import capabilities

    return "BF16" in capabilities()


def has_nvidia_card() -> bool:
    """Whether the system has NVIDIA's driver; asked before torch is imported for nothing."""
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    return any(Path(place).exists() for place in ("/dev/nvidiactl", "/dev/dxg"))


def find_prepared_file(path: Path) -> PreparedNetwork | None:
    """What was prepared for a checkpoint file. Raises CheckpointUnusableError when the file cannot be read."""
    try:
        prepared = find_prepared(path)
    except OSError as error:
        raise CheckpointUnusableError(
            f"{path.name} cannot be read ({error.strerror or type(error).__name__}): give the path of a checkpoint file"
        ) from error
    if prepared is not None:
        check_patterns(prepared.facts)
    return prepared


def prepare_file(path: Path) -> PreparedNetwork:
    """Convert a checkpoint file for OpenVINO and keep it in the cache; imports torch.

    Raises CheckpointUnusableError for the file, AnalysisError when it is not a LUV-Net, StoreError for the cache.
    """
    return _prepare(load_checkpoint(path))


def _prepare(checkpoint: model.Checkpoint) -> PreparedNetwork:
    try:
        return keep_prepared(checkpoint)
    except ValueError as error:
        raise AnalysisError(f"LUV-Net cannot run: {checkpoint.name}: {error}.") from error


def _on_torch(checkpoint: model.Checkpoint, device: str, precision: str, background: bool) -> OpenedNetwork:
    """Raises PredictionError for a device or precision that this network does not run on."""
    if precision == "int8" and checkpoint.network_name != "luv_net":
        raise model.PredictionError(
            f"checkpoint {checkpoint.name} holds a network of kind {checkpoint.network_name}, and only luv_net is "
            f"brought to int8: use fp32 or bf16"
        )
    if background:
        _leave_a_core_to_the_window()
    return OpenedNetwork(checkpoint, open_runtime(checkpoint, device, precision))


def load_checkpoint(path: Path) -> model.Checkpoint:
    """The network in a file, ours or the authors'. Raises CheckpointUnusableError.

    Its patterns must be of `Pattern`, so that results have a place on screen and in tables.
    """
    try:
        checkpoint = model.load_checkpoint(path)
    except model.CheckpointError as error:
        raise CheckpointUnusableError(str(error)) from error
    check_patterns(checkpoint)
    return checkpoint


def check_patterns(facts: CheckpointFacts) -> tuple[Pattern, ...]:
    """The patterns a checkpoint scores. Raises CheckpointUnusableError for one this program does not know."""
    try:
        return tuple(Pattern(name) for name in facts.patterns)
    except ValueError as error:
        raise CheckpointUnusableError(
            f"The checkpoint {facts.name} scores a pattern this program does not know: {error}; "
            f"expected some of {', '.join(pattern.value for pattern in Pattern)}."
        ) from error


def _leave_a_core_to_the_window() -> None:
    """One torch thread fewer than cores, so that the window always has one.

    A lower priority would not do for them: the thread that calls torch computes too, and holds the interpreter.
    """
    import os

    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
