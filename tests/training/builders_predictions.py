"""A small made-up cohort as prediction and truth files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")


def write_cohort(folder: Path, *, models: tuple[str, ...] = ("luvnet", "usvn"), folds: int = 2, seed: int = 0) -> Path:
    """`truth.csv` (40 clips of 20 videos of 10 patients) and `{model}_fold{n}.csv`, rows shuffled; earlier models are
    better. Returns the truth file."""
    generator = np.random.default_rng(seed)
    n = 40
    labels = generator.integers(0, 2, (n, 4))
    header = ",".join(("clip_id", "video_id", "patient_id", *PATTERNS))
    lines = [f"c{i},v{i // 2},p{i // 4},{','.join(map(str, labels[i]))}" for i in range(n)]
    truth = folder / "truth.csv"
    truth.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    for place, model in enumerate(models):
        for fold in range(folds):
            noise = generator.normal(size=(n, 4)) * (0.8 + place)
            values = 1 / (1 + np.exp(-(2 * labels - 1 + noise)))
            rows = [f"c{i},{','.join(f'{v:.6f}' for v in values[i])}" for i in generator.permutation(n)]
            columns = ",".join(("clip_id", *(f"{model}_{pattern}" for pattern in PATTERNS)))
            (folder / f"{model}_fold{fold}.csv").write_text("\n".join([columns, *rows]) + "\n", encoding="utf-8")
    return truth
