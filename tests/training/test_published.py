"""The paper's tables come out of its folds to the printed digit, but for the two misprints, which are flagged."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.published import (
    LUV_NET,
    MISPRINTS,
    PATTERNS,
    fold_table,
    main,
    mean_deviations,
    published_folds,
    published_summary,
    summary_table,
)
from training.tables import ModelName, as_latex, as_markdown, read_fold_table, read_summary, summarise


def test_only_the_two_misprints_deviate() -> None:
    found = [deviation for number in (1, 2, 3) for deviation in mean_deviations(number)]  # type: ignore[arg-type]
    assert [(one.table, one.name.model, one.column, one.from_folds, one.printed) for one in found] == [
        (1, "CNN(DenseNet-161)+LSTM", "Pleural effusion", 0.913, 0.911),
        (1, "USVN(DenseNet-161)", "Consolidation", 0.838, 0.879),
    ]
    assert all(one.is_known for one in found)
    assert {(one.name, one.column) for one in found} == {(flag.name, flag.column) for flag in MISPRINTS}


@pytest.mark.parametrize(("number", "folds"), [(1, 5), (2, 6)])
def test_sixty_means_are_compared(number: int, folds: int) -> None:
    ours, theirs = summarise(published_folds(folds)), published_summary(number)  # type: ignore[arg-type]
    assert len(ours.rows) == len(theirs.rows) == 10
    assert ours.columns == theirs.columns
    assert {row.name for row in ours.rows} == {row.name for row in theirs.rows}
    assert all(value.n == 5 for row in ours.rows for value in row.values)


def test_the_tables_in_the_resources_are_the_published_ones(data_dir: Path) -> None:
    folder = data_dir.parent / "reference" / "paper_tables"
    assert read_fold_table(folder / "table5_development_folds.csv", PATTERNS).names == published_folds(5).names
    for number, name in ((1, "table1_development_summary.csv"), (2, "table2_temporal_summary.csv")):
        assert read_summary(folder / name, PATTERNS).rows == published_summary(number).rows  # type: ignore[arg-type]
    for number, name in ((5, "table5_development_folds.csv"), (6, "table6_temporal_folds.csv")):
        theirs = summarise(read_fold_table(folder / name, PATTERNS))
        assert theirs == summarise(published_folds(number))  # type: ignore[arg-type]


def test_table_1_in_the_papers_form() -> None:
    table = summary_table(1)
    rows = {(row[1].text, row[2].text): row for row in table.rows}
    luv_net = rows[LUV_NET.model, LUV_NET.pretrained]
    assert [cell.text for cell in luv_net[3:]] == [
        *("0.918 ± 0.012", "0.834 ± 0.014", "0.853 ± 0.019", "0.966 ± 0.010", "0.888 ± 0.009", "0.894 ± 0.009"),
    ]
    assert luv_net[3].remark == "printed SD 0.013"
    usvn = rows["USVN(DenseNet-161)", "yes"]
    assert (usvn[5].text, usvn[5].remark, usvn[5].mark) == ("0.838 ± 0.011", "printed 0.879 ± 0.080", "†")
    assert sum(bool(cell.mark) for row in table.rows for cell in row) == 2
    assert len([note for note in table.notes if "misprint" in note]) == 2
    best = {table.header[i]: row[1].text for row in table.rows for i, cell in enumerate(row) if cell.rank == "best"}
    assert best["B-line"] == best["Macro AUC"] == best["Micro AUC"] == "LUV-Net(DenseNet-161)"
    assert best["Pleural effusion"] == "frame-based"


def test_table_5_has_stars_and_none_for_luv_net() -> None:
    table = fold_table(5)
    assert len(table.rows) == 50
    assert not any(
        cell.is_starred for row in table.rows if (row[2].text, row[3].text) == (LUV_NET.model, "yes") for cell in row
    )
    mvit = next(row for row in table.rows if row[2].text == "MViT-B" and row[0].text == "0")
    assert (mvit[4].text, mvit[4].is_starred) == ("0.545 (0.474-0.616)", True)


def test_table_7_stars_what_differs_with_the_branch() -> None:
    table = fold_table(7)
    without = next(row for row in table.rows if row[:2] == table.rows[0][:2])
    assert [cell.is_starred for cell in without[2:6]] == [False, False, False, True]
    assert mean_deviations(3) == ()
    assert summarise(published_folds(7)).find(ModelName("with temporal")) is not None


def test_every_table_is_written_in_three_forms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-o", str(tmp_path / "out")]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"table{n}{suffix}" for n in (1, 2, 3, 5, 6, 7) for suffix in (".csv", ".md", ".tex")}
    assert (tmp_path / "out" / "table1.md").read_text(encoding="utf-8") == as_markdown(summary_table(1))
    assert (tmp_path / "out" / "table6.tex").read_text(encoding="utf-8") == as_latex(fold_table(6))
    (tmp_path / "file").write_text("")
    assert main(["-o", str(tmp_path / "file")]) == 1
    assert "in the way" in capsys.readouterr().err
