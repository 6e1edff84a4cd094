"""`luv predict`: many videos, one folder of tables and figures, stopped and continued at will."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import model
from luv_viewer import __version__
from luv_viewer.analysis.attention_figure import attention_png
from luv_viewer.analysis.batch_inputs import BatchInput, open_inputs
from luv_viewer.analysis.errors import AnalysisError, NotAssessedError
from luv_viewer.analysis.predict import predict_video
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError
from luv_viewer.io.batch_record import FILE_NAME, BatchRecord, Entry, digest, read_record, write_record
from luv_viewer.io.prediction_file import (
    STATUS_OK,
    SUMMARY_NAME,
    SummaryRow,
    read_summary,
    summarise,
    write_clips,
    write_frames,
    write_summary,
)
from luv_viewer.io.whole_file import make_folder, remove_files, write_whole
from model.clips import Tail

log = logging.getLogger(__name__)

_ENDINGS = ("_clips.csv", "_frames.csv", "_attention.png")


@dataclass(frozen=True)
class BatchOptions:
    """How to predict (as `predict_video`), and whether finished results are computed again."""

    stride: int = 24
    tail: Tail = "pad"
    device: str = "auto"
    precision: str = "auto"
    overwrite: bool = False


@dataclass(frozen=True)
class BatchProgress:
    """Video `number` of `n_videos` (from 1), called `name`: `done` of `total` units of work."""

    number: int
    n_videos: int
    name: str
    done: int
    total: int


@dataclass(frozen=True)
class Outcome:
    """One input done. row: its line of the summary; message: why it has no result, else empty; reused: it was
    finished before with the same video, checkpoint, settings and program."""

    row: SummaryRow
    message: str = ""
    reused: bool = False


def run_batch(
    paths: Sequence[Path],
    folder: Path,
    checkpoint: model.Checkpoint,
    options: BatchOptions,
    report: Callable[[BatchProgress], None],
) -> Iterator[Outcome]:
    """Predict every video in `paths`; after each one its files, then the summary, then the record are on the disk.

    A video that is finished in `folder` is left as it is; one that cannot be opened, or is not assessed, gets a line
    in the summary and no files. Results of earlier runs on other videos stay.
    Raises WriteError when the folder cannot be written, BatchRecordError or PredictionFileError when what it holds is
    damaged (unless options.overwrite). Stopped by KeyboardInterrupt at any moment: nothing half-written stays behind.
    """
    make_folder(folder)
    results = _Results(folder, options.overwrite, tuple(Pattern(name) for name in checkpoint.patterns))
    inputs = open_inputs(paths, folder)
    claimed: set[str] = set()
    for number, item in enumerate(inputs, start=1):
        name = results.record.name_for(item.file_name, item.place, claimed)
        yield _run_one(item, name, checkpoint, options, results, _Reporter(number, len(inputs), name, report))


@dataclass(frozen=True)
class _Reporter:
    number: int
    n_videos: int
    name: str
    report: Callable[[BatchProgress], None]

    def __call__(self, done: int, total: int) -> None:
        self.report(BatchProgress(self.number, self.n_videos, self.name, done, total))


class _Results:
    """The folder of results: tables and figures by name, the summary, the record of what is finished."""

    def __init__(self, folder: Path, overwrite: bool, patterns: tuple[Pattern, ...]) -> None:
        self.folder = folder
        fresh = overwrite or not (folder / FILE_NAME).exists()
        self.record = BatchRecord() if fresh else read_record(folder / FILE_NAME)
        rows = read_summary(folder / SUMMARY_NAME) if not fresh and (folder / SUMMARY_NAME).exists() else ()
        self.rows = {row.video: row for row in rows}
        known = {pattern for row in rows for pattern in row.patterns}
        self.patterns = (*patterns, *(p for p in NETWORK_PATTERNS if p in known and p not in patterns))

    def finished(self, name: str, key: str) -> SummaryRow | None:
        """The line of a result that is there in full and made the same way, else None."""
        entry, row = self.record.entries.get(name), self.rows.get(name)
        is_done = entry is not None and entry.key == key and row is not None and row.status == STATUS_OK
        return row if is_done and all(path.is_file() for path in self._files(name)) else None

    def keep(self, row: SummaryRow, entry: Entry, made: tuple[Prediction, Video, bytes] | None) -> None:
        """Write one result. The record is emptied of it first: an interruption leaves it unfinished, never mixed."""
        old = self.record.entries.get(row.video)
        self.record.entries[row.video] = Entry(entry.place, "")
        if old is not None and old.key:
            self._write_record()
        clips, frames, figure = self._files(row.video)
        if made is None:
            if old is not None:
                remove_files((clips, frames, figure))
        else:
            prediction, video, png = made
            write_clips(clips, prediction)
            write_frames(frames, prediction, video.times_s)
            write_whole(figure, png)
        self.rows[row.video] = row
        write_summary(self.folder / SUMMARY_NAME, self.rows.values(), self.patterns)
        self.record.entries[row.video] = entry
        self._write_record()

    def _files(self, name: str) -> tuple[Path, Path, Path]:
        clips, frames, figure = (self.folder / f"{name}{ending}" for ending in _ENDINGS)
        return clips, frames, figure

    def _write_record(self) -> None:
        write_record(self.folder / FILE_NAME, self.record)


def _run_one(
    item: BatchInput,
    name: str,
    checkpoint: model.Checkpoint,
    options: BatchOptions,
    results: _Results,
    report: Callable[[int, int], None],
) -> Outcome:
    if isinstance(item.content, str):
        row = SummaryRow(name, item.file, f"failed: {item.content}")
        results.keep(row, Entry(item.place, ""), None)
        return Outcome(row, item.content)
    video = item.content

    def without_result(status: str, message: str) -> Outcome:
        made_by = f"{checkpoint.name} {checkpoint.version}"
        row = SummaryRow(name, item.file, status, video.n_frames, _fps(video), checkpoint=made_by)
        results.keep(row, Entry(item.place, ""), None)
        return Outcome(row, message)

    try:
        key = _key(video, checkpoint, options)
        finished = results.finished(name, key)
        if finished is not None:
            return Outcome(finished, reused=True)
        prediction = _predict(video, checkpoint, options, report)
        png = attention_png(name, video, prediction)
    except NotAssessedError as error:
        return without_result(f"not assessed: {error.reason}", str(error))
    except (AnalysisError, StudyError) as error:
        return without_result(f"failed: {error}", str(error))
    except Exception:
        # The boundary of one video: whatever it met, the others of a long run go on.
        log.exception("internal error on one video")
        reason = f"{item.file_name} failed: an internal error; the log has the details."
        return without_result(f"failed: {reason}", reason)
    finally:
        video.store.close()
    row = summarise(name, item.file, _fps(video), prediction)
    thresholds = {p.value: float(t) for p, t in zip(prediction.patterns, prediction.thresholds, strict=True)}
    results.keep(row, Entry(item.place, key, digest(video.identity), thresholds), (prediction, video, png))
    return Outcome(row)


def _predict(
    video: Video, checkpoint: model.Checkpoint, options: BatchOptions, report: Callable[[int, int], None]
) -> Prediction:
    return predict_video(
        video,
        checkpoint,
        stride=options.stride,
        tail=options.tail,
        device=options.device,
        precision=options.precision,
        report=report,
    )


def _fps(video: Video) -> float | None:
    return None if video.is_still else video.timing.fps


def _key(video: Video, checkpoint: model.Checkpoint, options: BatchOptions) -> str:
    """Digest of everything a result depends on. Raises StudyError when the video cannot be read."""
    settings = (options.stride, options.tail, options.device, options.precision)
    content = (video.identity, video.frame_identity(0).digest, video.n_frames)
    return digest(*content, checkpoint.version, checkpoint.clip_length, *settings, __version__)
