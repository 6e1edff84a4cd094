"""The presets say what the table of decisions says; settings are checked, and a config survives its file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from model.registry import NETWORKS
from training.train.errors import TrainError
from training.train.job import Machine, TrainJob, TrainSource
from training.train.presets import (
    PRESETS,
    config_tables,
    config_toml,
    differences,
    parse_changes,
    read_config,
    resolve_config,
)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_fits_every_network_and_survives_its_file(preset: str, network: str, tmp_path: Path) -> None:
    # The largest encoder says no more about a preset, and takes longest to build.
    small = {"network.encoder": "resnet18"} if network in ("luv_net", "usvn", "frame_net", "cnn_lstm") else {}
    config = resolve_config(preset, small, network)
    (tmp_path / "config.toml").write_text(config_toml(config))
    assert read_config(tmp_path / "config.toml") == config


@pytest.mark.parametrize(
    ("preset", "network", "wanted"),
    [
        ("default", "luv_net", {"train.epochs": 150, "train.patience": 50, "network.head": "code"}),
        ("default", "luv_net", {"train.schedule": "none", "train.threshold_rule": "youden", "train.lr": 1e-6}),
        ("default", "usvn", {"train.epochs": 150, "train.patience": 50, "train.schedule": "none"}),
        ("default", "cnn_lstm", {"network.n_layers": 1, "network.axis_order": "batch_first"}),
        ("default", "r2plus1d", {"network.layers": (3, 4, 6, 3)}),
        ("paper-text", "luv_net", {"train.epochs": 150, "train.patience": 50, "network.head": "text"}),
        ("paper-text", "cnn_lstm", {"network.n_layers": 1, "train.schedule": "none"}),
        ("paper-code", "luv_net", {"train.epochs": 151, "train.patience": 20, "train.schedule": "none"}),
        ("paper-code", "luv_net", {"train.threshold_rule": "legacy_threshold_shift", "data.drop_last_valid": True}),
        ("paper-code", "luv_net", {"data.legacy_rotation": False, "data.channel_rule": "channel0"}),
        ("paper-code", "usvn", {"train.epochs": 101, "train.patience": 10, "train.schedule": "plateau"}),
        ("paper-code", "swin", {"train.patience": 30, "train.plateau_factor": 0.1, "train.plateau_patience": 3}),
        ("paper-code", "cnn_lstm", {"network.n_layers": 3, "network.axis_order": "legacy"}),
        ("paper-code", "frame_net", {"data.flip": 0.0, "data.rotation": 0.0, "train.schedule": "plateau"}),
    ],
)
def test_decisions(preset: str, network: str, wanted: dict[str, Any]) -> None:
    small = {"network.encoder": "resnet18"} if network in ("luv_net", "usvn", "frame_net", "cnn_lstm") else {}
    tables = config_tables(resolve_config(preset, small, network))
    found = {key: tables[key.split(".")[0]][key.split(".")[1]] for key in wanted}
    assert found == wanted


def test_a_file_of_ones_own_builds_on_a_preset_and_changes_win(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('preset = "paper-code"\n[network]\nname = "usvn"\nencoder = "resnet18"\n[train]\nlr = 1e-4\n')
    config = resolve_config(str(mine), {"train.seed": 7})
    assert (config.network.name, config.train.lr, config.train.patience, config.train.seed) == ("usvn", 1e-4, 10, 7)


def test_what_is_different_is_named() -> None:
    one = resolve_config("default", {"network.encoder": "resnet18"})
    two = resolve_config("default", {"network.encoder": "resnet18", "train.lr": 1e-5})
    assert differences(one, two) == ["train.lr is 1e-06, now 1e-05"]
    assert differences(one, one) == []


@pytest.mark.parametrize(
    ("changes", "network", "sentence"),
    [
        ({"train.patiense": 3}, None, "there is no setting train.patiense; the nearest is train.patience."),
        ({"trian.lr": 3.0}, None, "There is no setting 'trian.lr'; the nearest is train.lr."),
        ({"network.kernelsize": 3}, None, "network.kernelsize of luv_net; the nearest is network.kernel_size."),
        ({"network.pool": "max"}, "swin", "there is no setting network.pool of swin; known are network.name, network"),
        ({}, "usnv", "There is no network 'usnv'; the nearest is usvn."),
        ({"train.epochs": 1.5}, None, "train.epochs must be a whole number, got 1.5."),
        ({"train.epochs": 0}, None, "train.epochs must lie from 1 to 1e+06, got 0."),
        ({"encoder.frozen": "yes"}, None, "encoder.frozen must be true or false, got 'yes'."),
        ({"train.schedule": "cosine"}, None, "train.schedule must be one of none, plateau, got 'cosine'."),
        ({"network.n_heads": 7}, None, "network: n_heads must divide the 2208 features of a frame, got 7."),
        ({"network.n_patterns": 5}, None, "network.n_patterns must be 4: the clips have A-line, B-line, Consolidation"),
        ({"encoder.frozen": True}, "swin", "swin has no frame encoder, so encoder.frozen cannot be used with it."),
        ({"encoder.frozen": True}, "b_line_net", "b_line_net looks at where in a frame its encoder finds something"),
        ({"encoder.frozen": True, "encoder.checkpointing": True}, "usvn", "saves nothing beside encoder.frozen"),
    ],
)
def test_what_does_not_fit_is_one_sentence(changes: dict[str, Any], network: str | None, sentence: str) -> None:
    with pytest.raises(TrainError, match=re.escape(sentence)):
        resolve_config("default", changes, network)


@pytest.mark.parametrize("preset", ["paper", "nowhere.toml"])
def test_a_preset_that_there_is_not(preset: str) -> None:
    with pytest.raises(
        TrainError, match=r"There is no preset 'paper'; the nearest is paper-|nowhere.toml cannot be read"
    ):
        resolve_config(preset)


def test_an_unknown_table_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[tarin]\nlr = 1e-4\n")
    with pytest.raises(TrainError, match=r"mine.toml has an unknown table or key 'tarin'; the nearest is train\."):
        resolve_config(str(tmp_path / "mine.toml"))


def test_a_change_without_a_value() -> None:
    with pytest.raises(TrainError, match="'lr' does not say what to set"):
        parse_changes(["lr"])


def test_a_batch_must_be_shared_evenly(tmp_path: Path) -> None:
    config = resolve_config("default", {"network.encoder": "resnet18"})
    with pytest.raises(TrainError, match="A batch of 4 clips cannot be shared by 3 processes"):
        TrainJob(config, TrainSource(tmp_path, tmp_path), Machine("cpu", devices=3))
