"""One reader's work in one project as a single SQLite file, `NAME.luv`: the store behind domain.reader_file.

**Durable per edit.** `journal_mode=TRUNCATE` with `synchronous=EXTRA`: when `append` returns, the entry has been forced
to the disk. SQLite syncs the rollback journal before it touches the file, syncs the file, then empties the journal and
syncs that too, so that no old journal comes back after a power cut; all this FULL does as well. EXTRA also syncs the
folder after a journal is deleted, which makes the same promise for the DELETE mode in which a file is migrated.
TRUNCATE spares every edit a new entry in the folder. `fullfsync` makes macOS empty the drive's own cache. WAL would be
quicker, but it needs memory that all processes share, which network folders do not give, and its newest edits stand in
a second file that a person who copies the first one leaves behind. Measured on a local disk (ext4): TRUNCATE 0.7 ms a
commit, DELETE 0.8 ms, WAL 0.2 ms; the limit for an edit on the screen is 50 ms. Between edits the file is complete by
itself and can be copied. What no program can help: a drive or network server that says "written" before it is.

**Readers wait for one commit at most**, and a writer for one query: every query is read to its end at once.
**One window writes**: see `writer_lock`. **The record** is append-only by triggers, which stop accidents, and
hash-chained, which shows the rest: see `chain` and `verify_reader_file`.

Nothing in this program may open a reader file as a plain file while it is open here: on POSIX systems closing it would
drop SQLite's own locks.
"""

from __future__ import annotations

from luv_viewer.io.reader_file.audit import Audit, verify_reader_file
from luv_viewer.io.reader_file.opening import open_reader_file
from luv_viewer.io.reader_file.sqlite_reader_file import SqliteReaderFile

__all__ = ["Audit", "SqliteReaderFile", "open_reader_file", "verify_reader_file"]
