"""`luv evaluate` through its entry point: tables, figures and a report that needs no network."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from luv_viewer.cli import main
from tests.training.builders_predictions import PATTERNS, write_cohort
from training.tables import read_fold_table, summarise

_VOID = {"meta", "img"}


class _Page(HTMLParser):
    """Sees that every tag is closed in order, and keeps where things come from."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of an evaluation of two models with two folds each."""
    truth = write_cohort(tmp_path)
    files = [str(path) for path in sorted(tmp_path.glob("*_fold*.csv"))]
    assert main(["evaluate", str(truth), *files, "-o", str(tmp_path / "out"), "--resamples", "5"]) == 0
    return tmp_path / "out"


def test_everything_is_written(run: Path) -> None:
    tables = {f"{name}{suffix}" for name in ("table_folds", "table_means") for suffix in (".csv", ".md", ".tex")}
    numbers = {"areas.csv", "averages.csv", "classification.csv", "comparisons.csv", "folds.csv"}
    drawn = {"roc.png", "precision_recall.png", "reliability.png", "confusion.png"}
    assert {path.name for path in run.iterdir()} == tables | numbers | drawn | {"report.html"}
    for name in drawn:
        picture = np.asarray(Image.open(io.BytesIO((run / name).read_bytes())).convert("RGB"))
        assert picture.shape[1] > 1000
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_the_report_needs_no_other_file(run: Path) -> None:
    text = (run / "report.html").read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert len(page.sources) == 4
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert not re.search(r"https?://", text)
    for words in ("too narrow", "optimistic", "10 clusters (one per patient)", "macro by mean", "luvnet"):
        assert words in text


def test_the_means_come_from_the_folds_that_were_written(run: Path) -> None:
    means = summarise(read_fold_table(run / "folds.csv", PATTERNS))
    rows = list(csv.reader((run / "table_means.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["Model", *PATTERNS, "Micro AUC", "Macro AUC"]
    assert [cell.split(" [")[0] for cell in rows[1][1:]] == [str(value) for value in means.rows[0].values]


def test_the_areas_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_cohort(tmp_path, models=("luvnet",), folds=1)
    files = ["evaluate", str(truth), str(tmp_path / "luvnet_fold0.csv")]
    assert main([*files, "-o", str(tmp_path / "o"), "--resamples", "2", "--level", "patient"]) == 0
    lines = capsys.readouterr().out.splitlines()
    header = "model fold A-line B-line Consolidation Pleural effusion micro macro by curve macro by mean"
    assert " ".join(lines[0].split()) == header
    assert lines[1].startswith("luvnet  0")
    assert "report.html" in lines[-2]


def test_unequal_folds_have_no_means(tmp_path: Path) -> None:
    truth = write_cohort(tmp_path)
    (tmp_path / "usvn_fold1.csv").unlink()
    files = [str(path) for path in sorted(tmp_path.glob("*_fold*.csv"))]
    options = ["--holm", "--reference", "luvnet", "--resamples", "2"]
    assert main(["evaluate", str(truth), *files, "-o", str(tmp_path / "out"), *options]) == 0
    assert not (tmp_path / "out" / "table_means.csv").exists()
    assert "after Holm" in (tmp_path / "out" / "table_folds.md").read_text(encoding="utf-8")


def test_a_pattern_of_one_class_is_drawn_without_it(tmp_path: Path) -> None:
    truth = write_cohort(tmp_path, models=("luvnet",), folds=1)
    table = pd.read_csv(truth)
    table["Consolidation"] = 1
    table.to_csv(truth, index=False)
    arguments = ["evaluate", str(truth), str(tmp_path / "luvnet_fold0.csv"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--resamples", "2"]) == 0
    assert "Numbers that are missing" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_files_that_do_not_fit_are_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_cohort(tmp_path)
    text = truth.read_text().splitlines()
    truth.write_text("\n".join(text[:-1]) + "\n")
    assert main(["evaluate", str(truth), str(tmp_path / "usvn_fold0.csv"), "-o", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == "usvn, fold 0 has the clip c39 that the truth does not know\n"
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_cohort(tmp_path, models=("luvnet",), folds=1)
    (tmp_path / "file").write_text("")
    arguments = ["evaluate", str(truth), str(tmp_path / "luvnet_fold0.csv"), "-o", str(tmp_path / "file" / "deep")]
    assert main([*arguments, "--resamples", "2"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--help"]) == 0
    assert "luv evaluate truth.csv" in capsys.readouterr().out
