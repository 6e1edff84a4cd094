"""Readers, truth and AI: all pairs, all readers together, the consensus, and `luv compare`."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from luv_viewer.cli import main
from tests.training.builders_predictions import PATTERNS, write_cohort
from training.evaluate import EvaluationError
from training.evaluate.readers import ReaderComparison, ReaderOptions, compare_readers, consensus_of
from training.statistics import fleiss_kappa


def _write_readers(folder: Path, names: tuple[str, ...] = ("r1", "r2")) -> Path:
    """Labels of readers who differ from the truth in some cases, rows in another order."""
    generator = np.random.default_rng(7)
    truth = pd.read_csv(folder / "truth.csv")
    table = {"clip_id": truth["clip_id"]}
    for place, name in enumerate(names):
        for pattern in PATTERNS:
            wrong = generator.random(len(truth)) < 0.1 * (place + 1)
            table[f"{name}_{pattern}"] = np.where(wrong, 1 - truth[pattern], truth[pattern])
    path = folder / "readers.csv"
    pd.DataFrame(table).sample(frac=1, random_state=3).to_csv(path, index=False)
    return path


def _run(folder: Path, names: tuple[str, ...] = ("r1", "r2"), **how: object) -> ReaderComparison:
    truth = write_cohort(folder, models=("net",), folds=3)
    ai = tuple(sorted(folder.glob("net_fold*.csv")))
    options = ReaderOptions(ai=ai, resamples=50, **how)  # type: ignore[arg-type]
    return compare_readers(truth, [_write_readers(folder, names)], PATTERNS, options)


def _labels(folder: Path, name: str) -> np.ndarray:
    truth = pd.read_csv(folder / "truth.csv").set_index("clip_id")
    table = pd.read_csv(folder / "readers.csv").set_index("clip_id").loc[truth.index]
    return truth[list(PATTERNS)].to_numpy() if name == "expert" else table.filter(like=f"{name}_").to_numpy()


def test_all_pairs_with_the_ai_and_the_expert(tmp_path: Path) -> None:
    found = _run(tmp_path)
    assert [(judge.name, judge.kind) for judge in found.judges] == [
        *(("expert", "truth"), ("r1", "reader"), ("r2", "reader"), ("net", "ai")),
    ]
    pairs = {(pair.first, pair.second, pair.pattern): pair for pair in found.pairs}
    assert len(pairs) == 6 * 4
    assert ("expert", "net", "A-line") in pairs
    for first, second in (("expert", "r1"), ("r1", "r2")):
        one, other = _labels(tmp_path, first), _labels(tmp_path, second)
        for p, pattern in enumerate(PATTERNS):
            pair = pairs[first, second, pattern]
            assert pair.agreement.rate == pytest.approx((one[:, p] == other[:, p]).mean())
            assert pair.kappa.kappa == pytest.approx(cohen_kappa_score(one[:, p], other[:, p]))
            assert pair.clustered.kappa == pytest.approx(pair.kappa.kappa)
            assert pair.clustered.clusters == 10


def test_the_ai_is_the_vote_of_its_folds(tmp_path: Path) -> None:
    found = _run(tmp_path)
    truth = pd.read_csv(tmp_path / "truth.csv")
    folds = [
        pd.read_csv(tmp_path / f"net_fold{f}.csv").set_index("clip_id").loc[truth["clip_id"]].to_numpy()
        for f in range(3)
    ]
    votes = sum((fold >= 0.5).astype(int) for fold in folds)
    np.testing.assert_array_equal(found.judges[-1].calls, votes >= 2)
    path = tmp_path / "thresholds.csv"
    lines = [f"net,{fold},{pattern},0.9" for fold in range(3) for pattern in PATTERNS]
    path.write_text("\n".join(["model,fold,pattern,threshold", *lines]) + "\n")
    stricter = _run(tmp_path, thresholds=path)
    votes = sum((fold >= 0.9).astype(int) for fold in folds)
    np.testing.assert_array_equal(stricter.judges[-1].calls, votes >= 2)


def test_readers_together(tmp_path: Path) -> None:
    found = _run(tmp_path, ("r1", "r2", "r3"))
    ratings = np.stack([_labels(tmp_path, name)[:, 1] for name in ("r1", "r2", "r3")])
    counts = np.stack([(ratings == 0).sum(axis=0), (ratings == 1).sum(axis=0)], axis=1)
    assert found.groups[1].fleiss == fleiss_kappa(counts)
    assert found.groups[1].alpha.value == pytest.approx(found.groups[1].fleiss.kappa, abs=0.02)
    keys = {(pair.judge, pair.consensus) for pair in found.consensus}
    assert keys == {(judge, rule) for judge in ("expert", "net") for rule in ("or", "and", "majority")}
    majority = next(pair for pair in found.consensus if (pair.judge, pair.consensus) == ("expert", "majority"))
    together = np.median([_labels(tmp_path, name)[:, 0] for name in ("r1", "r2", "r3")], axis=0)
    assert majority.agreement.rate == pytest.approx((_labels(tmp_path, "expert")[:, 0] == together).mean())


def test_a_consensus_of_two_has_no_majority(tmp_path: Path) -> None:
    assert {pair.consensus for pair in _run(tmp_path).consensus} == {"or", "and"}
    calls = np.array([[1, 0, 0], [1, 1, 0]])
    assert consensus_of(calls, "or").tolist() == [1, 1, 0]
    assert consensus_of(calls, "and").tolist() == [1, 0, 0]


def test_one_reader_is_no_group(tmp_path: Path) -> None:
    found = _run(tmp_path, ("r1",), level="video")
    assert (found.groups, found.consensus, found.n) == ((), (), 20)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    truth = write_cohort(tmp_path, models=("net", "other"), folds=1)
    files = sorted(tmp_path.glob("*_fold0.csv"))
    with pytest.raises(EvaluationError, match="labels of net must be 0 or 1"):
        compare_readers(truth, files[:1], PATTERNS)
    with pytest.raises(EvaluationError, match="one model, got net, other"):
        compare_readers(truth, [], PATTERNS, ReaderOptions(ai=tuple(files)))
    with pytest.raises(EvaluationError, match="nobody"):
        compare_readers(truth, [], PATTERNS)
    with pytest.raises(EvaluationError, match="r1 names more than one judge"):
        compare_readers(truth, [_write_readers(tmp_path)], PATTERNS, ReaderOptions(truth_name="r1"))


def test_the_command_writes_tables_and_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_cohort(tmp_path, models=("net",), folds=1)
    readers = _write_readers(tmp_path)
    arguments = ["compare", str(truth), str(readers), "--ai", str(tmp_path / "net_fold0.csv"), "--resamples", "20"]
    assert main([*arguments, "-o", str(tmp_path / "out")]) == 0
    tables = {f"{name}{suffix}" for name in ("pairs", "readers", "consensus") for suffix in (".csv", ".md", ".tex")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == tables | {"kappa.png", "report.html"}
    with (tmp_path / "out" / "pairs.csv").open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 24
    assert "expert - net" in capsys.readouterr().out
    assert "10 clusters (one per patient)" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_command_says_one_sentence_for_files_that_do_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = write_cohort(tmp_path, models=("net",), folds=1)
    assert main(["compare", str(truth), str(tmp_path / "net_fold0.csv"), "-o", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "the labels of net must be 0 or 1; name probabilities with --ai\n"


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--help"]) == 0
    assert "luv compare truth.csv readers.csv" in capsys.readouterr().out
