"""One fold of a run: opened, trained, predicted, with its thresholds (systems 3.8, 3.9)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from luv_viewer.io.whole_file import make_folder, write_whole
from model import load_checkpoint
from training.data.augmentation import AugmentationOptions
from training.data.clip_dataset import FeatureDataset
from training.data.feature_cache import EncodeSettings, FeatureCache, StoredViews
from training.data.fold import PARTS
from training.train.best_network import BestWriter, chosen_thresholds, held_out_metrics
from training.train.config import TrainConfig
from training.train.errors import TrainError
from training.train.fitting import fit
from training.train.job import Report, Step, TrainJob, ignore
from training.train.keeper import BatchesDone, FoldPlace
from training.train.loss import ClipLoss, positive_weight
from training.train.module import FitData, FitModule
from training.train.opening import FoldClips, config_with_weights, fitted_config, new_network, open_clips
from training.train.predictions import predictions_csv, probabilities, truth_csv
from training.train.presets import config_toml, differences, read_config
from training.train.scores import EpochRecord

CONFIG_NAME, FACTS_NAME, RESULT_NAME = "config.toml", "fold.json", "result.json"
VALID_FOLDER = "valid"


@dataclass(frozen=True)
class FoldResult:
    """What a fold came to. checkpoint: of the best epoch. test, valid: files of predictions, truth beside the fold."""

    fold: int
    checkpoint: Path
    best: EpochRecord
    n_epochs: int
    test: Path
    valid: Path


@dataclass(frozen=True, eq=False)
class FoldTask:
    """A fold that is ready to be trained. data: what the network reads, by part."""

    fold: int
    config: TrainConfig
    place: FoldPlace
    clips: FoldClips
    data: dict[str, Any]
    network: nn.Module

    @property
    def writer(self) -> BestWriter:
        """Of its best network."""
        return BestWriter(self.place.best, self.config, self.fold, self.clips.tables, self.clips.settings)


def train_fold(
    job: TrainJob, fold: int, run: Path, *, is_resumed: bool = False, report: Report | None = None
) -> FoldResult | None:
    """Train fold `fold` of `job.source.split` into `run/fold_{fold}`, and write its predictions into `run`.

    is_resumed: go on from what `run` holds: the weights come out as if it had never been stopped. What is finished is
    not done again.
    report(step): called as clips get ready, after each epoch (with its record) and as predictions are made; what it
    raises ends the training. None in the processes other than the first, where the user started several.
    Raises TrainError, DataError, WriteError, each one sentence.
    """
    report = report or ignore
    place = FoldPlace(run / f"fold_{fold}")
    if place.state.exists() and not is_resumed:
        raise TrainError(
            f"{place.folder} holds a training already; go on with it by --resume, or choose another folder."
        )
    with torch.random.fork_rng(devices=[]):
        task = _opened(job, fold, place, report)
        _hold_config(run, task.config)
        _check_same(task)
        done = _finished(task, run)
        if done is not None:
            return done
        total = task.config.train.epochs

        def told(news: EpochRecord | BatchesDone) -> None:
            if isinstance(news, BatchesDone):
                report(Step(fold, "batches", news.done, news.total))
            else:
                report(Step(fold, "epochs", news.epoch + 1, total, news))

        if not fit(_module(task), place, task.writer, job.machine, told):
            return None
        return _predicted(task, run, job, report)


def _opened(job: TrainJob, fold: int, place: FoldPlace, report: Report) -> FoldTask:
    clips = open_clips(job, fold, report)
    config = fitted_config(config_with_weights(job.config, job.source.encoder_weights), clips.settings)
    network = new_network(config, job.source.encoder_weights)
    data: dict[str, Any] = {part: clips.dataset(part) for part in PARTS}
    if config.encoder.frozen:
        views = StoredViews(_augmentation(config), config.data.feature_views, config.train.seed)
        device = "cuda" if job.machine.accelerator != "cpu" and torch.cuda.is_available() else "cpu"
        settings = EncodeSettings(views, config.train.precision, device)
        for part, table in clips.tables.parts().items():
            cache = FeatureCache(network.encoder, clips.stores[part], job.source.cache_folder, settings)  # type: ignore[arg-type]
            data[part] = FeatureDataset(table, cache, is_augmented=part == "train")
            data[part].fill(lambda done, total: report(Step(fold, "features", done, total)))
    return FoldTask(fold, config, place, clips, data, network)


def _augmentation(config: TrainConfig) -> AugmentationOptions:
    data = config.data
    return AugmentationOptions(data.flip, data.rotation_degrees, data.rotation, data.legacy_rotation)


def _module(task: FoldTask) -> FitModule:
    config, tables = task.config, task.clips.tables
    loss = ClipLoss(config.loss, positive_weight(config.loss, tables.train.labels))
    n = len(tables.valid)
    if config.data.drop_last_valid and n >= config.train.batch_size:
        n -= n % config.train.batch_size
    data = FitData(task.data["train"], task.data["valid"], tables.valid.labels[:n], task.clips.settings.preprocessing)
    return FitModule(task.network, config, loss, data)


def _hold_config(run: Path, config: TrainConfig) -> None:
    """Writes it. Raises TrainError when the run was begun with another, naming what is different."""
    path = run / CONFIG_NAME
    if path.exists() and any(run.glob("fold_*/checkpoints/last.ckpt")):
        changed = differences(read_config(path), config)
        if changed:
            raise TrainError(
                f"{run} was begun with another config: {'; '.join(changed[:4])}{' ...' if changed[4:] else ''}. Repeat "
                f"the command as it was, or choose another folder."
            )
        return
    make_folder(run)
    write_whole(path, config_toml(config).encode())


def _check_same(task: FoldTask) -> None:
    """Raises TrainError when the folder was begun with other clips, or another split."""
    make_folder(task.place.folder)
    path = task.place.folder / FACTS_NAME
    tables = task.clips.tables
    facts = {
        "split_sha256": {part: table.digest() for part, table in tables.parts().items()},
        "data_sha256": task.clips.digest(),
        "clips": {part: len(table) for part, table in tables.parts().items()},
        "clip_shape": list(task.clips.settings.shape),
    }
    if task.place.state.exists() and path.exists():
        held = json.loads(path.read_text(encoding="utf-8"))
        changed = [name for name in facts if held.get(name) != facts[name]]
        if changed:
            raise TrainError(
                f"{task.place.folder} was begun with other clips or another split ({', '.join(changed)} changed); give "
                f"those, or choose another folder."
            )
    write_whole(path, (json.dumps(facts, indent=1) + "\n").encode())


def _predicted(task: FoldTask, run: Path, job: TrainJob, report: Report) -> FoldResult:
    """Predictions of the best network, its final thresholds, and the mark that the fold is finished, last."""
    held = load_checkpoint(task.place.best)
    config, tables = task.config, task.clips.tables
    device = "cuda" if job.machine.accelerator != "cpu" and torch.cuda.is_available() else "cpu"
    network = held.network.to(device)
    files = _files(task, run)
    total, before = len(tables.valid) + len(tables.test), 0
    scores = {}
    for part in ("valid", "test"):
        table = tables.parts()[part]

        def told(done: int, before: int = before) -> None:
            report(Step(task.fold, "predictions", before + done, total))

        scores[part] = probabilities(network, task.data[part], held.preprocessing, config.train.batch_size, told)
        before += len(table)
        make_folder(files[part].parent)
        write_whole(files[part], predictions_csv(table, scores[part], config.network.label).encode())
        write_whole(task.place.folder / f"truth_{part}.csv", truth_csv(table).encode())
    # Validation may have run in bf16, or in other batches: thresholds belong to the numbers in the files.
    thresholds = chosen_thresholds(config, tables.valid, scores["valid"])
    record = EpochRecord(**held.metadata["training"]["best epoch"])
    task.writer.write(network.cpu(), record, thresholds, held_out_metrics(tables.test, scores["test"]))
    n_epochs = len(task.place.metrics.read_text(encoding="utf-8").splitlines()) - 1
    result = {"best": asdict(record), "n_epochs": n_epochs, "reasons": [one.reason for one in thresholds if one.reason]}
    write_whole(task.place.folder / RESULT_NAME, (json.dumps(result, indent=1) + "\n").encode())
    return FoldResult(task.fold, task.place.best, record, n_epochs, files["test"], files["valid"])


def _files(task: FoldTask, run: Path) -> dict[str, Path]:
    name = f"{task.config.network.label}_fold{task.fold}.csv"
    return {"test": run / name, "valid": run / VALID_FOLDER / name}


def _finished(task: FoldTask, run: Path) -> FoldResult | None:
    path, files = task.place.folder / RESULT_NAME, _files(task, run)
    if not path.exists() or not all(file.exists() for file in (task.place.best, *files.values())):
        return None
    held = json.loads(path.read_text(encoding="utf-8"))
    best = EpochRecord(**held["best"])
    return FoldResult(task.fold, task.place.best, best, held["n_epochs"], files["test"], files["valid"])
