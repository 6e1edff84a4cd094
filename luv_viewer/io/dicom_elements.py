"""Walks the top level of a DICOM data set by element headers alone (PS3.5 section 7).

No value is read that is not asked for. Nested sequences are skipped without recursion, so that neither depth nor a
lying length can hurt.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from luv_viewer.io.byte_source import ByteSource
from luv_viewer.io.errors import UnreadableFileError

UNDEFINED = 0xFFFFFFFF
ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
MAX_ELEMENTS = 200_000

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT_VRS = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
VRS = _LONG_VRS | _SHORT_VRS


@dataclass(frozen=True)
class Encoding:
    """How element headers are written. explicit: with value representation. little: little-endian."""

    explicit: bool
    little: bool


@dataclass(frozen=True)
class Element:
    """One element's place: start of its header, start and length of its value (UNDEFINED when delimited)."""

    tag: int
    vr: str | None
    start: int
    value_start: int
    length: int

    @property
    def is_delimited(self) -> bool:
        """True when the value ends with a delimiter instead of a known length."""
        return self.length == UNDEFINED


class ElementReader:
    """Reads element headers of one data set. name: what messages call the file."""

    def __init__(self, source: ByteSource, encoding: Encoding, name: str) -> None:
        self._source = source
        self._encoding = encoding
        self._name = name
        order = "<" if encoding.little else ">"
        self._short = struct.Struct(f"{order}HH2sH")
        self._long = struct.Struct(f"{order}HHL")
        self._number = struct.Struct(f"{order}L")
        self._seen = 0
        self._window = b""
        self._window_start = 0

    def _bytes(self, position: int, length: int) -> bytes:
        """Bytes of a header, from a window of the file that is read ahead."""
        offset = position - self._window_start
        if offset < 0 or offset + length > len(self._window):
            self._window = self._source.read(position, 2048)
            self._window_start, offset = position, 0
        return self._window[offset : offset + length]

    def at(self, position: int) -> Element | None:
        """The element whose header starts at `position`, or None at the end of the data."""
        self._seen += 1
        if self._seen > MAX_ELEMENTS:
            raise UnreadableFileError(f"{self._name} holds more than {MAX_ELEMENTS} nested elements, which is refused.")
        header = self._bytes(position, 12)
        if len(header) < 8:
            return None
        group, number, length = self._long.unpack_from(header)
        tag = group << 16 | number
        vr = header[4:6]
        if group == 0xFFFE or not self._encoding.explicit or not (vr.isalpha() and vr.isupper()):
            return Element(tag, None, position, position + 8, length)
        if vr in _LONG_VRS:
            if len(header) < 12:
                return None
            (length,) = self._number.unpack_from(header, 8)
            return Element(tag, vr.decode("ascii"), position, position + 12, length)
        return Element(tag, vr.decode("ascii"), position, position + 8, self._short.unpack_from(header)[3])

    def end_of(self, element: Element) -> int:
        """Position behind an element's value; that of a delimited one is found by walking its items."""
        if not element.is_delimited:
            return element.value_start + element.length
        depth, position = 1, element.value_start
        while depth:
            inner = self.at(position)
            if inner is None:
                raise UnreadableFileError(f"{self._name} ends in the middle of a sequence that has no end marker.")
            position = inner.value_start
            if inner.tag in (ITEM_END, SEQUENCE_END):
                depth -= 1
            elif inner.is_delimited:
                depth += 1
            else:
                position += inner.length
        return position

    def walk(self, position: int) -> Iterator[Element]:
        """Top-level elements from `position` on; ends at the end of the data or a stray item delimiter."""
        while True:
            element = self.at(position)
            if element is None or element.tag == ITEM_END:
                return
            yield element
            position = self.end_of(element)


def guess_encoding(first: bytes, declared: Encoding) -> Encoding:
    """The encoding of a data set from its first element's bytes, which may belie the declared one.

    first: 8 bytes. A value representation where an implicit header has its length, or none where one is due, counts.

    >>> guess_encoding(b"\\x08\\0\\x05\\0CS\\x0a\\0", Encoding(explicit=False, little=True)).explicit
    True
    """
    explicit = first[4:6] in VRS
    little = declared.little
    if len(first) >= 2 and not explicit and declared.explicit:
        explicit = False
    group = struct.unpack("<H" if little else ">H", first[:2])[0] if len(first) >= 2 else 0
    if group >= 0x0100 and group & 0xFF == 0:
        little = not little
    return Encoding(explicit, little)
