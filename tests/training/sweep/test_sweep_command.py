"""`luv sweep` as a user runs it, with a network that trains in a moment."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from luv_viewer.commands.sweep_group import sweep
from luv_viewer.commands.train_options import train
from tests.training.sweep.builders_sweep import PATTERNS, SMALL, Cohort, Swept, run
from training.evaluate import EvaluationOptions, evaluate
from training.sweep.plan import SweepBase, plan_sweep
from training.sweep.run import SweepJob, SweepStep, run_sweep
from training.train.job import Machine, TrainSource
from training.train.presets import parse_changes, read_config


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _trained(folder: Path) -> dict[str, int]:
    """When each network was written."""
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.rglob("best.pt"))}


def test_every_value_is_a_run_and_all_are_one_table(kernels: Swept) -> None:
    assert kernels.status == 0, kernels.told
    points = kernels.folder / "points"
    assert {path.name for path in points.iterdir()} == {"kernel_1", "kernel_3"}
    for size in (1, 3):
        assert read_config(points / f"kernel_{size}" / "config.toml").network.options["kernel_size"] == size
    assert sorted(_trained(kernels.folder)) == [
        f"points/kernel_{size}/fold_{fold}/best.pt" for size in (1, 3) for fold in (0, 1)
    ]
    assert [row["Kernel size"] for row in _rows(kernels.folder / "table.csv")] == ["1", "3"]
    held = json.loads((kernels.folder / "sweep.json").read_text(encoding="utf-8"))
    assert [(point["value"], point["state"]) for point in held["points"]] == [("1", "finished"), ("3", "finished")]


def test_the_numbers_are_those_of_luv_evaluate(kernels: Swept) -> None:
    points = kernels.folder / "points"
    found = evaluate(
        points / "kernel_1" / "truth_test.csv",
        sorted(points.glob("kernel_*/luv_net_kernel_*_fold*.csv")),
        PATTERNS,
        EvaluationOptions(resamples=1),
    )
    ours = {
        (row["value"], row["fold"], row["of"]): float(row["auc"])
        for row in _rows(kernels.folder / "scores.csv")
        if row["part"] == "test" and row["auc"]
    }
    assert len(found.models) == 4
    for one in found.models:
        value = one.joined.model.removeprefix("luv_net_kernel_")
        for pattern in one.per_pattern:
            assert ours[value, one.joined.fold, pattern.pattern] == pytest.approx(pattern.plain.auc, abs=1e-5)
        by_curve = ours[value, one.joined.fold, "Macro AUC (curve)"]
        assert by_curve == pytest.approx(one.averages.macro_by_curve.value, abs=1e-5)
    for row in _rows(kernels.folder / "table.csv"):
        areas = [ours[row["Kernel size"], fold, "A-line"] for fold in ("0", "1")]
        told = row["A-line"].split(" [")[0]
        assert told == f"{np.mean(areas) + 1e-12:.3f} ± {np.std(areas, ddof=1) + 1e-12:.3f}"


def test_what_it_says(kernels: Swept) -> None:
    lines = kernels.out.splitlines()
    assert lines[0].split("  ")[0] == "Kernel size"
    assert "optimistic" in kernels.out
    assert str(kernels.folder / "report.html") in kernels.out
    assert "Kernel size 1 (1 of 2): begun" in kernels.told
    assert "Kernel size 3 (2 of 2): 2 folds, macro AUC" in kernels.told
    assert "random weights" in kernels.told


def test_again_trains_nothing_anew(kernels: Swept, small_cohort: Cohort, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(kernels.folder, folder)
    before = _trained(folder)
    status, out, told = small_cohort.sweep("kernel", folder, "--values", "3,1,3", "--fold", 1)
    assert status == 0, told
    assert _trained(folder) == before
    assert [row["Kernel size"] for row in _rows(folder / "table.csv")] == ["3", "1"]
    assert [line.split()[0] for line in out.splitlines()[1:3]] == ["3", "1"]


def test_a_point_that_fails_is_named_and_the_others_go_on(kernels: Swept, small_cohort: Cohort, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(kernels.folder, folder)
    config = folder / "points" / "kernel_1" / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("lr = 0.01", "lr = 0.5"), encoding="utf-8")
    status, out, told = small_cohort.sweep("kernel", folder, "--values", "1,3", "--fold", 0)
    assert status == 1
    assert "Kernel size 1 (1 of 2) failed:" in told
    assert "train.lr is 0.5, now 0.01" in told
    assert [row["Kernel size"] for row in _rows(folder / "table.csv")] == ["3"]
    assert "Not in the table: 1." in out
    assert "train.lr is 0.5" in (folder / "report.html").read_text(encoding="utf-8")
    held = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    assert "train.lr" in held["points"][0]["state"]
    assert held["points"][1]["state"] == "finished"


def test_a_folder_with_another_sweep_is_left_alone(kernels: Swept, small_cohort: Cohort) -> None:
    before = (kernels.folder / "table.csv").read_bytes()
    status, _, told = small_cohort.sweep("heads", kernels.folder, "--values", "1,2")
    assert status == 1
    assert "holds a sweep of kernel; choose another folder for one of heads" in told
    assert (kernels.folder / "table.csv").read_bytes() == before


def _job(cohort: Cohort, values: Sequence[str]) -> SweepJob:
    given = [text for word, text in pairwise(SMALL) if word == "--set"]
    changes = parse_changes([*given, "network.encoder=mobilenet_v2", "encoder.frozen=true", "train.epochs=1"])
    source = TrainSource(cohort.split, cohort.clips, cache=cohort.cache)
    return SweepJob(
        plan_sweep("kernel", values, SweepBase(changes=changes)), lambda point: source, (0, 1), Machine("cpu")
    )


def test_stopped_in_the_second_point_it_goes_on_to_the_same_numbers(
    kernels: Swept, small_cohort: Cohort, tmp_path: Path
) -> None:
    job = _job(small_cohort, ("1", "3"))

    def stop(step: SweepStep) -> None:
        if step.number == 2 and step.step is not None and step.step.record is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(job, tmp_path, stop)
    assert [row["Kernel size"] for row in _rows(tmp_path / "table.csv")] == ["1"]
    assert "Not in the table: 3." in (tmp_path / "table.md").read_text(encoding="utf-8")
    first = _trained(tmp_path / "points" / "kernel_1")
    outcome = run_sweep(job, tmp_path)
    assert outcome.failed == ()
    assert _trained(tmp_path / "points" / "kernel_1") == first
    assert (tmp_path / "scores.csv").read_bytes() == (kernels.folder / "scores.csv").read_bytes()
    assert (tmp_path / "table.csv").read_bytes() == (kernels.folder / "table.csv").read_bytes()


def test_nothing_is_written_where_every_point_fails(small_cohort: Cohort, tmp_path: Path) -> None:
    shutil.copytree(small_cohort.clips, tmp_path / "clips")
    for path in (tmp_path / "clips" / "clips").iterdir():
        path.unlink()
    more = ("--values", "1,3", "--network", "luv_net")
    folder = tmp_path / "sweep"
    status, out, told = run(
        "sweep",
        "kernel",
        small_cohort.split,
        "--clips",
        tmp_path / "clips",
        "-o",
        folder,
        "--encoder",
        "resnet18",
        *more,
    )
    assert status == 1
    assert out == ""
    assert told.count("failed:") == 4
    assert "clips are not in" in told
    assert not (folder / "table.csv").exists()


@pytest.mark.parametrize("name", ["kernel", "heads", "clip-length", "temporal", "encoder", "pretrained"])
def test_help_has_an_example_that_the_command_takes(name: str) -> None:
    command = sweep.commands[name]
    assert command.epilog is not None
    example = command.epilog.split("\n")[0].removeprefix(f"Example: luv sweep {name} ").split()
    options = {flag for parameter in command.params for flag in parameter.opts}
    assert {word for word in example if word.startswith("-")} <= options
    values = [example[i + 1] for i, word in enumerate(example) if word == "--values"]
    changes = {"network.title": "a"} | ({} if name == "encoder" else {"network.encoder": "resnet18"})
    assert all(plan_sweep(name, text.split(","), SweepBase(changes=changes)).points for text in values)
    decided = {"folder", "is_resumed"} | {
        "clip-length": {"clips"},
        "encoder": {"encoder", "encoder_weights"},
    }.get(name, set())
    assert {parameter.name for parameter in train.params} - decided <= {parameter.name for parameter in command.params}
