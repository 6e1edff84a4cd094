"""What training makes small (systems 3.8).

Axis letters: N clips, P patterns.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from training.train.config import LossConfig


class ClipLoss(nn.Module):
    """Mean over clips and patterns of the binary cross-entropy of logits (N, P) with labels (N, P) 0 or 1.

    positive_weight: (P,) or None; the term of a present pattern is multiplied by it. Focal: each term is multiplied by
    (1 - p_t)^gamma, p_t the probability given to what is true; gamma 0 is plain cross-entropy.
    """

    def __init__(self, config: LossConfig, positive_weight: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        self.positive_weight: Tensor | None
        # Not part of a checkpoint: it follows from config and labels.
        self.register_buffer("positive_weight", positive_weight, persistent=False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """A number; float32 whatever the logits are."""
        logits = logits.float()
        terms = F.binary_cross_entropy_with_logits(logits, labels, reduction="none", pos_weight=self.positive_weight)
        if self.config.kind == "focal":
            signs = 2 * labels - 1
            terms = terms * torch.sigmoid(-signs * logits) ** self.config.focal_gamma
        return terms.mean()


def positive_weight(config: LossConfig, labels: NDArray[np.float32]) -> Tensor | None:
    """(P,) negatives / positives of the training labels (N, P) where the config asks for it, else None.

    >>> positive_weight(LossConfig(positive_weight="balanced"), np.array([[1, 0], [0, 1], [0, 1]], np.float32)).tolist()
    [2.0, 0.5]
    """
    if config.positive_weight == "none":
        return None
    positives = labels.sum(axis=0)
    return torch.from_numpy(((len(labels) - positives) / np.maximum(positives, 1)).astype(np.float32))
