"""The engines that are compared, opened on one checkpoint, or why they cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from luv_viewer.analysis.engine import DEVICES, open_network, resolved_device
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.preparation import measure_engines
from model.runtimes.choice import Choice
from model.runtimes.contract import PRECISIONS
from model.runtimes.opened import OpenedNetwork

Say = Callable[[str], None]


@dataclass(frozen=True)
class EngineName:
    """A device and a precision as `luv predict` takes them. Raises ValueError for one that does not exist."""

    device: str
    precision: str

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise ValueError(f"unknown device {self.device!r}: expected one of {', '.join(DEVICES)}")
        if self.precision not in ("auto", *PRECISIONS):
            raise ValueError(f"unknown precision {self.precision!r}: expected auto, {', '.join(PRECISIONS)}")

    @classmethod
    def parse(cls, text: str) -> EngineName:
        """From `auto` or `device:precision`.

        >>> EngineName.parse("openvino:gpu:fp16")
        EngineName(device='openvino:gpu', precision='fp16')
        """
        if text == "auto":
            return cls("auto", "auto")
        device, _, precision = text.rpartition(":")
        return cls(device, precision)

    @property
    def text(self) -> str:
        """As `parse` takes it."""
        return "auto" if self.device == "auto" else f"{self.device}:{self.precision}"

    @property
    def needs_measuring(self) -> bool:
        """Whether it is there only once the checkpoint was brought to this computer."""
        return self.precision in ("int8", "auto")


REFERENCE = EngineName("torch", "fp32")
_CPU = ("torch:fp32", "torch:bf16", "openvino:fp32", "openvino:bf16", "openvino:int8")


@dataclass(frozen=True, eq=False)
class Engine:
    """opened: None when it cannot run; note then says why, else what is worth knowing of it."""

    name: EngineName
    opened: OpenedNetwork | None
    note: str = ""


def default_engines() -> tuple[EngineName, ...]:
    """Those of a CPU, of a CUDA or Apple card where there is one, and `auto`."""
    cards = ["cuda:fp32", "cuda:fp16"] if torch.cuda.is_available() else []
    cards += ["mps:fp32", "mps:fp16"] if torch.backends.mps.is_available() else []
    return tuple(EngineName.parse(text) for text in (*_CPU, *cards, "auto"))


def open_engines(
    names: Sequence[EngineName], checkpoint: Path, calibration: Sequence[Path], say: Say
) -> tuple[Engine, ...]:
    """The engines on a checkpoint file, `REFERENCE` first in any case.

    calibration: where int8 takes its frames from; the demo study without any. say: told what takes a while.
    Raises AnalysisError when the reference cannot run, CheckpointUnusableError for the file.
    """
    choice, failure = _measured(names, checkpoint, calibration, say)
    opened = []
    for name in dict.fromkeys((REFERENCE, *names)):
        say(f"opening {name.text}")
        engine = _opened(name, checkpoint, say)
        if engine.opened is None and name == REFERENCE:
            raise AnalysisError(engine.note)
        opened.append(_told(engine, choice, failure))
    return tuple(opened)


def _measured(
    names: Sequence[EngineName], checkpoint: Path, calibration: Sequence[Path], say: Say
) -> tuple[Choice | None, str]:
    if not any(name.needs_measuring for name in names):
        return None, ""
    try:
        told = lambda what, done, total: say(f"{what} {100 * done // max(total, 1)} %")  # noqa: E731
        return measure_engines(checkpoint, calibration, told), ""
    except AnalysisError as error:
        return None, str(error)


def _opened(name: EngineName, checkpoint: Path, say: Say) -> Engine:
    try:
        return Engine(name, open_network(checkpoint, name.device, name.precision, say=say))
    except AnalysisError as error:
        return Engine(name, None, str(error))


def _told(engine: Engine, choice: Choice | None, failure: str) -> Engine:
    """With what the measuring said of it."""
    if engine.name.device == "auto" and engine.opened is not None:
        if resolved_device("auto") != "cpu":
            return replace(engine, note=f"auto is the card: {engine.opened.runtime.name}.")
        return replace(engine, note=choice.reason if choice is not None else failure)
    if engine.name == EngineName("openvino", "int8") and choice is not None:
        (tried,) = [c for c in choice.candidates if c.precision == "int8"]
        return replace(engine, note=" ".join(part for part in (tried.note, engine.note) if part))
    return engine
