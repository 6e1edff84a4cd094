"""Reads the header of a DICOM file: the few elements a viewer needs, and where the pixel data lie."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import RawIOBase
from typing import IO, Any, cast

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from luv_viewer.io.byte_source import UNPACK_LIMIT_BYTES, ByteSource, SpooledSource
from luv_viewer.io.dicom_elements import VRS, Element, ElementReader, Encoding, guess_encoding
from luv_viewer.io.dicom_syntax import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    SYNTAXES,
    Coding,
    TransferSyntax,
)
from luv_viewer.io.errors import UnreadableFileError, UnsupportedFormatError
from luv_viewer.io.library_silence import quietly

PIXEL_TAGS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
VALUE_LIMIT_BYTES = 64 * 2**20
TRANSFER_SYNTAX = 0x00020010
# zlib's best case: 1032 bytes for one (its deflate format description).
_DEFLATE_RATIO = 1032
_META_LIMIT = 200

_WANTED = frozenset(
    [
        *(0x00080005, 0x00080016, 0x00080018, 0x00080020, 0x00080060, 0x0008103E, 0x00082120, 0x00082144, 0x00082218),
        *(0x00041220, 0x00100020, 0x00180015, 0x00180040, 0x00181063, 0x00181065, 0x00181164, 0x00186011),
        *(0x0020000D, 0x0020000E, 0x00200011, 0x00200012, 0x00200013, 0x00200060, 0x00204000),
        *(0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280030),
        *(0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281056),
        *(0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203),
        *(0x00281221, 0x00281222, 0x00281223, 0x00283000, 0x00283010),
        *(0x52009229, 0x52009230, 0x7FE00001, 0x7FE00002),
    ]
)

# What pydicom raises while it turns damaged bytes into values.
CONVERSION_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    EOFError,
    OSError,
    RecursionError,
    LookupError,
    struct.error,
)


@dataclass(frozen=True)
class PixelElement:
    """Where pixel data lie. start: first byte of the value; length: bytes, or None when encapsulated."""

    keyword: str
    vr: str | None
    start: int
    length: int | None


@dataclass(frozen=True, eq=False)
class DicomHeader:
    """The elements a viewer needs. source: the (inflated) data set the pixel element's position refers to."""

    syntax: TransferSyntax
    little: bool
    dataset: Dataset = field(repr=False)
    pixels: PixelElement | None
    source: ByteSource

    def value(self, keyword: str) -> Any:
        """The value of an element, None when it is missing or its bytes make no sense."""
        return value_of(self.dataset, keyword)

    def text(self, keyword: str) -> str:
        """The value as text without padding; empty when it is missing or damaged."""
        value = self.value(keyword)
        return str(value).strip("\0 ") if isinstance(value, str) or hasattr(value, "real") else ""

    def whole(self, keyword: str) -> int | None:
        """The value as a whole number, or None."""
        number = number_of(self.dataset, keyword)
        return int(number) if number is not None and number == int(number) else None


def value_of(dataset: Dataset, keyword: str) -> Any:
    """The value of `keyword` in a data set or sequence item, None when missing, empty or damaged."""
    with quietly():
        try:
            return dataset.get(keyword)
        except CONVERSION_ERRORS:
            return None


def numbers_of(dataset: Dataset, keyword: str) -> list[float]:
    """The finite numbers of an element; empty when it is missing, or when one of them is not a finite number."""
    value = value_of(dataset, keyword)
    if value is None or value == "":
        return []
    values = value if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) else [value]
    try:
        numbers = [float(v) for v in values]
    except (TypeError, ValueError, OverflowError):
        return []
    return numbers if all(math.isfinite(number) for number in numbers) else []


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """The first finite number of an element, or None."""
    numbers = numbers_of(dataset, keyword)
    return numbers[0] if numbers else None


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; empty when it is missing or damaged."""
    value = value_of(dataset, keyword)
    if value is None or isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return []
    return [item for item in value if isinstance(item, Dataset)]


def has_preamble(head: bytes) -> bool:
    """True for the start of a DICOM file with its preamble, or with the prefix at the very start."""
    return head[128:132] == b"DICM" or head[:4] == b"DICM"


def looks_like_dicom(head: bytes) -> bool:
    """True when `head` (132 bytes or more) starts a DICOM file, with preamble or without one (older files).

    >>> looks_like_dicom(bytes(128) + b"DICM"), looks_like_dicom(b"# Read me" + bytes(200))
    (True, False)
    """
    if has_preamble(head):
        return True
    if len(head) < 12:
        return False
    for order in "<>":
        group, element = struct.unpack(f"{order}HH", head[:4])
        if group in (0x0002, 0x0008) and element < 0x0100:
            (length,) = struct.unpack(f"{order}L", head[4:8])
            if head[4:6] in VRS or length < 256:
                return True
    return False


def read_header(source: ByteSource, name: str) -> DicomHeader:
    """The header of the DICOM file in `source`; no byte of pixel data is read.

    Raises UnreadableFileError for damaged headers and UnsupportedFormatError for unknown transfer syntaxes.
    """
    head = source.read(0, 132)
    if not looks_like_dicom(head):
        raise UnsupportedFormatError(f"{name} is not a DICOM file: neither its prefix nor a data element was found.")
    start = 132 if head[128:132] == b"DICM" else 4 if head[:4] == b"DICM" else 0
    uid, start = _read_meta(source, start, name)
    syntax = SYNTAXES.get(uid) if uid else _guess_syntax(source, start, name)
    if syntax is None:
        raise UnsupportedFormatError(f"{name} uses the transfer syntax {_printable(uid)}, which cannot be read.")
    if syntax.coding is Coding.DEFLATED:
        source, start = _inflated(source, start, name), 0
    encoding = guess_encoding(source.read(start, 8), syntax.encoding)
    reader = ElementReader(source, encoding, name)
    dataset, pixels = Dataset(), None
    for element in reader.walk(start):
        if element.tag in PIXEL_TAGS:
            length = None if element.is_delimited else element.length
            pixels = PixelElement(PIXEL_TAGS[element.tag], element.vr, element.value_start, length)
            break
        if element.tag in _WANTED and element.tag not in dataset:
            _keep(dataset, source, reader, element, encoding)
    dataset.set_original_encoding(not encoding.explicit, encoding.little, "iso8859")
    return DicomHeader(syntax, encoding.little, _with_functional_groups(dataset), pixels, source)


def _keep(dataset: Dataset, source: ByteSource, reader: ElementReader, element: Element, encoding: Encoding) -> None:
    length = reader.end_of(element) - element.value_start
    if length > VALUE_LIMIT_BYTES:
        return
    value = source.read(element.value_start, length)
    vr = "SQ" if element.is_delimited else element.vr
    raw = RawDataElement(
        BaseTag(element.tag), vr, len(value), value, 0, not encoding.explicit or element.vr is None, encoding.little
    )
    with quietly():
        dataset[raw.tag] = raw


def _read_meta(source: ByteSource, start: int, name: str) -> tuple[str, int]:
    """Transfer syntax UID (empty when absent) and where the data set starts (PS3.10 section 7.1)."""
    reader = ElementReader(source, Encoding(explicit=True, little=True), name)
    uid, position = "", start
    for _ in range(_META_LIMIT):
        element = reader.at(position)
        if element is None or element.tag >> 16 != 0x0002:
            break
        if element.tag == TRANSFER_SYNTAX and not element.is_delimited:
            uid = source.read(element.value_start, min(element.length, 256)).decode("latin-1").strip("\0 ")
        position = reader.end_of(element)
    if not source.read(position, 1):
        raise UnreadableFileError(f"{name} has a damaged file header: no data set follows the file meta information.")
    return uid, position


def _guess_syntax(source: ByteSource, start: int, name: str) -> TransferSyntax:
    first = source.read(start, 8)
    encoding = guess_encoding(first, EXPLICIT_LITTLE.encoding)
    group = struct.unpack("<H" if encoding.little else ">H", first[:2])[0] if len(first) == 8 else 0
    if group != 0x0008:
        raise UnreadableFileError(f"{name} names no transfer syntax, and its data set starts with no known element.")
    if not encoding.little:
        return EXPLICIT_BIG
    return EXPLICIT_LITTLE if encoding.explicit else IMPLICIT_LITTLE


def _printable(text: str) -> str:
    """The start of a damaged UID, fit for a sentence."""
    shown = "".join(c if c.isascii() and (c.isalnum() or c == ".") else "?" for c in text[:64])
    return shown or "(none)"


class _InflateStream(RawIOBase):
    """The inflated data set of a file in the deflated transfer syntax (PS3.5 A.5: raw deflate), as a stream."""

    def __init__(self, source: ByteSource, start: int, name: str) -> None:
        super().__init__()
        self._source = source
        self._position = start
        self._name = name
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; empty at the end."""
        pending = self._inflater.unconsumed_tail
        try:
            while not self._inflater.eof:
                if not pending:
                    pending = self._source.read(self._position, 2**16)
                    self._position += len(pending)
                    if not pending:
                        return b""
                inflated = self._inflater.decompress(pending, max(size, 1))
                if inflated:
                    return inflated
                pending = self._inflater.unconsumed_tail
        except zlib.error as error:
            raise UnreadableFileError(f"{self._name} cannot be inflated: its deflated data set is damaged.") from error
        return b""


def _inflated(source: ByteSource, start: int, name: str) -> SpooledSource:
    def opener() -> IO[bytes]:
        return cast(IO[bytes], _InflateStream(source, start, name))

    stored = source.size() - start
    return SpooledSource(opener, name, min(stored * _DEFLATE_RATIO, UNPACK_LIMIT_BYTES))


def _with_functional_groups(dataset: Dataset) -> Dataset:
    """`dataset` with what enhanced objects keep per frame (PS3.3 C.7.6.16), taken from all frames or the first one."""
    wanted = {
        "FrameVOILUTSequence": ("WindowCenter", "WindowWidth", "VOILUTFunction"),
        "PixelValueTransformationSequence": ("RescaleIntercept", "RescaleSlope"),
        "PixelMeasuresSequence": ("PixelSpacing",),
    }
    for group in _first_groups(dataset):
        for sequence, keywords in wanted.items():
            for item in items_of(group, sequence)[:1]:
                for keyword in keywords:
                    value = value_of(item, keyword)
                    if value is not None and keyword not in dataset:
                        dataset.add(item[keyword])
    return dataset


def _first_groups(dataset: Dataset) -> Iterator[Dataset]:
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        yield from items_of(dataset, keyword)[:1]
        if keyword in dataset:
            del dataset[keyword]
