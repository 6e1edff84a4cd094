"""The table of networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from torch import nn

from model.networks.b_line_net import BLineNet, BLineNetOptions
from model.networks.c3d import C3D, C3DOptions
from model.networks.cnn_lstm import CNNLSTM, CNNLSTMOptions
from model.networks.encoders import load_encoder_weights
from model.networks.frame_net import FrameNet, FrameNetOptions
from model.networks.luv_net import LUVNet, LUVNetOptions
from model.networks.mvit import MViT, MViTOptions
from model.networks.r2plus1d import R2Plus1D, R2Plus1DOptions
from model.networks.swin import Swin, SwinOptions
from model.networks.usvn import USVN, USVNOptions
from model.networks.vivit import ViViT, ViViTOptions


def _plain(network: Callable[[Any], nn.Module], options: Callable[..., Any]) -> Callable[..., nn.Module]:
    def build(**values: Any) -> nn.Module:
        return network(options(**values))

    return build


_FrameEncoding = LUVNet | USVN | FrameNet | CNNLSTM | BLineNet


def _with_encoder(network: Callable[[Any], _FrameEncoding], options: Callable[..., Any]) -> Callable[..., nn.Module]:
    def build(*, encoder_weights: str | Path | None = None, **values: Any) -> nn.Module:
        built = network(options(**values))
        if encoder_weights is not None:
            built.encoder_weights_sha256 = load_encoder_weights(built.encoder, Path(encoder_weights))
        return built

    return build


_CLASSES: dict[str, tuple[Any, Any]] = {
    "luv_net": (LUVNet, LUVNetOptions),
    "usvn": (USVN, USVNOptions),
    "frame_net": (FrameNet, FrameNetOptions),
    "cnn_lstm": (CNNLSTM, CNNLSTMOptions),
    "b_line_net": (BLineNet, BLineNetOptions),
    "c3d": (C3D, C3DOptions),
    "r2plus1d": (R2Plus1D, R2Plus1DOptions),
    "vivit": (ViViT, ViViTOptions),
    "mvit": (MViT, MViTOptions),
    "swin": (Swin, SwinOptions),
}


def _builder(network: Any, options: Any) -> Callable[..., nn.Module]:
    encodes_frames = any(option.name == "encoder" for option in fields(options))
    return _with_encoder(network, options) if encodes_frames else _plain(network, options)


NETWORKS: dict[str, Callable[..., nn.Module]] = {name: _builder(*classes) for name, classes in _CLASSES.items()}


def option_defaults(name: str) -> dict[str, Any]:
    """Every option of a network by name, with the value it has where nothing is said.

    Raises ValueError for an unknown network.

    >>> option_defaults("usvn")["pool"]
    'attn'
    """
    if name not in _CLASSES:
        raise ValueError(f"unknown network {name!r}: expected one of {', '.join(_CLASSES)}")
    return {option.name: option.default for option in fields(_CLASSES[name][1])}


def has_encoder(name: str) -> bool:
    """Whether a network of the table encodes frame by frame with one of `ENCODERS`. Raises ValueError.

    >>> has_encoder("b_line_net"), has_encoder("swin")
    (True, False)
    """
    return "encoder" in option_defaults(name)


def reads_features(name: str) -> bool:
    """Whether a network of the table reads nothing of a frame but its encoder's features: it then has the method
    `from_features(features, mask=None)`, which does with features (N, L, E) what `forward` does after the encoder.
    Raises ValueError.

    >>> reads_features("luv_net"), reads_features("b_line_net")
    (True, False)
    """
    return has_encoder(name) and hasattr(_CLASSES[name][0], "from_features")


def build_network(name: str, **options: Any) -> nn.Module:
    """A network with random weights, by its name in `NETWORKS`; what it takes and gives: `model.networks.contract`.

    Options are the fields of the options class in the network's own file, and for a network with a frame encoder
    `encoder_weights`, a state-dict file of ImageNet weights (torchvision or timm names; its SHA-256 is kept in
    `network.encoder_weights_sha256`).
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
