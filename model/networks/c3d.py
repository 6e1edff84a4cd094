"""C3D (Tran et al. 2015; systems 4.2): 3 x 3 x 3 convolutions over time and space.

Axis letters: N batch, L frames of a clip, P patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from model.networks.contract import (
    ClipOutput,
    check_clip_size,
    check_counts,
    check_rates,
    clips_and_frames,
    refuse_padding,
    values_of,
)
from model.networks.layers import channels_before_time

# Output channels of the convolutions before each pool, in units of the width.
_GROUPS = ((1,), (2,), (4, 4), (8, 8), (8, 8))


@dataclass(frozen=True)
class C3DOptions:
    """Everything that shapes a C3D.

    clip_length, height, width: of the clips, frames and pixels; each at least 16, or nothing is left after the pools.
    channels: of the first convolution. hidden: width of the two fully connected layers. dropout: after each of them.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    clip_length: int = 30
    height: int = 256
    width: int = 256
    channels: int = 64
    hidden: int = 4096
    dropout: float = 0.5
    n_patterns: int = 4

    def __post_init__(self) -> None:
        check_counts(self, "clip_length", "height", "width", "channels", "hidden", "n_patterns")
        check_rates(self, "dropout")
        for name in ("clip_length", "height", "width"):
            if getattr(self, name) < 16:
                raise ValueError(f"{name} must be at least 16 for C3D's five pools, got {getattr(self, name)}")

    @property
    def n_inputs(self) -> int:
        """What the first fully connected layer takes: channels x time x height x width after the pools.

        >>> [C3DOptions(clip_length=length).n_inputs for length in (30, 40, 50, 60, 70)]
        [41472, 82944, 124416, 124416, 165888]
        """
        # Time is halved by the last four pools; space by the first four, and by the last with a pixel around it.
        n_time, n_high, n_wide = self.clip_length // 16, self.height // 16, self.width // 16
        return 8 * self.channels * n_time * (n_high // 2 + 1) * (n_wide // 2 + 1)


class C3D(nn.Module):
    """Logits per pattern of a clip of one size; see `model.networks.contract`."""

    has_pattern_attention = False

    def __init__(self, options: C3DOptions) -> None:
        super().__init__()
        self.options = options
        layers: list[nn.Module] = []
        n_in = 3
        for number, group in enumerate(_GROUPS):
            for units in group:
                convolution = nn.Conv3d(n_in, units * options.channels, 3, padding=1)
                nn.init.kaiming_normal_(convolution.weight)
                layers += [convolution, nn.ReLU()]
                n_in = units * options.channels
            layers.append(_pool(number))
        self.features = nn.Sequential(*layers)
        self.output = nn.Sequential(
            nn.Linear(options.n_inputs, options.hidden),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.hidden, options.hidden),
            nn.ReLU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.hidden, options.n_patterns),
        )

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`. Raises ValueError for clips of another size than the options'."""
        check_clip_size(clips, (self.options.clip_length, self.options.height, self.options.width))
        refuse_padding(mask, clips_and_frames(clips))
        return self.output(self.features(channels_before_time(clips)).flatten(1)), None


def _pool(number: int) -> nn.MaxPool3d:
    """The first keeps time, the last has a pixel of padding in space."""
    if number == 0:
        return nn.MaxPool3d((1, 2, 2))
    return nn.MaxPool3d(2, padding=(0, 1, 1) if number == len(_GROUPS) - 1 else 0)
