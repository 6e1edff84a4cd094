"""A reader file that is open."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry
from luv_viewer.domain.reader_file import (
    Reader,
    ReaderFileError,
    ReaderFileReadOnlyError,
    VideoRecord,
)
from luv_viewer.io.errors import one_line
from luv_viewer.io.reader_file.batch import Batch
from luv_viewer.io.reader_file.chain import EntryRow, Head
from luv_viewer.io.reader_file.failure import DAMAGED, damaged, failure, write_failure
from luv_viewer.io.reader_file.rows import SnapshotRow, VideoRow, annotation_of, entry_of, record_of
from luv_viewer.io.reader_file.schema import (
    read_entries,
    read_head,
    read_meta,
    read_snapshots,
    read_videos,
    transaction,
)
from luv_viewer.io.reader_file.writer_lock import WriterLock
from luv_viewer.io.whole_file import WriteError, write_whole


class Content(NamedTuple):
    """All tables at one moment, as they stand."""

    meta: dict[str, str]
    head: Head
    entries: list[EntryRow]
    videos: list[VideoRow]
    snapshots: list[SnapshotRow]


class SqliteReaderFile:
    """What `open_reader_file` gives; fulfils domain.reader_file.ReaderFile. May be used from any thread.

    A read-only one reads the file afresh at every call, so it sees what the writing window has added, except where it
    had to be read from a copy (an older format, or left in the middle of an edit by a crash): open it again then.
    """

    def __init__(self, path: Path, con: sqlite3.Connection, reader: Reader, writing: WriterLock | str) -> None:
        """writing: the lock that allows it, or why nothing can be written."""
        self._path = path
        self._con = con
        self._reader = reader
        self._writing = writing
        self._turn = threading.RLock()
        self._is_open = True
        with self._reporting():
            self._head = read_head(con)

    @property
    def path(self) -> Path:
        """Where it stands."""
        return self._path

    @property
    def reader(self) -> Reader:
        """Whose work it is."""
        return self._reader

    @property
    def read_only(self) -> str:
        """Why nothing can be written, as a part of a sentence; "" where it can."""
        return self._writing if isinstance(self._writing, str) else ""

    @property
    def last_number(self) -> int:
        """Number of the newest entry, 0 for none. Raises ReaderFileError."""
        if not self.read_only:
            return self._head.number
        with self._reporting():
            return read_head(self._con).number

    def records(self) -> Mapping[str, VideoRecord]:
        """All videos by video_id, in the order in which they came. Raises ReaderFileError."""
        with self._reporting():
            return {row.video_id: record_of(row) for row in read_videos(self._con)}

    def annotations(self) -> Mapping[str, VideoAnnotation]:
        """All annotations by video_id, in the same order. Raises ReaderFileError."""
        with self._reporting():
            return {row.video_id: annotation_of(row.n_frames, row.annotation) for row in read_snapshots(self._con)}

    def entries(self, video_id: str | None = None) -> Sequence[Entry]:
        """The record in order: of one video, or of all. Raises ReaderFileError."""
        with self._reporting():
            return tuple(map(entry_of, read_entries(self._con, video_id)))

    def content(self) -> Content:
        """Everything, for the audit. Raises ReaderFileError."""
        with self._reporting():
            # One reading transaction: another window may be writing.
            self._con.execute("BEGIN")
            try:
                return Content(
                    meta=read_meta(self._con),
                    head=read_head(self._con),
                    entries=read_entries(self._con),
                    videos=read_videos(self._con),
                    snapshots=read_snapshots(self._con),
                )
            finally:
                self._con.execute("ROLLBACK")

    def append(self, entries: Iterable[Entry], records: Iterable[VideoRecord] = ()) -> None:
        """Keep entries, numbered on from `last_number`: all on the disk when this returns, or none and an error.

        records: of the videos that VIDEO entries name. A later VIDEO entry may give a video another name or key, and
        nothing else. After an error the file and this object are as before, and the same call can be made again.
        Raises ReaderFileFullError, ReaderFileReadOnlyError, ReaderFileError; ValueError for entries that do not fit.
        """
        with self._turn:
            if self.read_only:
                raise ReaderFileReadOnlyError(one_line(f"{self._path} cannot be written: {self.read_only}."))
            batch = Batch(self._path, self._con, self._head, records)
            with self._reporting(passing=ValueError):
                for entry in entries:
                    batch.add(entry)
                batch.check_records()
            if batch.head == self._head:
                return
            with self._reporting(), transaction(self._con):
                if read_head(self._con) != self._head:
                    raise ReaderFileReadOnlyError(
                        one_line(f"{self._path} was written by another program meanwhile; close it and open it again.")
                    )
                batch.write()
            self._head = batch.head

    def copy_to(self, path: Path) -> None:
        """The whole file under another name, where there is none yet. Raises ReaderFileError."""
        if path.exists():
            raise ReaderFileError(one_line(f"{path} exists already; choose another name for the copy."))
        with self._reporting():
            content = self._con.serialize()
        try:
            write_whole(path, content)
        except WriteError as error:
            raise write_failure(error) from error

    def close(self) -> None:
        """Let another window write. Closing twice does nothing."""
        with self._turn:
            self._is_open = False
            if isinstance(self._writing, WriterLock):
                with suppress(sqlite3.Error):
                    # Takes the empty journal away, so that one file is left.
                    self._con.execute("PRAGMA journal_mode = DELETE")
            self._con.close()
            if isinstance(self._writing, WriterLock):
                self._writing.release()

    def __enter__(self) -> SqliteReaderFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _reporting(self, passing: type[Exception] = ReaderFileError) -> Iterator[None]:
        """One thread at a time, and errors for people; those of the kind `passing` go through as they are."""
        with self._turn:
            if not self._is_open:
                raise ReaderFileError(one_line(f"{self._path} was closed; open it again."))
            try:
                yield
            except (ReaderFileError, passing):
                raise
            except sqlite3.Error as error:
                raise failure(self._path, error) from error
            except ValueError as error:
                raise damaged(self._path, DAMAGED) from error
