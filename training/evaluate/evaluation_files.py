"""An evaluation written to a folder: tables, figures, and the report."""

from __future__ import annotations

import math
from pathlib import Path

from luv_viewer.io.whole_file import make_folder, write_whole
from training.evaluate.attention import AttentionEvaluation
from training.evaluate.attention_files import AttentionPages, write_attention
from training.evaluate.evaluation import Evaluation
from training.evaluate.figures import figures
from training.evaluate.report import ReportPage
from training.evaluate.rows import (
    OPTIMISTIC,
    WHY_CLUSTERED,
    Row,
    area_rows,
    average_rows,
    classification_rows,
    pair_rows,
    reasons,
    rows_csv,
)
from training.tables import (
    Cell,
    FoldTableError,
    ModelName,
    PaperTable,
    fold_layout,
    fold_table_csv,
    summarise,
    summary_layout,
    write_table,
)

REPORT_NAME = "report.html"


def write_evaluation(folder: Path, evaluation: Evaluation, attention: AttentionEvaluation | None = None) -> Path:
    """Everything of an evaluation; returns the report. attention: adds what `write_attention` writes.

    Raises WriteError.

    areas.csv, averages.csv, classification.csv, comparisons.csv: all numbers. folds.csv: as `read_fold_table` reads it.
    table_folds and table_means (.csv, .md, .tex): in the paper's form. roc.png, precision_recall.png, reliability.png,
    confusion.png, report.html.
    """
    make_folder(folder)
    rows = {
        "areas.csv": area_rows(evaluation),
        "averages.csv": average_rows(evaluation),
        "classification.csv": classification_rows(evaluation),
        "comparisons.csv": pair_rows(evaluation),
    }
    for name, held in rows.items():
        write_whole(folder / name, rows_csv(held).encode())
    write_whole(folder / "folds.csv", fold_table_csv(evaluation.table).encode())
    tables = {"table_folds": _folds(evaluation), **_means(evaluation)}
    for name, table in tables.items():
        write_table(folder, name, table)
    drawn = figures(evaluation)
    for name, png in drawn.items():
        write_whole(folder / name, png)
    pages = write_attention(folder, attention) if attention is not None else AttentionPages()
    page = ReportPage(
        title=f"Evaluation, {evaluation.options.level} level",
        remarks=(*_remarks(evaluation, rows["areas.csv"]), *pages.remarks),
        tables=(
            *reversed(tables.values()),
            *pages.tables,
            rows_table("Areas with their intervals", rows["areas.csv"]),
            rows_table("Averages over patterns", rows["averages.csv"]),
            rows_table("Calls against the truth", rows["classification.csv"]),
            rows_table(f"Against {evaluation.reference}", rows["comparisons.csv"]),
        ),
        figures={**drawn, **pages.figures},
    )
    write_whole(folder / REPORT_NAME, page.html().encode())
    return folder / REPORT_NAME


def rows_table(title: str, rows: list[Row]) -> PaperTable:
    """Rows as a table of plain cells, numbers with three decimals."""
    header = tuple(rows[0]) if rows else ("nothing to show",)
    return PaperTable(title, header, tuple(tuple(Cell(_text(value)) for value in row.values()) for row in rows))


def _folds(evaluation: Evaluation) -> PaperTable:
    table = fold_layout("AUC by fold", evaluation.table, ModelName(evaluation.reference))
    if not evaluation.options.use_holm:
        return table
    return PaperTable(table.title, table.header, table.rows, (*table.notes, "Stars after Holm's correction."))


def _means(evaluation: Evaluation) -> dict[str, PaperTable]:
    """The means over folds, none where a model lacks a fold."""
    try:
        return {"table_means": summary_layout("AUC, mean over folds", summarise(evaluation.table))}
    except FoldTableError:
        return {}


def _remarks(evaluation: Evaluation, areas: list[Row]) -> list[str]:
    first = evaluation.models[0].joined
    methods = sorted({one.threshold_method for one in evaluation.models})
    remarks = [
        f"{len(first.labels)} cases at {evaluation.options.level} level, {len(set(first.clusters))} clusters (one per "
        f"{first.cluster_kind}). Joined by clip id.",
        WHY_CLUSTERED,
        f"{OPTIMISTIC} Thresholds: {'; '.join(methods)}.",
        "Macro AUC in the tables is macro by curve, as in the paper; macro by mean stands in the averages.",
    ]
    if found := reasons(areas):
        remarks.append(f"Numbers that are missing: {'; '.join(found)}.")
    return remarks


def _text(value: str | int | float) -> str:
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.3f}"
    return str(value)
