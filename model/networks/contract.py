"""What every network of the registry takes and gives.

    forward(clips, mask=None) -> logits, attention

clips: (N, L, 3, H, W) float32, RGB frames in order, letterboxed and normalised by `model.preprocessing`.
mask: (N, L) bool, True for real frames; None: all are. A clip padded by repetition is all real (systems 3.2). Networks
    that convolve or attend over blocks of frames (C3D, R(2+1)D, MViT, Swin) cannot leave a frame out: they raise
    ValueError for a mask that does. The recurrent ones want the real frames first.
logits: (N, P), before the sigmoid, one per pattern.
attention: (N, P, L, H), what each frame counted for each pattern and head, summing to 1 over real frames; None where
    the network has no pattern attention, which its class says by `has_pattern_attention = False`. One attention that
    all patterns share (USVN, the B-line network) is no pattern attention.
All raise ValueError, with expected and found, for clips or masks of another shape.

Networks that use of each frame only its features also have
    from_features(features, mask=None) -> logits, attention
which is `forward` from the encoder on. features: (N, L, D), the means of the encoder's last maps. The one that weighs
the places of a map (the B-line network) has
    classify_maps(maps, mask=None) -> logits, attention
instead; `classify_maps` here does it for all of them. maps: (N, L, D, h, w), of each frame by `encoders.feature_map`.

`option_values` are the keyword arguments of `model.build_network` that rebuild the network, plain values only.
"""

from __future__ import annotations

from dataclasses import fields
from numbers import Integral
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ClipOutput = tuple[Tensor, Tensor | None]


def has_pattern_attention(network: nn.Module) -> bool:
    """Whether `network` gives attention beside logits."""
    return bool(getattr(network, "has_pattern_attention", False))


def has_feature_maps(network: nn.Module) -> bool:
    """Whether `network` encodes each frame by itself, so that a frame has a feature map of its own."""
    return hasattr(network, "classify_maps") or hasattr(network, "from_features")


def classify_maps(network: nn.Module, maps: Tensor, mask: Tensor | None = None) -> ClipOutput:
    """`forward` of a network that `has_feature_maps`, from its encoder's last maps (N, L, D, h, w) on."""
    output: ClipOutput
    if hasattr(network, "classify_maps"):
        output = network.classify_maps(maps, mask)  # type: ignore[operator]
    else:
        output = network.from_features(maps.mean(dim=(3, 4)), mask)  # type: ignore[operator]
    return output


def check_clips(clips: Tensor) -> None:
    """Raises ValueError unless `clips` is (N, L, 3, H, W) with at least one frame."""
    if clips.ndim != 5 or clips.shape[2] != 3 or clips.shape[1] < 1:
        raise ValueError(f"clips must have shape (N, L, 3, H, W), got {tuple(clips.shape)}")


def check_clip_size(clips: Tensor, expected: tuple[int, int, int]) -> None:
    """`check_clips`, and ValueError unless L, H, W are as the network was built for."""
    check_clips(clips)
    found = (clips.shape[1], *clips.shape[3:])
    if found != expected:
        raise ValueError(
            f"this network was built for clips of {_size(expected)} (frames x height x width), got {_size(found)}"
        )


def check_mask(mask: Tensor, shape: tuple[int, int]) -> None:
    """Raises ValueError unless `mask` is bool of `shape` (N, L) and every clip has a real frame."""
    if mask.shape != shape or mask.dtype != torch.bool:
        raise ValueError(f"mask must be bool of shape {shape}, got {mask.dtype} of shape {tuple(mask.shape)}")
    if not bool(mask.any(dim=1).all()):
        raise ValueError("every clip needs at least one real frame, found one whose mask is all False")


def real_lengths(mask: Tensor, shape: tuple[int, int]) -> Tensor:
    """(N,) real frames of each clip. Raises as `check_mask`, and ValueError where a real frame follows padding."""
    check_mask(mask, shape)
    if bool((mask[:, 1:] & ~mask[:, :-1]).any()):
        raise ValueError("the real frames of a clip must come first: this network reads frames in their order")
    return mask.sum(dim=1)


def refuse_padding(mask: Tensor | None, shape: tuple[int, int]) -> None:
    """Raises as `check_mask`, and ValueError when `mask` leaves a frame out."""
    if mask is None:
        return
    check_mask(mask, shape)
    if not bool(mask.all()):
        raise ValueError("this network cannot leave frames out: pad short clips by repeating their last frame")


def clips_and_frames(clips: Tensor) -> tuple[int, int]:
    """N and L of `clips`: the shape of their mask."""
    return clips.shape[0], clips.shape[1]


def check_counts(options: DataclassInstance, *names: str) -> None:
    """Raises ValueError unless these options, or all members of those that are tuples, are whole numbers from 1."""
    for name in names:
        value = getattr(options, name)
        for number in value if isinstance(value, tuple) else (value,):
            if not isinstance(number, Integral) or isinstance(number, bool) or number < 1:
                raise ValueError(f"{name} must be at least 1 and whole, got {value!r}")


def check_rates(options: DataclassInstance, *names: str) -> None:
    """Raises ValueError unless these options lie in [0, 1)."""
    for name in names:
        value = getattr(options, name)
        if not isinstance(value, int | float) or not 0 <= value < 1:
            raise ValueError(f"{name} must lie from 0 to below 1, got {value!r}")


def check_choice(options: DataclassInstance, name: str, choices: tuple[str, ...]) -> None:
    """Raises ValueError unless the option is one of `choices`."""
    if getattr(options, name) not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, got {getattr(options, name)!r}")


def values_of(options: DataclassInstance) -> dict[str, Any]:
    """The fields of `options` by name."""
    return {field.name: getattr(options, field.name) for field in fields(options)}


def _size(size: tuple[int, ...]) -> str:
    return " x ".join(map(str, size))
