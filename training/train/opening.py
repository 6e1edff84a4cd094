"""The data of a fold, and a network that fits them, before the first epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from luv_viewer.io import open_study
from luv_viewer.io.errors import StudyError
from model import build_network, load_checkpoint
from model.errors import CheckpointError, WeightFileError
from model.networks.encoders import load_encoder_weights
from model.preprocessing import Preprocessing
from model.registry import option_defaults
from model.weight_files import read_weight_file
from training.data.clip_dataset import ClipDataset
from training.data.clip_table import TableOptions
from training.data.fold import FoldTables, read_fold
from training.data.frame_store import FrameStore, StoreSettings, open_frame_store
from training.train.config import SIZE_OPTIONS, TrainConfig
from training.train.errors import TrainError
from training.train.job import Report, Stage, Step, TrainJob


@dataclass(frozen=True, eq=False)
class FoldClips:
    """The clips of a fold, decoded. stores: by part, as `tables.parts()`."""

    tables: FoldTables
    stores: dict[str, FrameStore]
    settings: StoreSettings

    def dataset(self, part: str) -> ClipDataset:
        """The clips of a part as they are."""
        return ClipDataset(self.tables.parts()[part], self.stores[part])

    def digest(self) -> str:
        """SHA-256 (hex) of all rows and all grey levels."""
        told = [self.tables.parts()[part].digest() + store.digest() for part, store in self.stores.items()]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()


def open_clips(job: TrainJob, fold: int, report: Report) -> FoldClips:
    """Tables checked, clips decoded where the cache lacks them. Raises DataError, TrainError, WriteError."""
    source = job.source
    data = job.config.data
    options = TableOptions(unlabelled=data.unlabelled, no_finding=data.no_finding)
    tables = read_fold(source.split, fold, source.clips, options=options)
    length, size = clip_shape(tables.train.files[0])
    settings = StoreSettings(Preprocessing(size, data.channel_rule), length, job.machine.workers)
    parts = tables.parts()
    total, before = sum(map(len, parts.values())), 0
    stores = {}
    for part, table in parts.items():
        told = _counted(report, fold, "clips", before, total)
        stores[part] = open_frame_store(table.files, source.cache_folder, settings, told)
        before += len(table)
    return FoldClips(tables, stores, settings)


def clip_shape(file: Path) -> tuple[int, int]:
    """Frames and side (pixels) of a clip. Raises TrainError unless it is one square video."""
    try:
        study = open_study(file)
    except StudyError as error:
        raise TrainError(str(error)) from error
    try:
        if len(study.videos) != 1:
            raise TrainError(f"{file.name} holds {len(study.videos)} videos; one clip was expected.")
        video = study.videos[0]
        if video.width != video.height:
            raise TrainError(
                f"{file.name} is {video.width} x {video.height} pixels; clips of luv prepare clips are square."
            )
        return video.n_frames, video.width
    finally:
        study.close()


def fitted_config(config: TrainConfig, settings: StoreSettings) -> TrainConfig:
    """The config with a network for clips of this size. Raises TrainError where another was asked for."""
    length, side, _ = settings.shape
    wanted = {"clip_length": length, "size": side, "height": side, "width": side}
    options = dict(config.network.options)
    for name in SIZE_OPTIONS:
        if name not in options:
            continue
        if options[name] not in (option_defaults(config.network.name)[name], wanted[name]):
            raise TrainError(
                f"network.{name} is {options[name]}, but the clips have {wanted[name]}; leave it out, or prepare other "
                f"clips."
            )
        options[name] = wanted[name]
    return replace(config, network=replace(config.network, options=options))


def config_with_weights(config: TrainConfig, file: Path | None) -> TrainConfig:
    """The config with name and digest of the encoder's file. Raises TrainError when it cannot be read."""
    if file is None:
        return replace(config, encoder=replace(config.encoder, weights="", weights_sha256=""))
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise TrainError(f"{file} cannot be read: {error.strerror or error}.") from error
    return replace(config, encoder=replace(config.encoder, weights=file.name, weights_sha256=digest))


def new_network(config: TrainConfig, encoder_weights: Path | None) -> nn.Module:
    """The network with the weights of the config's seed, and the encoder's from a file. Raises TrainError.

    encoder_weights: a state dict of torchvision or timm, or a checkpoint with the same encoder.
    """
    torch.manual_seed(config.train.seed)
    network = build_network(config.network.name, **config.network.options)
    if encoder_weights is None:
        return network
    try:
        if read_weight_file(encoder_weights).get("format") is None:
            load_encoder_weights(network.encoder, encoder_weights)  # type: ignore[arg-type]
        else:
            held = load_checkpoint(encoder_weights)
            mine, theirs = config.network.options.get("encoder"), held.network_options.get("encoder")
            if mine != theirs:
                raise TrainError(f"{encoder_weights.name} holds the encoder {theirs}, and the network has {mine}.")
            network.encoder.load_state_dict(held.network.encoder.state_dict())  # type: ignore[union-attr]
    except (WeightFileError, CheckpointError) as error:
        raise TrainError(str(error)) from error
    return network


def _counted(report: Report, fold: int, stage: Stage, before: int, total: int) -> Callable[[int, int], None]:
    def told(done: int, part_total: int) -> None:
        report(Step(fold, stage, before + done, total))

    return told
