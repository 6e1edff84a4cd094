"""A small split of small clips whose patterns are bright bands, and small networks."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from luv_viewer.cli import main
from training.prepare.coding import coded_video
from training.train.job import Machine, TrainJob, TrainSource
from training.train.presets import resolve_config

LENGTH, SIZE_PX = 4, 32
N_PATIENTS, N_CLIPS_EACH = 6, 4
HEADER = (
    *(f"{LENGTH}frame_clip_path", "PatientID", "study_id", "A-line_lbl", "B-line_lbl", "Confluent B-line_lbl"),
    *("Consolidation_lbl", "Pleural effusion_lbl", "raw_avi_path", "Lung ultrasound score_lbl", "total-B-line_lbl"),
)
SMALL = {
    "network.encoder": "mobilenet_v2",
    "network.projection": 16,
    "network.mlp_hidden": 16,
    "network.kernel_size": 3,
}
QUICK = {**SMALL, "train.lr": 1e-3, "train.epochs": 2}


def write_split(root: Path) -> Path:
    """`root/clips` and `root/split` with two folds of 8 clips in each part; every pattern has both classes."""
    clips = root / "clips" / "clips"
    clips.mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = []
    for patient in range(N_PATIENTS):
        for number in range(N_CLIPS_EACH):
            labels = [(patient + number) % 2, (patient + number + 1) % 2, number // 2, 1 - number // 2]
            name = f"clips/{patient}_{number + 1:05d}_1_{LENGTH}.mkv"
            (root / "clips" / name).write_bytes(coded_video(list(_frames(labels, rng)), 30, "ffv1"))
            a, b, consolidation, effusion = labels
            study = (str(patient), f"{patient}_{number + 1}")
            rows.append((name, *study, a, b, 0, consolidation, effusion, "x", 0, b))
    table = root / "clips" / "clips.csv"
    with table.open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    assert main(["prepare", "split", str(table), "-o", str(root / "split"), "--folds", "2"]) == 0
    return root


def _frames(labels: list[int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """(L, H, W): speckle, and a bright band per pattern."""
    frames = rng.integers(0, 60, (LENGTH, SIZE_PX, SIZE_PX)).astype(np.uint8)
    for i, is_there in enumerate(labels):
        if is_there:
            frames[:, 3 + 7 * i : 8 + 7 * i, 3:29] = 200
    return frames


def job_of(root: Path, changes: dict[str, Any] | None = None, network: str = "luv_net", devices: int = 1) -> TrainJob:
    """Two quick epochs on the CPU, but for `changes`."""
    base = QUICK if network == "luv_net" else {"train.lr": 1e-3, "train.epochs": 2}
    config = resolve_config("default", {**base, **(changes or {})}, network)
    source = TrainSource(root / "split", root / "clips", cache=root / "cache")
    return TrainJob(config, source, Machine("cpu", devices))


def arguments_of(root: Path, run: Path, *more: str) -> list[str]:
    """`luv train` of the same."""
    settings = [word for key, value in QUICK.items() for word in ("--set", f"{key}={value}")]
    places = [str(root / "split"), "--clips", str(root / "clips"), "-o", str(run), "--cache", str(root / "cache")]
    return ["train", *places, "--accelerator", "cpu", *settings, *more]
