"""Tables of folds and means: read, averaged, ranked, and written as CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.tables import (
    Cell,
    FoldRow,
    FoldTable,
    FoldTableError,
    ModelName,
    PaperTable,
    PatternArea,
    as_csv,
    as_html,
    as_latex,
    as_markdown,
    fold_layout,
    fold_table_csv,
    read_fold_table,
    read_summary,
    summarise,
    summary_layout,
)
from training.tables.layout import Flag
from training.tables.summary import mean_sd

PATTERNS = ("A-line", "B-line")
FIRST, SECOND = ModelName("first", "video", "yes"), ModelName("second", "video", "no")


def _row(fold: str, name: ModelName, *areas: float, starred: bool = False) -> FoldRow:
    known = tuple(PatternArea(area, area - 0.05, area + 0.05, starred) for area in areas)
    return FoldRow(fold, name, known, micro=areas[0], macro=areas[-1])


def _table() -> FoldTable:
    rows = [_row("0", FIRST, 0.9, 0.8), _row("0", SECOND, 0.7, 0.85, starred=True)]
    return FoldTable(PATTERNS, (*rows, _row("1", FIRST, 0.8, 0.9), _row("1", SECOND, 0.6, 0.751)))


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6))
def test_mean_and_deviation_are_rounded_half_up_with_n_minus_1(thousandths: list[int]) -> None:
    found = mean_sd([value / 1000 for value in thousandths])
    total, n = sum(thousandths), len(thousandths)
    assert found.mean == (2 * total + n) // (2 * n) / 1000
    assert found.sd == pytest.approx(np.std(np.array(thousandths) / 1000, ddof=1), abs=0.000501)
    assert found.n == n


def test_of_one_value_there_is_no_deviation_and_of_none_no_mean() -> None:
    assert str(mean_sd([0.25, math.nan])) == "0.250"
    assert str(mean_sd([math.nan])) == "-"


def test_summary_has_every_model_once() -> None:
    found = summarise(_table())
    assert found.columns == ("A-line", "B-line", "micro", "macro")
    assert [str(value) for value in found.rows[0].values] == ["0.850 ± 0.071"] * 4
    assert found.find(ModelName("other")) is None


def test_a_missing_fold_and_a_double_row_are_refused() -> None:
    with pytest.raises(FoldTableError, match="second, pretrained: no lacks fold 1"):
        summarise(FoldTable(PATTERNS, _table().rows[:3]))
    with pytest.raises(FoldTableError, match="stands twice in fold 0"):
        FoldTable(PATTERNS, (*_table().rows, _table().rows[0]))
    with pytest.raises(FoldTableError, match="at least one row"):
        FoldTable(PATTERNS, ())
    with pytest.raises(FoldTableError, match="1 areas, expected 2"):
        FoldTable(PATTERNS, (_row("0", FIRST, 0.9),))


@pytest.mark.parametrize("area", [(1.2, 0.1, 0.3), (0.5, 0.6, 0.4)])
def test_impossible_areas_are_refused(area: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"area|interval"):
        PatternArea(*area)


def test_a_table_of_folds_survives_its_file(tmp_path: Path) -> None:
    unknown = FoldRow("1", SECOND, (PatternArea(0.5), PatternArea(math.nan)), math.nan, 0.123456789, "garbled")
    table = FoldTable(PATTERNS, (*_table().rows[:3], unknown))
    path = tmp_path / "folds.csv"
    path.write_text(fold_table_csv(table), encoding="utf-8")
    again = read_fold_table(path, PATTERNS)
    assert again.rows[:3] == table.rows[:3]
    assert fold_table_csv(again) == fold_table_csv(table)
    assert again.rows[3].note == "garbled"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fold,model\n", "lacks the columns a_line_auc"),
        (None, "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_files_that_are_no_tables_are_named(tmp_path: Path, text: str | bytes | None, words: str) -> None:
    path = tmp_path / "odd.csv"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FoldTableError, match=words) as found:
        read_fold_table(path, PATTERNS)
    assert "odd.csv" in str(found.value)


def test_a_number_that_is_none_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "folds.csv"
    path.write_text(fold_table_csv(_table()).replace("0.751", "x"), encoding="utf-8")
    with pytest.raises(FoldTableError, match=r"folds.csv, line 5: .*'x'"):
        read_fold_table(path, PATTERNS)
    path.write_text("model,a_line_mean,a_line_sd,micro_mean,micro_sd,macro_mean,macro_sd\nm,?,0,0,0,0,0\n")
    with pytest.raises(FoldTableError, match="line 2"):
        read_summary(path, ["A-line"])


def test_best_is_bold_second_underlined_within_a_fold() -> None:
    table = fold_layout("Folds", _table(), FIRST)
    assert table.header == ("Fold", "Input", "Model", "Pretrained", "A-line", "B-line", "Micro AUC", "Macro AUC")
    first, second = table.rows[:2]
    assert [cell.rank for cell in first[4:]] == ["best", "second", "best", "second"]
    assert [cell.rank for cell in second[4:]] == ["second", "best", "second", "best"]
    assert (first[4].text, first[4].is_starred) == ("0.900 (0.850-0.950)", False)
    assert second[5].is_starred
    assert "first, pretrained: yes" in table.notes[0]


def test_what_is_printed_otherwise_stands_beside_and_flags_get_notes() -> None:
    ours = summarise(_table())
    printed = summarise(
        FoldTable(PATTERNS, (_row("0", FIRST, 0.85, 0.8), _row("1", FIRST, 0.85, 0.9), *_table().rows[1::2]))
    )
    flag = Flag(SECOND, "B-line", "a reason.")
    table = summary_layout("Means", ours, printed, [flag])
    assert table.rows[0][3].remark == "printed SD 0.000"
    assert table.rows[0][4].remark == ""
    assert (table.rows[1][4].mark, table.rows[1][4].text) == ("†", "0.801 ± 0.070")
    assert table.notes[-1] == "† second, pretrained: no, B-line: a reason."


def _written() -> PaperTable:
    cells = (Cell("a_b & c%"), Cell("0.9 ± 0.1", "best", True, "printed 0.8", "†"), Cell("0.5", "second"))
    return PaperTable("Title_1", ("Model", "A", "B"), (cells,), ("note with * and _",))


def test_csv_has_plain_cells() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(_written()))))
    assert rows == [["Model", "A", "B"], ["a_b & c%", "0.9 ± 0.1*† [best] (printed 0.8)", "0.5 [second]"]]


def test_markdown_is_a_table_of_equal_columns() -> None:
    text = as_markdown(_written())
    lines = text.splitlines()
    assert lines[:4] == ["### Title_1", "", "| Model | A | B |", "|---|---|---|"]
    assert lines[4] == "| a\\_b & c% | **0.9 ± 0.1**\\*† (printed 0.8) | <u>0.5</u> |"
    assert lines[-1] == "note with \\* and \\_"


def test_latex_escapes_and_closes_everything() -> None:
    text = as_latex(_written())
    assert r"a\_b \& c\% & \textbf{0.9 $\pm$ 0.1}$^{*}$$\dagger$ (printed 0.8) & \underline{0.5} \\" in text
    assert text.count(r"\begin{") == text.count(r"\end{")
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_ragged_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="2 cells, expected 1"):
        PaperTable("T", ("a",), ((Cell("1"), Cell("2")),))


def test_html_escapes_what_is_text() -> None:
    text = as_html(PaperTable("<T>", ("a & b",), ((Cell("<script>", "best", True),),), ("x < y",)))
    assert "<td><b>&lt;script&gt;</b>*</td>" in text
    assert "<h2>&lt;T&gt;</h2>" in text
    assert "<th>a &amp; b</th>" in text
    assert "<p>x &lt; y</p>" in text
