"""How many frames the videos of a sheet have, from a table or from a project."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from luv_viewer.io.byte_source import os_reason
from luv_viewer.io.project_index import FILE_NAME, read_index

_NAMES = ("n_frames", "frames", "NumberOfFrames")


class LengthsError(Exception):
    """The lengths cannot be read; str(error) is one plain sentence."""


def read_lengths(path: Path) -> Mapping[str, int]:
    """Frames by study_id: of a project folder, or of a CSV with the columns study_id and n_frames (or frames).

    Rows may repeat (a frame table will do) as long as they agree. Raises LengthsError, ProjectError.
    """
    if path.is_dir():
        if not (path / FILE_NAME).is_file():
            raise LengthsError(f"{path} is a folder without {FILE_NAME}: expected a project with videos.")
        return read_index(path).lengths()
    lengths: dict[str, int] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            names = {name.strip().casefold(): name for name in reader.fieldnames or ()}
            study_id = names.get("study_id")
            count = next((names[name.casefold()] for name in _NAMES if name.casefold() in names), None)
            if study_id is None or count is None:
                raise LengthsError(
                    f"{path.name} holds no lengths: expected a project folder or a CSV with the columns study_id and "
                    "n_frames."
                )
            for row in reader:
                _add(lengths, row.get(study_id) or "", row.get(count) or "", f"{path.name}, line {reader.line_num}")
    except OSError as error:
        raise LengthsError(f"{path.name} cannot be read: {os_reason(error)}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise LengthsError(f"{path.name} is no CSV file in UTF-8 ({error}).") from error
    return lengths


def _add(lengths: dict[str, int], study_id: str, count: str, where: str) -> None:
    name, number = study_id.strip(), count.strip().removesuffix(".0")
    if not name:
        return
    if not (number.isascii() and number.isdecimal() and 0 < int(number) < 10_000_000):
        raise LengthsError(f"{where}: {name} needs a whole number of frames from 1, found {count.strip()!r}.")
    if lengths.setdefault(name, int(number)) != int(number):
        raise LengthsError(f"{where}: {name} has {number} frames here and {lengths[name]} above; make them agree.")
