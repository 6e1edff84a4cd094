"""Areas under the curve of every model in every fold: what Tables 5 to 7 of the paper hold."""

from __future__ import annotations

import math
from dataclasses import dataclass


class FoldTableError(Exception):
    """A table of folds cannot be read or is not complete; str(error) is one plain sentence."""


@dataclass(frozen=True)
class ModelName:
    """A row's name. input_type (`frame`, `video`) and pretrained (`yes`, `no`) may be empty where nobody said."""

    model: str
    input_type: str = ""
    pretrained: str = ""

    def __str__(self) -> str:
        return self.model if self.pretrained in ("", "not stated") else f"{self.model}, pretrained: {self.pretrained}"


@dataclass(frozen=True)
class PatternArea:
    """One area with its interval (NaN where not known). is_starred: differs from the reference model, p < 0.05.

    Raises ValueError for an area outside [0, 1] or bounds in the wrong order.
    """

    auc: float
    low: float = math.nan
    high: float = math.nan
    is_starred: bool = False

    def __post_init__(self) -> None:
        if not (math.isnan(self.auc) or 0 <= self.auc <= 1):
            raise ValueError(f"an area must lie in [0, 1], got {self.auc:g}")
        if self.low > self.high:
            raise ValueError(f"the interval {self.low:g} to {self.high:g} ends before it starts")


@dataclass(frozen=True)
class FoldRow:
    """One model in one fold: an area per pattern, micro, and macro (by curve, as the paper's)."""

    fold: str
    name: ModelName
    areas: tuple[PatternArea, ...]
    micro: float
    macro: float
    note: str = ""


@dataclass(frozen=True)
class FoldTable:
    """Every row once. patterns: names of the areas, in order.

    Raises FoldTableError without rows, for a row with another number of areas, and for a model twice in a fold.
    """

    patterns: tuple[str, ...]
    rows: tuple[FoldRow, ...]

    def __post_init__(self) -> None:
        if not self.rows:
            raise FoldTableError("a table of folds needs at least one row")
        seen: set[tuple[str, ModelName]] = set()
        for row in self.rows:
            if len(row.areas) != len(self.patterns):
                raise FoldTableError(f"{row.name} has {len(row.areas)} areas, expected {len(self.patterns)}")
            if (row.fold, row.name) in seen:
                raise FoldTableError(f"{row.name} stands twice in fold {row.fold}")
            seen.add((row.fold, row.name))

    @property
    def names(self) -> tuple[ModelName, ...]:
        """Models in the order of their first row."""
        return tuple(dict.fromkeys(row.name for row in self.rows))

    @property
    def folds(self) -> tuple[str, ...]:
        """Folds in the order of their first row."""
        return tuple(dict.fromkeys(row.fold for row in self.rows))

    def of(self, name: ModelName) -> tuple[FoldRow, ...]:
        """The rows of one model, in order."""
        return tuple(row for row in self.rows if row.name == name)


def column_key(pattern: str) -> str:
    """How a pattern's columns begin in CSV files.

    >>> column_key("Pleural effusion"), column_key("A-line")
    ('pleural_effusion', 'a_line')
    """
    return pattern.lower().replace("-", "_").replace(" ", "_")
