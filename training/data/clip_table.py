"""A table of clips with their labels, as `luv prepare clips` and `luv prepare split` write it (systems.md 1.6).

Axis letters: N clips, P patterns.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luv_viewer.analysis.clip_labels import TOTAL_B_LINE
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from training.data.errors import DataError, some
from training.prepare.errors import PrepareError
from training.prepare.split_files import LABEL_END, PATIENT, RowTable, read_rows

PATTERNS = tuple(pattern.value for pattern in NETWORK_PATTERNS)
"""The network's outputs in order."""

_STUDY = "study_id"
_CLIP_COLUMN = re.compile(r"\d+(?:_|frame_)clip_path")
_LABELS = {"0": 0.0, "0.0": 0.0, "1": 1.0, "1.0": 1.0}


@dataclass(frozen=True)
class TableOptions:
    """How a table is read.

    clip_column: the column of the clips' files; None where there is only one. unlabelled: what becomes of a clip with a
    blank label. no_finding: `drop` leaves out clips without any of the patterns (systems D8).
    """

    clip_column: str | None = None
    unlabelled: Literal["refuse", "leave_out"] = "refuse"
    no_finding: Literal["keep", "drop"] = "keep"


@dataclass(frozen=True, eq=False)
class ClipTable:
    """N clips. path: the table. root: the folder that the paths in it start from. clip_ids: unique, the file names
    without ending. files: root and path. labels: (N, P) float32, 0 or 1, read-only. n_unlabelled: clips left out.

    Raises DataError for columns of unequal length, a clip that stands twice, no clip at all, other labels.
    """

    path: Path
    root: Path
    clip_ids: tuple[str, ...]
    patients: tuple[str, ...]
    studies: tuple[str, ...]
    files: tuple[Path, ...]
    labels: NDArray[np.float32]
    patterns: tuple[str, ...] = PATTERNS
    n_unlabelled: int = 0

    def __post_init__(self) -> None:
        n = len(self.clip_ids)
        if not n:
            raise DataError(f"{self.name} holds no clip to work with; make the clips again, or choose another split.")
        lengths = {len(self.patients), len(self.studies), len(self.files), n}
        if len(lengths) != 1 or self.labels.shape != (n, len(self.patterns)):
            raise DataError(
                f"{self.name}: {n} clips were expected in every column and labels of {(n, len(self.patterns))}, "
                f"found {sorted(lengths)} and {self.labels.shape}."
            )
        if not np.isin(self.labels, (0, 1)).all():
            raise DataError(f"{self.name}: every label must be 0 or 1.")
        if len(set(self.clip_ids)) != n:
            twice = sorted({name for name in self.clip_ids if self.clip_ids.count(name) > 1})
            raise DataError(f"{self.name}: {some(twice)} stands in more than one row; keep one.")
        own = self.labels.astype(np.float32, copy=True)
        own.setflags(write=False)
        object.__setattr__(self, "labels", own)

    def __len__(self) -> int:
        return len(self.clip_ids)

    @property
    def name(self) -> str:
        """Folder and file, for people."""
        return f"{self.path.parent.name}/{self.path.name}" if self.path.parent.name else self.path.name

    def digest(self) -> str:
        """SHA-256 (hex) of the rows in order: clip, patient, study, file below the root, labels, and the patterns."""
        files = [_below(file, self.root) for file in self.files]
        rows = zip(self.clip_ids, self.patients, self.studies, files, self.labels.astype(int).tolist(), strict=True)
        return hashlib.sha256(json.dumps([list(self.patterns), list(rows)]).encode()).hexdigest()


def read_clip_table(
    path: Path, root: Path, patterns: Sequence[str] = PATTERNS, options: TableOptions | None = None
) -> ClipTable:
    """The clips of a table, in its order; their files must be there.

    patterns: names of `luv_viewer.domain.pattern.Pattern`. "B-line" is the B-line or confluent B-line, unless
    "Confluent B-line" is asked for beside it (systems D9).
    Raises DataError.
    """
    options = options or TableOptions()
    try:
        rows = read_rows(path)
    except PrepareError as error:
        raise DataError(str(error)) from error
    place = {name: i for i, name in enumerate(rows.header)}
    clip = place[_clip_column(rows, options)]
    columns = _label_columns(patterns)
    if absent := [name for name in (_STUDY, *columns) if name not in place]:
        raise DataError(f"{path.name} has no column {', '.join(absent)}; give a table of luv prepare clips or split.")
    kept, labels, n_unlabelled = [], [], 0
    for number, row in enumerate(rows.rows, start=2):
        values = _labels(f"{path.name}, row {number}", [(name, row[place[name]]) for name in columns], options)
        if values is None:
            n_unlabelled += 1
        elif options.no_finding == "keep" or any(values):
            kept.append(row)
            labels.append(values)
    names = [row[clip].strip() for row in kept]
    _check_files(path.name, root, names)
    return ClipTable(
        path,
        root,
        tuple(Path(name).stem for name in names),
        tuple(row[place[PATIENT]].strip() for row in kept),
        tuple(row[place[_STUDY]].strip() for row in kept),
        tuple(root / name for name in names),
        np.array(labels, dtype=np.float32).reshape(len(kept), len(patterns)),
        tuple(patterns),
        n_unlabelled,
    )


def _clip_column(rows: RowTable, options: TableOptions) -> str:
    found = [name for name in rows.header if _CLIP_COLUMN.fullmatch(name)]
    if options.clip_column is not None:
        if options.clip_column in rows.header:
            return options.clip_column
        raise DataError(f"{rows.name} has no column {options.clip_column}; it has {', '.join(found) or 'no clips'}.")
    if len(found) == 1:
        return found[0]
    if not found:
        raise DataError(
            f"{rows.name} has no column of clips (such as 256_clip_path); give a table of luv prepare clips or split."
        )
    raise DataError(f"{rows.name} has several columns of clips, {', '.join(found)}; say which one.")


def _label_columns(patterns: Sequence[str]) -> list[str]:
    known = {pattern.value for pattern in Pattern}
    wrong = [name for name in patterns if name not in known]
    if wrong or not patterns or len(set(patterns)) != len(patterns):
        told = f"{wrong[0]} is not one" if wrong else "each must stand once, and at least one"
        raise DataError(f"The patterns must be of {', '.join(sorted(known))}; {told}.")
    unites = Pattern.CONFLUENT_B_LINE.value not in patterns
    return [TOTAL_B_LINE if unites and name == Pattern.B_LINE.value else f"{name}{LABEL_END}" for name in patterns]


def _labels(where: str, cells: Iterable[tuple[str, str]], options: TableOptions) -> list[float] | None:
    """None for a clip that is to be left out."""
    values = []
    is_blank = False
    for name, cell in cells:
        told = cell.strip()
        if told in _LABELS:
            values.append(_LABELS[told])
        elif told:
            raise DataError(f"{where}: {name} is {told!r}, expected 0 or 1.")
        elif options.unlabelled == "leave_out":
            is_blank = True
        else:
            raise DataError(
                f"{where}: {name} is blank, because nobody labelled it there; label it, or leave unlabelled clips out."
            )
    return None if is_blank else values


def _check_files(table: str, root: Path, names: Sequence[str]) -> None:
    missing = [name for name in names if not name or not (root / name).exists()]
    if missing:
        told = some([name or "(blank)" for name in missing])
        raise DataError(
            f"{table}: {len(missing)} of {len(names)} clips are not in {root}: {told}; give the folder that "
            "luv prepare clips wrote, or run it again."
        )


def _below(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()
