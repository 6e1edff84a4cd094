"""Frame encoders: torchvision networks without their classifier, (M, 3, H, W) -> (M, D), and their ImageNet weights.

DenseNet gets its final ReLU and global average pool, as in the authors' code (systems 3.1).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

from model.errors import WeightFileError
from model.weight_files import read_weight_file


@dataclass(frozen=True)
class EncoderSpec:
    """n_features: D. classifier: attribute of torchvision's module that is replaced by the identity.

    cpu_batch: frames at once on a CPU, so that one batch takes well under a second and a run can be stopped.
    map_stride_px, map_centre_px: the cell of the last map in row or column j sees the pixels around
    map_centre_px + j * map_stride_px (the middle of its receptive field; pixels counted from 0).
    cpu_channels_last: whether a CPU is faster with channels last in memory (depthwise convolutions are, 1.8 times).
    """

    n_features: int
    classifier: str
    cpu_batch: int
    cpu_channels_last: bool = False
    map_stride_px: int = 32
    map_centre_px: int = 0


ENCODERS: Mapping[str, EncoderSpec] = {
    "densenet161": EncoderSpec(2208, "classifier", 2, map_centre_px=14),
    "resnet50": EncoderSpec(2048, "fc", 2),
    "resnet18": EncoderSpec(512, "fc", 8),
    "mobilenet_v2": EncoderSpec(1280, "classifier", 8, cpu_channels_last=True),
}

_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12])\.")
_TIMM_BLOCK = re.compile(r"blocks\.(\d)\.(\d)\.(.+)")
_MOBILENET_STAGE_STARTS = (1, 2, 4, 7, 11, 14, 17)
_DEPTHWISE_FIRST = {"conv_dw": "conv.0.0", "bn1": "conv.0.1", "conv_pw": "conv.1", "bn2": "conv.2"}
_EXPAND_FIRST = {
    "conv_pw": "conv.0.0",
    "bn1": "conv.0.1",
    "conv_dw": "conv.1.0",
    "bn2": "conv.1.1",
    "conv_pwl": "conv.2",
    "bn3": "conv.3",
}
_MOBILENET_ENDS = {
    "conv_stem": "features.0.0",
    "bn1": "features.0.1",
    "conv_head": "features.18.0",
    "bn2": "features.18.1",
}


def encoder_spec(name: str) -> EncoderSpec:
    """The entry of `ENCODERS`. Raises ValueError naming the known ones."""
    if name not in ENCODERS:
        raise ValueError(f"unknown encoder {name!r}: expected one of {', '.join(ENCODERS)}")
    return ENCODERS[name]


def build_encoder(name: str) -> nn.Module:
    """The encoder `name` with random weights; maps (M, 3, H, W) normalised frames to (M, D) features.

    >>> import torch
    >>> build_encoder("resnet18").eval()(torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 512])
    """
    spec = encoder_spec(name)
    encoder: nn.Module = models.get_model(name, weights=None)
    setattr(encoder, spec.classifier, nn.Identity())
    return encoder


def feature_map(encoder: nn.Module, frames: Tensor) -> Tensor:
    """(M, 3, H, W) normalised frames -> (M, D, h, w): what an encoder of `build_encoder` averages to its features.

    >>> import torch
    >>> feature_map(build_encoder("resnet18").eval(), torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 512, 2, 2])
    """
    if isinstance(encoder, models.DenseNet):
        return F.relu(encoder.features(frames))
    if isinstance(encoder, models.ResNet):
        stem = encoder.maxpool(encoder.relu(encoder.bn1(encoder.conv1(frames))))
        return encoder.layer4(encoder.layer3(encoder.layer2(encoder.layer1(stem))))
    if isinstance(encoder, models.MobileNetV2):
        return encoder.features(frames)
    raise ValueError(f"an encoder of build_encoder was expected, got {type(encoder).__name__}")


def canonical_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder tensors of a torchvision or timm state dict under torchvision's present names.

    A `module.` prefix and the classifier's tensors are dropped. timm names DenseNet and ResNet as torchvision does;
    its MobileNetV2 and torchvision's first DenseNet files (`norm.1` for `norm1`) are renamed.
    """
    renamed = {}
    for key, tensor in state.items():
        name = key.removeprefix("module.")
        if name.split(".")[0] in {"classifier", "fc"}:
            continue
        renamed[_OLD_DENSENET.sub(r"\1\2.", name)] = tensor
    if "conv_stem.weight" in renamed:
        return {_mobilenet_name(name): tensor for name, tensor in renamed.items()}
    return renamed


def _mobilenet_name(timm_name: str) -> str:
    """torchvision's name of a tensor of timm's `mobilenetv2_100`; unknown names stay, to be reported."""
    head, _, tail = timm_name.rpartition(".")
    if head in _MOBILENET_ENDS:
        return f"{_MOBILENET_ENDS[head]}.{tail}"
    found = _TIMM_BLOCK.fullmatch(head)
    if found is None or int(found[1]) >= len(_MOBILENET_STAGE_STARTS):
        return timm_name
    layers = _DEPTHWISE_FIRST if found[1] == "0" else _EXPAND_FIRST
    block = _MOBILENET_STAGE_STARTS[int(found[1])] + int(found[2])
    return f"features.{block}.{layers[found[3]]}.{tail}" if found[3] in layers else timm_name


def identify_encoder(state: Mapping[str, Tensor]) -> str | None:
    """Which of `ENCODERS` a state dict with `canonical_names` belongs to, by names and shapes; None when none fits."""
    shapes = {key: tuple(tensor.shape) for key, tensor in state.items()}
    if shapes.get("features.norm5.weight") == (2208,):
        return "densenet161"
    if shapes.get("features.18.0.weight") == (1280, 320, 1, 1):
        return "mobilenet_v2"
    if (
        "layer4.2.conv3.weight" in shapes
        and "layer3.5.conv3.weight" in shapes
        and "layer3.6.conv3.weight" not in shapes
    ):
        return "resnet50"
    if (
        "layer4.1.conv2.weight" in shapes
        and "layer4.2.conv1.weight" not in shapes
        and "layer1.0.conv3.weight" not in shapes
    ):
        return "resnet18"
    return None


def load_encoder_weights(encoder: nn.Module, path: Path) -> str:
    """Put the ImageNet weights of a torchvision or timm state-dict file into `encoder`; gives the file's SHA-256 (hex).

    The file may carry a `module.` prefix, a classifier (ignored), or lie under the key `state_dict` or `model`.
    Raises WeightFileError when it cannot be read or its names or shapes do not fit this encoder.
    """
    content = read_weight_file(path)
    for key in ("state_dict", "model"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
    tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    state = with_batch_counters(canonical_names(tensors), encoder)
    refuse_mismatch(state, encoder, path.name)
    encoder.load_state_dict(state, strict=True)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def with_batch_counters(state: Mapping[str, Tensor], module: nn.Module) -> dict[str, Tensor]:
    """`state`, plus zeros for the batch-norm counters it lacks: the oldest files have none, and nothing reads them."""
    return {
        **{key: value.new_zeros((), device="cpu") for key, value in module.state_dict().items() if _is_counter(key)},
        **state,
    }


def _is_counter(key: str) -> bool:
    return key.endswith(".num_batches_tracked")


def refuse_mismatch(state: Mapping[str, Tensor], module: nn.Module, file_name: str) -> None:
    """Raises WeightFileError, naming tensors, when `state` does not have exactly the module's names and shapes."""
    expected = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    found = {key: tuple(value.shape) for key, value in state.items()}
    wrong = [
        f"{key} is {found[key]}, expected {shape}" for key, shape in expected.items() if found.get(key, shape) != shape
    ]
    faults = [
        f"{len(names)} {word} ({_some(names)})"
        for word, names in (
            ("missing", sorted(expected.keys() - found.keys())),
            ("unexpected", sorted(found.keys() - expected.keys())),
            ("of another shape", wrong),
        )
        if names
    ]
    if faults:
        raise WeightFileError(f"{file_name} does not fit this network: tensors {', '.join(faults)}")


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:3]) + (", ..." if len(shown) > 3 else "")
