"""What SQLite and the disk say, as the one sentence a person needs."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from luv_viewer.domain.reader_file import (
    ReaderFileDamagedError,
    ReaderFileError,
    ReaderFileFullError,
    ReaderFileReadOnlyError,
)
from luv_viewer.io.errors import one_line
from luv_viewer.io.whole_file import WriteError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def failure(path: Path, error: sqlite3.Error) -> ReaderFileError:
    """The error to raise in place of SQLite's."""
    code = sqlite_code(error)
    kind, words = _WORDS.get(code, _WORDS.get(code & 0xFF, (ReaderFileError, f"cannot be used: {error}")))
    return kind(one_line(f"{path} {words}."))


def write_failure(error: WriteError) -> ReaderFileError:
    """The error to raise when a whole file could not be written."""
    cause = error.__cause__
    number = cause.errno if isinstance(cause, OSError) else None
    if number in _FULL:
        return ReaderFileFullError(str(error))
    return ReaderFileReadOnlyError(str(error)) if number in _REFUSED else ReaderFileError(str(error))


def damaged(path: Path, words: str) -> ReaderFileDamagedError:
    """`words`: what is wrong and what to do, without the full stop."""
    return ReaderFileDamagedError(one_line(f"{path} {words}."))


def sqlite_code(error: sqlite3.Error) -> int:
    """SQLite's extended result code; 0 for errors of the Python module itself."""
    return int(getattr(error, "sqlite_errorcode", None) or 0)


DAMAGED = "is damaged: its content is not what was written; take the newest copy of it and keep this one for repair"
NOT_OURS = "is not a reader file: expected one made by LUV Viewer; choose another file"
_ELSEWHERE = "the edit was not kept; try again, or save a copy elsewhere"

_WORDS: dict[int, tuple[type[ReaderFileError], str]] = {
    sqlite3.SQLITE_FULL: (
        ReaderFileFullError,
        "cannot be written: the disk is full and the edit was not kept; free some space and try again, "
        "or save a copy elsewhere",
    ),
    sqlite3.SQLITE_IOERR_WRITE: (
        ReaderFileError,
        f"cannot be written: the disk, its quota or the network refuses it; {_ELSEWHERE}",
    ),
    sqlite3.SQLITE_IOERR: (ReaderFileError, f"cannot be used: the disk or the network does not answer; {_ELSEWHERE}"),
    sqlite3.SQLITE_READONLY_DBMOVED: (
        ReaderFileReadOnlyError,
        "was moved, replaced or deleted while it was open; the edit was not kept; save a copy elsewhere",
    ),
    sqlite3.SQLITE_READONLY_ROLLBACK: (
        ReaderFileError,
        "was left in the middle of an edit when the window that wrote it ended; open it again",
    ),
    sqlite3.SQLITE_READONLY: (ReaderFileReadOnlyError, "cannot be written: permission denied"),
    sqlite3.SQLITE_CANTOPEN: (
        ReaderFileError,
        "cannot be opened: it is gone, or you may not read it or write in its folder",
    ),
    sqlite3.SQLITE_BUSY: (ReaderFileError, "is kept busy by another program; try again"),
    sqlite3.SQLITE_CORRUPT: (ReaderFileDamagedError, DAMAGED),
    sqlite3.SQLITE_NOTADB: (ReaderFileDamagedError, NOT_OURS),
}
