"""The weights of LUV-Net behind its encoder, as plain arrays: what the head over a video needs, without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import nn

    from model.networks.luv_net import LUVNet

Array = Any
"""A numpy array or a torch tensor: the head is written once for both."""


@dataclass(frozen=True, eq=False)
class LinearLayer:
    """weight: (n_out, n_in); bias: (n_out,)."""

    weight: Array
    bias: Array


Layers = tuple[LinearLayer, ...]


@dataclass(frozen=True, eq=False)
class TemporalWeights:
    """Equations 1, 2. kernels: (k * D, D), one block of D rows per tap, with batch norm's scale; shift: (D,).

    The scale belongs to the output channel, so that multiplying before the sum over taps changes nothing.
    """

    kernels: Array
    shift: Array

    @property
    def kernel_size(self) -> int:
        """k, frames."""
        return int(self.kernels.shape[0] // self.kernels.shape[1])


@dataclass(frozen=True, eq=False)
class HeadWeights:
    """queries: (P, H, d). temporal: None without the temporal branch. spatial, output: layers with ReLU between them.

    spatial may be empty (the identity). All float32.
    Raises ValueError when the shapes do not fit one another.
    """

    queries: Array
    temporal: TemporalWeights | None
    spatial: Layers
    output: Layers

    def __post_init__(self) -> None:
        p, h, d = self.queries.shape
        width = p * h * d
        for layer in (*self.spatial, *self.output):
            if layer.weight.shape[1] != width or layer.bias.shape[0] != layer.weight.shape[0]:
                raise ValueError(
                    f"a layer of the head takes {layer.weight.shape[1]} values and has {layer.bias.shape[0]} biases, "
                    f"expected {width} values and {layer.weight.shape[0]} biases"
                )
            width = layer.weight.shape[0]
        if width != p:
            raise ValueError(f"the head ends in {width} values, expected one per pattern: {p}")
        if self.temporal is not None and (
            self.temporal.kernels.shape[1] != h * d or tuple(self.temporal.shift.shape) != (h * d,)
        ):
            raise ValueError(f"the temporal branch is for {self.temporal.kernels.shape[1]} features, expected {h * d}")

    @property
    def n_patterns(self) -> int:
        """P."""
        return int(self.queries.shape[0])

    @property
    def n_features(self) -> int:
        """D = H * d."""
        return int(self.queries.shape[1] * self.queries.shape[2])

    def arrays(self) -> dict[str, Array]:
        """Every array by name, for a file; `from_arrays` reads them back."""
        named = {"queries": self.queries}
        if self.temporal is not None:
            named |= {"temporal.kernels": self.temporal.kernels, "temporal.shift": self.temporal.shift}
        for part, layers in (("spatial", self.spatial), ("output", self.output)):
            for number, layer in enumerate(layers):
                named |= {f"{part}.{number}.weight": layer.weight, f"{part}.{number}.bias": layer.bias}
        return named

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> HeadWeights:
        """From what `arrays` gave. Raises KeyError when one is missing, ValueError when they do not fit."""
        temporal = None
        if "temporal.kernels" in arrays:
            temporal = TemporalWeights(arrays["temporal.kernels"], arrays["temporal.shift"])
        return cls(arrays["queries"], temporal, _named_layers(arrays, "spatial"), _named_layers(arrays, "output"))

    def mapped(self, convert: Callable[[Array], Array]) -> HeadWeights:
        """The same weights with every array converted, e.g. to tensors of a device."""
        return self.from_arrays({name: convert(array) for name, array in self.arrays().items()})

    @classmethod
    def of(cls, network: LUVNet) -> HeadWeights:
        """Of a network in eval mode, as its weights are now. Raises ValueError for a head of another make."""
        temporal = None
        if network.temporal is not None:
            convolution, norm = network.temporal[0], network.temporal[1]
            epsilon: Any = norm.eps
            scale = _array(norm.weight) / np.sqrt(_array(norm.running_var) + np.float32(epsilon))
            shift = _array(norm.bias) - _array(norm.running_mean) * scale
            by_tap = _array(convolution.weight).transpose(2, 0, 1) * scale[:, None]
            kernels = np.ascontiguousarray(by_tap.reshape(-1, by_tap.shape[2]), dtype=np.float32)
            temporal = TemporalWeights(kernels, shift.astype(np.float32))
        return cls(_array(network.queries), temporal, _layers(network.spatial), _layers(network.output))


def _array(tensor: Any) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.asarray(tensor.detach().float().cpu().numpy())


def _layers(module: nn.Module) -> Layers:
    """The linear layers of a module that is Linear, the identity, or Linear, ReLU, [Dropout,] Linear."""
    from torch import nn

    if isinstance(module, nn.Identity):
        return ()
    parts = list(module) if isinstance(module, nn.Sequential) else [module]
    kinds = [type(part) for part in parts if not isinstance(part, nn.Dropout)]
    if kinds not in ([nn.Linear], [nn.Linear, nn.ReLU, nn.Linear]):
        raise ValueError(f"the head holds {[kind.__name__ for kind in kinds]}, expected Linear, ReLU, Linear")
    return tuple(LinearLayer(_array(p.weight), _array(p.bias)) for p in parts if isinstance(p, nn.Linear))


def _named_layers(arrays: Mapping[str, Array], part: str) -> Layers:
    count = sum(name.startswith(f"{part}.") and name.endswith(".weight") for name in arrays)
    return tuple(LinearLayer(arrays[f"{part}.{n}.weight"], arrays[f"{part}.{n}.bias"]) for n in range(count))
