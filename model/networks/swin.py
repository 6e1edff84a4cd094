"""Video Swin (Liu et al. 2022; systems 4.6): torchvision's class. Axis letters: N batch, L frames, P patterns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torchvision.models.video import SwinTransformer3d

from model.networks.contract import (
    ClipOutput,
    check_clips,
    check_counts,
    check_rates,
    clips_and_frames,
    refuse_padding,
    values_of,
)
from model.networks.layers import channels_before_time


@dataclass(frozen=True)
class SwinOptions:
    """Everything that shapes a video Swin; the defaults are torchvision's swin3d_b.

    channels: of the first stage, doubled by each later one. depths, n_heads: of each stage. stochastic_depth: of the
    last block, less for the ones before. swin3d_s: 96 channels and half the heads.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    channels: int = 128
    depths: tuple[int, ...] = (2, 2, 18, 2)
    n_heads: tuple[int, ...] = (4, 8, 16, 32)
    stochastic_depth: float = 0.1
    n_patterns: int = 4

    def __post_init__(self) -> None:
        for name in ("depths", "n_heads"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check_counts(self, "channels", "depths", "n_heads", "n_patterns")
        check_rates(self, "stochastic_depth")
        if not self.depths or len(self.depths) != len(self.n_heads) or sum(self.depths) < 2:
            raise ValueError(
                f"depths and n_heads must name the same stages, with 2 blocks or more in all, "
                f"got {self.depths} and {self.n_heads}"
            )
        for stage, heads in enumerate(self.n_heads):
            if self.channels * 2**stage % heads:
                raise ValueError(
                    f"n_heads must divide {self.channels * 2**stage} channels in stage {stage}, got {heads}"
                )


class Swin(nn.Module):
    """Logits per pattern of a clip of any size; see `model.networks.contract`."""

    has_pattern_attention = False

    def __init__(self, options: SwinOptions) -> None:
        super().__init__()
        self.options = options
        self.network = SwinTransformer3d(
            patch_size=[2, 4, 4],
            embed_dim=options.channels,
            depths=list(options.depths),
            num_heads=list(options.n_heads),
            window_size=[8, 7, 7],
            stochastic_depth_prob=options.stochastic_depth,
            num_classes=options.n_patterns,
        )

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        check_clips(clips)
        refuse_padding(mask, clips_and_frames(clips))
        return self.network(channels_before_time(clips)), None
