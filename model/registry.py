"""The table of networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from model.networks.encoders import load_encoder_weights
from model.networks.luv_net import LUVNet, LUVNetOptions


def _luv_net(*, encoder_weights: str | Path | None = None, **options: Any) -> LUVNet:
    network = LUVNet(LUVNetOptions(**options))
    if encoder_weights is not None:
        network.encoder_weights_sha256 = load_encoder_weights(network.encoder, Path(encoder_weights))
    return network


NETWORKS: dict[str, Callable[..., nn.Module]] = {"luv_net": _luv_net}


def build_network(name: str, **options: Any) -> nn.Module:
    """A network with random weights, by its name in `NETWORKS`.

    "luv_net" takes the fields of `LUVNetOptions` and `encoder_weights`, a state-dict file of ImageNet weights
    (torchvision or timm names; its SHA-256 is kept in `network.encoder_weights_sha256`).
    Raises ValueError for an unknown name or an option that does not fit, WeightFileError for weights that do not.

    >>> import torch
    >>> with torch.device("meta"):
    ...     network = build_network("luv_net", encoder="densenet161")
    >>> sum(parameter.numel() for parameter in network.parameters())
    136222884
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: expected one of {', '.join(NETWORKS)}")
    try:
        return NETWORKS[name](**options)
    except TypeError as error:
        raise ValueError(f"network {name!r} does not take these options: {error}") from error
