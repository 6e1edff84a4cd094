"""Plain tables of intervals: one row each, with frames (from 1, both ends included) or seconds."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.io.bridges.bridge import Bridged, BridgedVideo, BridgeError, Known, Ledger, Sliding, base_name
from luv_viewer.io.bridges.intervals import Drafts, Moment
from luv_viewer.io.bridges.sources import Cells, read_number
from luv_viewer.io.whole_file import write_whole

VIDEO = ("video", "study_id", "study id", "video_id", "file", "name", "filename")
LABEL = ("pattern", "label", "behavior", "finding")
FIRST = ("start_frame", "start frame", "first_frame", "frame_start")
LAST = ("end_frame", "end frame", "last_frame", "frame_end", "stop_frame")
START = ("start_s", "start (s)", "start_time")
STOP = ("end_s", "stop_s", "end (s)", "stop (s)", "end_time")
COLUMNS = ("video", "n_frames", "fps", "pattern", "start_frame", "end_frame")


def is_interval_table(rows: list[list[str]]) -> bool:
    """True when the first row names a video, a pattern, and frames or times."""
    if not rows:
        return False
    cells = Cells(rows, 0, "")
    edges = (cells.has(*FIRST) and cells.has(*LAST)) or (cells.has(*START) and cells.has(*STOP))
    return cells.has(*VIDEO) and cells.has(*LABEL) and edges


def read_interval_table(rows: list[list[str]], title: str, known: Known) -> Bridged:
    """A row without a pattern names a video in which nothing is labelled. Raises BridgeError."""
    cells, ledger = Cells(rows, 0, title), Ledger()
    drafts = Drafts(title, known, ledger)
    for line, row in cells.rows:
        name, label = cells.text(row, *VIDEO), cells.text(row, *LABEL)
        if not name:
            raise BridgeError(f"{title}, row {line}: expected a video's name, found nothing; fill in the cell.")
        n_frames = _whole(cells, row, line, "n_frames")
        draft = drafts.of(base_name(name), read_number(cells.text(row, "fps")), n_frames)
        if not label:
            continue
        first, last = _whole(cells, row, line, *FIRST), _whole(cells, row, line, *LAST)
        if first is not None and last is not None:
            if not 1 <= first <= last:
                ledger.problem(
                    f"{title}, row {line}: frames {first} to {last} were left out; expected numbers from 1 on, the "
                    "first not after the last."
                )
                continue
            # The table includes the last frame, a Moment does not.
            drafts.mark(draft.name, label, Moment(None, first), Moment(None, last + 1), 1)
            continue
        edges = [read_number(cells.text(row, *names)) for names in (START, STOP)]
        drafts.mark(draft.name, label, Moment(edges[0]), Moment(edges[1]))
    return ledger.bridged(drafts.finish())


def _whole(cells: Cells, row: list[str], line: int, *names: str) -> int | None:
    text = cells.text(row, *names)
    number = read_number(text)
    if text and (number is None or number != int(number) or abs(number) > 1e6):
        raise BridgeError(
            f"{cells.title}, row {line}: expected a whole number as {names[0]}, found {text!r:.40}; correct the cell."
        )
    return None if number is None else int(number)


def write_interval_table(path: Path, videos: Iterable[BridgedVideo]) -> None:
    """Write COLUMNS as CSV, a row per interval; a video without one has a row without pattern. Raises WriteError."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for video in videos:
        about = (video.name, video.n_frames or "", video.fps or "")
        rows: list[tuple[str, int | str, int | str]] = [
            (pattern.value, span.start + 1, span.stop)
            for pattern, frames in zip(TRACK_PATTERNS, video.present, strict=True)
            for span in frames
        ]
        if video.sliding is not None:
            rows.append(((Sliding.PRESENT if video.sliding else Sliding.ABSENT).value, 1, video.n_frames or 1))
        table.writerows((*about, *row) for row in rows or [("", "", "")])
    write_whole(path, text.getvalue().encode(errors="replace"))
