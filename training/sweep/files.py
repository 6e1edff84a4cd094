"""A sweep written to its folder: tables in every form, all numbers, the figure, and the report."""

from __future__ import annotations

from pathlib import Path

from luv_viewer.io.whole_file import make_folder, write_whole
from training.evaluate.evaluation_files import REPORT_NAME, rows_table
from training.evaluate.report import ReportPage
from training.evaluate.rows import Row, rows_csv
from training.sweep.figure import sweep_figure
from training.sweep.layout import folds_table, main_table, remarks, validation_table
from training.sweep.results import AVERAGES, SweepResults
from training.sweep.scores import PARTS
from training.tables import fold_table_csv, write_table

FIGURE_NAME = "auc.png"


def write_results(folder: Path, results: SweepResults) -> Path:
    """Everything of a sweep; returns the report. Raises WriteError.

    table (.csv, .md, .tex): the test set with the validation averages beside it, in the paper's form;
    table_validation and table_folds: likewise. scores.csv: every area of every fold and part. comparisons.csv: tests
    against the reference. folds.csv: as `read_fold_table` reads it. auc.png, report.html.
    """
    make_folder(folder)
    tables = {
        "table": main_table(results),
        "table_validation": validation_table(results),
        "table_folds": folds_table(results),
    }
    for name, table in tables.items():
        write_table(folder, name, table)
    compared = pair_rows(results)
    write_whole(folder / "scores.csv", rows_csv(score_rows(results)).encode())
    write_whole(folder / "comparisons.csv", rows_csv(compared).encode())
    write_whole(folder / "folds.csv", fold_table_csv(results.fold_table()).encode())
    figure = sweep_figure(results)
    write_whole(folder / FIGURE_NAME, figure)
    against = [rows_table(f"Against {results.kind.heading.lower()} {results.reference}", compared)] if compared else []
    page = ReportPage(
        title=f"Sweep: {results.kind.title}",
        remarks=remarks(results),
        tables=(*tables.values(), *against),
        figures={FIGURE_NAME: figure},
    )
    write_whole(folder / REPORT_NAME, page.html().encode())
    return folder / REPORT_NAME


def score_rows(results: SweepResults) -> list[Row]:
    """A row per value, part, fold and area, with DeLong's interval for those of one pattern."""
    rows: list[Row] = []
    for point in results.points:
        for fold in point.folds:
            for part in PARTS:
                scores = fold.part(part)
                bounds = [(area.low, area.high) for area in scores.areas] + [(float("nan"), float("nan"))] * len(
                    AVERAGES
                )
                for of, auc, (low, high) in zip((*results.patterns, *AVERAGES), scores.values, bounds, strict=True):
                    rows.append(
                        {
                            "value": point.value,
                            "part": part,
                            "fold": fold.fold,
                            "of": of,
                            "auc": auc,
                            "delong_low": low,
                            "delong_high": high,
                            "cases": len(scores.joined.labels),
                        }
                    )
    return rows


def pair_rows(results: SweepResults) -> list[Row]:
    """A row per value, fold and pattern: DeLong's paired test against the reference, plain, after Holm, clustered."""
    return [
        {
            "value": pair.model,
            "reference": pair.reference,
            "fold": pair.fold,
            "pattern": pair.pattern,
            "difference": -pair.plain.difference,
            "p": pair.plain.p,
            "p_holm": pair.p_holm,
            "p_clustered": pair.clustered.p,
            "reason": pair.plain.reason or pair.clustered.reason,
        }
        for pair in results.pairs
    ]
