"""The time of one clip through the plain network, as the paper's Table 4 has it: one forward pass, synchronised."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from time import perf_counter

import torch
from torch import nn

from model.benchmarks.timing import Clock, Timing, time_in_turn
from model.errors import PredictionError

_AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}
PLAIN_PRECISIONS = ("fp32", *_AUTOCAST)


@dataclass(frozen=True)
class ClipRuns:
    """How clips are timed. device: of torch. precision: "fp32" is torch as it comes (on a CUDA card its convolutions
    then use TF32, as the authors' did), "bf16" and "fp16" are autocast. n_clips: in one batch."""

    device: str = "cpu"
    precision: str = "fp32"
    n_clips: int = 1
    n_runs: int = 5
    n_warm_up: int = 1

    def __post_init__(self) -> None:
        if self.precision not in PLAIN_PRECISIONS:
            raise ValueError(f"precision must be one of {', '.join(PLAIN_PRECISIONS)}, got {self.precision!r}")
        if self.n_clips < 1:
            raise ValueError(f"a batch holds at least 1 clip, got {self.n_clips}")


def time_clip(
    network: nn.Module,
    clip_shape: tuple[int, int, int, int],
    runs: ClipRuns,
    report: Callable[[int, int], None] | None = None,
    clock: Clock = perf_counter,
) -> Timing:
    """Seconds per clip of noise (L, 3, H, W); a batch's time is shared by its clips. Moves the network to the device.

    report(done, total): before every pass. Raises PredictionError when memory runs out or the device fails.
    """
    device = torch.device(runs.device)
    try:
        with torch.inference_mode():
            generator = torch.Generator().manual_seed(0)
            clips = torch.randn(runs.n_clips, *clip_shape, generator=generator).to(device)
            network = network.eval().to(device)

            def forward() -> None:
                with precision_context(device, runs.precision):
                    network(clips)
                synchronize(device)

            timing = time_in_turn({"clip": forward}, runs.n_runs, runs.n_warm_up, clock, report)["clip"]
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise PredictionError(f"there is not enough memory on {device}") from error
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        raise PredictionError(f"the network failed on {device}: {reason}") from error
    return timing.scaled(1 / runs.n_clips)


def precision_context(device: torch.device, precision: str) -> torch.autocast | nullcontext[None]:
    """For the plain network: nothing for "fp32", else autocast."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=_AUTOCAST[precision])


def synchronize(device: torch.device) -> None:
    """Wait until the device has finished what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def device_label(device: torch.device) -> str:
    """`cpu`, `mps`, or a card with its name."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else device.type
