"""Where and how exactly a network runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import torch

from model.errors import PredictionError

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class Engine:
    """A device and a precision: "fp32", "bf16" or "fp16", of the frame encoder; the head is always float32."""

    device: torch.device
    precision: str

    @property
    def name(self) -> str:
        """`cpu`, `mps` or `cuda:0 (name of the card)`."""
        if self.device.type != "cuda":
            return self.device.type
        return f"{self.device} ({torch.cuda.get_device_name(self.device)})"

    @contextmanager
    def running(self) -> Iterator[None]:
        """For one piece of work: no gradients, and true float32 where fp32 was asked for (cuDNN's default is TF32).

        Raises PredictionError when memory runs out or the device fails.
        """
        exact = self.device.type == "cuda" and self.precision == "fp32"
        with self.guarded(), torch.inference_mode(), _without_tf32() if exact else nullcontext():
            yield

    @contextmanager
    def differentiating(self) -> Iterator[None]:
        """As `running`, but with gradients, and on a card without cuDNN, whose recurrent layers have none in eval mode.

        What was made inside `running` must be cloned before it can take part.
        """
        on_card = self.device.type == "cuda"
        with self.guarded(), torch.enable_grad(), _without_cudnn() if on_card else nullcontext():
            yield

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """For moving a network: its parameters stay fit for training, which those moved in inference mode are not.

        Raises PredictionError when memory runs out or the device fails.
        """
        try:
            yield
        except (torch.OutOfMemoryError, MemoryError) as error:
            raise PredictionError(self._out_of_memory) from error
        except RuntimeError as error:
            reason = str(error).strip().partition("\n")[0]
            if "memory" in reason and "alloc" in reason:
                raise PredictionError(self._out_of_memory) from error
            raise PredictionError(f"the network failed on {self.device}: {reason}") from error

    def encoder_precision(self) -> torch.autocast | nullcontext[None]:
        """The context in which the encoder runs."""
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=_DTYPES[self.precision])

    @property
    def _out_of_memory(self) -> str:
        return (
            f"there is not enough memory on {self.device} for this network: close other programs or use another device"
        )


def _without_tf32() -> AbstractContextManager[None]:
    """cuDNN as it is set, but for TF32."""
    cudnn = torch.backends.cudnn
    return cudnn.flags(
        enabled=cudnn.enabled, benchmark=cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=False
    )


def _without_cudnn() -> AbstractContextManager[None]:
    cudnn = torch.backends.cudnn
    return cudnn.flags(
        enabled=False, benchmark=cudnn.benchmark, deterministic=cudnn.deterministic, allow_tf32=cudnn.allow_tf32
    )


def resolve_engine(device: str | torch.device = "auto", precision: str = "auto") -> Engine:
    """The engine that was asked for.

    device: "auto" (CUDA when present, else the CPU), "cpu", "cuda", "cuda:1", "mps", or such a `torch.device`.
    precision: "auto" is fp32 everywhere: it is the precision in which thresholds were found and results are compared.
    Raises PredictionError, one sentence, for a device or precision that does not exist here.

    >>> resolve_engine("cpu")
    Engine(device=device(type='cpu'), precision='fp32')
    """
    if precision == "int8":
        raise PredictionError("torch does not run int8 here: use device openvino or cpu")
    if precision != "auto" and precision not in _DTYPES:
        raise PredictionError(f"unknown precision {precision!r}: expected auto, {', '.join(_DTYPES)}")
    place = _resolve_device(str(device))
    if place.type == "cpu" and precision == "fp16":
        raise PredictionError("fp16 takes minutes a video on a processor: use fp32, bf16 or int8")
    return Engine(place, "fp32" if precision == "auto" else precision)


def _resolve_device(name: str) -> torch.device:
    kind, _, index = name.partition(":")
    if kind not in ("auto", "cpu", "cuda", "mps") or (index and (kind != "cuda" or not index.isdecimal())):
        raise PredictionError(f"unknown device {name!r}: expected auto, cpu, cuda, cuda:1 or mps")
    if kind == "auto":
        kind = "cuda" if torch.cuda.is_available() else "cpu"
    if kind == "mps" and not torch.backends.mps.is_available():
        raise PredictionError("device mps is not available here: use auto or cpu")
    if kind != "cuda":
        return torch.device(kind)
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(index or 0) >= cards:
        raise PredictionError(f"device {name} is not available here ({cards} CUDA cards found): use auto or cpu")
    return torch.device("cuda", int(index or 0))
