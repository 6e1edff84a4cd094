"""Tables of folds as CSV files: fold, model, and per pattern auc, ci_low, ci_high, p_lt_0.05; micro, macro."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from training.tables.fold_table import FoldRow, FoldTable, FoldTableError, ModelName, PatternArea, column_key

_PARTS = ("auc", "ci_low", "ci_high", "p_lt_0.05")


def read_fold_table(path: Path, patterns: Sequence[str]) -> FoldTable:
    """A table of folds; columns `input_type`, `imagenet_pretrained`, `note` may be missing, empty bounds are unknown.

    Raises FoldTableError that names the file, the line, and what was found.
    """
    rows = read_rows(path, ["fold", "model", *_columns(patterns), "micro", "macro"])
    found = []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(_row(row, patterns))
        except ValueError as error:
            raise FoldTableError(f"{path.name}, line {number}: {error}") from error
    try:
        return FoldTable(tuple(patterns), tuple(found))
    except FoldTableError as error:
        raise FoldTableError(f"{path.name}: {error}") from error


def fold_table_csv(table: FoldTable) -> str:
    """The table as `read_fold_table` reads it, numbers as they are, unknown ones empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    first = ["fold", "input_type", "model", "imagenet_pretrained"]
    writer.writerow([*first, *_columns(table.patterns), "micro", "macro", "note"])
    for row in table.rows:
        cells: list[object] = [row.fold, row.name.input_type, row.name.model, row.name.pretrained]
        for area in row.areas:
            cells += [_text(area.auc), _text(area.low), _text(area.high), int(area.is_starred)]
        writer.writerow([*cells, _text(row.micro), _text(row.macro), row.note])
    return stream.getvalue()


def read_rows(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """The lines of a CSV file by column. Raises FoldTableError when it cannot be read or a column is missing."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [{key: value or "" for key, value in row.items() if isinstance(key, str)} for row in reader]
            present = reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FoldTableError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if missing := [column for column in needed if column not in present]:
        raise FoldTableError(f"{path.name} lacks the columns {', '.join(missing)}.")
    return rows


def _columns(patterns: Sequence[str]) -> list[str]:
    return [f"{column_key(pattern)}_{part}" for pattern in patterns for part in _PARTS]


def _row(row: Mapping[str, str], patterns: Sequence[str]) -> FoldRow:
    areas = []
    for pattern in patterns:
        auc, low, high, star = (row[f"{column_key(pattern)}_{part}"] for part in _PARTS)
        areas.append(PatternArea(_number(auc), _number(low), _number(high), star.strip() == "1"))
    name = ModelName(row["model"], row.get("input_type", ""), row.get("imagenet_pretrained", ""))
    return FoldRow(row["fold"], name, tuple(areas), _number(row["micro"]), _number(row["macro"]), row.get("note", ""))


def _number(text: str) -> float:
    return float(text) if text.strip() else math.nan


def _text(value: float) -> str:
    return "" if math.isnan(value) else repr(float(value))
