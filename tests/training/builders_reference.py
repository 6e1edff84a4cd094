"""Reads the table of reference numbers for statistics."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def reference_text(statistics_dir: Path, data: str, quantity: str, method: str | None = None) -> str:
    """The value of one row of the reference table as it is printed."""
    table = pd.read_csv(statistics_dir / "reference_values.csv", keep_default_na=False)
    rows = table[(table["data"] == data) & (table["quantity"] == quantity)]
    if method is not None:
        rows = rows[rows["method"] == method]
    assert len(rows) == 1
    return str(rows["value"].iloc[0])


def reference_numbers(statistics_dir: Path, data: str, quantity: str, method: str | None = None) -> list[float]:
    """The numbers of one row, without what stands in the brackets of `(printed ...)`."""
    text = reference_text(statistics_dir, data, quantity, method).split("(printed")[0]
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def reference_rows(statistics_dir: Path, data: str, quantity: str, separator: str = ";") -> NDArray[np.float64]:
    """A small data set that stands in one row; `*` is a missing value."""
    text = reference_text(statistics_dir, data, quantity)
    return np.array([[float(v.replace("*", "nan")) for v in row.split()] for row in text.split(separator)])
