"""Measured tables as Markdown, for a README."""

from __future__ import annotations

from collections.abc import Sequence

from luv_viewer.analysis.benchmarks.precision import AucRow, PrecisionRow, PrecisionTables

PRECISION_NAME = "precision.md"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped.

    >>> print(markdown_table(["engine", "AUC"], [["a|b", "0.9"]]))
    | engine | AUC |
    |---|---|
    | a\\|b | 0.9 |
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(_line(cells) for cells in lines)


def precision_markdown(tables: PrecisionTables) -> str:
    """The agreement of every engine with float32, the area under the curve of every pattern beside it."""
    areas = {(row.engine, row.pattern): row for row in tables.areas.rows}
    patterns = list(dict.fromkeys(row.pattern for row in tables.areas.rows))
    header = ["engine", "precision", "probability difference, largest", "95 % below", "same top 3", "frames/s"]
    rows = [
        [*_engine_cells(row), *(_area(areas.get((row.engine, pattern))) for pattern in patterns)]
        for row in tables.engines.rows
    ]
    first = tables.engines.rows[0]
    about = (
        f"Checkpoint {first.checkpoint}, {first.n_clips} clips of {first.n_videos} videos (stride {first.stride}, tail "
        f"{first.tail}), against torch's float32."
    )
    if patterns:
        about += " AUC per video, in brackets its difference to float32."
    notes = [f"{row.engine}: {row.note}" for row in tables.engines.rows if row.note]
    table = markdown_table([*header, *(f"AUC {_counted(tables, pattern)}" for pattern in patterns)], rows)
    return "\n\n".join([about, table, *notes]) + "\n"


def _line(cells: Sequence[str]) -> str:
    if all(cell == "---" for cell in cells):
        return "|" + "|".join(cells) + "|"
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _engine_cells(row: PrecisionRow) -> list[str]:
    return [
        row.engine,
        row.precision,
        _number(row.max_probability_difference, ".2g"),
        _number(row.p95_probability_difference, ".2g"),
        "-" if row.top3_agreement is None else f"{100 * row.top3_agreement:.1f} %",
        _number(row.frames_per_s, ".1f"),
    ]


def _area(row: AucRow | None) -> str:
    if row is None or row.auc is None:
        return "-"
    return f"{row.auc:.4f} ({_number(row.auc_difference, '.4f')})"


def _counted(tables: PrecisionTables, pattern: str) -> str:
    row = next(row for row in tables.areas.rows if row.pattern == pattern)
    return f"{pattern} ({row.n_present} of {row.n_present + row.n_absent})"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
