"""A table ready to be written: cells with their marks, nothing of any file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Rank = Literal["", "best", "second"]


@dataclass(frozen=True)
class Cell:
    """text: what is printed. rank: best is bold, second underlined. is_starred: a star behind it. remark: what follows
    in brackets, such as the value that was printed; mark: a sign that a note under the table explains."""

    text: str
    rank: Rank = ""
    is_starred: bool = False
    remark: str = ""
    mark: str = ""


@dataclass(frozen=True)
class PaperTable:
    """Title, header, rows of equally many cells, and notes that stand below. Raises ValueError for a ragged row."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ValueError(f"a row has {len(row)} cells, expected {len(self.header)}")


def ranks(values: Sequence[float]) -> list[Rank]:
    """Best and second best of values as printed; equal values share a rank, NaN has none.

    >>> ranks([0.9, 0.8, 0.9, 0.7])
    ['best', 'second', 'best', '']
    >>> ranks([0.9])
    ['']
    """
    known = sorted({value for value in values if value == value}, reverse=True)
    if len([value for value in values if value == value]) < 2:
        return ["" for _ in values]
    found: list[Rank] = []
    for value in values:
        place = known.index(value) if value in known else len(known)
        found.append("best" if place == 0 else "second" if place == 1 else "")
    return found
