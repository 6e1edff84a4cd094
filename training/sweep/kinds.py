"""What can be swept: the setting, its usual values, and how tables and figures call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Axis = Literal["linear", "log2", "names"]

WITH, WITHOUT = "with", "without"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class SweepKind:
    """name: as typed. heading: of the column of values. title: of the table. setting: dotted key of the config that is
    changed; "" where it is not one setting. values: the usual ones. stem: how folders and models begin. axis: how
    values lie in a figure; only for names they need not be whole numbers."""

    name: str
    heading: str
    title: str
    setting: str
    values: tuple[str, ...]
    stem: str
    axis: Axis


def _numbers(values: range | tuple[int, ...]) -> tuple[str, ...]:
    return tuple(map(str, values))


KINDS: Mapping[str, SweepKind] = {
    kind.name: kind
    for kind in (
        SweepKind(
            "kernel",
            "Kernel size",
            "Kernel size of the temporal convolution (as Table 8)",
            "network.kernel_size",
            _numbers(range(1, 30, 2)),
            "kernel",
            "linear",
        ),
        SweepKind(
            "heads",
            "Heads",
            "Heads of the attention (as Table 9)",
            "network.n_heads",
            _numbers((1, 2, 4, 8, 16, 32, 96)),
            "heads",
            "log2",
        ),
        SweepKind(
            "clip-length",
            "Frames per clip",
            "Clip length",
            "",
            _numbers((30, 40, 50, 60, 70, 90)),
            "clip_length",
            "linear",
        ),
        SweepKind(
            "temporal",
            "Temporal branch",
            "With and without the temporal branch (as Table 3)",
            "network.temporal",
            (WITHOUT, WITH),
            "temporal",
            "names",
        ),
        SweepKind(
            "encoder",
            "Encoder",
            "Frame encoder",
            "network.encoder",
            ("densenet161", "resnet50", "resnet18", "mobilenet_v2"),
            "encoder",
            "names",
        ),
        SweepKind(
            "pretrained",
            "Pretrained encoder",
            "Encoder with and without pretrained weights",
            "",
            (NO, YES),
            "pretrained",
            "names",
        ),
    )
}
"""By name."""
