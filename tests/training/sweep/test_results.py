"""Means, marks, choices and tests of a sweep, against numbers made otherwise; nothing is trained."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from tests.training.sweep.builders_sweep import PATTERNS, made_part, made_point
from training.sweep.errors import SweepError
from training.sweep.files import score_rows, write_results
from training.sweep.kinds import KINDS
from training.sweep.layout import (
    ONE_TEST_SET,
    OPTIMISTIC,
    TOO_NARROW,
    choice_sentence,
    folds_table,
    main_table,
    remarks,
    validation_table,
)
from training.sweep.results import BY_CURVE, BY_MEAN, Missing, SweepResults
from training.sweep.scores import PointScores, part_scores
from training.tables import PaperTable

# Test areas rise with the value, validation areas fall.
NOISES = {"1": (3.0, 0.4), "3": (2.0, 1.0), "5": (1.0, 2.5)}


def _results(n_folds: int = 3, kind: str = "kernel", reference: str | None = "3", level: str = "clip") -> SweepResults:
    points = tuple(made_point(value, [noises] * n_folds) for value, noises in NOISES.items())
    return SweepResults(KINDS[kind], level, points, reference)  # type: ignore[arg-type]


def _column(table: PaperTable, name: str) -> list[str]:
    return [row[table.header.index(name)].text for row in table.rows]


def _areas(point: PointScores, part: str, pattern: int) -> list[float]:
    joined = [fold.part(part).joined for fold in point.folds]  # type: ignore[arg-type]
    return [float(roc_auc_score(one.labels[:, pattern], one.values[:, pattern])) for one in joined]


def test_means_and_deviations_are_those_of_the_folds() -> None:
    results = _results()
    for part in ("test", "valid"):
        table = results.summary(part)  # type: ignore[arg-type]
        for point, row in zip(results.points, table.rows, strict=True):
            areas = np.array([_areas(point, part, p) for p in range(4)])
            for found, expected in zip(row.values, areas, strict=False):
                assert found.mean == pytest.approx(expected.mean(), abs=5.1e-4)
                assert found.sd == pytest.approx(expected.std(ddof=1), abs=5.1e-4)
            by_mean = row.values[table.columns.index(BY_MEAN)]
            assert by_mean.mean == pytest.approx(areas.mean(), abs=5.1e-4)
            assert by_mean.sd == pytest.approx(areas.mean(axis=0).std(ddof=1), abs=5.1e-4)


def test_the_table_has_the_form_of_table_8_with_the_validation_set_beside_it() -> None:
    results = _results()
    table = main_table(results)
    averages = ("Micro AUC", "Macro AUC (curve)", "Macro AUC (mean)")
    beside = ("Validation micro AUC", "Validation macro AUC (curve)")
    assert table.header == ("Kernel size", *PATTERNS, *averages, *beside)
    assert _column(table, "Kernel size") == ["1", "3", "5"]
    assert all(re.fullmatch(r"[01]\.\d{3} ± [01]\.\d{3}", text) for text in _column(table, "A-line"))
    assert _column(table, beside[1]) == _column(validation_table(results), averages[1])
    assert [row[table.header.index(averages[1])].rank for row in table.rows] == ["", "second", "best"]
    assert [row[table.header.index(beside[1])].rank for row in table.rows] == ["best", "second", ""]
    assert any(OPTIMISTIC in note for note in table.notes)
    (marked,) = [row for row in table.rows if row[-1].mark]
    assert marked[0].text == "1"
    assert any("validation chooses" in note for note in table.notes)


def test_one_fold_has_no_deviation_and_is_not_called_a_mean() -> None:
    table = main_table(_results(n_folds=1))
    assert all("±" not in cell.text for row in table.rows for cell in row)
    assert not any("Mean" in note for note in table.notes)
    assert table.notes[0].startswith("One fold (0).")


def test_the_choice_is_that_of_the_validation_set() -> None:
    results = _results()
    assert (results.best("valid"), results.best("test")) == ("1", "5")
    told = choice_sentence(results)
    assert "Kernel size 1 is best in macro AUC by curve on the validation set" in told
    assert "5 (" in told
    assert told in remarks(results)
    unknown = replace(results, points=tuple(map(_without_positives, results.points)))
    assert choice_sentence(unknown) == ""
    assert unknown.best("valid") is None


def _without_positives(point: PointScores) -> PointScores:
    folds = []
    for fold in point.folds:
        joined = replace(fold.valid.joined, labels=np.zeros_like(fold.valid.joined.labels))
        part = replace(fold.valid, joined=joined, averages=_nan_averages(fold.valid.averages))
        folds.append(replace(fold, valid=part))
    return replace(point, folds=tuple(folds))


def _nan_averages(averages: object) -> object:
    fields = ("micro", "macro_by_curve", "macro_by_mean")
    return replace(averages, **{name: replace(getattr(averages, name), value=math.nan) for name in fields})  # type: ignore[type-var]


def test_a_pattern_of_one_class_is_a_dash() -> None:
    part = made_part("1", 0, 1.0, seed=1)
    labels = part.joined.labels.copy()
    labels[:, 0] = 0
    blank = part_scores(replace(part.joined, labels=labels))
    point = replace(made_point("1", [(1, 1)]).folds[0], test=blank)
    table = main_table(SweepResults(KINDS["kernel"], "clip", (PointScores("1", (point,)),)))
    assert _column(table, "A-line") == ["-"]
    assert _column(table, "B-line")[0].startswith("0.")


def test_others_are_tested_in_pairs_against_the_reference() -> None:
    results = _results(n_folds=2)
    pairs = results.pairs
    assert {(pair.model, pair.reference) for pair in pairs} == {("1", "3"), ("5", "3")}
    assert len(pairs) == 2 * 2 * 4
    areas = {(row["value"], row["fold"], row["of"]): row["auc"] for row in score_rows(results) if row["part"] == "test"}
    for pair in pairs:
        ours, theirs = areas[pair.model, int(pair.fold), pair.pattern], areas["3", int(pair.fold), pair.pattern]
        assert -pair.plain.difference == pytest.approx(ours - theirs)
    starred = {(row.fold, row.name.model) for row in results.fold_table().rows if any(a.is_starred for a in row.areas)}
    assert starred == {(pair.fold, pair.model) for pair in pairs if pair.plain.p < 0.05}
    assert not any(row.name.model == "3" and any(a.is_starred for a in row.areas) for row in results.fold_table().rows)


@pytest.mark.parametrize(("kind", "level"), [("clip-length", "clip"), ("kernel", "clip")])
def test_other_cases_are_never_tested_in_pairs(kind: str, level: str) -> None:
    results = _results(kind=kind, reference="3", level=level)
    if kind == "kernel":
        fewer = replace(results.points[0].folds[0], test=made_part("1", 0, 1.0, seed=9))
        points = (PointScores("1", (fewer, *results.points[0].folds[1:])), *results.points[1:])
        results = replace(results, points=points)
    assert results.pairs == ()
    table = folds_table(results)
    assert not any(cell.is_starred for row in table.rows for cell in row)
    assert not any("DeLong's paired test" in note for note in table.notes)


def test_points_with_other_folds_are_refused() -> None:
    points = (made_point("1", [(1, 1)]), made_point("3", [(1, 1), (1, 1)]))
    with pytest.raises(SweepError, match="different folds"):
        SweepResults(KINDS["kernel"], "clip", points)
    with pytest.raises(SweepError, match="No point"):
        SweepResults(KINDS["kernel"], "clip", ())


@pytest.mark.parametrize(("kind", "n_folds"), [("kernel", 3), ("heads", 1), ("temporal", 2), ("encoder", 1)])
def test_the_folder_has_every_form_and_a_page_that_needs_no_network(kind: str, n_folds: int, tmp_path: Path) -> None:
    missing = (Missing("7", "no clip has <A-line>."),)
    results = replace(_results(n_folds, kind), missing=missing)
    page = write_results(tmp_path / "made", results).read_text(encoding="utf-8")
    made = {path.name for path in (tmp_path / "made").iterdir()}
    forms = {f"{name}.{end}" for name in ("table", "table_validation", "table_folds") for end in ("csv", "md", "tex")}
    assert made == forms | {"scores.csv", "comparisons.csv", "folds.csv", "auc.png", "report.html"}
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "http" not in page
    assert "data:image/png;base64," in page
    assert "7: no clip has &lt;A-line&gt;." in page
    assert OPTIMISTIC.split(";")[0].split("(")[0].strip() in page
    with Image.open(tmp_path / "made" / "auc.png") as picture:
        assert min(picture.size) > 500
    with (tmp_path / "made" / "table.csv").open(encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    assert header[0] == KINDS[kind].heading
    assert [row[0] for row in rows] == list(NOISES)
    assert rows[2][header.index(BY_CURVE)].endswith("[best]")
    latex = (tmp_path / "made" / "table.tex").read_text(encoding="utf-8")
    assert r"\textbf{" in latex
    assert r"\underline{" in latex


def test_the_numbers_as_rows_are_every_area_of_every_fold() -> None:
    results = _results(n_folds=2)
    rows = score_rows(results)
    assert len(rows) == 3 * 2 * 2 * 7
    for row in rows:
        if row["of"] in PATTERNS:
            point = next(one for one in results.points if one.value == row["value"])
            expected: Sequence[float] = _areas(point, str(row["part"]), PATTERNS.index(str(row["of"])))
            assert row["auc"] == pytest.approx(expected[int(row["fold"])])
            assert row["delong_low"] <= row["auc"] <= row["delong_high"]


def test_a_single_value_is_no_choice() -> None:
    results = replace(_results(), points=_results().points[:1])
    assert results.best("valid") is None
    assert not any(cell.mark for row in main_table(results).rows for cell in row)


def test_folds_that_share_a_test_set_say_what_the_deviation_means() -> None:
    results = _results(n_folds=2)
    assert ONE_TEST_SET in remarks(results)
    assert ONE_TEST_SET not in remarks(_results(n_folds=1))
    turning = [replace(one.folds[1], test=made_part(one.value, 1, 1.0, seed=7)) for one in results.points]
    points = tuple(
        PointScores(one.value, (one.folds[0], last)) for one, last in zip(results.points, turning, strict=True)
    )
    assert ONE_TEST_SET not in remarks(replace(results, points=points))
    assert TOO_NARROW in folds_table(results).notes
    assert TOO_NARROW not in folds_table(replace(results, level="patient")).notes
