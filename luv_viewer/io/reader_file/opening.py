"""Opening a reader file: made when it is new, checked, brought to the newest format, and locked for writing."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from luv_viewer.domain.reader_file import Reader, ReaderFileError, ReaderFileReadOnlyError, Role
from luv_viewer.io.errors import one_line
from luv_viewer.io.reader_file.chain import origin_hash
from luv_viewer.io.reader_file.failure import DAMAGED, NOT_OURS, damaged, failure, sqlite_code, write_failure
from luv_viewer.io.reader_file.schema import (
    APPLICATION_ID,
    VERSION,
    ends_with_its_head,
    has_its_tables,
    migrate,
    read_meta,
    transaction,
    version_of,
    write_meta,
)
from luv_viewer.io.reader_file.sqlite_reader_file import SqliteReaderFile
from luv_viewer.io.reader_file.writer_lock import CannotWrite, HeldElsewhere, WriterLock
from luv_viewer.io.whole_file import WriteError, make_folder, write_whole

_ONLY_TO_READ = "it was opened only to be read"
_BUSY_S = 5.0
_MAKING_TRIES, _MAKING_WAIT_S = 20, 0.05
_REFUSED = {
    sqlite3.SQLITE_READONLY_DIRECTORY: "you may not write in its folder",
    sqlite3.SQLITE_READONLY: "you may not write this file",
    sqlite3.SQLITE_PERM: "you may not write this file",
    sqlite3.SQLITE_CANTOPEN: "you may not write in its folder",
}


def open_reader_file(path: Path, reader: Reader | None = None) -> SqliteReaderFile:
    """The reader's file at `path`, made with its folder when it is not there.

    With `reader` it is opened for writing where that can be: `read_only` of the result says why not (another window,
    permissions, a record whose end is missing). An older format is migrated; the file as it was stays beside it as
    `NAME.luv.format-1`. The role and blinding of `reader` replace those that the file holds. Without `reader` it is
    only read: no byte is written, no file is made beside it; an older format, or a file left in the middle of an edit,
    is read from a copy in memory.
    Raises ReaderFileDamagedError for an empty, damaged, foreign or newer file, ReaderFileReadOnlyError or
    ReaderFileFullError when it cannot be made, ReaderFileError for another reader's file, a folder, or none.
    """
    if path.is_dir():
        raise ReaderFileError(one_line(f"{path} is a folder: expected a reader file; choose a file."))
    if reader is None:
        return _open_to_read(path, None, _ONLY_TO_READ)
    if not path.exists():
        try:
            make_folder(path.parent)
        except WriteError as error:
            raise write_failure(error) from error
    try:
        lock = _locked(path, reader)
    except CannotWrite as refusal:
        if not path.exists():
            raise ReaderFileReadOnlyError(one_line(f"{path} cannot be made: {refusal}.")) from refusal
        return _open_to_read(path, reader, str(refusal))
    try:
        return _open_to_write(path, reader, lock)
    except CannotWrite as refusal:
        lock.release()
        return _open_to_read(path, reader, str(refusal))
    except BaseException:
        lock.release()
        raise


def _locked(path: Path, reader: Reader) -> WriterLock:
    """Raises CannotWrite."""
    for _ in range(_MAKING_TRIES):
        try:
            return WriterLock.taken(path, reader.name)
        except HeldElsewhere:
            # Another window may be making the file at this moment; then it is there at once.
            if path.exists():
                break
            time.sleep(_MAKING_WAIT_S)
    return WriterLock.taken(path, reader.name)


def _open_to_write(path: Path, reader: Reader, lock: WriterLock) -> SqliteReaderFile:
    """Raises CannotWrite when the file can only be read."""
    if not path.exists():
        _make(path, reader)
    with _opened(path, "rw") as con:
        _check(path, con)
        _check_owner(path, con, reader)
        for setting in ("journal_mode = DELETE", "synchronous = EXTRA", "fullfsync = ON"):
            con.execute(f"PRAGMA {setting}").fetchall()
        _check_writing(con)
        if not ends_with_its_head(con):
            raise CannotWrite("its record does not end as it should, which luv labels audit tells more about")
        if version_of(con) < VERSION:
            _keep_copy(path, con)
            migrate(con)
        role = _role_values(reader)
        if not role.items() <= read_meta(con).items():
            with transaction(con):
                write_meta(con, role)
        # Only now: the emptied journal stays beside the file, and belongs there only as long as a window writes.
        con.execute("PRAGMA journal_mode = TRUNCATE").fetchall()
        return SqliteReaderFile(path, con, reader, lock)


def _open_to_read(path: Path, reader: Reader | None, reason: str) -> SqliteReaderFile:
    try:
        con = _connected_to_read(path)
    except sqlite3.Error as error:
        raise failure(path, error) from error
    with _closed_on_error(path, con):
        if reader is not None:
            _check_owner(path, con, reader)
        meta = read_meta(con)
        owner = Reader(meta["reader"], Role(meta["role"]), meta["blinded"] == "yes")
        return SqliteReaderFile(path, con, reader or owner, reason)


def _connected_to_read(path: Path) -> sqlite3.Connection:
    """A checked connection that writes nothing, in the newest format. Raises sqlite3.Error, ReaderFileError."""
    try:
        with _opened(path, "ro") as con:
            _check(path, con)
            if version_of(con) == VERSION:
                con.execute("PRAGMA query_only = ON")
                return con
            with closing(con):
                return _copy_in_memory(path, con)
    except ReaderFileError as error:
        if not isinstance(error.__cause__, sqlite3.Error):
            raise
        if sqlite_code(error.__cause__) != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    # The window that wrote it was killed within an edit. SQLite would take the unfinished edit back by writing, so
    # it does that in a copy.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.luv")
        _copy_with_journal(path, copy)
        with _opened(copy, "rw") as con, closing(con):
            _check(path, con)
            return _copy_in_memory(path, con)


def _copy_in_memory(path: Path, con: sqlite3.Connection) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    with _closed_on_error(path, memory):
        con.backup(memory)
        migrate(memory)
        memory.execute("PRAGMA query_only = ON")
    return memory


def _copy_with_journal(path: Path, copy: Path) -> None:
    """Both files of one moment. No window of this process can be writing, or the journal would not be left over."""
    real = os.path.realpath(path)
    journal = f"{real}-journal"
    try:
        for _ in range(10):
            before = os.stat(journal)
            shutil.copyfile(journal, f"{copy}-journal")
            shutil.copyfile(real, copy)
            after = os.stat(journal)
            if (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size):
                return
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ReaderFileError(one_line(f"{path} cannot be read: {error.strerror}.")) from error
    raise ReaderFileError(one_line(f"{path} is being repaired by another window; open it again."))


@contextmanager
def _opened(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """A connection that stays open unless the block raises; sqlite3.Error comes out as ReaderFileError.

    mode: "ro" or "rw", as SQLite's URIs have it; neither makes a file.
    """
    try:
        if not path.exists():
            raise ReaderFileError(one_line(f"{path} does not exist; check the name, or choose another file."))
        if path.stat().st_size == 0:
            raise damaged(path, "is empty: expected a reader file; take the newest copy of it")
        absolute = quote(os.fsencode(path.absolute().as_posix()))
        # Three slashes before a drive letter, four before a server's name, as SQLite wants them.
        address = f"file://{absolute if absolute.startswith('/') else '/' + absolute}?mode={mode}"
        con = sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise failure(path, error) from error
    except OSError as error:
        raise ReaderFileError(one_line(f"{path} cannot be read: {error.strerror}.")) from error
    with _closed_on_error(path, con):
        # A damaged file may hold text that is none; it must reach the checks, and not stop at the first row.
        con.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
        con.execute("PRAGMA trusted_schema = OFF")
        yield con


@contextmanager
def _closed_on_error(path: Path, con: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        con.close()
        raise failure(path, error) from error
    except (ValueError, KeyError) as error:
        con.close()
        raise damaged(path, DAMAGED) from error
    except BaseException:
        con.close()
        raise


def _check(path: Path, con: sqlite3.Connection) -> None:
    """Raises ReaderFileDamagedError unless it is a whole reader file of a version that is known."""
    if con.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise damaged(path, NOT_OURS)
    version = version_of(con)
    if version > VERSION:
        raise damaged(
            path,
            f"was written by a newer LUV Viewer: it has format {version}, this program reads up to {VERSION}; "
            "install the newer one",
        )
    whole = con.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    if not whole or version < 1 or not has_its_tables(con, version):
        raise damaged(path, DAMAGED)


def _check_owner(path: Path, con: sqlite3.Connection, reader: Reader) -> None:
    owner = read_meta(con)["reader"]
    if owner.casefold() != reader.name.casefold():
        raise ReaderFileError(
            one_line(
                f"{path} is the work of {owner}, not of {reader.name}; open it as {owner}, or choose another file."
            )
        )


def _check_writing(con: sqlite3.Connection) -> None:
    """Raises CannotWrite when a write is refused: it is tried and taken back."""
    try:
        con.execute("BEGIN IMMEDIATE")
        try:
            # A new row: SQLite writes nothing for a value that stays the same.
            con.execute("INSERT INTO meta VALUES ('can write', '')")
        finally:
            if con.in_transaction:
                con.execute("ROLLBACK")
    except sqlite3.Error as error:
        code = sqlite_code(error)
        reason = _REFUSED.get(code, _REFUSED.get(code & 0xFF))
        if reason is not None:
            raise CannotWrite(reason) from error
        # A full disk may have room again for the first edit.
        if code != sqlite3.SQLITE_FULL:
            raise


def _role_values(reader: Reader) -> dict[str, str]:
    return {"role": reader.role.value, "blinded": "yes" if reader.blinded else "no"}


def _make(path: Path, reader: Reader) -> None:
    """A file without entries, there whole or not at all. Its first edit syncs its folder. Raises ReaderFileError."""
    file_id, created = secrets.token_hex(16), datetime.now(UTC).isoformat(timespec="seconds")
    origin = {"file_id": file_id, "reader": reader.name, "created_utc": created}
    head = {"head_number": "0", "head_hash": origin_hash(file_id, reader.name, created)}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as con:
        migrate(con)
        write_meta(con, origin | _role_values(reader) | head)
        _write(path, con.serialize())


def _keep_copy(path: Path, con: sqlite3.Connection) -> None:
    """The file as it is before a migration, under the first name that is free."""
    name = f"{path.name}.format-{version_of(con)}"
    names = (path.with_name(name if number == 1 else f"{name}-{number}") for number in range(1, 1000))
    free = next(copy for copy in names if not copy.exists())
    _write(free, con.serialize())


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except WriteError as error:
        raise write_failure(error) from error
