"""The frame-based baseline (systems 4.7): an image classifier whose frame scores are pooled to a clip's score.

Axis letters: N batch, L frames of a clip, P patterns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from model.networks.contract import (
    ClipOutput,
    check_choice,
    check_clips,
    check_counts,
    check_mask,
    clips_and_frames,
    values_of,
)
from model.networks.encoders import build_encoder, encoder_spec
from model.networks.layers import encode_frames

POOLS = ("max", "mean", "top_k", "noisy_or")
_TINY_LOGIT = -15.0


@dataclass(frozen=True)
class FrameNetOptions:
    """Everything that shapes the frame-based network.

    encoder: key of `ENCODERS`. pool: what a clip's probability is of its frames' probabilities: the largest (the
    authors), the mean, the mean of the `top_k` largest, or noisy-or, 1 - prod(1 - p).
    Raises ValueError, with expected and found, when a value does not fit.
    """

    encoder: str = "densenet161"
    pool: Literal["max", "mean", "top_k", "noisy_or"] = "max"
    top_k: int = 3
    n_patterns: int = 4

    def __post_init__(self) -> None:
        encoder_spec(self.encoder)
        check_choice(self, "pool", POOLS)
        check_counts(self, "top_k", "n_patterns")


class FrameNet(nn.Module):
    """Logits per pattern of a clip from those of its frames; see `model.networks.contract`."""

    has_pattern_attention = False

    def __init__(self, options: FrameNetOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder_weights_sha256: str | None = None
        self.encoder = build_encoder(options.encoder)
        self.output = nn.Linear(encoder_spec(options.encoder).n_features, options.n_patterns)

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`. The sigmoid of the logits is the pooled probability."""
        check_clips(clips)
        if mask is not None:
            check_mask(mask, clips_and_frames(clips))
        return self._pooled(self.frame_logits(clips), mask), None

    def classify_maps(self, maps: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        return self._pooled(self.output(maps.mean(dim=(3, 4))), mask), None

    def frame_logits(self, clips: Tensor) -> Tensor:
        """(N, L, 3, H, W) -> (N, L, P), each frame on its own: what is trained on frame labels."""
        logits: Tensor = self.output(encode_frames(self.encoder, clips))
        return logits

    def _pooled(self, frame_logits: Tensor, mask: Tensor | None) -> Tensor:
        if mask is None:
            mask = torch.ones(frame_logits.shape[:2], dtype=torch.bool, device=frame_logits.device)
        return self.pool(frame_logits, mask)

    def pool(self, frame_logits: Tensor, mask: Tensor) -> Tensor:
        """(N, L, P), (N, L) bool real frames -> (N, P): the logit of the pooled probability, exact at both ends."""
        real = mask[:, :, None].expand_as(frame_logits)
        if self.options.pool == "max":
            return frame_logits.masked_fill(~real, -math.inf).amax(dim=1)
        if self.options.pool == "noisy_or":
            return _noisy_or_logit(frame_logits, real)
        if self.options.pool == "top_k":
            k = min(self.options.top_k, frame_logits.shape[1])
            best = frame_logits.masked_fill(~real, -math.inf).topk(k, dim=1).indices
            return _mean_logit(frame_logits.gather(1, best), real.gather(1, best))
        return _mean_logit(frame_logits, real)


def _mean_logit(logits: Tensor, real: Tensor) -> Tensor:
    """(N, L, P) -> (N, P): log(mean p) - log(1 - mean p), where the numbers of frames cancel."""
    present = F.logsigmoid(logits).masked_fill(~real, -math.inf).logsumexp(dim=1)
    absent = F.logsigmoid(-logits).masked_fill(~real, -math.inf).logsumexp(dim=1)
    return present - absent


def _noisy_or_logit(logits: Tensor, real: Tensor) -> Tensor:
    """(N, L, P) -> (N, P): with x = -sum log(1 - p), log(exp(x) - 1). For small x it is log x + x/2 + x^2/24, up to
    x^4/2880, and log x is taken of the logits themselves, for x leaves the range of float32."""
    x = F.softplus(logits).masked_fill(~real, 0.0).sum(dim=1)
    is_tiny = logits < _TINY_LOGIT
    log_terms = torch.where(is_tiny, logits, F.softplus(logits.clamp(min=_TINY_LOGIT)).log())
    small = log_terms.masked_fill(~real, -math.inf).logsumexp(dim=1) + x / 2 + x.square() / 24
    limit = 1e-3
    x_large = x.clamp(min=limit)
    return torch.where(x < limit, small, x_large + (-torch.expm1(-x_large)).log())
