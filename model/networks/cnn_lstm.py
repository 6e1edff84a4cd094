"""CNN + LSTM (systems 4.4, D21): frame features, projected, read by an LSTM whose last step decides.

Axis letters: N batch, L frames of a clip, P patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from model.networks.contract import (
    ClipOutput,
    check_choice,
    check_clips,
    check_counts,
    clips_and_frames,
    real_lengths,
    values_of,
)
from model.networks.encoders import build_encoder, encoder_spec
from model.networks.layers import encode_frames


@dataclass(frozen=True)
class CNNLSTMOptions:
    """Everything that shapes a CNN + LSTM.

    encoder: key of `ENCODERS`. projection: width of a frame's features for the LSTM. hidden: width of the LSTM.
    n_layers: of the LSTM; 1 as in the paper's text, 3 as in its code and its Table 4.
    axis_order: "batch_first" reads the frames of each clip in order. "legacy" repeats the authors' error: the
        recurrence runs over the clips of the batch, frame by frame, and of a single clip only the last frame decides.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    encoder: str = "densenet161"
    projection: int = 300
    hidden: int = 256
    n_layers: int = 1
    axis_order: Literal["batch_first", "legacy"] = "batch_first"
    n_patterns: int = 4

    def __post_init__(self) -> None:
        encoder_spec(self.encoder)
        check_counts(self, "projection", "hidden", "n_layers", "n_patterns")
        check_choice(self, "axis_order", ("batch_first", "legacy"))


class CNNLSTM(nn.Module):
    """Logits per pattern of a clip; see `model.networks.contract`. The legacy axis order takes no mask."""

    has_pattern_attention = False

    def __init__(self, options: CNNLSTMOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder_weights_sha256: str | None = None
        self.encoder = build_encoder(options.encoder)
        self.projection = nn.Linear(encoder_spec(options.encoder).n_features, options.projection)
        is_batch_first = options.axis_order == "batch_first"
        self.lstm = nn.LSTM(options.projection, options.hidden, options.n_layers, batch_first=is_batch_first)
        self.output = nn.Sequential(nn.ReLU(), nn.Linear(options.hidden, options.n_patterns))

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`. Raises ValueError for a mask with the legacy axis order."""
        check_clips(clips)
        self._last_steps(clips, mask)
        return self.from_features(encode_frames(self.encoder, clips), mask)

    def from_features(self, features: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """(N, L, D) features of the encoder -> what `forward` gives. Raises as it does."""
        last = self._last_steps(features, mask)
        if mask is not None:
            features = features.masked_fill(~mask[:, :, None], 0.0)
        # An LSTM that reads forwards knows nothing of what follows its last real frame: no packing is needed.
        steps, _ = self.lstm(self.projection(features))
        return self.output(steps[torch.arange(len(features), device=features.device), last]), None

    def _last_steps(self, clips: Tensor, mask: Tensor | None) -> Tensor:
        """(N, L, ...) -> (N,) the last real frame of each clip."""
        n, length = clips_and_frames(clips)
        if mask is None:
            return torch.full((n,), length - 1, device=clips.device)
        if self.options.axis_order == "legacy":
            raise ValueError("the legacy axis order of CNN + LSTM takes no mask")
        return real_lengths(mask, (n, length)) - 1
