"""The record of `luv predict` while a run works on it: names given out, results added, whatever the number of videos.

Lines go to the record's file, which is the truth; to find an entry again they are indexed in a temporary SQLite
database of this process (its cache is bounded, the rest lies in the system's temporary folder). One process writes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from luv_viewer.domain.pattern import Pattern
from luv_viewer.io.batch_record import (
    FILE_NAME,
    FIRST_FILE_NAME,
    Entry,
    entry_of_line,
    line_of,
    read_lines,
    read_record,
    safe_stem,
    write_record,
)
from luv_viewer.io.prediction_file import SUMMARY_NAME, SummaryRow, read_summary
from luv_viewer.io.whole_file import WriteError, remove_files, write_sentence

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE entries (id INTEGER PRIMARY KEY, name TEXT UNIQUE, folded TEXT, stem TEXT, number INTEGER, place TEXT,
                      key TEXT, n_bytes INTEGER, is_taken INTEGER, line BLOB);
CREATE INDEX by_folded ON entries (folded);
CREATE INDEX by_stem ON entries (stem, number);
CREATE INDEX by_place ON entries (place);
CREATE INDEX by_key ON entries (key);
CREATE INDEX by_bytes ON entries (n_bytes);
"""
_LINES_TO_SPARE = 1000


@dataclass(frozen=True)
class Claimed:
    """The name results of a video get, and what is known of them from earlier."""

    name: str
    entry: Entry


class BatchJournal:
    """The record in one folder, open for a run. patterns: those that have ever had a column of the summary."""

    def __init__(self, folder: Path, *, is_fresh: bool) -> None:
        """is_fresh: forget what the folder holds. Raises BatchRecordError, PredictionFileError, WriteError."""
        self._path = folder / FILE_NAME
        self._index = sqlite3.connect("", isolation_level=None)
        self._stream: IO[bytes] | None = None
        self._n_lines = 0
        self.patterns: set[Pattern] = set()
        try:
            self._index.executescript(_SCHEMA)
            if not is_fresh:
                self._read(folder)
            if is_fresh or not self._path.exists() or self._n_lines > 2 * self._n_names() + _LINES_TO_SPARE:
                write_record(self._path, self.entries())
            remove_files([folder / FIRST_FILE_NAME])
            self._stream = self._opened_to_append()
        except BaseException:
            self.close()
            raise

    def claim(self, file_name: str, place: str, n_bytes: int) -> Claimed | None:
        """The name for the video at a place: the one it had before, else the stem of its file name, `_2`, `_3`...
        added where that is taken. None when the place was claimed in this run already.

        Names differ by more than upper and lower case. Raises WriteError.
        """
        found = self._index.execute(
            "SELECT name, is_taken, line FROM entries WHERE place = ? ORDER BY id LIMIT 1", (place,)
        ).fetchone()
        if found is not None:
            name, is_taken, line = found
            self._index.execute("UPDATE entries SET is_taken = 1 WHERE name = ?", (name,))
            return None if is_taken else Claimed(name, entry_of_line(line))
        stem = safe_stem(file_name)
        number = self._free_number(stem)
        name = stem if number == 1 else f"{stem}_{number}"
        entry = Entry(place, "", n_bytes=n_bytes, number=number)
        self.put(name, entry, is_lasting=False)
        return Claimed(name, entry)

    def may_have_moved(self, n_bytes: int) -> bool:
        """Whether a finished result of a video of that size exists whose place was not met in this run."""
        found = self._index.execute(
            "SELECT 1 FROM entries WHERE n_bytes = ? AND key <> '' AND is_taken = 0 LIMIT 1", (n_bytes,)
        )
        return found.fetchone() is not None

    def results_with(self, key: str) -> Iterator[Claimed]:
        """Finished results of that key whose place was not met in this run."""
        found = self._index.execute(
            "SELECT name, line FROM entries WHERE key = ? AND is_taken = 0 ORDER BY id", (key,)
        ).fetchall()
        return (Claimed(name, entry_of_line(line)) for name, line in found)

    def put(self, name: str, entry: Entry, *, is_lasting: bool = True) -> None:
        """Add or replace an entry. is_lasting: it is on the disk when this returns. Raises WriteError."""
        line = line_of(name, entry)
        assert self._stream is not None
        try:
            self._stream.write(line)
            self._stream.flush()
            if is_lasting:
                os.fsync(self._stream.fileno())
        except OSError as error:
            raise WriteError(write_sentence(self._path, error)) from error
        self._keep(name, entry, line, is_taken=True)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Names and entries, in the order in which names were given out; one at a time is in memory."""
        for name, line in self._index.execute("SELECT name, line FROM entries ORDER BY id"):
            yield name, entry_of_line(line)

    def rows(self) -> Iterator[SummaryRow]:
        """The lines of the summary, in that order."""
        return (entry.row for _, entry in self.entries() if entry.row is not None)

    def has_place(self, place: str) -> bool:
        """Whether a video of that place has a name."""
        return self._index.execute("SELECT 1 FROM entries WHERE place = ?", (place,)).fetchone() is not None

    def has_name(self, name: str) -> bool:
        """Whether results of that name may lie in the folder."""
        return self._index.execute("SELECT 1 FROM entries WHERE name = ?", (name,)).fetchone() is not None

    def close(self) -> None:
        """Let the file go."""
        if self._stream is not None:
            self._stream.close()
        self._index.close()

    def _read(self, folder: Path) -> None:
        if self._path.exists():
            for name, entry in read_lines(self._path):
                self._keep(name, entry, line_of(name, entry), is_taken=False)
                self._n_lines += 1
            return
        summary = folder / SUMMARY_NAME
        held = read_record(self._path).entries
        rows = {row.video: row for row in read_summary(summary)} if held and summary.exists() else {}
        for name, entry in held.items():
            complete = replace(entry, row=rows.get(name))
            self._keep(name, complete, line_of(name, complete), is_taken=False)

    def _keep(self, name: str, entry: Entry, line: bytes, *, is_taken: bool) -> None:
        stem = name.removesuffix(f"_{entry.number}") if entry.number > 1 else name
        known = (name.casefold(), stem.casefold(), entry.number, entry.place, entry.key, entry.n_bytes, is_taken, line)
        if entry.row is not None:
            self.patterns.update(entry.row.patterns)
        self._index.execute(
            "INSERT INTO entries (name, folded, stem, number, place, key, n_bytes, is_taken, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET place = excluded.place,"
            " key = excluded.key, n_bytes = excluded.n_bytes, is_taken = excluded.is_taken, line = excluded.line",
            (name, *known),
        )

    def _free_number(self, stem: str) -> int:
        # Numbers of a stem were given out in order, so that smaller ones are all taken.
        (highest,) = self._index.execute(
            "SELECT max(number) FROM entries WHERE stem = ?", (stem.casefold(),)
        ).fetchone()
        number = (highest or 0) + 1
        while self._is_taken(stem if number == 1 else f"{stem}_{number}"):
            number += 1
        return int(number)

    def _is_taken(self, name: str) -> bool:
        return self._index.execute("SELECT 1 FROM entries WHERE folded = ?", (name.casefold(),)).fetchone() is not None

    def _n_names(self) -> int:
        return int(self._index.execute("SELECT count(*) FROM entries").fetchone()[0])

    def _opened_to_append(self) -> IO[bytes]:
        """The file, cut behind its last whole line: a process was killed while it wrote the next one."""
        try:
            stream = self._path.open("r+b")
            stream.truncate(_end_of_last_line(stream))
            stream.seek(0, os.SEEK_END)
        except OSError as error:
            raise WriteError(write_sentence(self._path, error)) from error
        return stream


def _end_of_last_line(stream: IO[bytes]) -> int:
    """Position behind the last line end."""
    end = stream.seek(0, os.SEEK_END)
    while end > 0:
        start = max(end - 4096, 0)
        stream.seek(start)
        found = stream.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
