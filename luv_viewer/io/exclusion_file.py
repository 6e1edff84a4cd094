"""`exclusions.csv`: videos that are not to be used, `study_id, reason, applies_to` (systems.md 1.4)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.exclusion import EVERYWHERE, Exclusion
from luv_viewer.domain.sheet_reading import LabelSheetError, SheetMessage
from luv_viewer.io.whole_file import write_whole

COLUMNS = ("study_id", "reason", "applies_to")


@dataclass(frozen=True)
class ExclusionReading:
    """exclusions: of the rows that can be read. problems: one message for each row that cannot."""

    exclusions: tuple[Exclusion, ...]
    problems: tuple[SheetMessage, ...] = ()


def read_exclusions(path: Path) -> ExclusionReading:
    """The exclusions of a CSV file (UTF-8, `,` or `;`), columns in any order; a blank `applies_to` means `all`.

    A row with a problem excludes nothing, so a caller must not go on silently. Raises LabelSheetError when the file
    cannot be read or has not these columns.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise LabelSheetError(f"{path} does not exist; choose another file.") from None
    except OSError as error:
        raise LabelSheetError(f"{path} cannot be read: {error.strerror or error}; choose another file.") from error
    except UnicodeDecodeError:
        raise LabelSheetError(f"{path.name} is not UTF-8 text; save it as CSV UTF-8.") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    numbered: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            numbered.append((reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise LabelSheetError(
            f"{path.name}, row {reader.line_num}: a quotation mark is not closed or stands inside a cell; correct it."
        ) from error
    places = _places(path.name, numbered[0][1] if numbered else ())
    exclusions: list[Exclusion] = []
    problems: list[SheetMessage] = []
    for number, cells in numbered[1:]:
        if not any(cells):
            continue
        values = [cells[place] if place < len(cells) else "" for place in places]
        try:
            exclusions.append(Exclusion(values[0], values[1], values[2] or EVERYWHERE))
        except ValueError as error:
            problems.append(SheetMessage(path.name, f"{error}; correct the row.", number))
    return ExclusionReading(tuple(exclusions), tuple(problems))


def write_exclusions(path: Path, exclusions: Iterable[Exclusion]) -> None:
    """Replace `path`. Raises WriteError; the old file is then unchanged."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((item.study_id, item.reason, item.applies_to) for item in exclusions)
    write_whole(path, stream.getvalue().encode())


def _places(file: str, header: Sequence[str]) -> tuple[int, ...]:
    names = [name.casefold() for name in header]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise LabelSheetError(
            f"{file}: the first row lacks {', '.join(missing)}; expected the columns {', '.join(COLUMNS)}."
        )
    repeated = [column for column in COLUMNS if names.count(column) > 1]
    if repeated:
        raise LabelSheetError(f"{file}: the column {repeated[0]} stands twice in the first row; keep one.")
    return tuple(names.index(column) for column in COLUMNS)
