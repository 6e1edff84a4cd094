"""Entries and video records as table rows, and back without loss."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Change, Entry, EntryKind, decoded, encoded
from luv_viewer.domain.reader_file import SheetKey, VideoRecord
from luv_viewer.domain.video import FrameIdentity
from luv_viewer.io.errors import one_line
from luv_viewer.io.reader_file.chain import EntryRow, Head, canonical, entry_hash, sha256

_SHA256 = re.compile(r"[0-9a-f]{64}")


class VideoRow(NamedTuple):
    """A record as its table holds it, once for every VIDEO entry.

    times: little-endian float64. digests: 32 bytes each. sheet_key: JSON, or None.
    """

    entry_number: int
    video_id: str
    name: str
    n_frames: int
    times: bytes
    digests: bytes
    sheet_key: str | None


class SnapshotRow(NamedTuple):
    """A video's annotation after entry `last_number`, its newest one."""

    video_id: str
    n_frames: int
    last_number: int
    annotation: str


def entry_row(entry: Entry, head: Head, record: str | None) -> EntryRow:
    """The row that follows `head`. record: digest of what a VIDEO entry names. Raises ValueError for no JSON."""
    row = EntryRow(
        number=entry.number,
        kind=entry.kind.value,
        video_id=entry.video_id,
        verb=entry.verb,
        changes=canonical([[change.field, change.before, change.after] for change in entry.changes]),
        frames=canonical([[f.video_id, f.frame_number, f.time_s, f.digest] for f in entry.frames]),
        reader=entry.reader,
        time_utc=entry.time_utc,
        undoes=entry.undoes,
        raw=canonical(dict(entry.raw)),
        record=record,
        previous_hash=head.hash,
        hash="",
    )
    return row._replace(hash=entry_hash(row))


def entry_of(row: EntryRow) -> Entry:
    """The inverse. Raises ValueError for a row that holds no entry."""
    try:
        return Entry(
            number=row.number,
            kind=EntryKind(row.kind),
            video_id=row.video_id,
            verb=row.verb,
            changes=tuple(Change(*change) for change in json.loads(row.changes)),
            reader=row.reader,
            time_utc=row.time_utc,
            frames=tuple(FrameIdentity(*frame) for frame in json.loads(row.frames)),
            undoes=row.undoes,
            raw=dict(json.loads(row.raw)),
        )
    except TypeError as error:
        raise ValueError(f"entry {row.number} holds values of the wrong kind") from error


def video_row(number: int, record: VideoRecord) -> VideoRow:
    """As VIDEO entry `number` brings it. Raises ValueError for digests that are no SHA-256.

    A name that is not text (file names may hold any bytes) is kept with `?` in these places.
    """
    if not all(_SHA256.fullmatch(digest) for digest in record.digests):
        raise ValueError(f"video {record.video_id}: a digest is a SHA-256 of 64 characters 0-9 and a-f")
    key = record.key
    return VideoRow(
        entry_number=number,
        video_id=record.video_id,
        name=one_line(record.name),
        n_frames=record.n_frames,
        times=np.asarray(record.times_s, "<f8").tobytes(),
        digests=bytes.fromhex("".join(record.digests)),
        sheet_key=None if key is None else canonical([key.patient_id, key.data_idx, key.study_date, key.data_type]),
    )


def record_of(row: VideoRow) -> VideoRecord:
    """The inverse. Raises ValueError for a row that holds no record."""
    try:
        digests = row.digests.hex()
        return VideoRecord(
            video_id=row.video_id,
            name=row.name,
            n_frames=row.n_frames,
            times_s=tuple(np.frombuffer(row.times, "<f8").tolist()),
            digests=tuple([digests[i : i + 64] for i in range(0, len(digests), 64)]),
            key=None if row.sheet_key is None else SheetKey(*json.loads(row.sheet_key)),
        )
    except (TypeError, AttributeError) as error:
        raise ValueError("a video record holds values of the wrong kind") from error


def record_digest(row: VideoRow) -> str:
    """What the chain knows of a record: everything in it. Raises ValueError for values of the wrong kind."""
    try:
        blobs = {"times": row.times, "digests": row.digests}
        held = row._asdict() | {name: hashlib.sha256(blob).hexdigest() for name, blob in blobs.items()}
    except TypeError as error:
        raise ValueError("a video record holds values of the wrong kind") from error
    return sha256(canonical(held))


def annotation_text(annotation: VideoAnnotation) -> str:
    """As a snapshot holds it."""
    return canonical(encoded(annotation))


def annotation_of(n_frames: int, text: str) -> VideoAnnotation:
    """The inverse. Raises ValueError for text that holds no annotation."""
    try:
        return decoded(n_frames, json.loads(text))
    except TypeError as error:
        raise ValueError("a snapshot holds values of the wrong kind") from error


def insertion(table: str, columns: Iterable[str]) -> str:
    """SQL that inserts a row.

    >>> insertion("entry", ("number", "kind"))
    'INSERT INTO entry (number, kind) VALUES (?, ?)'
    """
    names = tuple(columns)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
