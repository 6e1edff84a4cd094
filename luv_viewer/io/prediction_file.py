"""The tables of `luv predict`: clips and frames of a video, and one summary (product.md, "Commands").

Frame numbers in the files are 1-based and inclusive, times are seconds with the first frame at 0, probabilities and
attention lie in [0, 1] with six decimals; a cell without a number is empty. UTF-8, comma-separated, one header line.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import NO_PATTERN_ATTENTION, Prediction
from luv_viewer.io.whole_file import write_whole

SUMMARY_NAME = "summary.csv"
STATUS_OK = "ok"

FloatArray = NDArray[np.float64]


class PredictionFileError(Exception):
    """A table cannot be read back; str(error) is one plain sentence that names the file."""


@dataclass(frozen=True, eq=False)
class ClipTable:
    """`<video>_clips.csv`. clip_spans: (K, 2) half-open from 0; probabilities: (K, P)."""

    patterns: tuple[Pattern, ...]
    clip_spans: NDArray[np.int64]
    probabilities: FloatArray


@dataclass(frozen=True, eq=False)
class FrameTable:
    """`<video>_frames.csv`. times_s: (T,) seconds; attention: (T, P) in [0, 1], NaN where no clip covers a frame, and
    throughout when the network has no pattern attention."""

    patterns: tuple[Pattern, ...]
    times_s: FloatArray
    attention: FloatArray


@dataclass(frozen=True)
class PatternSummary:
    """One pattern of one video. top_frames: indices from 0, by rank; None when the network has no pattern attention."""

    probability: float
    present: bool
    top_frames: tuple[int, ...] | None


@dataclass(frozen=True)
class SummaryRow:
    """One line of `summary.csv`.

    video: the name its files start with; file: where it came from. n_frames; fps in frames per second: None when the
    file could not be opened, fps also for a still. patterns: empty when there is no result. status: `ok`, or the
    reason in plain words.
    """

    video: str
    file: str
    status: str
    n_frames: int | None = None
    fps: float | None = None
    patterns: Mapping[Pattern, PatternSummary] = field(default_factory=dict)
    checkpoint: str = ""
    device: str = ""
    precision: str = ""


def write_clips(path: Path, prediction: Prediction) -> None:
    """Write `clip_start,clip_end`, then one probability column per pattern, a line per clip. Raises WriteError."""
    rows = (
        [int(start) + 1, int(stop), *map(_number, probabilities)]
        for (start, stop), probabilities in zip(prediction.clip_spans, prediction.probabilities, strict=True)
    )
    _write_csv(path, ["clip_start", "clip_end", *(p.value for p in prediction.patterns)], rows)


def write_frames(path: Path, prediction: Prediction, times_s: FloatArray) -> None:
    """Write `frame,time_s`, then one normalised attention column per pattern, a line per frame; empty cells
    where no clip covers a frame, and throughout for a network without pattern attention.

    times_s: (T,) seconds, the first 0. Raises WriteError; ValueError when the number of times is not T.
    """
    if len(times_s) != prediction.n_frames:
        raise ValueError(f"expected {prediction.n_frames} frame times, got {len(times_s)}")
    rows = (
        [frame + 1, _number(time_s), *map(_number, attention)]
        for frame, (time_s, attention) in enumerate(zip(times_s, prediction.frame_attention, strict=True))
    )
    _write_csv(path, ["frame", "time_s", *(p.value for p in prediction.patterns)], rows)


def summarise(video: str, file: str, fps: float | None, prediction: Prediction) -> SummaryRow:
    """The summary line of a finished prediction. fps: frames per second, None for a still."""
    patterns = {
        pattern: PatternSummary(float(probability), bool(present), top if prediction.has_attention else None)
        for pattern, probability, present, top in zip(
            prediction.patterns,
            prediction.video_probabilities,
            prediction.present,
            prediction.top_frames,
            strict=True,
        )
    }
    made = prediction.provenance
    return SummaryRow(
        video=video,
        file=file,
        status=STATUS_OK,
        n_frames=prediction.n_frames,
        fps=fps,
        patterns=patterns,
        checkpoint=f"{made.checkpoint} {made.version}",
        device=made.device,
        precision=made.precision,
    )


def write_summary(path: Path, rows: Iterable[SummaryRow], patterns: Sequence[Pattern]) -> None:
    """Write `summary.csv` with the columns of `patterns`. Top frames are frame numbers by rank, separated by spaces.

    The cell of top frames is empty where the attention is constant, so that no frame stands out, and says so where the
    network has no pattern attention. Raises WriteError.
    """
    header = ["video", "file", "frames", "fps"]
    for pattern in patterns:
        header += [pattern.value, f"{pattern.value} present", f"{pattern.value} top frames"]
    header += ["checkpoint", "device", "precision", "status"]
    _write_csv(path, header, (_summary_cells(row, patterns) for row in rows))


def read_clips(path: Path) -> ClipTable:
    """Read what `write_clips` wrote. Raises PredictionFileError."""
    header, rows = _read_csv(path, ["clip_start", "clip_end"])
    numbers = _numbers(path, rows, len(header))
    spans = numbers[:, :2].astype(np.int64) - np.array([1, 0])
    return ClipTable(_patterns(path, header[2:]), spans, numbers[:, 2:])


def read_frames(path: Path) -> FrameTable:
    """Read what `write_frames` wrote. Raises PredictionFileError."""
    header, rows = _read_csv(path, ["frame", "time_s"])
    numbers = _numbers(path, rows, len(header))
    return FrameTable(_patterns(path, header[2:]), numbers[:, 1], numbers[:, 2:])


def read_summary(path: Path) -> tuple[SummaryRow, ...]:
    """Read what `write_summary` wrote. Raises PredictionFileError."""
    header, rows = _read_csv(path, ["video", "file", "frames", "fps"])
    if header[-4:] != ["checkpoint", "device", "precision", "status"]:
        raise PredictionFileError(f"{path} is not a summary table of luv predict: its last columns are {header[-4:]}.")
    patterns = _patterns(path, header[4:-4:3])
    return tuple(_summary_row(path, row, patterns) for row in rows)


def _summary_cells(row: SummaryRow, patterns: Sequence[Pattern]) -> list[object]:
    cells: list[object] = [
        row.video,
        row.file,
        "" if row.n_frames is None else row.n_frames,
        "" if row.fps is None else f"{row.fps:.6g}",
    ]
    for pattern in patterns:
        found = row.patterns.get(pattern)
        if found is None:
            cells += ["", "", ""]
        else:
            cells += [_number(found.probability), int(found.present), _top_frames_cell(found.top_frames)]
    return [*cells, row.checkpoint, row.device, row.precision, row.status]


def _summary_row(path: Path, cells: list[str], patterns: Sequence[Pattern]) -> SummaryRow:
    if len(cells) != 8 + 3 * len(patterns):
        raise PredictionFileError(f"{path} has a line of {len(cells)} cells, expected {8 + 3 * len(patterns)}.")
    found: dict[Pattern, PatternSummary] = {}
    try:
        for at, pattern in enumerate(patterns):
            probability, present, top = cells[4 + 3 * at : 7 + 3 * at]
            if probability:
                found[pattern] = PatternSummary(float(probability), present == "1", _top_frames(top))
        n_frames = int(cells[2]) if cells[2] else None
        fps = float(cells[3]) if cells[3] else None
    except ValueError as error:
        raise PredictionFileError(f"{path} holds text where a number belongs: {error}.") from error
    checkpoint, device, precision, status = cells[-4:]
    return SummaryRow(cells[0], cells[1], status, n_frames, fps, found, checkpoint, device, precision)


def _top_frames_cell(frames: tuple[int, ...] | None) -> str:
    return NO_PATTERN_ATTENTION if frames is None else " ".join(str(frame + 1) for frame in frames)


def _top_frames(cell: str) -> tuple[int, ...] | None:
    """Raises ValueError for a cell that `_top_frames_cell` does not write."""
    return None if cell == NO_PATTERN_ATTENTION else tuple(int(frame) - 1 for frame in cell.split())


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.6f}"


def _write_csv(path: Path, header: list[str], rows: Iterable[list[object]]) -> None:
    lines: Iterable[Sequence[object]] = chain((header,), rows)
    write_whole(path, map(_csv_line, lines))


def _csv_line(cells: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    # File names may hold bytes that are no text.
    return text.getvalue().encode("utf-8", "replace")


def _read_csv(path: Path, expected: list[str]) -> tuple[list[str], list[list[str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PredictionFileError(f"{path} cannot be read: {error}.") from error
    if not lines or lines[0][: len(expected)] != expected:
        raise PredictionFileError(f"{path} is not a table of luv predict: it does not start with {','.join(expected)}.")
    return lines[0], lines[1:]


def _patterns(path: Path, names: Sequence[str]) -> tuple[Pattern, ...]:
    try:
        return tuple(Pattern(name) for name in names)
    except ValueError as error:
        raise PredictionFileError(f"{path} has a column of an unknown pattern: {error}.") from error


def _numbers(path: Path, rows: list[list[str]], n_columns: int) -> FloatArray:
    try:
        values = [[float(cell) if cell else np.nan for cell in row] for row in rows]
        return np.array(values, dtype=np.float64).reshape(len(rows), n_columns)
    except ValueError as error:
        raise PredictionFileError(f"{path} holds a line that is not {n_columns} numbers: {error}.") from error
