"""Where the fragments of each encapsulated frame lie (PS3.5 annex A.4), found from item headers alone."""

from __future__ import annotations

import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from luv_viewer.io.byte_source import ByteSource
from luv_viewer.io.errors import UnreadableFileError

_ITEM = b"\xfe\xff\x00\xe0"
_MAX_FRAGMENTS = 1_000_000
# Starts of a JPEG / JPEG-LS image, of a JPEG 2000 codestream, and of one boxed as JP2.
_IMAGE_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  ")


@dataclass(frozen=True)
class Fragment:
    """Place of one fragment's bytes in the file."""

    start: int
    length: int


Frames = tuple[tuple[Fragment, ...], ...]


@dataclass(frozen=True)
class OffsetTable:
    """Extended offset table: per frame, its offset from the first item, and its length (PS3.3 C.7.6.3.1.8)."""

    offsets: tuple[int, ...]
    lengths: tuple[int, ...]


class FragmentIndex:
    """The fragments of all frames, walked when first needed and then kept.

    start: of the pixel data's value. n_frames: as declared. table: the extended offset table, if the file has one.
    """

    def __init__(self, source: ByteSource, start: int, n_frames: int, table: OffsetTable | None, name: str) -> None:
        self._source = source
        self._start = start
        self._n_frames = n_frames
        self._table = table
        self._name = name
        self._lock = threading.Lock()
        self._frames: Frames | None = None

    def frames(self) -> Frames:
        """Fragments per frame; fewer frames than declared when the file is cut off. Raises UnreadableFileError."""
        with self._lock:
            if self._frames is None:
                self._frames = index_fragments(self._source, self._start, self._n_frames, self._table, self._name)
            return self._frames


def read_offset_table(offsets: object, lengths: object, n_frames: int) -> OffsetTable | None:
    """The extended offset table of two raw OV values, or None when they are missing or do not fit `n_frames`."""
    if not (isinstance(offsets, bytes) and isinstance(lengths, bytes)):
        return None
    if len(offsets) != 8 * n_frames or len(lengths) != 8 * n_frames:
        return None
    first, second = (tuple(np.frombuffer(table, "<u8").tolist()) for table in (offsets, lengths))
    return OffsetTable(first, second)


def index_fragments(source: ByteSource, start: int, n_frames: int, table: OffsetTable | None, name: str) -> Frames:
    """Fragments of each frame.

    start: of the pixel data's value. Fewer frames than `n_frames` are given when fewer are there.
    Raises UnreadableFileError when there is no fragment at all.
    """
    if source.read(start, 4) != _ITEM:
        raise UnreadableFileError(f"{name} has encapsulated pixel data that do not start with an offset table item.")
    (table_length,) = struct.unpack("<L", source.read(start + 4, 4).ljust(4, b"\0"))
    first = start + 8 + table_length
    if table is not None and table_length == 0:
        frames = _frames_from_table(source, first, table)
        if frames is not None:
            return frames
    fragments = _walk_items(source, first)
    if not fragments:
        raise UnreadableFileError(f"{name} holds no whole fragment of pixel data: the file is cut off or damaged.")
    basic = source.read(start + 8, min(table_length, 4 * n_frames)) if table_length == 4 * n_frames else b""
    frames = _frames_from_basic(fragments, np.frombuffer(basic, "<u4").tolist(), first)
    return frames or _frames_without_table(source, fragments, n_frames)


def _frames_from_table(source: ByteSource, first: int, table: OffsetTable) -> Frames | None:
    """One fragment per frame, as the extended table says; None where it does not point at items."""
    frames = []
    for offset, length in zip(table.offsets, table.lengths, strict=True):
        header = source.read(first + offset, 8)
        if header[:4] != _ITEM or length > struct.unpack("<L", header[4:].ljust(4, b"\0"))[0]:
            return None
        if not source.may_have(first + offset + 8 + length):
            return None
        frames.append((Fragment(first + offset + 8, length),))
    return tuple(frames)


def _walk_items(source: ByteSource, position: int) -> list[Fragment]:
    """All whole fragments from the first item header on; one that is cut off ends them."""
    fragments: list[Fragment] = []
    while len(fragments) < _MAX_FRAGMENTS:
        header = source.read(position, 8)
        if len(header) < 8 or header[:4] != _ITEM:
            return fragments
        (length,) = struct.unpack("<L", header[4:])
        if not source.may_have(position + 8 + length):
            return fragments
        fragments.append(Fragment(position + 8, length))
        position += 8 + length
    return fragments


def _frames_from_basic(fragments: Sequence[Fragment], offsets: Sequence[int], first: int) -> Frames | None:
    """Frames by the basic offset table; None when it is empty or does not point at item headers."""
    if not offsets or offsets[0] != 0:
        return None
    number = {fragment.start - 8 - first: i for i, fragment in enumerate(fragments)}
    starts = [number.get(offset, -1) for offset in offsets]
    if any(later <= earlier for earlier, later in pairwise(starts)):
        return None
    stops = [*starts[1:], len(fragments)]
    return tuple(tuple(fragments[start:stop]) for start, stop in zip(starts, stops, strict=True))


def _frames_without_table(source: ByteSource, fragments: Sequence[Fragment], n_frames: int) -> Frames:
    """Frames by counting, else by the image start markers fragments begin with."""
    if n_frames == 1:
        return (tuple(fragments),)
    filled = [fragment for fragment in fragments if fragment.length > 0]
    if len(filled) <= n_frames:
        chosen = fragments if len(fragments) == n_frames else filled
        return tuple((fragment,) for fragment in chosen)
    frames: list[list[Fragment]] = []
    for fragment in filled:
        if not frames or source.read(fragment.start, 8).startswith(_IMAGE_STARTS):
            frames.append([])
        frames[-1].append(fragment)
    if len(frames) < n_frames and len(frames) == 1:
        return tuple((fragment,) for fragment in filled[:n_frames])
    return tuple(tuple(frame) for frame in frames[:n_frames])
