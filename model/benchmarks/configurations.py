"""The networks that are benchmarked, each with a name of its own: a small table beside `model.registry`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from model.networks.encoders import ENCODERS
from model.networks.r2plus1d import LAYERS_18, LAYERS_34
from model.registry import NETWORKS, build_network


@dataclass(frozen=True)
class Configuration:
    """A network with options under a name: `network`, and behind slashes its encoder and its variant."""

    name: str
    network: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> nn.Module:
        """The network with random weights (`build_network`), in eval mode, on torch's default device."""
        return build_network(self.network, **self.options).eval()

    @property
    def options_text(self) -> str:
        """`name=value` of every option, separated by spaces."""
        return " ".join(f"{name}={value}".replace(" ", "") for name, value in self.options.items())


_LUV_NET_VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "text-head": {"head": "text"},
    "no-temporal": {"temporal": False},
    "kernel-5": {"kernel_size": 5},
}

# What the paper's text, its ablations and its Table 4 name, and the published sizes of the others.
NAMED: tuple[Configuration, ...] = (
    *(Configuration(f"luv_net/{encoder}", "luv_net", {"encoder": encoder}) for encoder in ENCODERS),
    *(
        Configuration(f"luv_net/densenet161/{variant}", "luv_net", {"encoder": "densenet161", **options})
        for variant, options in _LUV_NET_VARIANTS.items()
    ),
    *(Configuration(f"usvn/{encoder}", "usvn", {"encoder": encoder}) for encoder in ("densenet161", "resnet50")),
    Configuration("frame_net/densenet161", "frame_net", {"encoder": "densenet161"}),
    Configuration("cnn_lstm/densenet161", "cnn_lstm", {"encoder": "densenet161"}),
    Configuration("cnn_lstm/densenet161/3-layers", "cnn_lstm", {"encoder": "densenet161", "n_layers": 3}),
    Configuration("b_line_net/resnet18", "b_line_net", {"encoder": "resnet18"}),
    Configuration("r2plus1d/34", "r2plus1d", {"layers": LAYERS_34}),
    Configuration("r2plus1d/18", "r2plus1d", {"layers": LAYERS_18}),
    Configuration("r2plus1d/34/authors", "r2plus1d", {"layers": LAYERS_34, "layout": "authors"}),
    Configuration("r2plus1d/18/authors", "r2plus1d", {"layers": LAYERS_18, "layout": "authors"}),
    Configuration("mvit/v1-b", "mvit"),
    Configuration("mvit/v2-s", "mvit", {"version": "v2"}),
    Configuration("swin/b", "swin"),
    Configuration("swin/s", "swin", {"channels": 96, "n_heads": (3, 6, 12, 24)}),
)


def configurations(networks: Mapping[str, Callable[..., nn.Module]] = NETWORKS) -> tuple[Configuration, ...]:
    """Every configuration of every network of the registry: those of `NAMED`, and one with default options and the
    network's own name for each network that has none there.

    >>> [configuration.name for configuration in configurations()][:2]
    ['luv_net/densenet161', 'luv_net/resnet50']
    """
    named = {configuration.network for configuration in NAMED}
    return (
        *(configuration for configuration in NAMED if configuration.network in networks),
        *(Configuration(name, name) for name in networks if name not in named),
    )


def find_configuration(name: str) -> Configuration:
    """The configuration of this name. Raises ValueError naming the known ones."""
    known = {configuration.name: configuration for configuration in configurations()}
    if name not in known:
        raise ValueError(f"unknown network {name!r}: expected one of {', '.join(known)}")
    return known[name]
