"""`luv labels audit`: whether reader files still say what was written, and what they say, entry by entry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.domain.edit import Entry
from luv_viewer.domain.reader_file import ReaderFileError
from luv_viewer.io.reader_file import open_reader_file, verify_reader_file
from luv_viewer.io.sheet_table import TableToWrite, check_suffix, write_table

_HEADER = ("number", "time_utc", "reader", "kind", "verb", "video_id", "undoes", "frames", "changes", "raw")


@one_sentence
def audit(paths: Sequence[Path], log: Path | None) -> int:
    """Verify each file; what is broken is named on stderr. Returns 1 then. log: table of the first file's entries."""
    if log is not None:
        check_suffix(log)
    status = 0
    for path in paths:
        try:
            found = verify_reader_file(path)
        except ReaderFileError as error:
            say(str(error))
            status = 1
            continue
        if found.first_broken is None:
            click.echo(found.sentence)
        else:
            say(found.sentence)
            status = 1
    if log is not None:
        with open_reader_file(paths[0]) as file:
            entries = file.entries()
        write_table(log, TableToWrite(_HEADER, map(_row, entries)))
        click.echo(f"{log}: {len(entries)} entries")
    return status


def _row(entry: Entry) -> list[str | int | None]:
    frames = "; ".join(f"{f.frame_number} at {f.time_s:.6f} s sha256:{f.digest}" for f in entry.frames)
    changes = [[change.field, change.before, change.after] for change in entry.changes]
    return [
        entry.number,
        entry.time_utc,
        entry.reader,
        entry.kind.value,
        entry.verb,
        entry.video_id,
        entry.undoes,
        frames,
        json.dumps(changes, ensure_ascii=False),
        json.dumps(dict(entry.raw), ensure_ascii=False) if entry.raw else "",
    ]
