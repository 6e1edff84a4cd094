"""Entries on their way into a reader file: checked and chained before the disk is touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry, EntryKind, applied
from luv_viewer.domain.reader_file import VideoRecord
from luv_viewer.io.reader_file.chain import EntryRow, Head
from luv_viewer.io.reader_file.failure import DAMAGED, damaged
from luv_viewer.io.reader_file.rows import (
    SnapshotRow,
    VideoRow,
    annotation_of,
    annotation_text,
    entry_row,
    insertion,
    record_digest,
    record_of,
    video_row,
)
from luv_viewer.io.reader_file.schema import read_snapshot, read_videos, write_meta, write_snapshots


class Batch:
    """What one append adds. head: the newest entry, those added included."""

    def __init__(self, path: Path, con: sqlite3.Connection, head: Head, records: Iterable[VideoRecord]) -> None:
        self.head = head
        self._path = path
        self._con = con
        self._records = {record.video_id: record for record in records}
        self._entries: list[EntryRow] = []
        self._videos: dict[int, VideoRow] = {}
        self._annotations: dict[str, VideoAnnotation] = {}
        self._last: dict[str, int] = {}

    def add(self, entry: Entry) -> None:
        """One more. Raises ValueError when it does not fit what is there, sqlite3.Error, ReaderFileError."""
        if entry.number != self.head.number + 1:
            raise ValueError(f"entry {entry.number} cannot follow entry {self.head.number}")
        record = None
        if entry.kind is EntryKind.VIDEO:
            video = self._video(entry)
            record = record_digest(video)
            self._videos[entry.number] = video
        if entry.kind is EntryKind.NOTE:
            if entry.video_id or entry.changes:
                raise ValueError(f"entry {entry.number} is a note about the reader and cannot change a video")
        else:
            self._annotations[entry.video_id] = applied(self._annotation(entry), entry.changes)
            self._last[entry.video_id] = entry.number
        row = entry_row(entry, self.head, record)
        self._entries.append(row)
        self.head = Head(row.number, row.hash)

    def check_records(self) -> None:
        """Raises ValueError when a record came without its VIDEO entry."""
        extra = sorted(set(self._records) - {video.video_id for video in self._videos.values()})
        if extra:
            raise ValueError(f"no VIDEO entry names {', '.join(extra)}")

    def write(self) -> None:
        """Into the tables, within the caller's transaction. Raises sqlite3.Error."""
        self._con.executemany(insertion("entry", EntryRow._fields), self._entries)
        self._con.executemany(insertion("video", VideoRow._fields), self._videos.values())
        write_snapshots(
            self._con,
            [
                SnapshotRow(video_id, annotation.n_frames, self._last[video_id], annotation_text(annotation))
                for video_id, annotation in self._annotations.items()
            ],
        )
        write_meta(self._con, {"head_number": str(self.head.number), "head_hash": self.head.hash})

    def _annotation(self, entry: Entry) -> VideoAnnotation:
        if entry.video_id in self._annotations:
            return self._annotations[entry.video_id]
        row = read_snapshot(self._con, entry.video_id)
        if row is not None:
            try:
                return annotation_of(row.n_frames, row.annotation)
            except ValueError as error:
                raise damaged(self._path, DAMAGED) from error
        if entry.kind is not EntryKind.VIDEO:
            raise ValueError(f"entry {entry.number} is about a video that no VIDEO entry names")
        return VideoAnnotation(self._records[entry.video_id].n_frames)

    def _video(self, entry: Entry) -> VideoRow:
        record = self._records.get(entry.video_id)
        if record is None:
            raise ValueError(f"entry {entry.number} names a video whose record is missing")
        known = read_videos(self._con, entry.video_id)
        difference = record_of(known[-1]).difference(record) if known else None
        if difference is not None:
            raise ValueError(f"entry {entry.number} names a video that is known already, and {difference}")
        return video_row(entry.number, record)
