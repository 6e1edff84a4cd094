"""Small made-up features whose patterns can be learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.fit import LabelledFeatures

N_ENCODER = 1280


def separable(n_groups: int = 10, per_group: int = 2, seed: int = 0) -> LabelledFeatures:
    """Videos of 20 to 49 frames; pattern p raises twenty features of its own; the last label of each group is unknown.

    Every group holds videos with and without each of the two patterns.
    """
    generator = np.random.default_rng(seed)
    views: list[tuple[NDArray[np.float32]]] = []
    labels, groups = [], []
    for i in range(n_groups * per_group):
        present = np.array([(i // per_group + i) % 2, (i // 2) % 2])
        features = generator.gamma(1.0, 0.5, (int(generator.integers(20, 50)), N_ENCODER)).astype(np.float32)
        for p in np.flatnonzero(present):
            features[:, 20 * p : 20 * p + 20] += 1.0
        views.append((features,))
        labels.append(present)
        groups.append(f"source {i // per_group}")
    known = np.array(labels, dtype=np.int64)
    known[per_group - 1 :: 2 * per_group, 1] = -1
    return LabelledFeatures(views, known, groups)
