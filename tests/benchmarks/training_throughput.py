"""Clips a second of `luv train` against a loop written the authors' way.

`python -m tests.benchmarks.training_throughput` prints both for ResNet-18 at 64 pixels; `--encoder`, `--size`,
`--batch`, `--steps`, `--precision` and `--mode` choose another case. Both train the same LUV-Net on the same MJPG clips
in turn, `--rounds` times; the fastest round of each counts. OMP_NUM_THREADS sets the threads of both.
Two ratios: of wall time, and of processor time of the process and its children, which other programs on the machine
disturb less. Beside other programs take one thread: several wait for each other, and neither ratio is worth much.
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import nn

from luv_viewer.analysis.clip_labels import LABEL_COLUMNS
from model import Preprocessing, build_network
from tests.benchmarks.authors_training import DECODER, train_steps
from tests.builders import moving_speckle
from training.data.augmentation import AugmentationOptions
from training.data.clip_dataset import ClipDataset, FeatureDataset
from training.data.clip_table import ClipTable, read_clip_table
from training.data.feature_cache import EncodeSettings, FeatureCache, StoredViews
from training.data.frame_store import StoreSettings, open_frame_store
from training.prepare.coding import coded_video
from training.train.config import LossConfig
from training.train.loss import ClipLoss
from training.train.module import FitData, FitModule
from training.train.presets import resolve_config
from training.train.quiet import quiet_lightning

LENGTH = 30
EPOCHS = 50  # of the default preset's patience: the shortest run there is
PRECISIONS: dict[str, Any] = {"fp32": "32-true", "bf16": "bf16-mixed"}


@dataclass(frozen=True)
class Case:
    """What is trained. precision: ours; the other loop is float32. options: of LUV-Net, beside the encoder."""

    encoder: str = "resnet18"
    size: int = 64
    is_frozen: bool = False
    batch_size: int = 4
    n_steps: int = 4
    precision: str = "fp32"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """For the table."""
        return "frozen, cached features" if self.is_frozen else "trained"


@dataclass(frozen=True)
class Speed:
    """wall, cpu: clips per second of wall time, and of processor time."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Result:
    """first_pass_s: seconds that one clip takes to be encoded in all views, once; 0 where the encoder is trained."""

    case: Case
    ours: Speed
    authors: Speed
    first_pass_s: float = 0.0

    @property
    def ratio_with_first_pass(self) -> float:
        """The same over EPOCHS epochs, the encoding of all views counted."""
        return (EPOCHS / self.authors.wall) / (EPOCHS / self.ours.wall + self.first_pass_s)


def write_clips(folder: Path, n_clips: int, size: int) -> ClipTable:
    """MJPG clips of LENGTH frames as published, and their table."""
    (folder / "clips").mkdir(parents=True)
    path = folder / "clips.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"{size}_clip_path", "PatientID", "study_id", *LABEL_COLUMNS])
        for i in range(n_clips):
            frames = moving_speckle(LENGTH, i, (size, size))[:, :, :, 0]
            name = f"clips/9{i:07d}_00002_1_{LENGTH}.avi"
            (folder / name).write_bytes(coded_video(frames, 30, "mjpg"))
            labels = [(i >> bit) % 2 for bit in range(len(LABEL_COLUMNS))]
            writer.writerow([name, f"9{i:07d}", f"9{i:07d}_2", *labels])
    return read_clip_table(path, folder)


class _Marks(pl.Callback):
    """When each batch ended."""

    def __init__(self) -> None:
        self.marks: list[tuple[float, float]] = []

    def on_train_batch_end(self, *told: object) -> None:
        self.marks.append(_now())


def _now() -> tuple[float, float]:
    """Wall time and processor time with that of children, seconds."""
    told = os.times()
    return time.perf_counter(), told.user + told.system + told.children_user + told.children_system


def _speed(marks: list[tuple[float, float]], batch_size: int) -> Speed:
    """The first step is warm-up."""
    (wall, cpu), (wall_end, cpu_end) = marks[0], marks[-1]
    n_clips = (len(marks) - 1) * batch_size
    return Speed(n_clips / (wall_end - wall), n_clips / max(cpu_end - cpu, 1e-9))


def our_speed(case: Case, network: nn.Module, data: FitData) -> Speed:
    """The module that `luv train` fits, through Lightning, without validation."""
    changes = {"train.batch_size": case.batch_size, "encoder.frozen": case.is_frozen, "train.precision": case.precision}
    config = resolve_config(changes={**changes, "network.encoder": case.encoder})
    marks = _Marks()
    per_epoch = len(data.train) // case.batch_size
    with quiet_lightning():
        pl.Trainer(
            accelerator="cpu",
            precision=PRECISIONS[case.precision],
            max_steps=case.n_steps + 1,
            max_epochs=case.n_steps // per_epoch + 2,
            limit_val_batches=0,
            use_distributed_sampler=False,
            callbacks=[marks],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        ).fit(FitModule(network, config, ClipLoss(LossConfig()), data))
    return _speed(marks.marks, case.batch_size)


def authors_speed(case: Case, network: nn.Module, table: ClipTable) -> Speed:
    """The plain loop."""
    marks = []
    for _ in train_steps(network, table, case.batch_size, case.n_steps + 1):
        marks.append(_now())
    return _speed(marks, case.batch_size)


def measure(case: Case, folder: Path, rounds: int = 1, say: Callable[[str], None] = print) -> Result:
    """Both loops, in turn. folder: for clips and caches, empty."""
    table = write_clips(folder, 2 * case.batch_size, case.size)
    rules = Preprocessing(size=case.size)
    store = open_frame_store(table.files, folder / "cache", StoreSettings(rules, LENGTH))
    torch.manual_seed(0)
    network = build_network("luv_net", encoder=case.encoder, **case.options)
    if case.is_frozen:
        network.encoder.requires_grad_(False)  # type: ignore[union-attr]
    clips: Any = ClipDataset(table, store)
    first_pass_s = 0.0
    if case.is_frozen:
        views = EncodeSettings(StoredViews(AugmentationOptions(), n_rotations=2))
        clips = FeatureDataset(table, FeatureCache(network.encoder, store, folder / "cache", views), is_augmented=True)  # type: ignore[arg-type]
        began = time.perf_counter()
        clips.fill()
        first_pass_s = (time.perf_counter() - began) / len(table)
    data = FitData(clips, clips, table.labels, rules)
    ours, authors = [], []
    for number in range(rounds):
        ours.append(our_speed(case, deepcopy(network), data))
        authors.append(authors_speed(case, deepcopy(network), table))
        say(f"round {number + 1}: ours {ours[-1].wall:.3f}, authors' way {authors[-1].wall:.3f} clips/s")
    return Result(case, _fastest(ours), _fastest(authors), first_pass_s)


def _fastest(speeds: list[Speed]) -> Speed:
    return Speed(max(speed.wall for speed in speeds), max(speed.cpu for speed in speeds))


def table_lines(results: list[Result]) -> list[str]:
    """Markdown."""
    lines = [
        f"Threads: {torch.get_num_threads()}. The authors' way decodes with {DECODER}, in float32.",
        "| encoder | mode | batch | ours, clips/s | authors' way, clips/s | ratio (CPU time) | precision |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results:
        case, ours, authors = one.case, one.ours, one.authors
        lines.append(
            f"| {case.encoder}, {case.size} px | {case.mode} | {case.batch_size} | {ours.wall:.3g} "
            f"| {authors.wall:.3g} | {ours.wall / authors.wall:.2f} ({ours.cpu / authors.cpu:.2f}) | {case.precision} |"
        )
        if one.first_pass_s:
            lines.append(
                f"| | encoding 6 views once: {one.first_pass_s:.2f} s a clip; over {EPOCHS} epochs with it | | | | "
                f"{one.ratio_with_first_pass:.2f} | |"
            )
    return lines


def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself."""
    flags = Path("/proc/cpuinfo")
    return flags.is_file() and any(word in flags.read_text() for word in ("avx512_bf16", "amx_bf16"))


def main() -> None:
    """Measure one case, frozen and trained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", default="resnet18")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precision", choices=tuple(PRECISIONS), default="bf16" if has_bf16() else "fp32")
    parser.add_argument("--mode", choices=("both", "frozen", "trained"), default="both")
    told = parser.parse_args()
    results = []
    for is_frozen in (True, False):
        if told.mode in ("both", "frozen" if is_frozen else "trained"):
            precision = "fp32" if is_frozen else told.precision
            case = Case(told.encoder, told.size, is_frozen, told.batch, told.steps, precision)
            with tempfile.TemporaryDirectory() as folder:
                results.append(measure(case, Path(folder), told.rounds))
    print("\n".join(table_lines(results)))


if __name__ == "__main__":
    main()
