"""`luv train`: a network trained on the clips of a split."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.train_options import BUNDLED

STAGES = {
    "clips": "clips read",
    "features": "clips encoded",
    "batches": "batches of this epoch",
    "predictions": "clips predicted",
}


@dataclass(frozen=True)
class TrainOptions:
    """As the command line gives them; None where nothing was said. fold: None for all."""

    split: Path
    folder: Path
    clips: Path
    fold: int | None
    network: str | None
    name: str | None
    encoder: str | None
    encoder_weights: str | None
    freeze_encoder: bool
    preset: str
    changes: tuple[str, ...]
    epochs: int | None
    batch_size: int | None
    accumulate: int | None
    precision: str | None
    seed: int | None
    accelerator: Any
    devices: int
    nodes: int
    workers: int
    cache: Path | None
    is_resumed: bool


@one_sentence
def train(options: TrainOptions) -> int:
    """Train; an epoch a line on stderr, at the end what came out on stdout."""
    missing = missing_packages()
    if missing:
        say(f"Training needs {' and '.join(missing)}: pip install 'luv-viewer[training]'.")
        return 1
    from training.train.job import Machine, TrainJob, TrainSource
    from training.train.presets import parse_changes, resolve_config
    from training.train.run import RunResult, folds_of, train_run

    config = resolve_config(options.preset, asked_settings(options) | parse_changes(options.changes), options.network)
    source = TrainSource(options.split, options.clips, weights_file(options.encoder_weights), options.cache)
    job = TrainJob(config, source, Machine(options.accelerator, options.devices, options.nodes, options.workers))
    folds = folds_of(options.split) if options.fold is None else (options.fold,)
    if "encoder" in config.network.options and source.encoder_weights is None:
        say("note: the encoder starts from random weights; --encoder-weights FILE gives it those of ImageNet.")
    screen = _Screen()
    try:
        result: RunResult | None = train_run(
            job,
            folds,
            options.folder,
            is_resumed=options.is_resumed,
            command=["luv", *sys.argv[1:]],
            report=screen.show,
        )
    finally:
        screen.clear()
    if result is not None:
        click.echo("\n".join(_told(result)))
    return 0


def missing_packages() -> list[str]:
    """Those of the extra `training` that are not installed."""
    from importlib.util import find_spec

    return [name for name in ("lightning", "tensorboard") if find_spec(name) is None]


def asked_settings(options: TrainOptions) -> dict[str, Any]:
    """The short options as settings."""
    settings = {
        "network.title": options.name,
        "network.encoder": options.encoder,
        "encoder.frozen": options.freeze_encoder or None,
        "train.epochs": options.epochs,
        "train.batch_size": options.batch_size,
        "train.accumulate": options.accumulate,
        "train.precision": options.precision,
        "train.seed": options.seed,
    }
    return {key: value for key, value in settings.items() if value is not None}


def weights_file(asked: str | None) -> Path | None:
    if asked is None:
        return None
    if asked != BUNDLED:
        return Path(asked)
    return Path(str(resources.files("resources") / "checkpoints" / "luvnet_mobilenetv2_pocus.pt"))


def _told(result: Any) -> list[str]:
    lines = [
        f"fold {fold.fold}: best of {fold.n_epochs} epochs is {fold.best.epoch + 1}, validation loss "
        f"{fold.best.valid_loss:.4f}, macro AUC {fold.best.macro_auc:.3f}; {fold.checkpoint}"
        for fold in result.folds
    ]
    if result.truth is None:
        lines.append("The folds test different clips: evaluate each with the truth_test.csv in its own folder.")
    else:
        files = " ".join(str(path) for path in result.predictions)
        lines.append(f"Next: luv evaluate {result.truth} {files} --thresholds {result.thresholds} -o evaluation")
    return [*lines, RESEARCH_USE]


class _Screen:
    """An epoch a line on stderr; what comes before and after on one line that is rewritten."""

    def __init__(self) -> None:
        self._line = ProgressLine(sys.stderr)

    def show(self, step: Any) -> None:
        """step: a `training.train.job.Step`."""
        if step.record is None:
            self._line.show(f"fold {step.fold}: {step.done} of {step.total} {STAGES[step.stage]}")
            return
        self._line.clear()
        record = step.record
        say(
            f"fold {step.fold} epoch {step.done}/{step.total} loss {record.train_loss:.4f} validation "
            f"{record.valid_loss:.4f} AUC {record.macro_auc:.3f}"
        )

    def clear(self) -> None:
        """Remove the line."""
        self._line.clear()
