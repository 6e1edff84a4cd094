"""What opening each of many files gives: the table that shows a reader copes with an archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.video import Region, Video
from luv_viewer.io.errors import StudyError
from luv_viewer.io.study_reader import files_below, open_study

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class InspectionRow:
    """Outcome of one file. Video columns describe its first video and are None (or empty) when it was refused.

    outcome: "opened" when the first, middle and last frame of every video could be decoded, else "refused".
    size: (width, height) pixels; region: half-open; spacing_mm: (horizontal, vertical); seconds: all of this together;
    message: the error's type and sentence, or the notes about the file.
    """

    path: Path
    outcome: str
    n_videos: int
    frames: int | None
    size: tuple[int, int] | None
    format: str
    timing_source: str
    fps: float | None
    region: Region | None
    spacing_mm: tuple[float, float] | None
    seconds: float
    error: str
    message: str


def inspect(paths: Sequence[Path], report: Report | None = None) -> list[InspectionRow]:
    """One row per file, folders with all their files; every file is opened alone and three frames are decoded.

    report(done, total) is called after each file and may raise to stop.
    """
    files = [file for path in paths for file in _files(path)]
    rows = []
    for done, file in enumerate(files, start=1):
        rows.append(_row(file))
        if report is not None:
            report(done, len(files))
    return rows


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from files_below(path, [])
    else:
        yield path


def _row(path: Path) -> InspectionRow:
    start = time.perf_counter()
    try:
        study = open_study(path)
    except StudyError as error:
        return _refused(path, error, time.perf_counter() - start)
    try:
        for video in study.videos:
            for i in sorted({0, video.n_frames // 2, video.n_frames - 1}):
                video.frame(i)
    except StudyError as error:
        return _refused(path, error, time.perf_counter() - start)
    finally:
        study.close()
    messages = [failure.message for failure in study.failures]
    return _opened(path, study.videos, messages, time.perf_counter() - start)


def _refused(path: Path, error: StudyError, seconds: float) -> InspectionRow:
    return InspectionRow(
        path, "refused", 0, None, None, "", "", None, None, None, seconds, type(error).__name__, str(error)
    )


def _opened(path: Path, videos: Sequence[Video], messages: Sequence[str], seconds: float) -> InspectionRow:
    first = videos[0]
    return InspectionRow(
        path=path,
        outcome="opened",
        n_videos=len(videos),
        frames=first.n_frames,
        size=(first.width, first.height),
        format=first.source.format,
        timing_source="" if first.is_still else first.timing.source.value,
        fps=None if first.is_still else first.timing.fps,
        region=first.region,
        spacing_mm=first.spacing_mm,
        seconds=seconds,
        error="",
        message=" ".join((*messages, *first.notes)),
    )
