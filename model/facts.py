"""What a checkpoint says of itself, without its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.preprocessing import Preprocessing

PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckpointFacts:
    """Everything a result depends on besides the weights.

    network_name, network_options: arguments of `build_network`.
    name: for people. version: first 12 hex digits of the SHA-256 of its file, "unsaved" before there is one.
    patterns: P names, the order of the outputs; "B-line" means B-line or confluent B-line.
    thresholds: (P,) in [0, 1], read-only; present means probability >= threshold.
    threshold_method: how they were found.
    clip_length: L in frames. preprocessing: see its class.
    metadata: data, licence, date, metrics and whatever else the training wrote; plain values only.
    has_attention: whether the network gives attention beside logits.
    Raises ValueError when patterns, thresholds, clip length or the network's number of patterns do not fit.
    """

    network_name: str
    network_options: Mapping[str, Any]
    name: str
    thresholds: NDArray[np.float64]
    threshold_method: str = "fixed at 0.5"
    patterns: tuple[str, ...] = PATTERNS
    clip_length: int = 30
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    version: str = "unsaved"
    has_attention: bool = True

    def __post_init__(self) -> None:
        thresholds = np.array(self.thresholds, dtype=np.float64)
        if not self.patterns or len(set(self.patterns)) != len(self.patterns):
            raise ValueError(f"patterns must be different names, at least one, got {self.patterns}")
        if thresholds.shape != (len(self.patterns),) or not np.all((thresholds >= 0) & (thresholds <= 1)):
            raise ValueError(f"thresholds must be {len(self.patterns)} numbers from 0 to 1, got {thresholds.tolist()}")
        n_outputs = self.network_options.get("n_patterns", len(self.patterns))
        if n_outputs != len(self.patterns):
            raise ValueError(f"the network scores {n_outputs} patterns, expected {len(self.patterns)}: {self.patterns}")
        if self.clip_length < 1:
            raise ValueError(f"clip_length must be at least 1 frame, got {self.clip_length}")
        thresholds.flags.writeable = False
        object.__setattr__(self, "thresholds", thresholds)
