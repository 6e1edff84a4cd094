"""In which frames of a video each pattern is: from a labelling sheet, a frame table, or the truth of `luv phantom`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from luv_viewer.analysis.clip_labels import TOTAL_B_LINE
from luv_viewer.analysis.sheet_input import load_sheet
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.merge import b_united
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from training.evaluate.predictions import EvaluationError

UNKNOWN = -1
_ROW = re.compile(r"(.+)_0*([0-9]{1,7})")
_KINDS = (Pattern.B_LINE, Pattern.CONFLUENT_B_LINE)
_LABELS = {p: TOTAL_B_LINE if p is Pattern.B_LINE else f"{p.value}_lbl" for p in NETWORK_PATTERNS}


@dataclass(frozen=True)
class VideoTruth:
    """What is known of one video, by NETWORK_PATTERNS (B-line or confluent is B-line). patient: whose it is.

    present: frames with the pattern; unlooked: frames of which nothing is known. n_frames: None where not stated.
    """

    patient: str
    present: tuple[SpanSet, ...]
    unlooked: tuple[SpanSet, ...]
    n_frames: int | None = None

    def labels(self, pattern: Pattern, span: Span) -> NDArray[np.int8]:
        """(n,) of the frames of a span: 1 present, 0 absent, UNKNOWN where nobody looked."""
        place = NETWORK_PATTERNS.index(pattern)
        labels = self.present[place].within(span.stop).mask(span.stop).astype(np.int8)
        labels[self.unlooked[place].within(span.stop).mask(span.stop)] = UNKNOWN
        return labels[span.start :]


@dataclass(frozen=True)
class FrameTruth:
    """name: of the file or folder. videos: by `study_of` of their names. notes: sentences on what was left out."""

    name: str
    videos: Mapping[str, VideoTruth]
    notes: tuple[str, ...] = ()

    def video(self, video_id: str) -> VideoTruth | None:
        """What is known of a video, None where nothing is."""
        return self.videos.get(study_of(video_id))


def study_of(name: str) -> str:
    """One name for `10000001_00002` of file names and `10000001_2` of sheets.

    >>> study_of("10000001_00002"), study_of("R2")
    ('10000001_2', 'R2')
    """
    found = _ROW.fullmatch(name)
    return f"{found[1]}_{found[2]}" if found else name


def read_frame_truth(path: Path) -> FrameTruth:
    """From a file with frame labels: `frames.csv` of `luv prepare clips`, anything `luv labels` takes for a sheet
    (intervals, 1-based inclusive), or a folder `truth` of `luv phantom`.

    Raises EvaluationError, and AnalysisError or ReaderFileError of the sheet: one sentence that names the file.
    """
    if path.is_dir():
        return _phantom_truth(path)
    if path.suffix.casefold() == ".csv" and "FileName" in _header(path):
        return _frame_table(path)
    loaded = load_sheet(path)
    videos = {study_of(row.study_id): _of_row(row) for row in loaded.sheet.rows if not row.is_still}
    if not videos:
        raise EvaluationError(f"{path.name} has no row of a video that could be read; luv labels check says why")
    n = len(loaded.problems)
    notes = [f"{path.name}: rows with problems were left out ({n}); luv labels check names them."] if n else []
    return FrameTruth(path.name, videos, tuple(notes))


def _of_row(row: SheetRow) -> VideoTruth:
    united = b_united(row)
    present = tuple(map(united.frames, NETWORK_PATTERNS))
    unlooked = tuple(map(united.unlooked_frames, NETWORK_PATTERNS))
    return VideoTruth(row.key.patient_id, present, unlooked, row.n_frames)


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return next(csv.reader(stream), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _frame_table(path: Path) -> FrameTruth:
    needed = ["FileName", "PatientID", *_LABELS.values()]
    if missing := [name for name in needed if name not in _header(path)]:
        raise EvaluationError(f"{path.name} is no frame table: it lacks the columns {', '.join(missing)}")
    table = pd.read_csv(path, usecols=needed, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    names = table["FileName"].str.extract(r"^(?P<video>.+)_(?P<frame>[1-9]\d{0,6})$")
    if names["frame"].isna().any():
        row = int(np.flatnonzero(names["frame"].isna())[0])
        raise EvaluationError(
            f"{path.name}, row {row + 2}: FileName {table['FileName'][row]!r} is not {{PatientID}}_{{idx}}_{{frame}}"
        )
    videos = {}
    frames = names["frame"].astype(np.int64).to_numpy(dtype=np.int64) - 1
    cells = table[list(_LABELS.values())].to_numpy(dtype=object)
    for video, rows in names.groupby("video", sort=False).indices.items():
        patient = str(table["PatientID"][rows[0]]).strip()
        videos[study_of(str(video))] = _of_cells(path, patient, np.asarray(frames[rows], dtype=np.int64), cells[rows])
    return FrameTruth(path.name, videos)


def _phantom_truth(folder: Path) -> FrameTruth:
    """`<PatientID>/<number>.csv`, a row per frame and a column per pattern; other files are not looked at."""
    videos = {}
    needed = ("frame", *(pattern.value for pattern in Pattern))
    for path in sorted(folder.glob("*/*.csv")):
        if any(name not in _header(path) for name in needed):
            continue
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        table[_KINDS[0].value] = np.where(table[_KINDS[1].value] == "1", "1", table[_KINDS[0].value])
        cells = table[[pattern.value for pattern in NETWORK_PATTERNS]].to_numpy(dtype=object)
        patient = path.parent.name
        videos[study_of(f"{patient}_{path.stem}")] = _of_cells(path, patient, np.arange(len(table)), cells)
    if not videos:
        raise EvaluationError(
            f"{folder} holds no frame labels: expected <PatientID>/<number>.csv with the columns {', '.join(needed)}"
        )
    return FrameTruth(folder.name, videos)


def _of_cells(path: Path, patient: str, frames: NDArray[np.int64], cells: NDArray[np.object_]) -> VideoTruth:
    """frames: (n,) from 0. cells: (n, P) text: 1, 0, blank. A frame without a row was not looked at."""
    if len(np.unique(frames)) != len(frames):
        raise EvaluationError(f"{path.name}: a frame of patient {patient} stands in two rows")
    codes = np.full((int(frames.max()) + 1, len(NETWORK_PATTERNS)), UNKNOWN, dtype=np.int8)
    text = np.char.strip(cells.astype(str))
    known = {"1": 1, "1.0": 1, "0": 0, "0.0": 0, "": UNKNOWN}
    if strange := sorted(set(text.ravel().tolist()) - set(known)):
        raise EvaluationError(f"{path.name}: {strange[0]!r} is no label of a frame; expected 1, 0 or blank")
    codes[frames] = np.vectorize(known.__getitem__, otypes=[np.int8])(text)
    return VideoTruth(patient, _spans(codes == 1), _spans(codes == UNKNOWN), len(codes))


def _spans(masks: NDArray[np.bool_]) -> tuple[SpanSet, ...]:
    return tuple(SpanSet.from_mask(mask) for mask in _columns(masks))


def _columns(masks: NDArray[np.bool_]) -> Iterable[NDArray[np.bool_]]:
    return (np.ascontiguousarray(column) for column in masks.T)


def network_pattern(name: str, known: Sequence[Pattern] = NETWORK_PATTERNS) -> Pattern:
    """The pattern that a column is called by. Raises EvaluationError."""
    found = next((pattern for pattern in known if pattern.value.casefold() == name.strip().casefold()), None)
    if found is None:
        raise EvaluationError(f"{name!r} is none of the patterns {', '.join(p.value for p in known)}")
    return found
