"""The table of raw attention that a network gave the frames of clips: `<video>_clip_attention.csv` of `luv predict`.

A row per clip, pattern and head, columns `clip_id,video_id,clip_start,n_real,network,pattern,head,1,2,...,L`:
clip_id is `{video_id}_{first}_{last}` in frames of the video, 1-based inclusive, as in the published clip tables;
clip_start is `first`; n_real counts the clip's frames of the video, the others are copies of the last one that fill the
clip up. head counts from 1, or is `sum` where a file holds the sum over heads (equation 7) only. Columns 1 to L hold
the attention as the network gave it, not scaled: of one head and pattern they sum to 1. UTF-8, comma-separated.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.io.prediction_file import PredictionFileError
from luv_viewer.io.whole_file import write_whole

SUM = "sum"
_COLUMNS = ("clip_id", "video_id", "clip_start", "n_real", "network", "pattern", "head")
_CLIP_FILE = re.compile(r"(?P<video>.+_\d{5})_(?P<first>\d+)_(?P<last>\d+)")


@dataclass(frozen=True, eq=False)
class ClipAttention:
    """One clip. span: its real frames in the video. attention: (P, L, H) float64 per head, or (P, L, 1) the sum over
    heads where has_heads is False; rows past the span are copies. network: which gave it. Raises ValueError."""

    clip_id: str
    video_id: str
    span: Span
    network: str
    patterns: tuple[str, ...]
    attention: NDArray[np.float64]
    has_heads: bool = True

    def __post_init__(self) -> None:
        values = np.array(self.attention, dtype=np.float64)
        if values.ndim != 3 or len(values) != len(self.patterns) or values.shape[1] < len(self.span):
            raise ValueError(
                f"the attention of {self.clip_id} must be ({len(self.patterns)} patterns, at least {len(self.span)} "
                f"frames, heads), got {values.shape}"
            )
        if not np.isfinite(values).all() or (values < 0).any():
            raise ValueError(f"the attention of {self.clip_id} must be numbers of at least 0")
        values.flags.writeable = False
        object.__setattr__(self, "attention", values)

    @property
    def summed(self) -> NDArray[np.float64]:
        """(P, L) summed over heads (equation 7)."""
        return np.asarray(self.attention.sum(axis=2))

    @property
    def real(self) -> NDArray[np.float64]:
        """(P, n_real) summed over heads, real frames only."""
        return self.summed[:, : len(self.span)]


def video_id_of(place: PurePosixPath) -> str:
    """What a video is called in clip ids: `{PatientID}_{Data_idx:05d}` where it lies as published, else the file name
    without its ending.

    >>> video_id_of(PurePosixPath("10000001/00002.mkv")), video_id_of(PurePosixPath("ward/R2.mp4"))
    ('10000001_00002', 'R2')
    """
    stem = place.stem
    patient = place.parent.name
    return f"{patient}_{stem}" if patient and re.fullmatch(r"\d{5}", stem) else stem


def attention_of(prediction: Prediction, place: PurePosixPath) -> tuple[ClipAttention, ...]:
    """The clips of a prediction with their heads; none where the prediction has no attention of heads.

    place: the video's file with its folder. A file that is itself a clip of `luv prepare clips`, as its name says
    (`10000001_00002_25_54.mkv`), is that one clip; other clips of it are left out.
    """
    if prediction.head_attention is None:
        return ()
    made = prediction.provenance
    network = f"{made.checkpoint} {made.version}"
    patterns = tuple(pattern.value for pattern in prediction.patterns)
    clip = _CLIP_FILE.fullmatch(place.stem)
    if clip is not None and _is_clip(prediction, clip):
        span = Span(int(clip["first"]) - 1, int(clip["last"]))
        return (
            ClipAttention(place.stem, clip["video"], span, network, patterns, _values(prediction.head_attention[0])),
        )
    video = video_id_of(place)
    return tuple(
        ClipAttention(f"{video}_{span.label}", video, span, network, patterns, _values(prediction.head_attention[k]))
        for k, span in enumerate(map(prediction.span, range(len(prediction.clip_spans))))
    )


def write_clip_attention(path: Path, clips: Iterable[ClipAttention]) -> None:
    """Replace `path` by the table. Raises WriteError, ValueError for clips of different length."""
    clips = tuple(clips)
    lengths = {clip.attention.shape[1] for clip in clips}
    if len(lengths) > 1:
        raise ValueError(f"clips of one table have one length, got {sorted(lengths)}")
    header = [*_COLUMNS, *(str(i + 1) for i in range(max(lengths, default=0)))]
    write_whole(path, (_line(cells) for cells in _rows(header, clips)))


def read_clip_attention(path: Path) -> tuple[ClipAttention, ...]:
    """What `write_clip_attention` wrote, or another program in the same form, in the order of the file.

    Raises PredictionFileError that names the file and the clip.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.reader(stream)
            header = next(lines, [])
            if tuple(header[: len(_COLUMNS)]) != _COLUMNS or len(header) == len(_COLUMNS):
                raise PredictionFileError(
                    f"{path} is no table of attention: expected the columns {','.join(_COLUMNS)},1,2,...; "
                    "luv predict --clip-attention writes one."
                )
            return tuple(
                _clip(path, clip_id, list(rows), len(header)) for clip_id, rows in groupby(lines, lambda row: row[:1])
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PredictionFileError(f"{path} cannot be read: {error}.") from error


def _is_clip(prediction: Prediction, name: re.Match[str]) -> bool:
    """Whether a file holds, as its name says, one clip: all of it is the first clip of the prediction."""
    first, last = int(name["first"]), int(name["last"])
    covers = prediction.clip_spans[0].tolist() == [0, prediction.n_frames]
    return covers and 1 <= first <= last and last - first < prediction.n_frames


def _values(attention: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(attention, dtype=np.float64)


def _rows(header: list[str], clips: Iterable[ClipAttention]) -> Iterator[list[object]]:
    yield list(header)
    for clip in clips:
        common = [clip.clip_id, clip.video_id, clip.span.start + 1, len(clip.span), clip.network]
        for pattern, by_frame in zip(clip.patterns, clip.attention, strict=True):
            for head, values in enumerate(by_frame.T, start=1):
                yield [*common, pattern, head if clip.has_heads else SUM, *(f"{value:.8g}" for value in values)]


def _line(cells: list[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


def _clip(path: Path, clip_id: list[str], rows: list[list[str]], n_columns: int) -> ClipAttention:
    where = f"{path.name}, clip {clip_id[0] if clip_id else '?'}"
    if any(len(row) != n_columns for row in rows):
        raise PredictionFileError(f"{where}: a row has not the {n_columns} cells of the header.")
    constants = {tuple(row[1:5]) for row in rows}
    if len(constants) != 1:
        raise PredictionFileError(f"{where}: video_id, clip_start, n_real or network differ between its rows.")
    video_id, start, n_real, network = constants.pop()
    patterns = tuple(dict.fromkeys(row[5] for row in rows))
    heads = tuple(dict.fromkeys(row[6] for row in rows))
    has_heads = heads != (SUM,)
    if has_heads and heads != tuple(str(i + 1) for i in range(len(heads))):
        raise PredictionFileError(f"{where}: its heads are {', '.join(heads)}, expected 1, 2, ... or {SUM}.")
    if [row[5:7] for row in rows] != [[pattern, head] for pattern in patterns for head in heads]:
        raise PredictionFileError(f"{where}: expected one row per pattern and head, in order.")
    try:
        values = np.array([[float(cell) for cell in row[7:]] for row in rows])
        by_head = values.reshape(len(patterns), len(heads), -1).swapaxes(1, 2)
        span = Span(int(start) - 1, int(start) - 1 + int(n_real))
        return ClipAttention(rows[0][0], video_id, span, network, patterns, by_head, has_heads)
    except ValueError as error:
        raise PredictionFileError(f"{where}: {error}.") from error
