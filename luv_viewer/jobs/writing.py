"""Makes a reader's edits durable, away from the window, and holds on to those that the disk would not take."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.edit import Entry
from luv_viewer.domain.reader_file import ReaderFile, ReaderFileError, VideoRecord
from luv_viewer.task import Report

RETRY_S = 3.0
Batch = tuple[tuple[Entry, ...], tuple[VideoRecord, ...]]


@dataclass(frozen=True)
class Written:
    """Everything up to entry `number` is on the disk."""

    number: int


@dataclass(frozen=True)
class NotWritten:
    """`count` entries wait because of what `sentence` says; they are tried again."""

    sentence: str
    count: int


class WriteBox:
    """Batches on their way to a reader file: put by the window, kept until the writer has them on the disk."""

    def __init__(self) -> None:
        self._waiting: list[Batch] = []
        self._closed = False
        self._changed = threading.Condition()

    def put(self, batch: Batch) -> None:
        """Add a batch at the end."""
        with self._changed:
            self._waiting.append(batch)
            self._changed.notify_all()

    def wait(self, known: int, timeout_s: float | None) -> list[Batch] | None:
        """All batches that wait, once there are more than `known` or the time is over; None: closed, and none left."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) > known or self._closed, timeout_s)
            return None if self._closed and not self._waiting else list(self._waiting)

    def done(self, count: int) -> None:
        """The first `count` batches are on the disk."""
        with self._changed:
            del self._waiting[:count]
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more comes; what waits is tried once more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """True once `close` was called."""
        return self._closed

    def waiting(self) -> tuple[Batch, ...]:
        """What is not on the disk."""
        with self._changed:
            return tuple(self._waiting)

    def wait_until_empty(self, timeout_s: float) -> bool:
        """True when everything came to the disk within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting, timeout_s)


def serve_writing(box: WriteBox, file: ReaderFile, report: Report) -> None:
    """Append what the box holds, until it is closed; what fails stays in the box and is tried again."""
    known, pause = 0, None
    while (batches := box.wait(known, pause)) is not None:
        entries = tuple(entry for batch, _ in batches for entry in batch)
        if not entries:
            continue
        try:
            file.append(entries, tuple(record for _, records in batches for record in records))
        except ReaderFileError as error:
            known, pause = len(batches), RETRY_S
            report(NotWritten(str(error), len(entries)))
            if box.is_closed:
                return
        else:
            known, pause = 0, None
            box.done(len(batches))
            report(Written(entries[-1].number))


def save_elsewhere(file: ReaderFile, batches: tuple[Batch, ...], path: Path) -> None:
    """A copy of `file` at `path` with everything that waits. Raises ReaderFileError; nothing is then lost here."""
    from luv_viewer.io.reader_file import SqliteReaderFile, open_reader_file

    if not isinstance(file, SqliteReaderFile):
        raise ReaderFileError(f"{file.path} cannot be copied.")
    file.copy_to(path)
    copy = open_reader_file(path, file.reader)
    try:
        copy.append(
            tuple(entry for batch, _ in batches for entry in batch),
            tuple(record for _, records in batches for record in records),
        )
    finally:
        copy.close()
