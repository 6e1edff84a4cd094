"""Tables of measurements: a frozen dataclass is a row, written to a CSV file as soon as it is known."""

from __future__ import annotations

import csv
import io
from collections.abc import Hashable
from dataclasses import Field, asdict, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from luv_viewer.io.whole_file import make_folder, write_whole
from model.benchmarks.machine import Machine, describe_machine

Row = TypeVar("Row")


class RowFile(Generic[Row]):
    """Rows of one kind in a CSV file, the machine they were measured on in the last columns of each.

    The file is replaced whole by every row, so that a run that is stopped leaves what it measured. A file of that name
    from an earlier run is replaced by the first row.
    """

    def __init__(self, path: Path, kind: type[Row], machine: Machine | None = None) -> None:
        make_folder(path.parent)
        self.path = path
        self._rows: dict[Hashable, Row] = {}
        self._machine = describe_machine() if machine is None else machine
        self._columns: tuple[Field[Any], ...] = fields(kind)  # type: ignore[arg-type]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order they first came in."""
        return tuple(self._rows.values())

    def put(self, key: Hashable, row: Row) -> None:
        """Put a row into the file, in the place of the one that has this key. Raises WriteError."""
        self._rows[key] = row
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        machine = asdict(self._machine)
        writer.writerow([*(column.name for column in self._columns), *machine])
        for known in self._rows.values():
            values = [cell(getattr(known, column.name)) for column in self._columns]
            writer.writerow([*values, *(cell(value) for value in machine.values())])
        write_whole(self.path, stream.getvalue().encode("utf-8"))


def cell(value: object) -> str:
    """What stands in a cell: nothing for None, six significant digits of a fraction.

    >>> cell(None), cell(0.12345678), cell(304), cell(12345678.0), cell("cpu")
    ('', '0.123457', '304', '1.23457e+07', 'cpu')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)
