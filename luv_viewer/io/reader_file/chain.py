"""The hash chain: every entry's hash covers its content and the hash before it.

hash = SHA-256 (hex) of the entry as canonical JSON (keys sorted, no spaces, UTF-8, no NaN; numbers as Python writes
them) with the keys changes, frames, kind, number, previous_hash, raw, reader, record, time_utc, undoes, verb, video_id.
`record` is null, or for a VIDEO entry the digest of what the file knows of the video. The hash before the first entry
is that of the file's origin: who reads, a random identity, and when it was made.

What a chain cannot prove: whoever can write the file can also compute a whole new chain. It proves that nothing was
changed by accident, by half a write, or by somebody who did not rewrite all that follows; a head hash noted elsewhere
(printed, mailed, in a paper's supplement) proves more.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple


class Head(NamedTuple):
    """The newest entry: its number (0 for none) and hash (of the origin for none)."""

    number: int
    hash: str


class EntryRow(NamedTuple):
    """An entry as its table holds it: changes, frames and raw are canonical JSON, the hashes hex."""

    number: int
    kind: str
    video_id: str
    verb: str
    changes: str
    frames: str
    reader: str
    time_utc: str
    undoes: int | None
    raw: str
    record: str | None
    previous_hash: str
    hash: str


def canonical(value: Any) -> str:
    """`value` as canonical JSON. Raises ValueError for what JSON cannot hold.

    >>> canonical({"b": [1.5, None], "a": "é"})
    '{"a":"é","b":[1.5,null]}'
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"a value cannot be kept as JSON: {error}") from error


def sha256(text: str) -> str:
    """SHA-256 (hex) of the text as UTF-8. Raises ValueError for half a surrogate pair."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def origin_hash(file_id: str, reader: str, created_utc: str) -> str:
    """What the first entry follows."""
    return sha256(canonical({"created_utc": created_utc, "file_id": file_id, "reader": reader}))


def entry_hash(row: EntryRow) -> str:
    """The hash that `row` should have. Raises ValueError when its values are of kinds that an entry never has."""
    # changes, frames and raw are canonical already, and go in as they stand: so a change of a single space shows.
    values = {name: canonical(value) for name, value in row._asdict().items() if name != "hash"}
    values |= {"changes": str(row.changes), "frames": str(row.frames), "raw": str(row.raw)}
    return sha256("{" + ",".join(f'"{name}":{values[name]}' for name in sorted(values)) + "}")
