"""Means and standard deviations over folds: what Tables 1 to 3 of the paper hold (systems specification 5.2, 5.3)."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from training.tables.fold_table import FoldTable, FoldTableError, ModelName, column_key
from training.tables.fold_table_file import read_rows

AVERAGES = ("micro", "macro")
DIGITS = 3


@dataclass(frozen=True)
class MeanSd:
    """A mean with its standard deviation (NaN for one value); both rounded half up to three digits as printed.

    method: how the deviation was made, for the paper's own that is not known (it mixes n and n - 1).
    """

    mean: float
    sd: float
    n: int
    method: str

    def __str__(self) -> str:
        mean = "-" if math.isnan(self.mean) else f"{self.mean:.{DIGITS}f}"
        return mean if math.isnan(self.sd) else f"{mean} ± {self.sd:.{DIGITS}f}"


@dataclass(frozen=True)
class ModelSummary:
    """One model: a mean per pattern, then micro, then macro."""

    name: ModelName
    values: tuple[MeanSd, ...]
    note: str = ""


@dataclass(frozen=True)
class SummaryTable:
    """Every model once. columns: names of the values: the patterns, `micro`, `macro`."""

    columns: tuple[str, ...]
    rows: tuple[ModelSummary, ...]

    def find(self, name: ModelName) -> ModelSummary | None:
        """The row of a model, None without it."""
        return next((row for row in self.rows if row.name == name), None)


def mean_sd(values: Sequence[float]) -> MeanSd:
    """Mean and standard deviation with n - 1; decimals are added exactly, so that a half is rounded up and not down.

    NaN values do not count. Raises nothing: of no value both are NaN.

    >>> str(mean_sd([0.9, 0.914, 0.933, 0.919, 0.924]))
    '0.918 ± 0.012'
    """
    known = [Decimal(str(float(value))) for value in values if not math.isnan(value)]
    method = "standard deviation with n - 1"
    if not known:
        return MeanSd(math.nan, math.nan, 0, method)
    mean = rounded(sum(known, Decimal(0)) / len(known))
    deviation = rounded(statistics.stdev(known)) if len(known) > 1 else math.nan
    return MeanSd(mean, deviation, len(known), method)


def rounded(value: Decimal | float) -> float:
    """Rounded half up to the printed digits.

    >>> rounded(0.0005), rounded(0.1234)
    (0.001, 0.123)
    """
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return float(exact.quantize(Decimal(1).scaleb(-DIGITS), ROUND_HALF_UP))


def summarise(table: FoldTable) -> SummaryTable:
    """The mean of every column over the folds of each model. Raises FoldTableError when a model lacks a fold."""
    rows = []
    for name in table.names:
        found = table.of(name)
        if missing := set(table.folds) - {row.fold for row in found}:
            raise FoldTableError(f"{name} lacks fold {', '.join(sorted(missing))}")
        columns = [[row.areas[i].auc for row in found] for i in range(len(table.patterns))]
        columns += [[row.micro for row in found], [row.macro for row in found]]
        rows.append(ModelSummary(name, tuple(mean_sd(column) for column in columns)))
    return SummaryTable((*table.patterns, *AVERAGES), tuple(rows))


def read_summary(path: Path, patterns: Sequence[str]) -> SummaryTable:
    """A table of means as a paper prints it: columns `<pattern>_mean` and `<pattern>_sd`, the same for micro and macro.

    Raises FoldTableError that names the file.
    """
    columns = (*patterns, *AVERAGES)
    needed = ["model", *(f"{column_key(column)}_{part}" for column in columns for part in ("mean", "sd"))]
    rows = []
    for number, row in enumerate(read_rows(path, needed), start=2):
        try:
            values = [
                MeanSd(float(row[f"{column_key(c)}_mean"]), float(row[f"{column_key(c)}_sd"]), 0, "as printed")
                for c in columns
            ]
        except ValueError as error:
            raise FoldTableError(f"{path.name}, line {number}: {error}") from error
        name = ModelName(row["model"], row.get("input_type", ""), row.get("imagenet_pretrained", ""))
        rows.append(ModelSummary(name, tuple(values), row.get("note", "")))
    return SummaryTable(columns, tuple(rows))
