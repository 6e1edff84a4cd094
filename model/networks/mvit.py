"""MViT (Fan et al. 2021, Li et al. 2022; systems 4.6): torchvision's class, built for clips of any length and size.

torchvision's own builders have a position table for 16 x 224 x 224 only. Axis letters: N batch, L frames, P patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor, nn
from torchvision.models.video import MViT as TorchvisionMViT
from torchvision.models.video.mvit import MSBlockConfig

from model.networks.contract import (
    ClipOutput,
    check_choice,
    check_clip_size,
    check_counts,
    check_rates,
    clips_and_frames,
    refuse_padding,
    values_of,
)
from model.networks.layers import channels_before_time

_KERNEL = [3, 3, 3]
_FIRST_KEY_STRIDE = 8
# Pixels of one patch at the end: 4 of the patch embedding, halved by each later stage.
_V2_SIZE_STEP = 32


@dataclass(frozen=True)
class MViTOptions:
    """Everything that shapes an MViT; the defaults are MViT-B at 30 x 256 x 256.

    clip_length, size: of the clips, frames and pixels (square). version: "v1", or "v2" with relative positions and
    residual pooling, whose size must be a multiple of 32. depths: blocks of each of the four stages; "v2" with
    (1, 2, 11, 2) is torchvision's mvit_v2_s. channels: of the first stage, doubled by each later one, as are the heads,
    from 1. dropout: before the output layer. stochastic_depth: of the last block, less for the ones before.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    clip_length: int = 30
    size: int = 256
    version: Literal["v1", "v2"] = "v1"
    depths: tuple[int, int, int, int] = (1, 2, 11, 2)
    channels: int = 96
    dropout: float = 0.5
    stochastic_depth: float = 0.2
    n_patterns: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "depths", tuple(self.depths))
        check_counts(self, "clip_length", "size", "depths", "channels", "n_patterns")
        check_rates(self, "dropout", "stochastic_depth")
        check_choice(self, "version", ("v1", "v2"))
        if len(self.depths) != 4:
            raise ValueError(f"depths must be the blocks of four stages, got {self.depths}")
        if self.version == "v2" and self.size % _V2_SIZE_STEP:
            raise ValueError(f"size must be a multiple of {_V2_SIZE_STEP} pixels for MViT v2, got {self.size}")


class MViT(nn.Module):
    """Logits per pattern of a clip of one size; see `model.networks.contract`."""

    has_pattern_attention = False

    def __init__(self, options: MViTOptions) -> None:
        super().__init__()
        self.options = options
        is_v2 = options.version == "v2"
        # Its patches overlap, 2 frames and 4 pixels apart: a rest makes one patch more, and the table needs its place.
        side = -(-options.size // 4) * 4
        self.network = TorchvisionMViT(
            spatial_size=(side, side),
            temporal_size=-(-options.clip_length // 2) * 2,
            block_setting=_blocks(options),
            residual_pool=is_v2,
            residual_with_cls_embed=False,
            rel_pos_embed=is_v2,
            proj_after_attn=is_v2,
            dropout=options.dropout,
            stochastic_depth_prob=options.stochastic_depth,
            num_classes=options.n_patterns,
        )

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`. Raises ValueError for clips of another size than the options'."""
        check_clip_size(clips, (self.options.clip_length, self.options.size, self.options.size))
        refuse_padding(mask, clips_and_frames(clips))
        return self.network(channels_before_time(clips)), None


def _blocks(options: MViTOptions) -> list[MSBlockConfig]:
    """Stage s has 2^s heads and channels * 2^s. Its first block halves the picture (not in the first stage), keys and
    values are taken every 8 / 2^s pixels. "v1" widens in the last block of the stage before, "v2" in its first."""
    stage_of = [stage for stage, depth in enumerate(options.depths) for _ in range(depth)]
    widths = [options.channels * 2**stage for stage in stage_of]
    is_v2 = options.version == "v2"
    blocks = []
    for number, stage in enumerate(stage_of):
        is_first = number > 0 and stage_of[number - 1] != stage
        pools = is_v2 or is_first
        query_stride = [1, 2, 2] if is_first else [1, 1, 1]
        key_stride = _FIRST_KEY_STRIDE // 2**stage
        blocks.append(
            MSBlockConfig(
                num_heads=2**stage,
                input_channels=widths[max(number - 1, 0)] if is_v2 else widths[number],
                output_channels=widths[number] if is_v2 else widths[min(number + 1, len(widths) - 1)],
                kernel_q=_KERNEL if pools else [],
                kernel_kv=_KERNEL,
                stride_q=query_stride if pools else [],
                stride_kv=[1, key_stride, key_stride],
            )
        )
    return blocks
