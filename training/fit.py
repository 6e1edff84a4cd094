"""Fitting LUV-Net's head on cached encoder features, with the video's labels as weak labels of its clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from model import build_network, plan_clips
from model.clips import clip_rows
from model.networks.luv_net import LUVNet
from training.cohort import UNKNOWN
from training.features import Features

ENCODER = "mobilenet_v2"
CLIP_LENGTH = 30
STRIDE = 24
MIN_REAL_FRAMES = 15


@dataclass(frozen=True)
class HeadSettings:
    """Everything that shapes a head and its fitting.

    projection, mlp_hidden, kernel_size, n_heads, temporal: options of LUV-Net.
    learning_rate, weight_decay (AdamW), batch (clips), steps: of the optimiser; the rate falls to 0 along a cosine.
    input_dropout: share of standardised encoder features dropped; noise: their Gaussian jitter, equal over a clip.
    group_power: a video is drawn with probability ~ (videos of its group) ** -group_power; 1 makes groups equal.
    """

    projection: int = 64
    mlp_hidden: int = 64
    kernel_size: int = 5
    n_heads: int = 8
    temporal: bool = True
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    batch: int = 24
    steps: int = 150
    input_dropout: float = 0.0
    noise: float = 0.0
    group_power: float = 0.5


@dataclass(frozen=True, eq=False)
class LabelledFeatures:
    """Videos as features, N of them.

    views: per video one or more (T, E) feature arrays of the same frames (plain, mirrored).
    labels: (N, P) 1, 0 or -1 (unknown, left out of the loss). groups: (N,) names.
    """

    views: Sequence[Sequence[Features]]
    labels: NDArray[np.int64]
    groups: Sequence[str]

    def subset(self, indices: NDArray[np.int64]) -> LabelledFeatures:
        """The videos at `indices`."""
        return LabelledFeatures(
            [self.views[i] for i in indices], self.labels[indices], [self.groups[i] for i in indices]
        )


def new_network(settings: HeadSettings, n_patterns: int, seed: int) -> LUVNet:
    """LUV-Net with random weights drawn from `seed`."""
    torch.manual_seed(seed)
    network = build_network("luv_net", **network_options(settings, n_patterns))
    if not isinstance(network, LUVNet):
        raise TypeError(f"luv_net built a {type(network).__name__}")
    return network


def network_options(settings: HeadSettings, n_patterns: int) -> dict[str, str | int | bool]:
    """Keyword arguments of `build_network` for these settings."""
    return {
        "encoder": ENCODER,
        "kernel_size": settings.kernel_size,
        "n_heads": settings.n_heads,
        "temporal": settings.temporal,
        "projection": settings.projection,
        "mlp_hidden": settings.mlp_hidden,
        "n_patterns": n_patterns,
    }


def fit_head(data: LabelledFeatures, settings: HeadSettings, seed: int) -> LUVNet:
    """A network in eval mode whose head was fitted on `data`; its encoder is left as drawn. Same seed, same weights.

    Features are standardised with the mean and spread of `data`; afterwards this is folded into the projection, so
    that the network takes the encoder's features as they are.
    """
    network = new_network(settings, data.labels.shape[1], seed)
    generator = np.random.default_rng(seed)
    mean, spread = _mean_and_spread(data)
    head = [parameter for name, parameter in network.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW(head, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, settings.steps)
    chances = _chances(data.groups, settings.group_power)
    network.train()
    for _ in range(settings.steps):
        drawn = generator.choice(len(chances), settings.batch, p=chances)
        clips = np.stack([_random_clip(data.views[i], generator) for i in drawn])
        features = _disturbed(torch.from_numpy((clips - mean) / spread), settings)
        logits, _ = network.head(network.project(features))
        optimiser.zero_grad()
        masked_loss(logits, torch.from_numpy(data.labels[drawn])).backward()
        optimiser.step()
        schedule.step()
    _fold_standardisation(network.projection, mean, spread)
    return network.eval()


def masked_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean binary cross-entropy with logits over the known labels; (N, P) each, labels 1, 0 or -1 (left out)."""
    known = labels != UNKNOWN
    losses = F.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


def clip_logits(network: LUVNet, features: Features) -> NDArray[np.float64]:
    """(K, P) logits of the paper's clips (30 frames, step 24, tail padded) of one video's (T, E) features."""
    spans = plan_clips(len(features), CLIP_LENGTH, STRIDE)
    with torch.inference_mode():
        clips = torch.from_numpy(features[clip_rows(spans, CLIP_LENGTH)])
        logits, _ = network.head(network.project(clips))
        return np.asarray(logits.double().numpy())


def _mean_and_spread(data: LabelledFeatures) -> tuple[Features, Features]:
    """(E,) mean and standard deviation over every fourth frame (neighbours are alike); no spread is near 0."""
    frames = np.concatenate([views[0][::4] for views in data.views])
    spread = frames.std(axis=0)
    return frames.mean(axis=0), np.maximum(spread, 0.05 * float(spread.mean()) + 1e-6)


def _chances(groups: Sequence[str], power: float) -> NDArray[np.float64]:
    _, member, counts = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    weights = counts[member].astype(np.float64) ** -power
    return np.asarray(weights / weights.sum())


def _random_clip(views: Sequence[Features], generator: np.random.Generator) -> Features:
    """(L, E) frames from a random start of a random view; what runs past the end repeats the last frame."""
    features = views[int(generator.integers(len(views)))]
    start = int(generator.integers(max(1, len(features) - MIN_REAL_FRAMES)))
    return features[np.minimum(np.arange(start, start + CLIP_LENGTH), len(features) - 1)]


def _disturbed(features: Tensor, settings: HeadSettings) -> Tensor:
    if settings.noise > 0:
        features = features + settings.noise * torch.randn(features.shape[0], 1, features.shape[2])
    return F.dropout(features, settings.input_dropout)


def _fold_standardisation(projection: nn.Module, mean: Features, spread: Features) -> None:
    """Make `projection` take raw features: W ((x - mean) / spread) + b = (W / spread) x + (b - W (mean / spread))."""
    if not isinstance(projection, nn.Linear):
        raise TypeError("standardised features need a Linear projection to be folded into")
    with torch.no_grad():
        scale = torch.from_numpy(1.0 / spread)
        projection.bias.sub_(projection.weight @ (torch.from_numpy(mean) * scale))
        projection.weight.mul_(scale)
