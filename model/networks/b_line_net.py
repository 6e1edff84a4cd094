"""The B-line network of Kerdegari et al. 2021 (systems 4.8): attention in each frame, a BiLSTM, attention over frames.

No code of it was published. Known are the three convolutions of the spatial attention (C -> 16 -> 8 -> 1) and the order
of the parts. Chosen here: ResNet-18 as encoder, 256 units of the LSTM in each direction, and a temporal attention that
is one linear score of each LSTM step, softmax over frames, without dropout.

Axis letters: N batch, L frames of a clip, P patterns, C channels and h, w rows and columns of the encoder's map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from model.networks.contract import (
    ClipOutput,
    check_clips,
    check_counts,
    clips_and_frames,
    real_lengths,
    values_of,
)
from model.networks.encoders import build_encoder, encoder_spec, feature_map


@dataclass(frozen=True)
class BLineNetOptions:
    """Everything that shapes the B-line network.

    encoder: key of `ENCODERS`. hidden: width of the LSTM in each direction.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    encoder: str = "resnet18"
    hidden: int = 256
    n_patterns: int = 4

    def __post_init__(self) -> None:
        encoder_spec(self.encoder)
        check_counts(self, "hidden", "n_patterns")


class BLineNet(nn.Module):
    """Logits per pattern of a clip; see `model.networks.contract`. Its attentions are one for all patterns."""

    has_pattern_attention = False

    def __init__(self, options: BLineNetOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder_weights_sha256: str | None = None
        self.encoder = build_encoder(options.encoder)
        n_features = encoder_spec(options.encoder).n_features
        self.spatial = nn.Sequential(
            nn.Conv2d(n_features, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 1, 3, padding=1),
            nn.Sigmoid(),
        )
        self.lstm = nn.LSTM(n_features, options.hidden, batch_first=True, bidirectional=True)
        # A bias would be the same for every frame, and the softmax does not see it.
        self.temporal = nn.Linear(2 * options.hidden, 1, bias=False)
        self.output = nn.Linear(2 * options.hidden, options.n_patterns)

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        check_clips(clips)
        lengths = None if mask is None else real_lengths(mask, clips_and_frames(clips))
        maps = feature_map(self.encoder, clips.flatten(0, 1))
        return self._classify(maps.unflatten(0, clips.shape[:2]), lengths, mask), None

    def classify_maps(self, maps: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        lengths = None if mask is None else real_lengths(mask, clips_and_frames(maps))
        return self._classify(maps, lengths, mask), None

    def spatial_attention(self, clips: Tensor) -> Tensor:
        """(N, L, 3, H, W) -> (N, L, h, w) in [0, 1], on the grid of the encoder's last map."""
        mask: Tensor = self.spatial(feature_map(self.encoder, clips.flatten(0, 1)))
        return mask[:, 0].unflatten(0, clips.shape[:2])

    def attention(self, steps: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, L, 2 * hidden) steps of the LSTM [, (N, L) bool real frames] -> (N, L), summing to 1 over those."""
        scores = self.temporal(steps)[:, :, 0]
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        weights: Tensor = scores.softmax(dim=1)
        return weights

    def _classify(self, maps: Tensor, lengths: Tensor | None, mask: Tensor | None) -> Tensor:
        each = maps.flatten(0, 1)
        features = (each * self.spatial(each)).mean(dim=(2, 3)).unflatten(0, maps.shape[:2])
        steps = self._read(features, lengths)
        logits: Tensor = self.output((self.attention(steps, mask)[:, :, None] * steps).sum(dim=1))
        return logits

    def _read(self, features: Tensor, lengths: Tensor | None) -> Tensor:
        """(N, L, C) -> (N, L, 2 * hidden); zeros past the real frames, which the LSTM does not read."""
        if lengths is None:
            steps: Tensor = self.lstm(features)[0]
            return steps
        packed = pack_padded_sequence(features, lengths.cpu(), batch_first=True, enforce_sorted=False)
        unpacked: Tensor = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=features.shape[1])[
            0
        ]
        return unpacked
