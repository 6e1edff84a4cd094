"""ViViT's factorised encoder (Arnab et al. 2021, "model 2"; systems 4.5): a transformer over the patches of each
frame, then one over the frames.

Axis letters: N batch, L frames of a clip, S tokens of a sequence, P patterns, E embedding.
"""

from __future__ import annotations

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
    check_rates,
    clips_and_frames,
    values_of,
)


@dataclass(frozen=True)
class ViViTOptions:
    """Everything that shapes a ViViT.

    clip_length: the longest clip; shorter ones use the first positions. size: side of a frame, pixels, a multiple of
    patch. embedding: E. depth, n_heads, head_width: of each of the two transformers. pool: over frames, their class
    token or the mean of the frames.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    clip_length: int = 30
    size: int = 256
    patch: int = 16
    embedding: int = 192
    depth: int = 4
    n_heads: int = 3
    head_width: int = 64
    mlp_ratio: int = 4
    pool: Literal["cls", "mean"] = "cls"
    dropout: float = 0.0
    n_patterns: int = 4

    def __post_init__(self) -> None:
        check_counts(self, "clip_length", "size", "patch", "embedding", "depth", "n_heads", "head_width", "mlp_ratio")
        check_counts(self, "n_patterns")
        check_rates(self, "dropout")
        check_choice(self, "pool", ("cls", "mean"))
        if self.size % self.patch:
            raise ValueError(f"size must be a multiple of the patch of {self.patch} pixels, got {self.size}")


class ViViT(nn.Module):
    """Logits per pattern of a clip; see `model.networks.contract`."""

    has_pattern_attention = False

    def __init__(self, options: ViViTOptions) -> None:
        super().__init__()
        self.options = options
        width, n_patches = options.embedding, (options.size // options.patch) ** 2
        self.patches = nn.Linear(3 * options.patch**2, width)
        self.frame_token = nn.Parameter(torch.randn(width))
        self.clip_token = nn.Parameter(torch.randn(width))
        self.positions = nn.Parameter(torch.randn(options.clip_length, n_patches + 1, width))
        self.dropout = nn.Dropout(options.dropout)
        self.spatial, self.temporal = _Transformer(options), _Transformer(options)
        self.output = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, options.n_patterns))

    @property
    def option_values(self) -> dict[str, Any]:
        """See `model.networks.contract`."""
        return values_of(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> ClipOutput:
        """See `model.networks.contract`. Raises ValueError for frames of another size or clips that are too long."""
        self._check(clips, mask)
        n, length = clips_and_frames(clips)
        tokens = self.patches(_patches(clips, self.options.patch))
        tokens = torch.cat([self.frame_token.expand(n, length, 1, -1), tokens], dim=2) + self.positions[:length]
        frames = self.spatial(self.dropout(tokens).flatten(0, 1))[:, 0].unflatten(0, (n, length))
        if mask is not None:
            frames = frames.masked_fill(~mask[:, :, None], 0.0)
            mask = F.pad(mask, (1, 0), value=True)
        read = self.temporal(torch.cat([self.clip_token.expand(n, 1, -1), frames], dim=1), mask)
        return self.output(self._pooled(read, mask)), None

    def _pooled(self, read: Tensor, mask: Tensor | None) -> Tensor:
        """(N, L + 1, E) -> (N, E). The mean is over the real frames and the class token, as they were read."""
        if self.options.pool == "cls":
            return read[:, 0]
        if mask is None:
            return read.mean(dim=1)
        return read.masked_fill(~mask[:, :, None], 0.0).sum(dim=1) / mask.sum(dim=1, keepdim=True)

    def _check(self, clips: Tensor, mask: Tensor | None) -> None:
        check_clips(clips)
        size, longest = self.options.size, self.options.clip_length
        if clips.shape[3:] != (size, size) or clips.shape[1] > longest:
            raise ValueError(
                f"this network was built for at most {longest} frames of {size} x {size} pixels, "
                f"got {clips.shape[1]} of {clips.shape[3]} x {clips.shape[4]}"
            )
        if mask is not None:
            check_mask(mask, clips_and_frames(clips))


def _patches(clips: Tensor, side: int) -> Tensor:
    """(N, L, 3, H, W) -> (N, L, patches in rows, side * side * 3), colour fastest."""
    cut = clips.unflatten(4, (-1, side)).unflatten(3, (-1, side))
    return cut.permute(0, 1, 3, 5, 4, 6, 2).flatten(4).flatten(2, 3)


class _Transformer(nn.Module):
    """Blocks with layer norm before attention and MLP, and one at the end."""

    def __init__(self, options: ViViTOptions) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_Block(options) for _ in range(options.depth))
        self.norm = nn.LayerNorm(options.embedding)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, S, E) [, (N, S) bool tokens that are read] -> (N, S, E)."""
        for block in self.blocks:
            tokens = block(tokens, mask)
        read: Tensor = self.norm(tokens)
        return read


class _Block(nn.Module):
    def __init__(self, options: ViViTOptions) -> None:
        super().__init__()
        width, inner = options.embedding, options.n_heads * options.head_width
        self.n_heads, self.dropout = options.n_heads, options.dropout
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * inner, bias=False)
        self.join = nn.Sequential(nn.Linear(inner, width), nn.Dropout(options.dropout))
        self.mlp = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, options.mlp_ratio * width),
            nn.GELU(),
            nn.Dropout(options.dropout),
            nn.Linear(options.mlp_ratio * width, width),
            nn.Dropout(options.dropout),
        )

    def forward(self, tokens: Tensor, mask: Tensor | None) -> Tensor:
        """(N, S, E) [, (N, S) bool] -> (N, S, E)."""
        queries, keys, values = self.qkv(self.norm(tokens)).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(
            queries,
            keys,
            values,
            attn_mask=None if mask is None else mask[:, None, None, :],
            dropout_p=self.dropout if self.training else 0.0,
        )
        tokens = tokens + self.join(attended.transpose(1, 2).flatten(2))
        widened: Tensor = tokens + self.mlp(tokens)
        return widened
