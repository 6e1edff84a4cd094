"""LUV-Net (MIDL 2025): pattern-specific multi-head attention and a temporal convolution over frame features.

Axis letters: N batch, L frames of a clip, P patterns, D features, H heads, d = D / H.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any, Literal

import torch
from torch import Tensor, nn

from model.networks.contract import check_clips, check_mask
from model.networks.encoders import build_encoder, encoder_spec

OUTPUT_HIDDEN = 512
OUTPUT_DROPOUT = 0.5


@dataclass(frozen=True)
class LUVNetOptions:
    """Everything that shapes a LUV-Net.

    encoder: key of `model.networks.encoders.ENCODERS`. kernel_size: frames seen by the temporal convolution, odd.
    n_heads: divides the feature width D.
    head: "code" as in the authors' code, "text" as in the paper's text (one Linear each; systems D14, D15).
    temporal: False leaves the temporal branch out; the "code" head is then `ablation_head`: "own" is
        Linear(P*D -> mlp_hidden), ReLU, Linear(mlp_hidden -> P), "full" the head of the full model (D16).
    projection: D is this width, reached by a Linear with bias after the encoder (for small models); None: encoder's.
    mlp_hidden: width between the two layers of the spatial projection. n_patterns: P.
    Raises ValueError, with expected and found, when a value does not fit.
    """

    encoder: str = "densenet161"
    kernel_size: int = 13
    n_heads: int = 8
    head: Literal["code", "text"] = "code"
    temporal: bool = True
    projection: int | None = None
    mlp_hidden: int = 4096
    n_patterns: int = 4
    ablation_head: Literal["own", "full"] = "own"

    def __post_init__(self) -> None:
        encoder_spec(self.encoder)
        for name in ("kernel_size", "n_heads", "mlp_hidden", "n_patterns", "projection"):
            value = getattr(self, name)
            if not isinstance(value, Integral) and not (name == "projection" and value is None):
                raise ValueError(f"{name} must be a whole number, got {value!r}")
        if self.kernel_size < 1 or self.kernel_size % 2 == 0:
            raise ValueError(f"kernel_size must be odd and positive, got {self.kernel_size}")
        for name in ("n_heads", "mlp_hidden", "n_patterns"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.projection is not None and self.projection < 1:
            raise ValueError(f"projection must be None or at least 1, got {self.projection}")
        if self.n_features % self.n_heads:
            raise ValueError(f"n_heads must divide the {self.n_features} features of a frame, got {self.n_heads}")
        if self.head not in ("code", "text"):
            raise ValueError(f"head must be 'code' or 'text', got {self.head!r}")
        if self.ablation_head not in ("own", "full"):
            raise ValueError(f"ablation_head must be 'own' or 'full', got {self.ablation_head!r}")

    @property
    def n_features(self) -> int:
        """D, the width of a frame's features in attention and convolution."""
        return self.projection or encoder_spec(self.encoder).n_features


class LUVNet(nn.Module):
    """Logits per pattern of a clip, and how much each frame counted for each pattern and head."""

    has_pattern_attention = True

    def __init__(self, options: LUVNetOptions) -> None:
        super().__init__()
        self.options = options
        self.encoder_weights_sha256: str | None = None
        p, d_all = options.n_patterns, options.n_features
        self.encoder = build_encoder(options.encoder)
        self.projection: nn.Module = nn.Identity()
        if options.projection is not None:
            self.projection = nn.Linear(encoder_spec(options.encoder).n_features, options.projection)
        self.queries = nn.Parameter(torch.randn(p, options.n_heads, d_all // options.n_heads))
        self.temporal: nn.Sequential | None = None
        if options.temporal:
            k = options.kernel_size
            self.temporal = nn.Sequential(
                nn.Conv1d(d_all, d_all, k, padding=(k - 1) // 2, bias=False), nn.BatchNorm1d(d_all), nn.ReLU()
            )
        self.spatial, self.output = _fusion(options)

    @property
    def option_values(self) -> dict[str, Any]:
        """Keyword arguments that rebuild this network: `build_network("luv_net", **option_values)`."""
        return asdict(self.options)

    def forward(self, clips: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(N, L, 3, H, W) normalised frames -> logits (N, P), attention (N, P, L, H).

        mask: (N, L) bool, True for real frames; None means all are. Attention sums to 1 over the real frames of a clip.
        Raises ValueError for another shape or a clip without a real frame.
        """
        check_clips(clips)
        features = self.encode(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        return self.head(features, mask)

    def from_features(self, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(N, L, E) features of the encoder, not yet projected -> what `forward` gives."""
        return self.head(self.project(features), mask)

    def encode(self, frames: Tensor) -> Tensor:
        """(M, 3, H, W) normalised frames -> (M, D) features (systems 3.1), projected where the options say so."""
        return self.project(self.encoder(frames))

    def project(self, encoder_features: Tensor) -> Tensor:
        """(..., encoder's width) -> (..., D); unchanged without a projection."""
        return self.projection(encoder_features)

    def head(self, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """(N, L, D) features of `encode` [, (N, L) bool real frames] -> logits (N, P), attention (N, P, L, H).

        Clips that share frames are cheaper through `model.dense_head`.
        """
        if features.ndim != 3 or features.shape[1] < 1 or features.shape[2] != self.options.n_features:
            raise ValueError(
                f"features must have shape (N, L, {self.options.n_features}) with at least one frame, "
                f"got {tuple(features.shape)}"
            )
        if mask is not None:
            check_mask(mask, (features.shape[0], features.shape[1]))
        pooled, attention = self.attend(features, mask)
        fused = self.spatial(pooled.flatten(1))
        if self.temporal is not None:
            fused = fused + _temporal_features(self.temporal, features, mask)
        return self.output(fused), attention

    def scores(self, features: Tensor) -> Tensor:
        """Equation 5: (N, L, D) -> (N, P, L, H), lambda / sqrt(d), of which attention is the softmax over frames."""
        split = features.unflatten(2, self.queries.shape[1:])
        return torch.einsum("nlhd,phd->nplh", split, self.queries) / math.sqrt(self.queries.shape[2])

    def attend(self, features: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Equations 5, 6, 3: (N, L, D) -> pooled (N, P, D), attention (N, P, L, H), softmax over real frames only."""
        split = features.unflatten(2, self.queries.shape[1:])
        scores = self.scores(features)
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, :, None], -math.inf)
            split = split.masked_fill(~mask[:, :, None, None], 0.0)
        attention = scores.softmax(dim=2)
        return torch.einsum("nplh,nlhd->nphd", attention, split).flatten(2), attention


def _temporal_features(branch: nn.Module, features: Tensor, mask: Tensor | None) -> Tensor:
    """Equations 1, 2: (N, L, D) -> (N, D), the mean over real frames of ReLU(BN(conv)); others enter as zeros."""
    by_time = features.transpose(1, 2)
    if mask is None:
        return branch(by_time).mean(dim=2)
    real = mask[:, None, :]
    convolved = branch(by_time.masked_fill(~real, 0.0))
    return convolved.masked_fill(~real, 0.0).sum(dim=2) / real.sum(dim=2)


def _fusion(options: LUVNetOptions) -> tuple[nn.Module, nn.Module]:
    """The spatial projection (equation 4) and the output layer (systems 3.4)."""
    p, d_all = options.n_patterns, options.n_features
    if options.head == "text":
        return nn.Linear(p * d_all, d_all), nn.Linear(d_all, p)
    if not options.temporal and options.ablation_head == "own":
        return nn.Identity(), _two_layers(p * d_all, options.mlp_hidden, p)
    output = nn.Sequential(
        nn.Linear(d_all, OUTPUT_HIDDEN), nn.ReLU(), nn.Dropout(OUTPUT_DROPOUT), nn.Linear(OUTPUT_HIDDEN, p)
    )
    return _two_layers(p * d_all, options.mlp_hidden, d_all), output


def _two_layers(n_in: int, n_hidden: int, n_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out))
