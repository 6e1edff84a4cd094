"""Who writes a reader file: one window at a time.

An operating-system lock on `NAME.luv.lock` beside the file: it goes when its process ends, however it ends, so a crash
never locks anybody out. It is not a lock inside the reader file, because SQLite holds its locks for one transaction
only (for longer, nobody could read), and on network folders both kinds would meet on one file. On POSIX systems it is
`flock`, which a file closed elsewhere in the process does not drop (Linux passes it on to NFS and SMB servers); on
Windows a locked byte far behind the text, so that others can read it. The text (JSON) says who holds the lock and is
only for people.

Where a folder cannot lock at all, the file opens read-only. Where a lock is granted twice (a broken server), the second
writer still finds out before it writes: every append compares the newest entry with the one it knows.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCKED_BYTE = 1 << 30
_HELD = (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK)
_REASONS = {
    errno.EACCES: "you may not write in its folder",
    errno.EPERM: "you may not write in its folder",
    errno.EROFS: "its disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your disk quota is used up",
}


class CannotWrite(Exception):
    """str() is the reason, as a part of a sentence: "kim has it open in another window on HOST since 14:02"."""


class HeldElsewhere(CannotWrite):
    """Another window has the lock."""


@dataclass(frozen=True)
class Holder:
    """Who writes a file. since_utc: ISO 8601."""

    reader: str
    host: str
    pid: int
    since_utc: str

    def sentence(self, now: datetime) -> str:
        """For people, in local time; with the date unless it is today.

        >>> kim = Holder("kim", "ward-3", 4711, "2026-11-21T14:02:09+00:00")
        >>> kim.sentence(datetime(2026, 11, 21, 15, 0, tzinfo=UTC))
        'kim has it open in another window on ward-3 since 14:02'
        >>> kim.sentence(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))
        'kim has it open in another window on ward-3 since 21 November 2026, 14:02'
        """
        since = datetime.fromisoformat(self.since_utc).astimezone(now.tzinfo)
        day = "" if since.date() == now.date() else f"{since.day} {since:%B %Y}, "
        return f"{self.reader} has it open in another window on {self.host} since {day}{since:%H:%M}"


class WriterLock:
    """The right to write one reader file, from `taken` to `release` or the end of the process."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle: int | None = handle

    @classmethod
    def taken(cls, reader_file: Path, reader: str) -> WriterLock:
        """Take it. Raises HeldElsewhere, or CannotWrite for another reason."""
        # By the real path: a file reached through a link has one lock all the same.
        path = Path(f"{os.path.realpath(reader_file)}.lock")
        try:
            handle = _locked(path)
        except BlockingIOError:
            raise HeldElsewhere(_who_holds(path)) from None
        except OSError as error:
            raise CannotWrite(
                _REASONS.get(error.errno or 0, f"its folder does not let it be locked: {error}")
            ) from error
        holder = Holder(reader, socket.gethostname(), os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"))
        # The lock holds without its text as well: on a full disk there is no room for it.
        with suppress(OSError):
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps(asdict(holder)).encode())
        return cls(path, handle)

    def release(self) -> None:
        """Let another window write. Releasing twice does nothing."""
        if self._handle is None:
            return
        remove: Callable[[], None] = self._path.unlink
        with suppress(OSError):
            if sys.platform != "win32":
                # While it is still locked: whoever waits for this very file sees that it is no longer the one in
                # the folder, and makes a new one. Windows removes no file that is open.
                remove()
        os.close(self._handle)
        self._handle = None
        if sys.platform == "win32":
            with suppress(OSError):
                remove()


def _locked(path: Path) -> int:
    """A handle with the lock. Raises BlockingIOError when another one has it, OSError when there can be none."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), os.stat(path)):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _lock(handle: int) -> None:
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            # Another account of the same project must be able to take the lock after this one.
            with suppress(OSError):
                os.fchmod(handle, 0o666)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            raise BlockingIOError(error.errno, "held") from error
        raise


def _who_holds(path: Path) -> str:
    try:
        return Holder(**json.loads(path.read_text(encoding="utf-8"))).sentence(datetime.now().astimezone())
    except (OSError, ValueError, TypeError, AttributeError):
        return "another window has it open"
