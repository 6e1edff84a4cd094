"""A run: one fold of a split or all of them, in a folder that rebuilds everything.

config.toml                 everything that decides the weights, resolved
run.json                    code, packages, device, command, digests of split and clips
fold_K/                     metrics.csv, tensorboard/, checkpoints/last.ckpt, best.pt, truth_test.csv, truth_valid.csv
MODEL_foldK.csv             predictions for the test clips; truth_test.csv beside them
valid/MODEL_foldK.csv       predictions for the validation clips; valid/truth.csv beside them
thresholds.csv              chosen on the validation clips
"""

from __future__ import annotations

import csv
import io
import json
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import torch

import luv_viewer
from luv_viewer.io.whole_file import make_folder, write_whole
from training.data.errors import DataError
from training.evaluate import EvaluationError
from training.evaluate.threshold_choice import choose_thresholds, thresholds_csv
from training.prepare.journal import file_digest
from training.prepare.split_files import MANIFEST_NAME
from training.train.errors import TrainError
from training.train.fold import CONFIG_NAME, FACTS_NAME, RESULT_NAME, VALID_FOLDER, FoldResult, train_fold
from training.train.job import Report, TrainJob
from training.train.presets import read_config

RUN_NAME, TRUTH_NAME, THRESHOLDS_NAME = "run.json", "truth_test.csv", "thresholds.csv"
_PACKAGES = ("torch", "torchvision", "lightning", "numpy", "opencv-python-headless", "av")


@dataclass(frozen=True)
class RunResult:
    """folds: those trained now or before, by number. truth: of the test clips; None where folds test different ones."""

    folder: Path
    folds: tuple[FoldResult, ...]
    truth: Path | None
    thresholds: Path

    @property
    def predictions(self) -> tuple[Path, ...]:
        """For `luv evaluate`, with `truth` and `thresholds`."""
        return tuple(fold.test for fold in self.folds)


def folds_of(split: Path) -> tuple[int, ...]:
    """The folds that `luv prepare split` wrote. Raises DataError where there is none."""
    found = sorted(int(place.name[5:]) for place in split.glob("fold_*") if place.name[5:].isdigit())
    if not found:
        raise DataError(f"{split} has no fold_0; give a folder that luv prepare split wrote.")
    return tuple(found)


def train_run(
    job: TrainJob,
    folds: Sequence[int],
    run: Path,
    *,
    is_resumed: bool = False,
    command: Sequence[str] = (),
    report: Report | None = None,
) -> RunResult | None:
    """Train the folds one after the other into `run`, and gather what `luv evaluate` reads.

    command: as typed, for the record; folders before file names are left out of it. None, and the rest: `train_fold`.
    """
    make_folder(run)
    done = []
    for fold in folds:
        result = train_fold(job, fold, run, is_resumed=is_resumed, report=report)
        if result is None:
            continue
        done.append(result)
        write_whole(run / RUN_NAME, run_json(job, run, command).encode())
        gather(run)
    if not done:
        return None
    truth = run / TRUTH_NAME
    return RunResult(run, tuple(done), truth if truth.exists() else None, run / THRESHOLDS_NAME)


def gather(run: Path) -> None:
    """Truth and thresholds of all finished folds of a run. Raises TrainError, WriteError."""
    config = read_config(run / CONFIG_NAME)
    finished = [place for place in sorted(run.glob("fold_*")) if (place / RESULT_NAME).exists()]
    tests = {(place / TRUTH_NAME).read_bytes() for place in finished}
    if len(tests) == 1:
        write_whole(run / TRUTH_NAME, tests.pop())
    else:
        # Folds that take turns have no test set in common.
        (run / TRUTH_NAME).unlink(missing_ok=True)
    truth = run / VALID_FOLDER / "truth.csv"
    write_whole(truth, _united(place / "truth_valid.csv" for place in finished).encode())
    predictions = [
        run / VALID_FOLDER / f"{config.network.label}_{place.name.replace('_', '')}.csv" for place in finished
    ]
    patterns = truth.read_text(encoding="utf-8").splitlines()[0].split(",")[3:]
    try:
        chosen = choose_thresholds(truth, predictions, patterns, config.train.threshold_rule)
    except EvaluationError as error:
        raise TrainError(f"No thresholds can be chosen: {error}.") from error
    write_whole(run / THRESHOLDS_NAME, thresholds_csv(chosen).encode())


def run_json(job: TrainJob, run: Path, command: Sequence[str]) -> str:
    """What the numbers depend on beside the config."""
    card = torch.cuda.get_device_name() if job.machine.accelerator != "cpu" and torch.cuda.is_available() else ""
    record = {
        "format": "luv-run",
        "version": 1,
        "command": " ".join(_without_folders(command)),
        "code_version": luv_viewer.__version__,
        "packages": {name: metadata.version(name) for name in _PACKAGES if _is_installed(name)},
        "python": platform.python_version(),
        "device": card or platform.processor() or platform.machine(),
        "processes": job.machine.processes,
        "threads": torch.get_num_threads(),
        "seed": job.config.train.seed,
        "config_sha256": file_digest(run / CONFIG_NAME),
        "split_manifest_sha256": file_digest(job.source.split / MANIFEST_NAME),
        "folds": {
            place.name: json.loads((place / FACTS_NAME).read_text(encoding="utf-8"))
            for place in sorted(run.glob("fold_*"))
            if (place / FACTS_NAME).exists()
        },
    }
    return json.dumps(record, indent=1) + "\n"


def _without_folders(command: Iterable[str]) -> list[str]:
    """
    >>> _without_folders(["luv", "train", "/data/x/split", "--clips=/data/x/clips", "--set", "train.lr=1e-5"])
    ['luv', 'train', 'split', '--clips=clips', '--set', 'train.lr=1e-5']
    """
    told = []
    for word in command:
        option, sign, value = word.partition("=") if word.startswith("--") else ("", "", word)
        told.append(f"{option}{sign}{Path(value).name if value else ''}")
    return told


def _united(files: Iterable[Path]) -> str:
    """The rows of CSV files with one header, each clip once. Raises TrainError when they differ on a clip."""
    rows: dict[str, list[str]] = {}
    for path in files:
        header, *own = csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        for row in (header, *own):
            if rows.setdefault(row[0], row) != row:
                raise TrainError(f"{row[0]} has other labels in {path.parent.name} than in a fold before; split again.")
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows.values())
    return stream.getvalue()


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
