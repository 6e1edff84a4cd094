"""`luv train` as a user runs it: what it leaves, that the other commands read it, what it refuses."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from luv_viewer.cli import main
from luv_viewer.commands.train_options import ENCODERS as OFFERED_ENCODERS
from luv_viewer.commands.train_options import NETWORKS as OFFERED_NETWORKS
from model import load_checkpoint
from model.networks.encoders import ENCODERS
from model.registry import NETWORKS
from tests.training.train.builders_train import arguments_of
from training.data.clip_table import PATTERNS
from training.evaluate import read_thresholds
from training.train.presets import read_config


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_command_offers_what_there_is() -> None:
    assert set(OFFERED_NETWORKS) == set(NETWORKS)
    assert set(OFFERED_ENCODERS) == set(ENCODERS)


def test_a_run_leaves_everything_in_one_folder(finished_run: Path, split_root: Path) -> None:
    fold = finished_run / "fold_1"
    assert [row["epoch"] for row in _rows(fold / "metrics.csv")] == ["0", "1"]
    assert all(0 < float(row["train_loss"]) < 2 for row in _rows(fold / "metrics.csv"))
    assert any(path.stat().st_size > 0 for path in (fold / "tensorboard").iterdir())
    config = read_config(finished_run / "config.toml")
    assert (config.train.epochs, config.network.options["projection"]) == (2, 16)
    text = (finished_run / "run.json").read_text()
    assert str(split_root) not in text
    record = json.loads(text)
    assert record["folds"]["fold_0"]["clips"] == {"train": 8, "valid": 8, "test": 8}
    assert record["folds"]["fold_0"]["split_sha256"] != record["folds"]["fold_1"]["split_sha256"]
    assert record["packages"]["lightning"]


def test_evaluate_reads_it_as_it_stands(finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(finished_run.glob("*_fold*.csv"))]
    thresholds = str(finished_run / "thresholds.csv")
    asked = ["evaluate", str(finished_run / "truth_test.csv"), *files, "--thresholds", thresholds, "-o", str(tmp_path)]
    assert main([*asked, "--resamples", "5"]) == 0
    told = capsys.readouterr().out
    assert "luv_net  vote" in told
    assert "mean probability" in told


def test_thresholds_are_youdens_of_the_validation_clips(finished_run: Path) -> None:
    found = read_thresholds(finished_run / "thresholds.csv", PATTERNS)
    for fold in (0, 1):
        held = load_checkpoint(finished_run / f"fold_{fold}" / "best.pt")
        assert held.threshold_method == "Youden on validation clips"
        scores = _rows(finished_run / "valid" / f"luv_net_fold{fold}.csv")
        assert found["luv_net", str(fold)].tolist() == held.thresholds.tolist()
        for pattern, threshold in zip(held.patterns, held.thresholds.tolist(), strict=True):
            assert threshold in [float(row[f"luv_net_{pattern}"]) for row in scores]


def test_predict_gives_the_probabilities_of_the_training(finished_run: Path, split_root: Path, tmp_path: Path) -> None:
    (wanted, *_) = _rows(finished_run / "luv_net_fold0.csv")
    clip = split_root / "clips" / "clips" / f"{wanted['clip_id']}.mkv"
    network = str(finished_run / "fold_0" / "best.pt")
    assert main(["predict", str(clip), "-o", str(tmp_path), "--checkpoint", network, "--device", "torch"]) == 0
    (found,) = _rows(tmp_path / f"{wanted['clip_id']}_clips.csv")
    for pattern in ("A-line", "B-line", "Consolidation", "Pleural effusion"):
        assert float(found[pattern]) == pytest.approx(float(wanted[f"luv_net_{pattern}"]), abs=2e-6)


def test_a_checkpoint_says_what_it_is(finished_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoint", str(finished_run / "fold_0" / "best.pt")]) == 0
    told = capsys.readouterr().out
    assert "luv_net, fold 0" in told
    assert "8 clips of 2 patients" in told
    held = load_checkpoint(finished_run / "fold_0" / "best.pt")
    assert held.metadata["training"]["config"]["train"]["epochs"] == 2
    assert np.isfinite([row["auc"] for row in held.metadata["metrics"]]).all()


def test_a_finished_run_is_neither_done_again_nor_overwritten(
    finished_run: Path, split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    before = (run / "fold_0" / "best.pt").stat().st_mtime_ns
    assert main(arguments_of(split_root, run)) == 1
    assert "go on with it by --resume" in capsys.readouterr().err
    assert main(arguments_of(split_root, run, "--resume", "--set", "train.lr=0.5")) == 1
    assert "was begun with another config: train.lr is 0.001, now 0.5." in capsys.readouterr().err
    assert main(arguments_of(split_root, run, "--resume", "--fold", "all")) == 0
    assert (run / "fold_0" / "best.pt").stat().st_mtime_ns == before
    # Killed between the last epoch and the predictions: they are made, and nothing is trained.
    (run / "fold_0" / "result.json").unlink()
    (run / "luv_net_fold0.csv").unlink()
    assert main(arguments_of(split_root, run, "--resume")) == 0
    assert (run / "luv_net_fold0.csv").read_bytes() == (finished_run / "luv_net_fold0.csv").read_bytes()
    told = json.loads((run / "fold_0" / "fold.json").read_text())
    (run / "fold_0" / "fold.json").write_text(json.dumps({**told, "data_sha256": "0"}))
    assert main(arguments_of(split_root, run, "--resume")) == 1
    assert "begun with other clips or another split (data_sha256 changed)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (("--fold", "5"), "has no fold_5"),
        (("--network", "swin"), "there is no setting network.encoder of swin"),
        (("--set", "train.rate=3"), "there is no setting train.rate; the nearest is train.patience."),
        (("--devices", "3"), "A batch of 4 clips cannot be shared by 3 processes"),
        (
            ("--encoder", "resnet50", "--set", "network.encoder=resnet50", "--encoder-weights", "bundled"),
            "holds the encoder mobilenet_v2, and the network has resnet50",
        ),
        (("--accelerator", "gpu"), "This machine cannot train so: "),
        (("--encoder-weights", "nowhere.pth"), "nowhere.pth cannot be read: No such file or directory."),
        (("--set", "network.kernel_size=4"), "network: kernel_size must be odd and positive, got 4."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    split_root: Path, tmp_path: Path, more: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments_of(split_root, tmp_path / "run", *more)) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert sentence in last


def test_networks_for_one_size_follow_the_clips(split_root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    small = {"network.depth": 1, "network.embedding": 12, "network.n_heads": 1, "network.head_width": 4}
    settings = [word for key, value in small.items() for word in ("--set", f"{key}={value}")]
    asked = arguments_of(split_root, run, "--network", "vivit", "--name", "vivit small")
    quick = [word for word in asked if not word.startswith("network.")]
    quick = [word for i, word in enumerate(quick) if word != "--set" or quick[i + 1].startswith("train.")]
    assert main([*quick, *settings, "--epochs", "1"]) == 0
    held = load_checkpoint(run / "fold_0" / "best.pt")
    assert (held.network_options["size"], held.network_options["clip_length"], held.clip_length) == (32, 4, 4)
    assert "vivit small_A-line" in (run / "vivit small_fold0.csv").read_text()
