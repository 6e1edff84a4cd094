"""The tables of a reader file, and how an older file gets them.

A new file goes through the same steps as an old one, so there is one way to each version. The version stands in
`PRAGMA user_version`, the mark of a reader file in `PRAGMA application_id`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

from luv_viewer.domain.edit import applied
from luv_viewer.io.reader_file.chain import EntryRow, Head
from luv_viewer.io.reader_file.rows import (
    SnapshotRow,
    VideoRow,
    annotation_of,
    annotation_text,
    entry_of,
    insertion,
    record_of,
)

APPLICATION_ID = int.from_bytes(b"LUVR", "big")


@contextmanager
def transaction(con: sqlite3.Connection) -> Iterator[None]:
    """All of the block on the disk at its end, or nothing when it raises. Raises sqlite3.Error."""
    con.execute("BEGIN IMMEDIATE")
    try:
        yield
        con.execute("COMMIT")
    except BaseException:
        # A rollback that fails as well leaves the journal, and with it the next opening takes the edit back.
        with suppress(sqlite3.Error):
            if con.in_transaction:
                con.execute("ROLLBACK")
        raise


def version_of(con: sqlite3.Connection) -> int:
    """0 for a database without tables."""
    return int(con.execute("PRAGMA user_version").fetchone()[0])


def migrate(con: sqlite3.Connection) -> None:
    """Bring the tables to the newest version, each step whole or not at all. Raises sqlite3.Error, ValueError."""
    for version in range(version_of(con), VERSION):
        with transaction(con):
            MIGRATIONS[version](con)
            con.execute(f"PRAGMA user_version = {version + 1}")


def has_its_tables(con: sqlite3.Connection, version: int) -> bool:
    """Whether the tables are those that `version` has. Raises sqlite3.Error."""
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        for step in MIGRATIONS[:version]:
            step(fresh)
        return con.execute(query).fetchall() == fresh.execute(query).fetchall()


def read_meta(con: sqlite3.Connection) -> dict[str, str]:
    """Keys: file_id, reader, role, blinded, created_utc, head_number, head_hash. Raises sqlite3.Error."""
    return dict(con.execute("SELECT key, value FROM meta").fetchall())


def write_meta(con: sqlite3.Connection, values: dict[str, str]) -> None:
    """Set or replace. Raises sqlite3.Error."""
    con.executemany("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", values.items())


def read_head(con: sqlite3.Connection) -> Head:
    """The newest entry. Raises sqlite3.Error; ValueError when the file does not say."""
    held = dict(con.execute("SELECT key, value FROM meta WHERE key IN ('head_number', 'head_hash')").fetchall())
    try:
        return Head(int(held["head_number"]), str(held["head_hash"]))
    except (KeyError, TypeError) as error:
        raise ValueError("the file does not say which entry is its newest") from error


def ends_with_its_head(con: sqlite3.Connection) -> bool:
    """Whether the last entry is the one stated as the newest. Raises sqlite3.Error, ValueError."""
    head = read_head(con)
    last = con.execute("SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1").fetchone()
    return head.number == 0 if last is None else head == last


def read_entries(con: sqlite3.Connection, video_id: str | None = None) -> list[EntryRow]:
    """In order of their numbers. Raises sqlite3.Error."""
    where, values = ("", ()) if video_id is None else (" WHERE video_id = ?", (video_id,))
    query = f"SELECT {', '.join(EntryRow._fields)} FROM entry{where} ORDER BY number"
    return [EntryRow(*row) for row in con.execute(query, values).fetchall()]


def read_videos(con: sqlite3.Connection, video_id: str | None = None) -> list[VideoRow]:
    """In the order in which they came; the last one of a video holds. Raises sqlite3.Error."""
    where, values = ("", ()) if video_id is None else (" WHERE video_id = ?", (video_id,))
    query = f"SELECT {', '.join(VideoRow._fields)} FROM video{where} ORDER BY entry_number"
    return [VideoRow(*row) for row in con.execute(query, values).fetchall()]


def read_snapshots(con: sqlite3.Connection) -> list[SnapshotRow]:
    """In the order in which the videos came. Raises sqlite3.Error."""
    query = f"SELECT {', '.join(SnapshotRow._fields)} FROM snapshot ORDER BY rowid"
    return [SnapshotRow(*row) for row in con.execute(query).fetchall()]


def read_snapshot(con: sqlite3.Connection, video_id: str) -> SnapshotRow | None:
    """Of one video. Raises sqlite3.Error."""
    query = f"SELECT {', '.join(SnapshotRow._fields)} FROM snapshot WHERE video_id = ?"
    row = con.execute(query, (video_id,)).fetchone()
    return None if row is None else SnapshotRow(*row)


def write_snapshots(con: sqlite3.Connection, rows: list[SnapshotRow]) -> None:
    """Set or replace, without a change of their order. Raises sqlite3.Error."""
    replacing = "last_number = excluded.last_number, annotation = excluded.annotation"
    query = f"{insertion('snapshot', SnapshotRow._fields)} ON CONFLICT (video_id) DO UPDATE SET {replacing}"
    con.executemany(query, rows)


def _to_1(con: sqlite3.Connection) -> None:
    """The record of edits, which nothing may change, and what the file knows of its videos."""
    con.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    con.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    con.execute(
        "CREATE TABLE video (entry_number INTEGER PRIMARY KEY, video_id TEXT NOT NULL, name TEXT NOT NULL, "
        "n_frames INTEGER NOT NULL, times BLOB NOT NULL, digests BLOB NOT NULL, sheet_key TEXT)"
    )
    con.execute(
        "CREATE TABLE entry (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, video_id TEXT NOT NULL, "
        "verb TEXT NOT NULL, changes TEXT NOT NULL, frames TEXT NOT NULL, reader TEXT NOT NULL, "
        "time_utc TEXT NOT NULL, undoes INTEGER, raw TEXT NOT NULL, record TEXT, previous_hash TEXT NOT NULL, "
        "hash TEXT NOT NULL)"
    )
    for table in ("entry", "video"):
        con.execute(f"CREATE INDEX {table}_video_id ON {table} (video_id)")
        for verb in ("UPDATE", "DELETE"):
            con.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'the record of edits only grows'); END"
            )


def _to_2(con: sqlite3.Connection) -> None:
    """The annotation of each video after its newest entry, so that opening does not replay years of edits."""
    con.execute(
        "CREATE TABLE snapshot (video_id TEXT PRIMARY KEY, n_frames INTEGER NOT NULL, last_number INTEGER NOT NULL, "
        "annotation TEXT NOT NULL)"
    )
    rows: dict[str, SnapshotRow] = {}
    for video in read_videos(con):
        empty = SnapshotRow(video.video_id, record_of(video).n_frames, video.entry_number, "{}")
        rows.setdefault(video.video_id, empty)
    for entry in map(entry_of, read_entries(con)):
        if entry.video_id:
            row = rows[entry.video_id]
            annotation = applied(annotation_of(row.n_frames, row.annotation), entry.changes)
            rows[entry.video_id] = row._replace(last_number=entry.number, annotation=annotation_text(annotation))
    write_snapshots(con, list(rows.values()))


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_to_1, _to_2)
VERSION = len(MIGRATIONS)
