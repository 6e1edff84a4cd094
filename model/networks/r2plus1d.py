"""R(2+1)D (Tran et al. 2018; systems 4.3, D22): residual blocks whose convolutions are split into space and time.

Two layouts: torchvision's, and the one of LUV-Net's authors, whose 1 x 1 x 1 shortcuts are split too and whose blocks
have a batch norm more after each convolution. Axis letters: N batch, L frames of a clip, P patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn
from torchvision.models.video import VideoResNet
from torchvision.models.video.resnet import BasicBlock, Conv2Plus1D, R2Plus1dStem

from model.networks.contract import (
    ClipOutput,
    check_choice,
    check_clips,
    check_counts,
    clips_and_frames,
    refuse_padding,
    values_of,
)
from model.networks.layers import channels_before_time

LAYERS_34 = (3, 4, 6, 3)
LAYERS_18 = (2, 2, 2, 2)
_CHANNELS = (64, 64, 128, 256, 512)
_STEM_CHANNELS = 45


@dataclass(frozen=True)
class R2Plus1DOptions:
    """Everything that shapes an R(2+1)D.

    layers: residual blocks of each of the four stages; `LAYERS_34` or `LAYERS_18`.
    layout: "torchvision", or "authors" as measured in the paper's Table 4.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    layers: tuple[int, int, int, int] = LAYERS_34
    layout: Literal["torchvision", "authors"] = "torchvision"
    n_patterns: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))
        check_counts(self, "layers", "n_patterns")
        check_choice(self, "layout", ("torchvision", "authors"))
        if len(self.layers) != 4:
            raise ValueError(f"layers must be the blocks of four stages, got {self.layers}")


class R2Plus1D(nn.Module):
    """Logits per pattern of a clip of any size; see `model.networks.contract`."""

    has_pattern_attention = False

    def __init__(self, options: R2Plus1DOptions) -> None:
        super().__init__()
        self.options = options
        self.network = _torchvision(options) if options.layout == "torchvision" else _authors(options)

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        check_clips(clips)
        refuse_padding(mask, clips_and_frames(clips))
        return self.network(channels_before_time(clips)), None


def _torchvision(options: R2Plus1DOptions) -> nn.Module:
    network: nn.Module = VideoResNet(
        block=BasicBlock,
        conv_makers=[Conv2Plus1D] * 4,
        layers=list(options.layers),
        stem=R2Plus1dStem,
        num_classes=options.n_patterns,
    )
    return network


def _authors(options: R2Plus1DOptions) -> nn.Module:
    stages: list[nn.Module] = []
    for number, n_blocks in enumerate(options.layers):
        n_in, n_out = _CHANNELS[number], _CHANNELS[number + 1]
        stages += [
            _AuthorsBlock(n_out if block else n_in, n_out, shrinks=number > 0 and block == 0)
            for block in range(n_blocks)
        ]
    network = nn.Sequential(
        _split_convolution(3, _CHANNELS[0], (1, 7), (1, 2), n_between=_STEM_CHANNELS),
        *stages,
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(_CHANNELS[-1], options.n_patterns),
    )
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


class _AuthorsBlock(nn.Module):
    """Two split convolutions, each followed by one more batch norm, and a shortcut; `shrinks` halves time and space."""

    def __init__(self, n_in: int, n_out: int, *, shrinks: bool) -> None:
        super().__init__()
        stride = 2 if shrinks else 1
        self.body = nn.Sequential(
            _split_convolution(n_in, n_out, (3, 3), (stride, stride)),
            nn.BatchNorm3d(n_out),
            nn.ReLU(),
            _split_convolution(n_out, n_out, (3, 3), (1, 1)),
            nn.BatchNorm3d(n_out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if shrinks:
            self.shortcut = nn.Sequential(_split_convolution(n_in, n_out, (1, 1), (2, 2)), nn.BatchNorm3d(n_out))
        self.activation = nn.ReLU()

    def forward(self, clips: Tensor) -> Tensor:
        """(N, channels, time, height, width) -> the same with n_out channels."""
        joined: Tensor = self.activation(self.shortcut(clips) + self.body(clips))
        return joined


def _split_convolution(
    n_in: int, n_out: int, kernel: tuple[int, int], stride: tuple[int, int], n_between: int | None = None
) -> nn.Sequential:
    """A convolution in space, then one in time, each with batch norm and ReLU.

    kernel, stride: of time and of space. n_between: channels between the two; None: as many as give the parameters of
    the whole t x k x k convolution, and the stem, whose kernel in time is 3, has its own.
    """
    t, k = kernel
    if n_between is None:
        n_between = (t * k * k * n_in * n_out) // (k * k * n_in + t * n_out)
    else:
        t = 3
    return nn.Sequential(
        nn.Conv3d(n_in, n_between, (1, k, k), (1, stride[1], stride[1]), (0, k // 2, k // 2), bias=False),
        nn.BatchNorm3d(n_between),
        nn.ReLU(),
        nn.Conv3d(n_between, n_out, (t, 1, 1), (stride[0], 1, 1), (t // 2, 0, 0), bias=False),
        nn.BatchNorm3d(n_out),
        nn.ReLU(),
    )
