"""The whole chain on synthetic patients: what is run, what is said of the result, and once from end to end."""

from __future__ import annotations

from pathlib import Path

import pytest

from luv_viewer.cli import cli, main
from luv_viewer.commands.examples import examples_of
from training.rehearsal import (
    MACRO_BY_MEAN,
    PLAIN,
    REPORT,
    TEMPORAL,
    USVN,
    Rehearsal,
    RehearsalError,
    command_lines,
    read_outcome,
)

PATTERNS = ("A-line", "B-line", "Consolidation", "Pleural effusion")


def tables(folder: Path, areas: dict[str, tuple[float, ...]]) -> Path:
    """What `luv evaluate` writes, as far as it is read."""
    (folder / "evaluation").mkdir(parents=True)
    lines = [f"{m},0,{p},{a}" for m, row in areas.items() for p, a in zip(PATTERNS, row, strict=True)]
    (folder / "evaluation" / "areas.csv").write_text("\n".join(["model,fold,pattern,auc", *lines]), encoding="utf-8")
    means = [f"{m},0,{MACRO_BY_MEAN},{sum(row) / 4}" for m, row in areas.items()]
    others = [f"{m},0,micro: pooled scores,0.1" for m in areas]
    text = "\n".join(["model,fold,method,auc", *others, *means])
    (folder / "evaluation" / "averages.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("areas", "goal", "order"),
    [
        ({TEMPORAL: (0.96, 0.5, 0.5, 0.95), PLAIN: (0.9,) * 4, USVN: (0.8,) * 4}, "reaches", "worse than"),
        ({TEMPORAL: (0.96, 0.9, 0.9, 0.94), PLAIN: (0.9,) * 4, USVN: (0.8,) * 4}, "misses", "better than"),
        ({TEMPORAL: (1.0,) * 4, PLAIN: (1.0,) * 4, USVN: (0.8,) * 4}, "reaches", "equals"),
        ({TEMPORAL: (float("nan"), 1, 1, 1), PLAIN: (1.0,) * 4, USVN: (0.8,) * 4}, "misses", "than"),
    ],
)
def test_the_outcome_is_told_as_it_was_found(
    areas: dict[str, tuple[float, ...]], goal: str, order: str, tmp_path: Path
) -> None:
    reached, ordering = read_outcome(tables(tmp_path / "run", areas)).sentences()
    assert goal in reached
    assert f"{areas[TEMPORAL][0]:.3f}" in reached
    assert order in ordering
    assert "0.800" in ordering


def test_a_model_that_is_missing_in_the_tables_is_said(tmp_path: Path) -> None:
    tables(tmp_path / "run", {TEMPORAL: (1.0,) * 4})
    for folder in (tmp_path / "run", tmp_path / "none"):
        with pytest.raises(RehearsalError, match="not those of a rehearsal"):
            read_outcome(folder)


def test_the_commands_differ_only_in_the_encoder(tmp_path: Path) -> None:
    ours = command_lines(Rehearsal(tmp_path))
    paper = command_lines(Rehearsal(tmp_path, encoder="densenet161", weights="", freezes=False))
    assert [line[:2] for line in ours] == [line[:2] for line in paper]
    for one, other in zip(ours, paper, strict=True):
        changed = set(one) ^ set(other)
        expected = {"mobilenet_v2", "densenet161", "--encoder-weights", "bundled", "--freeze-encoder"}
        expected.add("data.feature_views=1")
        assert changed == (expected if one[1] == "train" else set())


def test_random_weights_cannot_be_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="random weights has to be trained"):
        Rehearsal(tmp_path, weights="")
    with pytest.raises(ValueError, match="patients must be at least 12, got 3"):
        Rehearsal(tmp_path, patients=3)


def test_the_whole_chain_runs_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "rehearsal"
    (example,) = examples_of(cli.commands["rehearse"])
    command = [str(folder) if word == "rehearsal" else word for word in example.split()[1:]]
    assert main(command) == 0
    told = capsys.readouterr()
    assert "LUV-Net on patients it has not seen: AUC A-line 0." in told.out or "1.000" in told.out
    assert "[9 of 9" in told.err
    page = (folder / REPORT).read_text(encoding="utf-8")
    assert all(model in page for model in (TEMPORAL, PLAIN, USVN))
    assert len((folder / "commands.sh").read_text(encoding="utf-8").splitlines()) == 9
    weights = (folder / TEMPORAL / "fold_0" / "best.pt").stat().st_mtime_ns
    assert main(command) == 0
    assert (folder / TEMPORAL / "fold_0" / "best.pt").stat().st_mtime_ns == weights
    assert capsys.readouterr().out.splitlines()[-3:-1] == told.out.splitlines()[-3:-1]
