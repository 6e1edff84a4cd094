"""How the tables look: means over folds as Tables 1 to 3, single folds as Tables 5 to 7."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from training.tables.fold_table import FoldRow, FoldTable, ModelName, PatternArea
from training.tables.paper_table import Cell, PaperTable, Rank, ranks
from training.tables.summary import DIGITS, MeanSd, SummaryTable, rounded

_MARKS = "†‡§¶"
_KEY = "Bold: best, underlined: second best."
_SD = "Mean ± standard deviation over folds (n - 1)."
_HEADINGS = {"micro": "Micro AUC", "macro": "Macro AUC"}


@dataclass(frozen=True)
class Flag:
    """A cell that needs a note: which model, which column, and what to say."""

    name: ModelName
    column: str
    reason: str


def summary_layout(
    title: str, table: SummaryTable, printed: SummaryTable | None = None, flags: Iterable[Flag] = ()
) -> PaperTable:
    """Means with deviations, best in bold and second underlined in each column.

    printed: what a paper prints; a mean or deviation that differs from ours stands in brackets beside it. flags: cells
    that get a mark and a note.
    """
    marks = _marks(flags)
    columns = [ranks([row.values[i].mean for row in table.rows]) for i in range(len(table.columns))]
    rows = []
    for number, row in enumerate(table.rows):
        theirs = printed.find(row.name) if printed is not None else None
        cells = [*_name_cells(row.name, _shown(table_names(table)))]
        for i, column in enumerate(table.columns):
            remark = "" if theirs is None else _difference(row.values[i], theirs.values[i])
            mark, _ = marks.get((row.name, column), ("", ""))
            cells.append(Cell(str(row.values[i]), columns[i][number], remark=remark, mark=mark))
        rows.append(tuple(cells))
    header = (*_name_header(_shown(table_names(table))), *(_HEADINGS.get(column, column) for column in table.columns))
    return PaperTable(title, header, tuple(rows), (f"{_SD} {_KEY}", *_notes(marks, flags)))


def fold_layout(title: str, table: FoldTable, reference: ModelName | None = None) -> PaperTable:
    """Area with interval per pattern, fold by fold; ranks within the fold; a star where the row's test says so.

    reference: the model that stars compare with, for the note.
    """
    shown = _shown(table.names)
    rows: list[tuple[Cell, ...]] = []
    for fold in table.folds:
        held = [row for row in table.rows if row.fold == fold]
        order = [ranks([rounded(value) if value == value else value for value in column]) for column in _columns(held)]
        for number, row in enumerate(held):
            rows.append(_fold_cells(row, [column[number] for column in order], shown))
    header = ("Fold", *_name_header(shown), *table.patterns, *_HEADINGS.values())
    compared = f"the area of {reference}" if reference is not None else "that of the reference model"
    notes = (
        f"AUC (95 % interval). {_KEY} *: differs from {compared}, DeLong's paired test, p < 0.05.",
        *dict.fromkeys(f"Fold {row.fold}, {row.name}: {row.note}" for row in table.rows if row.note),
    )
    return PaperTable(title, header, tuple(rows), notes)


def table_names(table: SummaryTable) -> tuple[ModelName, ...]:
    """The models of a table of means, in order."""
    return tuple(row.name for row in table.rows)


def _columns(rows: list[FoldRow]) -> list[list[float]]:
    areas = [[row.areas[i].auc for row in rows] for i in range(len(rows[0].areas))]
    return [*areas, [row.micro for row in rows], [row.macro for row in rows]]


def _fold_cells(row: FoldRow, order: list[Rank], shown: tuple[bool, bool]) -> tuple[Cell, ...]:
    areas = [
        Cell(_area(area), rank, is_starred=area.is_starred)
        for area, rank in zip(row.areas, order[: len(row.areas)], strict=True)
    ]
    averages = [Cell(_number(value), rank) for value, rank in zip((row.micro, row.macro), order[-2:], strict=True)]
    return (Cell(row.fold), *_name_cells(row.name, shown), *areas, *averages)


def _area(area: PatternArea) -> str:
    if math.isnan(area.low) or math.isnan(area.high):
        return _number(area.auc)
    return f"{_number(area.auc)} ({_number(area.low)}-{_number(area.high)})"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{rounded(value):.{DIGITS}f}"


def _difference(ours: MeanSd, theirs: MeanSd) -> str:
    if ours.mean != theirs.mean:
        return f"printed {theirs}"
    return "" if ours.sd == theirs.sd else f"printed SD {theirs.sd:.{DIGITS}f}"


def _shown(names: Iterable[ModelName]) -> tuple[bool, bool]:
    """Whether any model says its input, and whether it is pretrained."""
    known = list(names)
    return any(name.input_type for name in known), any(name.pretrained for name in known)


def _name_header(shown: tuple[bool, bool]) -> list[str]:
    return [*(["Input"] if shown[0] else []), "Model", *(["Pretrained"] if shown[1] else [])]


def _name_cells(name: ModelName, shown: tuple[bool, bool]) -> list[Cell]:
    texts = [*([name.input_type] if shown[0] else []), name.model, *([name.pretrained] if shown[1] else [])]
    return [Cell(text) for text in texts]


def _marks(flags: Iterable[Flag]) -> dict[tuple[ModelName, str], tuple[str, str]]:
    found: dict[tuple[ModelName, str], tuple[str, str]] = {}
    for number, flag in enumerate(flags):
        sign = _MARKS[number % len(_MARKS)] * (1 + number // len(_MARKS))
        found[flag.name, flag.column] = (sign, flag.reason)
    return found


def _notes(marks: Mapping[tuple[ModelName, str], tuple[str, str]], flags: Iterable[Flag]) -> list[str]:
    return [
        f"{marks[flag.name, flag.column][0]} {flag.name}, {flag.column}: {marks[flag.name, flag.column][1]}"
        for flag in flags
    ]
