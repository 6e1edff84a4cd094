"""The table of networks."""

from __future__ import annotations

from collections.abc import Callable
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


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "luv_net": _with_encoder(LUVNet, LUVNetOptions),
    "usvn": _with_encoder(USVN, USVNOptions),
    "frame_net": _with_encoder(FrameNet, FrameNetOptions),
    "cnn_lstm": _with_encoder(CNNLSTM, CNNLSTMOptions),
    "b_line_net": _with_encoder(BLineNet, BLineNetOptions),
    "c3d": _plain(C3D, C3DOptions),
    "r2plus1d": _plain(R2Plus1D, R2Plus1DOptions),
    "vivit": _plain(ViViT, ViViTOptions),
    "mvit": _plain(MViT, MViTOptions),
    "swin": _plain(Swin, SwinOptions),
}


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
