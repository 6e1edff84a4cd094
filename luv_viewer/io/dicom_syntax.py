"""The transfer syntaxes that can be read (PS3.6 table A-1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from luv_viewer.io.dicom_elements import Encoding


class Coding(Enum):
    """How pixel data are stored."""

    NATIVE = "native"
    DEFLATED = "deflated"
    RLE = "RLE"
    JPEG = "JPEG"
    JPEG_LS = "JPEG-LS"
    JPEG_2000 = "JPEG 2000"
    VIDEO = "video"


@dataclass(frozen=True)
class TransferSyntax:
    """uid: PS3.6 UID. name: for people. encoding: of element headers. coding: of pixel data."""

    uid: str
    name: str
    encoding: Encoding
    coding: Coding

    @property
    def is_encapsulated(self) -> bool:
        """True when pixel data are stored as fragments."""
        return self.coding not in (Coding.NATIVE, Coding.DEFLATED)


_ROOT = "1.2.840.10008.1.2"
_EXPLICIT = Encoding(explicit=True, little=True)


def _table() -> dict[str, TransferSyntax]:
    syntaxes = [
        TransferSyntax(_ROOT, "implicit little-endian", Encoding(explicit=False, little=True), Coding.NATIVE),
        TransferSyntax(f"{_ROOT}.1", "explicit little-endian", _EXPLICIT, Coding.NATIVE),
        TransferSyntax(f"{_ROOT}.2", "explicit big-endian", Encoding(explicit=True, little=False), Coding.NATIVE),
        TransferSyntax(f"{_ROOT}.1.99", "deflated", _EXPLICIT, Coding.DEFLATED),
        TransferSyntax(f"{_ROOT}.5", "RLE", _EXPLICIT, Coding.RLE),
    ]
    encapsulated = [
        ("50", "JPEG Baseline", Coding.JPEG),
        ("51", "JPEG Extended", Coding.JPEG),
        ("57", "JPEG Lossless", Coding.JPEG),
        ("70", "JPEG Lossless SV1", Coding.JPEG),
        ("80", "JPEG-LS", Coding.JPEG_LS),
        ("81", "JPEG-LS near-lossless", Coding.JPEG_LS),
        ("90", "JPEG 2000 lossless", Coding.JPEG_2000),
        ("91", "JPEG 2000", Coding.JPEG_2000),
        ("201", "HTJ2K lossless", Coding.JPEG_2000),
        ("202", "HTJ2K lossless RPCL", Coding.JPEG_2000),
        ("203", "HTJ2K", Coding.JPEG_2000),
    ]
    video = {"100": "MPEG-2", "101": "MPEG-2", "102": "H.264", "103": "H.264", "104": "H.264", "105": "H.264"}
    video |= {"106": "H.264", "107": "HEVC", "108": "HEVC"}
    for number, name in video.items():
        encapsulated += [(number, name, Coding.VIDEO), (f"{number}.1", name, Coding.VIDEO)]
    for number, name, coding in encapsulated:
        syntaxes.append(TransferSyntax(f"{_ROOT}.4.{number}", name, _EXPLICIT, coding))
    return {syntax.uid: syntax for syntax in syntaxes}


SYNTAXES = _table()
IMPLICIT_LITTLE = SYNTAXES[_ROOT]
EXPLICIT_LITTLE = SYNTAXES[f"{_ROOT}.1"]
EXPLICIT_BIG = SYNTAXES[f"{_ROOT}.2"]
JPEG_BASELINE_UID = f"{_ROOT}.4.50"
