"""Whether an MP4 or MOV file asks for its pictures to be turned, read from its boxes (ISO/IEC 14496-12) alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

_LIMIT_BYTES = 64 * 2**20
_ENDLESS = 2**60
# Where the matrix begins in the body of a box of version 0 and 1 (ISO/IEC 14496-12, 8.2.2 and 8.3.2).
_MATRIX_AT = {b"mvhd": (36, 48), b"tkhd": (40, 52)}
# a, b and c, d of the matrix as 16.16 fixed-point numbers, with u between them.
_UNTURNED = struct.pack(">5l", 1 << 16, 0, 0, 0, 1 << 16)


def may_be_turned(stream: BinaryIO) -> bool:
    """False when the matrices of the movie and of all its tracks leave pictures as they are stored; True in doubt.

    stream: an MP4 or MOV file at its start. Raises OSError.
    """
    movie = _movie(stream)
    headers = [(kind, body) for kind, body in _boxes(movie) if kind == b"mvhd"]
    for track in [body for kind, body in _boxes(movie) if kind == b"trak"]:
        headers += [(kind, body) for kind, body in _boxes(track) if kind == b"tkhd"]
    has_track = any(kind == b"tkhd" for kind, _ in headers)
    return not has_track or any(_matrix(kind, body) != _UNTURNED for kind, body in headers)


def _matrix(kind: bytes, body: bytes) -> bytes:
    start = _MATRIX_AT[kind][1 if body[:1] == b"\x01" else 0]
    return body[start : start + len(_UNTURNED)]


def _movie(stream: BinaryIO) -> bytes:
    """The body of the movie box; empty when there is none, or one too large to be true."""
    position = 0
    while True:
        stream.seek(position)
        kind, length, whole = _header(stream.read(16))
        if kind == b"moov" and whole <= _LIMIT_BYTES:
            stream.seek(position + length)
            return stream.read(whole - length)
        if kind == b"moov" or length == 0 or not length <= whole < _ENDLESS:
            return b""
        position += whole


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and body of each box in `data`, up to one that makes no sense."""
    position = 0
    while True:
        kind, length, whole = _header(data[position : position + 16])
        if length == 0 or whole < length:
            return
        yield kind, data[position + length : position + whole]
        position += whole


def _header(first: bytes) -> tuple[bytes, int, int]:
    """Kind, length of the header (0 for none) and of the whole box, bytes; a box "to the end" counts as endless."""
    if len(first) < 8:
        return b"", 0, 0
    whole, kind = struct.unpack(">L4s", first[:8])
    if whole != 1:
        return kind, 8, whole or _ENDLESS
    return (kind, 16, struct.unpack(">Q", first[8:16])[0]) if len(first) == 16 else (b"", 0, 0)
