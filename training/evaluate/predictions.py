"""Predictions and truth as CSV files, joined by clip id (systems specification 5.1)."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.tables import column_key

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

ID_COLUMNS = ("clip_id", "clip", "id")
VIDEO_COLUMNS = ("video_id", "video")
PATIENT_COLUMNS = ("patient_id", "patient")
_FOLD = re.compile(r"(?P<model>.+?)_fold_?(?P<fold>\d+)$")
_NAMED = 5


class EvaluationError(Exception):
    """Files do not fit for an evaluation; str(error) is one plain sentence that names the file and what was found."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Labels (N, P) 0 or 1 of N clips. videos, patients: (N,) names, None where the file has none.

    Raises EvaluationError for a clip that stands twice and for other labels.
    """

    ids: tuple[str, ...]
    patterns: tuple[str, ...]
    labels: Integers
    videos: tuple[str, ...] | None = None
    patients: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_ids("the truth", self.ids)
        if self.labels.shape != (len(self.ids), len(self.patterns)):
            raise EvaluationError(
                f"labels must be {(len(self.ids), len(self.patterns))} (clips, patterns), got {self.labels.shape}"
            )
        if not np.isin(self.labels, (0, 1)).all():
            raise EvaluationError("the truth must hold 0 and 1 only; leave out clips whose label is unknown")


@dataclass(frozen=True, eq=False)
class Predictions:
    """Values (N, P) of one model and fold: probabilities, or 0 and 1 of a reader. Raises EvaluationError."""

    model: str
    fold: str
    ids: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        _check_ids(self.name, self.ids)
        if self.values.ndim != 2 or len(self.values) != len(self.ids):
            raise EvaluationError(f"{self.name} has {len(self.ids)} clips and values of shape {self.values.shape}")
        if not ((self.values >= 0) & (self.values <= 1)).all():
            raise EvaluationError(f"{self.name} holds values outside [0, 1] or empty ones, expected probabilities")

    @property
    def name(self) -> str:
        """Model and fold, for people."""
        return f"{self.model}, fold {self.fold}"


@dataclass(frozen=True, eq=False)
class Joined:
    """Values (N, P) of one model beside the truth of the same cases. clusters: (N,) what is independent of each other,
    `cluster_kind` names it: patient, video, or clip where nothing is known."""

    model: str
    fold: str
    patterns: tuple[str, ...]
    labels: Integers
    values: Floats
    clusters: tuple[str, ...]
    cluster_kind: str
    videos: tuple[str, ...] | None
    patients: tuple[str, ...] | None


def join(truth: Truth, predictions: Predictions) -> Joined:
    """The predictions in the order of the truth.

    Raises EvaluationError when a clip of either side is missing on the other, naming the first ones.
    """
    if predictions.values.shape[1] != len(truth.patterns):
        raise EvaluationError(
            f"{predictions.name} has {predictions.values.shape[1]} patterns, the truth {len(truth.patterns)}"
        )
    place = {name: i for i, name in enumerate(predictions.ids)}
    if missing := [name for name in truth.ids if name not in place]:
        raise EvaluationError(f"{predictions.name} lacks {_listed(missing)} of the truth")
    known = set(truth.ids)
    if unknown := [name for name in predictions.ids if name not in known]:
        raise EvaluationError(f"{predictions.name} has {_listed(unknown)} that the truth does not know")
    clusters, kind = truth.ids, "clip"
    if truth.patients is not None:
        clusters, kind = truth.patients, "patient"
    elif truth.videos is not None:
        clusters, kind = truth.videos, "video"
    order = [place[name] for name in truth.ids]
    return Joined(
        predictions.model,
        predictions.fold,
        truth.patterns,
        truth.labels,
        predictions.values[order],
        clusters,
        kind,
        truth.videos,
        truth.patients,
    )


def read_truth(path: Path, patterns: Sequence[str]) -> Truth:
    """A CSV file with a clip id (`clip_id`, `clip` or `id`), a 0/1 column per pattern, and where known `video_id` and
    `patient_id`. Raises EvaluationError that names the file."""
    header, rows = _read(path)
    ids = _column(path, header, rows, ID_COLUMNS)
    columns = [_pattern_columns(header, pattern).get("") for pattern in patterns]
    if absent := [pattern for pattern, column in zip(patterns, columns, strict=True) if column is None]:
        raise EvaluationError(f"{path.name} lacks the columns {', '.join(absent)}")
    values = _numbers(path, rows, [column for column in columns if column is not None])
    try:
        return Truth(
            ids,
            tuple(patterns),
            np.where(np.isin(values, (0, 1)), values, -1).astype(np.int64),
            _optional(path, header, rows, VIDEO_COLUMNS),
            _optional(path, header, rows, PATIENT_COLUMNS),
        )
    except EvaluationError as error:
        raise EvaluationError(f"{path.name}: {error}") from error


def read_predictions(paths: Iterable[Path], patterns: Sequence[str]) -> tuple[Predictions, ...]:
    """Every model of every file: columns `{model}_{pattern}` beside the clip id, or plain pattern columns of a file
    whose name is the model's.

    The fold is what the file name says (`luvnet_fold3.csv`); for a model without such names it counts its files.
    Raises EvaluationError that names the file; also for a model's fold that comes twice.
    """
    found: list[Predictions] = []
    for path in paths:
        header, rows = _read(path)
        ids = _column(path, header, rows, ID_COLUMNS)
        by_pattern = [_pattern_columns(header, pattern) for pattern in patterns]
        models = [model for model in by_pattern[0] if all(model in columns for columns in by_pattern)]
        if not models:
            raise EvaluationError(f"{path.name} has no model with a column for each of {', '.join(patterns)}")
        named = _FOLD.match(path.stem)
        for prefix in models:
            model = prefix or (named["model"] if named else path.stem)
            fold = named["fold"] if named else str(sum(one.model == model for one in found))
            values = _numbers(path, rows, [columns[prefix] for columns in by_pattern])
            try:
                found.append(Predictions(model, fold, ids, values))
            except EvaluationError as error:
                raise EvaluationError(f"{path.name}: {error}") from error
    doubles = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if doubles:
        raise EvaluationError(f"{doubles[0]} comes from more than one file; name them ..._fold0.csv, ..._fold1.csv")
    return tuple(found)


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = [row for row in csv.reader(stream) if any(cell.strip() for cell in row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(rows) < 2:
        raise EvaluationError(f"{path.name} has no rows below its header")
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise EvaluationError(f"{path.name}, row {number}: {len(row)} cells, expected {len(rows[0])}")
    return [name.strip() for name in rows[0]], rows[1:]


def _pattern_columns(header: Sequence[str], pattern: str) -> dict[str, int]:
    """Place of the pattern's column by model; the model is "" where the column is only the pattern."""
    key = column_key(pattern)
    found = {}
    for place, name in enumerate(header):
        whole = column_key(name)
        if whole == key:
            found[""] = place
        elif whole.endswith(f"_{key}"):
            found[name[: -len(key) - 1]] = place
    return found


def _column(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[str, ...]:
    found = _optional(path, header, rows, names)
    if found is None:
        raise EvaluationError(f"{path.name} lacks a column {' or '.join(names)}")
    return found


def _optional(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str]
) -> tuple[str, ...] | None:
    place = next((header.index(name) for name in names if name in header), None)
    if place is None:
        return None
    values = tuple(row[place].strip() for row in rows)
    if "" in values:
        raise EvaluationError(f"{path.name}, row {values.index('') + 2}: {header[place]} is empty")
    return values


def _numbers(path: Path, rows: Sequence[Sequence[str]], places: Sequence[int]) -> Floats:
    values = np.empty((len(rows), len(places)))
    for i, row in enumerate(rows):
        for j, place in enumerate(places):
            try:
                values[i, j] = float(row[place])
            except ValueError:
                raise EvaluationError(f"{path.name}, row {i + 2}: {row[place]!r} is not a number") from None
    return values


def _check_ids(name: str, ids: Sequence[str]) -> None:
    if not ids:
        raise EvaluationError(f"{name} has no clips")
    if doubles := [one for one, count in Counter(ids).items() if count > 1]:
        raise EvaluationError(f"{name} has {_listed(doubles)} more than once")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"the clip{'s' if len(names) > 1 else ''} {', '.join(names[:_NAMED])}{more}"
