"""Thresholds from validation files: per fold, pooled for ensembles, and read back by `luv evaluate`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from luv_viewer.cli import main
from tests.training.builders_predictions import PATTERNS, write_cohort
from training.evaluate import EvaluationError, read_thresholds
from training.evaluate.threshold_choice import choose_thresholds, thresholds_csv
from training.statistics import f1_threshold, youden_threshold


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Each fold has predictions of its own half of the clips only."""
    path = write_cohort(tmp_path, models=("net",))
    for fold in range(2):
        table = pd.read_csv(tmp_path / f"net_fold{fold}.csv")
        half = table["clip_id"].str[1:].astype(int) % 2 == fold
        table[half].to_csv(tmp_path / f"net_fold{fold}.csv", index=False)
    return path


def _fold(folder: Path, fold: int, pattern: str) -> tuple[np.ndarray, np.ndarray]:
    values = pd.read_csv(folder / f"net_fold{fold}.csv").set_index("clip_id")
    labels = pd.read_csv(folder / "truth.csv").set_index("clip_id").loc[values.index]
    return labels[pattern].to_numpy(), values[f"net_{pattern}"].to_numpy()


def test_a_fold_has_its_own_and_the_ensembles_those_of_all_clips(truth: Path) -> None:
    files = sorted(truth.parent.glob("net_fold*.csv"))
    chosen = {(one.fold, one.pattern): one.threshold for one in choose_thresholds(truth, files, PATTERNS)}
    assert len(chosen) == 4 * len(PATTERNS)
    for pattern in PATTERNS:
        halves = [_fold(truth.parent, fold, pattern) for fold in range(2)]
        assert [chosen[str(fold), pattern] for fold in range(2)] == [youden_threshold(*half) for half in halves]
        pooled = youden_threshold(*(np.concatenate(column) for column in zip(*halves, strict=True)))
        assert chosen["mean probability", pattern] == chosen["mean logit", pattern] == pooled


def test_the_file_is_read_back_exactly(truth: Path) -> None:
    files = sorted(truth.parent.glob("net_fold*.csv"))
    chosen = choose_thresholds(truth, files, PATTERNS, "f1")
    path = truth.parent / "thresholds.csv"
    path.write_text(thresholds_csv(chosen), encoding="utf-8")
    found = read_thresholds(path, PATTERNS)
    assert set(found) == {("net", fold) for fold in ("0", "1", "mean probability", "mean logit")}
    expected = [f1_threshold(*_fold(truth.parent, 1, pattern)).value for pattern in PATTERNS]
    assert found["net", "1"].tolist() == expected


def test_clips_outside_the_truth_are_refused(truth: Path) -> None:
    path = truth.parent / "net_fold0.csv"
    path.write_text(path.read_text().replace("\nc", "\nx"))
    with pytest.raises(EvaluationError, match="net, fold 0 has no clip of the truth"):
        choose_thresholds(truth, [path], PATTERNS)


def test_the_command_and_what_evaluate_makes_of_it(truth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(path) for path in sorted(truth.parent.glob("net_fold*.csv"))]
    out = truth.parent / "thresholds.csv"
    assert main(["thresholds", str(truth), *files, "-o", str(out), "--rule", "legacy_threshold_shift"]) == 0
    assert "16 thresholds" in capsys.readouterr().out
    other = truth.parent / "test"
    other.mkdir()
    test_truth = write_cohort(other, models=("net",), seed=1)
    predicted = [str(path) for path in sorted(other.glob("net_fold*.csv"))]
    arguments = ["evaluate", str(test_truth), *predicted, "--thresholds", str(out), "--resamples", "2"]
    assert main([*arguments, "-o", str(other / "out")]) == 0
    calls = pd.read_csv(other / "out" / "classification.csv", dtype={"fold": str})
    row = calls[(calls["fold"] == "mean logit") & (calls["of"] == "B-line")].iloc[0]
    assert row["threshold"] == pytest.approx(read_thresholds(out, PATTERNS)["net", "mean logit"][1], rel=1e-5)


def test_what_cannot_be_chosen_is_said(truth: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.read_csv(truth)
    table["A-line"] = 1
    table.to_csv(truth, index=False)
    out = truth.parent / "thresholds.csv"
    assert main(["thresholds", str(truth), str(truth.parent / "net_fold0.csv"), "-o", str(out)]) == 0
    assert "note: net, fold 0, A-line: there are no positive or no negative cases" in capsys.readouterr().err
    assert read_thresholds(out, PATTERNS)["net", "0"][0] == 0.5
    assert main(["thresholds", str(out), str(truth.parent / "net_fold0.csv"), "-o", str(out)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
