"""Which patterns videos show, from a CSV: for the area under the curve of a network over a folder."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from luv_viewer.analysis.errors import AnalysisError

FILE_COLUMN = "file"
# The columns of manifests that hold one letter per pattern, for sheets made with them.
_OTHER_NAMES = {"A-line": "use_A", "B-line": "use_B", "Consolidation": "use_C", "Pleural effusion": "use_E"}
_VALUES = {"1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0, "": np.nan, "?": np.nan}


@dataclass(frozen=True)
class VideoLabels:
    """rows: for each `file` its (P,) labels: 1 present, 0 absent, NaN not known."""

    rows: Mapping[PurePosixPath, NDArray[np.float64]]
    n_patterns: int

    def of(self, path: Path) -> NDArray[np.float64]:
        """(P,) of the row whose file `path` ends in, the longest where several do; all NaN where none does."""
        parts = path.absolute().parts
        fitting = [file for file in self.rows if parts[-len(file.parts) :] == file.parts]
        if not fitting:
            return np.full(self.n_patterns, np.nan)
        return self.rows[max(fitting, key=lambda file: len(file.parts))]


def read_video_labels(path: Path, patterns: Sequence[str]) -> VideoLabels:
    """From a CSV with the column `file` (a name, or a path that the videos' paths end in) and a column per pattern,
    called as the pattern or `use_A`, `use_B`, `use_C`, `use_E`: 1 present, 0 absent, empty or ? not known. Other
    columns are left alone; a pattern without a column is not known.

    Raises AnalysisError, naming file, row and column, for anything else.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            header = reader.fieldnames or []
            columns = [_column(pattern, header) for pattern in patterns]
            if FILE_COLUMN not in header or not any(columns):
                raise AnalysisError(
                    f"{path.name} has no labels: expected a column {FILE_COLUMN} and at least one of "
                    f"{', '.join(patterns)}, or use_A, use_B, use_C, use_E."
                )
            rows = {}
            for row in reader:
                file = PurePosixPath((row[FILE_COLUMN] or "").strip().replace("\\", "/"))
                place = f"{path.name}, row {reader.line_num}"
                if file in rows:
                    raise AnalysisError(f"{place}: {file} stands in an earlier row already; leave one of the two.")
                rows[file] = np.array([_value(row, column, place) for column in columns])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AnalysisError(f"{path} cannot be read as a CSV table: {error}.") from error
    return VideoLabels(rows, len(patterns))


def _column(pattern: str, header: Sequence[str]) -> str:
    """The name of its column, empty without one."""
    return next((name for name in (pattern, _OTHER_NAMES.get(pattern, "")) if name and name in header), "")


def _value(row: Mapping[str, str | None], column: str, place: str) -> float:
    if not column:
        return float("nan")
    text = (row[column] or "").strip()
    if text not in _VALUES:
        raise AnalysisError(f"{place}: {column} is {text!r}, expected 1, 0, or empty or ? where it is not known.")
    return _VALUES[text]
