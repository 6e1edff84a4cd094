"""The table of what opening each real and malformed DICOM file gives.

Write it anew: `python -m tests.io.dicom_outcomes`.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

from luv_viewer.io.inspection import inspect

ROOT = Path(__file__).resolve().parent.parent.parent
GOLDEN = ROOT / "tests" / "golden" / "dicom_outcomes.csv"
COLUMNS = ("file", "outcome", "frames", "format", "timing", "error")


def outcomes(dicom: Path) -> tuple[list[dict[str, str]], float]:
    """One row per file below `dicom`, its path relative to it, and the longest time one file took, seconds."""
    rows = inspect([dicom])
    table = [
        {
            "file": row.path.relative_to(dicom).as_posix(),
            "outcome": row.outcome,
            "frames": "" if row.frames is None else str(row.frames),
            "format": row.format,
            "timing": row.timing_source,
            "error": row.error,
        }
        for row in rows
    ]
    return sorted(table, key=lambda row: row["file"]), max(row.seconds for row in rows)


def main() -> None:
    """Replace the golden table by today's outcomes."""
    data = Path(os.environ.get("LUV_TEST_DATA", ROOT.parent / "shared" / "data"))
    with GOLDEN.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(outcomes(data / "dicom")[0])


if __name__ == "__main__":
    main()
