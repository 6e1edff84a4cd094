"""A fold: resumed, stopped early, on several processes, with every switch, and when memory or numbers run out."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from luv_viewer.cli import INTERRUPTED, main
from tests.training.train.builders_train import arguments_of, job_of
from training.train.errors import TrainError
from training.train.fold import FoldResult, train_fold
from training.train.job import Step, TrainJob
from training.train.module import FitModule
from training.train.scores import EpochRecord


def _trained(job: TrainJob, run: Path, **how: Any) -> tuple[FoldResult, list[EpochRecord]]:
    records: list[EpochRecord] = []

    def told(step: Step) -> None:
        if step.record is not None:
            records.append(step.record)

    result = train_fold(job, 0, run, report=told, **how)
    assert result is not None
    return result, records


def _stop_in(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    """Ctrl+C in the second batch of an epoch."""
    step = FitModule.training_step

    def stopping(self: FitModule, batch: Any, batch_idx: int) -> Tensor:
        if self.current_epoch == epoch and batch_idx == 1:
            raise KeyboardInterrupt
        return step(self, batch, batch_idx)

    monkeypatch.setattr(FitModule, "training_step", stopping)


def _state(run: Path) -> dict[str, Any]:
    held: dict[str, Any] = torch.load(run / "fold_0" / "checkpoints" / "last.ckpt", weights_only=True)
    return held


@pytest.mark.parametrize(
    "changes",
    [{}, {"encoder.frozen": True, "data.feature_views": 1, "train.schedule": "plateau", "train.plateau_patience": 0}],
    ids=["frames", "features"],
)
def test_a_run_stopped_in_an_epoch_goes_on_to_the_same_weights_bit_for_bit(
    split_root: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    job = job_of(split_root, {**changes, "train.epochs": 3, "train.keep_every_s": 0.0})
    whole, records = _trained(job, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        _stop_in(patch, epoch=2)
        with pytest.raises(KeyboardInterrupt):
            train_fold(job, 0, tmp_path / "stopped")
    resumed, rest = _trained(job, tmp_path / "stopped", is_resumed=True)
    assert [record.epoch for record in rest] == [2]
    assert rest == records[2:]
    assert resumed.best == whole.best
    one, other = _state(tmp_path / "whole"), _state(tmp_path / "stopped")
    assert one["luv"] == other["luv"]
    assert all(torch.equal(tensor, other["state_dict"][key]) for key, tensor in one["state_dict"].items())
    for name in ("luv_net_fold0.csv", "valid/luv_net_fold0.csv", "fold_0/metrics.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes()


def test_ctrl_c_ends_the_command_so_that_it_can_go_on(
    split_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = arguments_of(split_root, tmp_path / "run", "--set", "encoder.frozen=true", "--set", "data.rotation=0.0")
    with pytest.MonkeyPatch.context() as patch:
        _stop_in(patch, epoch=1)
        assert main(asked) == INTERRUPTED
    assert "Stopped." in capsys.readouterr().err
    assert main([*asked, "--resume"]) == 0
    assert "best of 2 epochs" in capsys.readouterr().out


def test_training_stops_when_epoch_minus_best_reaches_the_patience(split_root: Path, tmp_path: Path) -> None:
    # Steps far below what float32 can add leave the loss as it is: the first epoch stays the best.
    still = {"train.lr": 1e-12, "train.patience": 2, "train.epochs": 9, "data.flip": 0.0, "data.rotation": 0.0}
    job = job_of(split_root, {**still, "network.encoder": "mobilenet_v2", "encoder.frozen": True}, "usvn")
    result, records = _trained(job, tmp_path / "run")
    assert [record.epoch for record in records] == [0, 1, 2]
    assert (result.best.epoch, result.n_epochs) == (0, 3)
    for _ in ("finished", "killed before the predictions"):
        again, none = _trained(job, tmp_path / "run", is_resumed=True)
        assert (again, none) == (result, [])
        (tmp_path / "run" / "fold_0" / "result.json").unlink()


def test_two_processes_train_as_one(split_root: Path, tmp_path: Path) -> None:
    # Batch norm as it starts, and a head without dropout: what is left is the sum of gradients, in another order.
    equal = {"train.freeze_batch_norm": True, "network.head": "text"}
    _, one = _trained(job_of(split_root, equal), tmp_path / "one")
    result, two = _trained(job_of(split_root, equal, devices=2), tmp_path / "two")
    for alone, together in zip(one, two, strict=True):
        assert together.train_loss == pytest.approx(alone.train_loss, rel=1e-4)
        assert together.valid_loss == pytest.approx(alone.valid_loss, rel=1e-4)
    assert result.checkpoint.exists()
    assert len((tmp_path / "two" / "luv_net_fold0.csv").read_text().splitlines()) == 9


def test_eight_clips_are_learnt(split_root: Path, tmp_path: Path) -> None:
    plain = {"data.flip": 0.0, "data.rotation": 0.0, "encoder.frozen": True, "network.encoder": "resnet18"}
    _, records = _trained(job_of(split_root, {**plain, "train.lr": 1e-2, "train.epochs": 25}), tmp_path / "run")
    assert records[-1].train_loss < 0.35 * records[0].train_loss


def test_half_precision_accumulation_checkpointing_and_focal_loss_together(split_root: Path, tmp_path: Path) -> None:
    switches = {"train.precision": "bf16", "train.accumulate": 2, "encoder.checkpointing": True}
    focal = {"loss.kind": "focal", "loss.focal_gamma": 0.0, "train.epochs": 1, "network.head": "text"}
    _, (record,) = _trained(job_of(split_root, {**switches, **focal}), tmp_path / "run")
    # A network that knows nothing yet.
    assert record.train_loss == pytest.approx(math.log(2), abs=0.2)
    held = _state(tmp_path / "run")
    assert held["global_step"] == 1
    assert all(tensor.dtype != torch.bfloat16 for tensor in held["state_dict"].values())


@pytest.mark.parametrize(
    ("n_fitting", "sentence"),
    [
        (
            2,
            "A batch of 8 clips does not fit into memory, 2 do: use --batch-size 2 --accumulate 4, which takes",
        ),
        (0, "Not even one clip fits into memory (a batch of 8 was asked for): try --precision bf16, --set encoder."),
    ],
)
def test_a_batch_that_does_not_fit_into_memory(
    split_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_fitting: int, sentence: str
) -> None:
    logits = FitModule.logits

    def hungry(self: FitModule, inputs: Tensor) -> Tensor:
        if len(inputs) > n_fitting:
            torch.empty(2**55)
        return logits(self, inputs)

    monkeypatch.setattr(FitModule, "logits", hungry)
    with pytest.raises(TrainError, match=re.escape(sentence)):
        train_fold(job_of(split_root, {"train.batch_size": 8}), 0, tmp_path / "run")


def test_a_loss_that_is_no_number_is_said(split_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FitModule, "logits", lambda self, inputs: self.network(inputs.float())[0] * math.nan)
    with pytest.raises(TrainError, match=r"The loss of epoch 0 is not a number .* lower train\.lr"):
        train_fold(job_of(split_root), 0, tmp_path / "run")


def test_what_report_raises_ends_the_training(split_root: Path, tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def told(step: Step) -> None:
        if step.stage == "epochs":
            raise Enough

    with pytest.raises(Enough):
        train_fold(job_of(split_root), 0, tmp_path / "run", report=told)
