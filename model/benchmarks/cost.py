"""Parameters and multiply-accumulates of a network, without computing anything: on torch's meta device.

Two counts. Exact: what torch's own counter sees in aten's matrix products and convolutions, halved, for it counts a
multiply-accumulate as two operations. As thop: what the profiler of the paper's Table 4 would have said (systems 3.7),
so that its columns can be reproduced.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from model.benchmarks.configurations import Configuration

CLIP_SHAPE = (30, 3, 256, 256)

# timm, whose encoders the authors used, joins batch norm and activation of these into a layer thop does not know.
_JOINED_BY_TIMM = (models.DenseNet, models.MobileNetV2)


@dataclass(frozen=True)
class Cost:
    """Of one clip. n_parameters: all of them. n_macs: exact multiply-accumulates of convolutions and matrix products.
    thop_n_parameters, thop_n_macs: by thop's rules."""

    n_parameters: int
    n_macs: int
    thop_n_parameters: int
    thop_n_macs: int


def count_cost(configuration: Configuration, clip_shape: tuple[int, int, int, int] = CLIP_SHAPE) -> Cost:
    """What one clip (L, 3, H, W) costs. Nothing is allocated and no weight is drawn."""
    with torch.device("meta"):
        network, clip = configuration.build(), torch.empty(1, *clip_shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(clip)
    thop = _ThopCount(network)
    with torch.no_grad():
        network(clip)
    return Cost(
        n_parameters=sum(parameter.numel() for parameter in network.parameters()),
        n_macs=counter.get_total_flops() // 2,
        thop_n_parameters=thop.n_parameters,
        thop_n_macs=thop.n_macs,
    )


class _ThopCount:
    """thop's published rules (`_layer_macs`). It matches types exactly: a layer of a derived type is unknown to it, and
    so are functions, tensors outside layers (queries, position tables, attention products) and layers that are never
    called because a function uses their weights (Swin's attention)."""

    def __init__(self, network: nn.Module) -> None:
        self.n_parameters = 0
        self.n_macs = 0
        self._called: set[int] = set()
        joined = {
            id(layer)
            for encoder in network.modules()
            if isinstance(encoder, _JOINED_BY_TIMM)
            for layer in encoder.modules()
            if isinstance(layer, _BatchNorm)
        }
        for module in network.modules():
            if isinstance(module, models.DenseNet):
                # Its pool is a function call in torchvision and a layer in timm.
                module.features.register_forward_hook(self._pool_after)
            if type(module) in _KNOWN and id(module) not in joined:
                module.register_forward_hook(self._count)

    def _count(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        if id(module) not in self._called:
            self._called.add(id(module))
            self.n_parameters += sum(parameter.numel() for parameter in module.parameters())
        self.n_macs += _layer_macs(module, inputs[0], output)

    def _pool_after(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.n_macs += (prod(output.shape[2:]) + 1) * prod(output.shape[:2])


_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm)
_POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ADAPTIVE_POOLS = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)
_KNOWN = (*_CONVOLUTIONS, nn.Linear, *_NORMS, *_POOLS, *_ADAPTIVE_POOLS, nn.LSTM)


def _layer_macs(layer: nn.Module, given: Tensor, output: Any) -> int:
    """Inputs of each product times outputs for a convolution or Linear (biases cost nothing), 4 per value of a norm (2
    without its scale), 1 per output of an average pool, window + 1 per output of an adaptive one, and for an LSTM four
    gates of products, three additions each and four more per step and unit."""
    if isinstance(layer, _CONVOLUTIONS):
        return output.numel() * (layer.in_channels // layer.groups) * prod(layer.kernel_size)
    if isinstance(layer, nn.Linear):
        return output.numel() * layer.in_features
    if isinstance(layer, nn.LayerNorm):
        return given.numel() * (4 if layer.elementwise_affine else 2)
    if isinstance(layer, _BatchNorm):
        return given.numel() * (4 if layer.affine else 2)
    if isinstance(layer, _ADAPTIVE_POOLS):
        n_spatial = output.ndim - 2
        return output.numel() * (prod(given.shape[-n_spatial:]) // prod(output.shape[-n_spatial:]) + 1)
    if isinstance(layer, nn.LSTM):
        return _lstm_macs(layer, given)
    return int(output.numel())


def _lstm_macs(layer: nn.LSTM, given: Tensor) -> int:
    """given: (steps, batch, inputs) in any order of the first two."""
    directions = 2 if layer.bidirectional else 1
    hidden, total = layer.hidden_size, 0
    for number in range(layer.num_layers):
        n_inputs = layer.input_size if number == 0 else hidden * directions
        gate = (n_inputs + hidden) * hidden + (3 if layer.bias else 1) * hidden
        total += directions * (4 * gate + 4 * hidden)
    return total * given.shape[0] * given.shape[1]
