"""USVN (MedVidNet, Smith et al. 2023; systems 4.1): frame features pooled over time by one attention for all outputs.

Axis letters: N batch, L frames of a clip, P patterns, D features, H heads, d = D / H.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from model.networks.contract import (
    ClipOutput,
    check_choice,
    check_clips,
    check_counts,
    check_mask,
    check_rates,
    clips_and_frames,
    values_of,
)
from model.networks.encoders import build_encoder, encoder_spec
from model.networks.layers import encode_frames

POOLS = ("attn", "tanh_attn", "max", "avg")
TANH_WIDTH = 32


@dataclass(frozen=True)
class USVNOptions:
    """Everything that shapes a USVN.

    encoder: key of `ENCODERS`. pool: over time. "attn": softmax of h.q / sqrt(d) per head; "tanh_attn": per head
    softmax of w.tanh(V h), V 32 x d, the pooled value divided by sqrt(d); "max" and "avg" of each feature.
    n_heads: divides D. dropout: before the output layer; LUV-Net's authors trained with 0, Smith et al. with 0.5.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    encoder: str = "densenet161"
    pool: Literal["attn", "tanh_attn", "max", "avg"] = "attn"
    n_heads: int = 8
    dropout: float = 0.0
    n_patterns: int = 4

    def __post_init__(self) -> None:
        n_features = encoder_spec(self.encoder).n_features
        check_choice(self, "pool", POOLS)
        check_counts(self, "n_heads", "n_patterns")
        check_rates(self, "dropout")
        if n_features % self.n_heads:
            raise ValueError(f"n_heads must divide the {n_features} features of a frame, got {self.n_heads}")


class USVN(nn.Module):
    """Logits per pattern of a clip; see `model.networks.contract`. Its attention is one for all patterns."""

    has_pattern_attention = False

    def __init__(self, options: USVNOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder_weights_sha256: str | None = None
        self.encoder = build_encoder(options.encoder)
        d_all, heads = encoder_spec(options.encoder).n_features, options.n_heads
        if options.pool == "attn":
            self.queries = nn.Parameter(torch.randn(heads, d_all // heads))
        elif options.pool == "tanh_attn":
            bound = math.sqrt(heads / d_all)
            self.queries = nn.Parameter(torch.randn(heads, TANH_WIDTH) / math.sqrt(TANH_WIDTH))
            self.keys = nn.Parameter(torch.empty(heads, TANH_WIDTH, d_all // heads).uniform_(-bound, bound))
        self.output = nn.Sequential(nn.Dropout(options.dropout), nn.Linear(d_all, options.n_patterns))

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        check_clips(clips)
        if mask is not None:
            check_mask(mask, clips_and_frames(clips))
        return self.output(self.pool(encode_frames(self.encoder, clips), mask)), None

    def classify_maps(self, maps: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`."""
        return self.output(self.pool(maps.mean(dim=(3, 4)), mask)), None

    def pool(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, L, D) [, (N, L) bool real frames] -> (N, D), over real frames only."""
        real = torch.ones(features.shape[:2], dtype=torch.bool, device=features.device) if mask is None else mask
        if self.options.pool == "max":
            return features.masked_fill(~real[:, :, None], -math.inf).amax(dim=1)
        known = features.masked_fill(~real[:, :, None], 0.0)
        if self.options.pool == "avg":
            return known.sum(dim=1) / real.sum(dim=1, keepdim=True)
        heads = known.unflatten(2, (self.options.n_heads, -1))
        pooled = torch.einsum("nlh,nlhd->nhd", self.attention(features, mask), heads)
        if self.options.pool == "tanh_attn":
            pooled = pooled / math.sqrt(heads.shape[3])
        return pooled.flatten(1)

    def attention(self, features: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, L, D) -> (N, L, H), summing to 1 over the real frames; of the pools that attend."""
        heads = features.unflatten(2, (self.options.n_heads, -1))
        if self.options.pool == "attn":
            scores = torch.einsum("nlhd,hd->nlh", heads, self.queries) / math.sqrt(heads.shape[3])
        else:
            scores = torch.einsum("nlhk,hk->nlh", torch.einsum("nlhd,hkd->nlhk", heads, self.keys).tanh(), self.queries)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, :, None], -math.inf)
        return scores.softmax(dim=1)
