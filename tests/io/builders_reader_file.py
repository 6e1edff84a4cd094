"""Made-up reader files: readers, videos, random edits as a reader could make them."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from luv_viewer.domain.annotation import QUALITIES, VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind, applied, changes_between
from luv_viewer.domain.history import History
from luv_viewer.domain.lus_score import LUS_SCORES
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.reader_file import Reader, SheetKey, VideoRecord
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet

KIM = Reader("kim")
START = datetime(2026, 11, 21, 14, 2, 3, tzinfo=UTC)


def made_record(index: int, n_frames: int = 40, with_key: bool = True) -> VideoRecord:
    """Video number `index`; every third one has one digest for the whole file."""
    n_digests = 1 if index % 3 == 0 else n_frames
    return VideoRecord(
        video_id=f"1.2.826.0.1.{index}",
        name=f"clip_{index:04d}.dcm",
        n_frames=n_frames,
        times_s=tuple(i / 29.97 for i in range(n_frames)),
        digests=tuple(hashlib.sha256(f"{index} {i}".encode()).hexdigest() for i in range(n_digests)),
        key=SheetKey(f"{index:04d}", 1, "20260131") if with_key else None,
    )


def time_text(number: int) -> str:
    """A second after the entry before."""
    return (START + timedelta(seconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def video_entry(number: int, record: VideoRecord, reader: str = "kim") -> Entry:
    """First entry of a video."""
    return Entry(number, EntryKind.VIDEO, record.video_id, "open", (), reader, time_text(number))


class RandomReader:
    """Makes entries one after the other: edits, undo, redo, frames seen, notes. Goes on from what a file holds."""

    def __init__(self, seed: int, records: list[VideoRecord], number: int = 0) -> None:
        self.number = number
        self._random = random.Random(seed)
        self._records = {record.video_id: record for record in records}
        self._annotations = {record.video_id: VideoAnnotation(record.n_frames) for record in records}
        self._histories = {record.video_id: History() for record in records}

    def follow(self, entries: list[Entry]) -> None:
        """Know what these did."""
        for entry in entries:
            self._take(entry)

    def next_entry(self) -> Entry:
        """One more random entry."""
        video_id = self._random.choice(list(self._records))
        history, annotation = self._histories[video_id], self._annotations[video_id]
        kind = self._random.choices(list(EntryKind)[1:], [6, 2, 2, 1, 1])[0]
        undone = history.undoing() if kind is EntryKind.UNDO else history.redoing()
        number, when = self.number + 1, time_text(self.number + 1)
        if kind is EntryKind.NOTE:
            entry = Entry(number, kind, "", "measured", (), "kim", when, raw={"reaction_ms": [210.5, 198.0], "é": None})
        elif kind in (EntryKind.UNDO, EntryKind.REDO) and undone is not None:
            entry = Entry(number, kind, video_id, kind.value, undone[1], "kim", when, undoes=undone[0].number)
        else:
            after = self._seen(annotation) if kind is EntryKind.SEEN else self._edited(annotation)
            frames = (self._records[video_id].frame_identity(0), self._records[video_id].frame_identity(3))
            changes = changes_between(annotation, after)
            kind = EntryKind.SEEN if kind is EntryKind.SEEN else EntryKind.EDIT
            entry = Entry(number, kind, video_id, "mark present", changes, "kim", when, frames, raw={"pressed": [1, 9]})
        self._take(entry)
        return entry

    def _take(self, entry: Entry) -> None:
        self.number = entry.number
        if entry.video_id:
            self._annotations[entry.video_id] = applied(self._annotations[entry.video_id], entry.changes)
            self._histories[entry.video_id] = self._histories[entry.video_id].after(entry)

    def _span(self, annotation: VideoAnnotation) -> Span:
        start = self._random.randrange(annotation.n_frames)
        return Span(start, self._random.randint(start + 1, annotation.n_frames))

    def _seen(self, annotation: VideoAnnotation) -> VideoAnnotation:
        return replace(annotation, seen=annotation.seen | SpanSet.of(self._span(annotation)))

    def _edited(self, annotation: VideoAnnotation) -> VideoAnnotation:
        pattern, choose = self._random.choice(TRACK_PATTERNS), self._random.choice
        return choose(
            (
                lambda: annotation.with_track(pattern, (self._span(annotation),)),
                lambda: annotation.with_absent(pattern, SpanSet.of(self._span(annotation))),
                lambda: replace(annotation, lus_score=choose((None, *LUS_SCORES))),
                lambda: replace(annotation, quality=choose(QUALITIES), zone="R2"),
                lambda: replace(
                    annotation, sliding=choose((None, True, False)), note=choose(("", "bewegt – ⅔", "a\nb"))
                ),
            )
        )()
