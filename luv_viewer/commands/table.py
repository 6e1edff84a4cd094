"""Rows of text under one another."""

from __future__ import annotations

from collections.abc import Sequence


def as_table(rows: Sequence[Sequence[str]], indent: str = "  ") -> list[str]:
    """One line per row, every column as wide as its widest cell; rows must have the same number of cells.

    >>> as_table([("R2.mp4", "opens"), ("longer.dcm", "no")])
    ['  R2.mp4      opens', '  longer.dcm  no']
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def counted(n: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "patient"), counted(0, "video")
    ('1 patient', '0 videos')
    """
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
