"""From files to all numbers: equal to the statistics on arrays put together by hand."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from tests.training.builders_predictions import PATTERNS, write_cohort
from training.evaluate import Evaluation, EvaluationError, EvaluationOptions, evaluate, read_thresholds
from training.evaluate.rows import area_rows, average_rows, classification_rows, pair_rows, reasons, rows_csv
from training.statistics import delong_test, holm
from training.tables import summarise


def _run(folder: Path, options: EvaluationOptions | None = None) -> Evaluation:
    truth = write_cohort(folder)
    how = options or EvaluationOptions(resamples=20)
    return evaluate(truth, sorted(folder.glob("*_fold*.csv")), PATTERNS, how)


def _arrays(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    truth = pd.read_csv(folder / "truth.csv").set_index("clip_id")
    values = pd.read_csv(folder / f"{name}.csv").set_index("clip_id").loc[truth.index]
    return truth[list(PATTERNS)].to_numpy(), values.to_numpy()


def test_every_area_is_that_of_the_joined_rows(tmp_path: Path) -> None:
    found = _run(tmp_path)
    assert [one.key for one in found.models] == [("luvnet", "0"), ("luvnet", "1"), ("usvn", "0"), ("usvn", "1")]
    for one in found.models:
        labels, values = _arrays(tmp_path, f"{one.joined.model}_fold{one.joined.fold}")
        expected = [metrics.roc_auc_score(labels[:, p], values[:, p]) for p in range(4)]
        np.testing.assert_allclose([held.plain.auc for held in one.per_pattern], expected)
        assert one.averages.micro.value == pytest.approx(metrics.roc_auc_score(labels, values, average="micro"))
        assert one.classification.hamming_accuracy == pytest.approx(1 - metrics.hamming_loss(labels, values >= 0.5))
        assert "none was given" in one.threshold_method
        assert {held.clustered.clusters for held in one.per_pattern} == {10}


def test_pairs_are_against_the_reference_within_the_fold(tmp_path: Path) -> None:
    found = _run(tmp_path)
    assert found.reference == "luvnet"
    assert len(found.pairs) == 8
    labels, ours = _arrays(tmp_path, "luvnet_fold1")
    _, other = _arrays(tmp_path, "usvn_fold1")
    held = [pair for pair in found.pairs if pair.fold == "1"]
    expected = [delong_test(labels[:, p], ours[:, p], other[:, p]).p for p in range(4)]
    np.testing.assert_allclose([pair.plain.p for pair in held], expected)
    np.testing.assert_allclose([pair.p_holm for pair in held], holm(expected))
    row = next(row for row in found.table.rows if (row.name.model, row.fold) == ("usvn", "1"))
    assert [area.is_starred for area in row.areas] == [p < 0.05 for p in expected]
    assert not any(area.is_starred for row in found.table.rows if row.name.model == "luvnet" for area in row.areas)
    with_holm = _run(tmp_path, EvaluationOptions(resamples=5, use_holm=True, reference="usvn"))
    assert with_holm.reference == "usvn"
    assert {pair.model for pair in with_holm.pairs} == {"luvnet"}


def test_ensembles_are_of_both_folds(tmp_path: Path) -> None:
    found = _run(tmp_path)
    assert [one.key for one in found.ensembles] == [
        (model, kind) for model in ("luvnet", "usvn") for kind in ("vote", "mean probability", "mean logit")
    ]
    labels, first = _arrays(tmp_path, "luvnet_fold0")
    _, second = _arrays(tmp_path, "luvnet_fold1")
    np.testing.assert_allclose(found.ensembles[1].joined.values, (first + second) / 2)
    voted = found.ensembles[0].classification
    assert voted.hamming_accuracy == pytest.approx(((first >= 0.5) & (second >= 0.5) == labels).mean())
    assert summarise(found.table).rows[0].values[0].n == 2


def test_given_thresholds_make_the_calls(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.csv"
    lines = [f"luvnet,0,{pattern},{0.1 * (p + 2)}" for p, pattern in enumerate(PATTERNS)]
    path.write_text("\n".join(["model,fold,pattern,threshold", *lines]) + "\n")
    found = _run(tmp_path, EvaluationOptions(resamples=5, thresholds=path))
    assert found.models[0].threshold_method == "given"
    np.testing.assert_allclose(found.models[0].thresholds, [0.2, 0.3, 0.4, 0.5])
    np.testing.assert_allclose(found.models[1].thresholds, 0.5)
    path.write_text("\n".join(["model,fold,pattern,threshold", *lines[:3]]) + "\n")
    with pytest.raises(EvaluationError, match=r"luvnet, fold 0 lacks a threshold for Pleural effusion"):
        read_thresholds(path, PATTERNS)
    path.write_text("model,fold,pattern,threshold\nluvnet,0,A-line,high\n")
    with pytest.raises(EvaluationError, match="row 2: 'high' is not a number"):
        read_thresholds(path, PATTERNS)
    path.write_text("model,fold,pattern\nluvnet,0,A-line\n")
    with pytest.raises(EvaluationError, match="lacks the column threshold"):
        read_thresholds(path, PATTERNS)
    with pytest.raises(EvaluationError, match="cannot be read"):
        read_thresholds(tmp_path / "gone.csv", PATTERNS)


def test_video_level_has_a_case_per_video(tmp_path: Path) -> None:
    found = _run(tmp_path, EvaluationOptions(level="video", resamples=5))
    assert found.models[0].joined.labels.shape == (20, 4)
    assert found.models[0].joined.cluster_kind == "patient"


def test_rows_hold_every_number_once(tmp_path: Path) -> None:
    found = _run(tmp_path)
    tables = [area_rows(found), average_rows(found), classification_rows(found), pair_rows(found)]
    assert [len(rows) for rows in tables] == [10 * 4, 10 * 3, 10 * 9, 8]
    for rows in tables:
        read = list(csv.DictReader(io.StringIO(rows_csv(rows))))
        assert len(read) == len(rows)
        assert list(read[0]) == list(rows[0])
    worse = next(row for row in tables[3] if row["fold"] == "0")
    areas = {row["model"]: row["auc"] for row in tables[0] if (row["fold"], row["pattern"]) == ("0", worse["pattern"])}
    assert worse["difference"] == pytest.approx(float(areas["usvn"]) - float(areas["luvnet"]))
    assert rows_csv([]) == ""


def test_a_pattern_of_one_class_is_nan_with_its_reason(tmp_path: Path) -> None:
    truth = write_cohort(tmp_path)
    table = pd.read_csv(truth)
    table["B-line"] = 0
    table.to_csv(truth, index=False)
    found = evaluate(truth, sorted(tmp_path.glob("luvnet*.csv")), PATTERNS, EvaluationOptions(resamples=5))
    assert np.isnan(found.models[0].per_pattern[1].plain.auc)
    assert any("one of them is missing" in reason for reason in reasons(area_rows(found)))
    assert "nan" not in rows_csv(area_rows(found))


def test_what_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    truth = write_cohort(tmp_path)
    with pytest.raises(EvaluationError, match="no prediction files"):
        evaluate(truth, [], PATTERNS)
    with pytest.raises(EvaluationError, match="reference model other is not among luvnet"):
        evaluate(truth, [tmp_path / "luvnet_fold0.csv"], PATTERNS, EvaluationOptions(reference="other", resamples=2))


def test_progress_counts_models_and_ensembles(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    truth = write_cohort(tmp_path, models=("luvnet",))
    evaluate(
        truth,
        sorted(tmp_path.glob("luvnet*.csv")),
        PATTERNS,
        EvaluationOptions(resamples=2),
        report=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(i, 5) for i in range(1, 6)]
