"""What kind of file some bytes begin; content decides, never the name."""

from __future__ import annotations

from enum import Enum

from luv_viewer.io.dicom_header import has_preamble, looks_like_dicom
from luv_viewer.io.media import is_media

HEAD_BYTES = 1024
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*")
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"7z\xbc\xaf": "7-Zip", b"\xfd7zXZ": "xz", b"Rar!": "RAR"}


class FileKind(Enum):
    """What can be done with a file."""

    DICOM = "DICOM"
    DICOM_WITHOUT_PREFIX = "DICOM without its prefix"
    MEDIA = "video"
    IMAGE = "image"
    ZIP = "zip archive"
    UNKNOWN = "unknown"


def file_kind(head: bytes) -> FileKind:
    """The kind of the file that starts with `head`, its first HEAD_BYTES bytes.

    >>> file_kind(bytes(128) + b"DICM"), file_kind(b"a,b,c")
    (<FileKind.DICOM: 'DICOM'>, <FileKind.UNKNOWN: 'unknown'>)
    """
    if has_preamble(head):
        return FileKind.DICOM
    if is_media(head) is not None:
        return FileKind.MEDIA
    if head.startswith(_IMAGES):
        return FileKind.IMAGE
    if head.startswith(_ZIPS):
        return FileKind.ZIP
    return FileKind.DICOM_WITHOUT_PREFIX if looks_like_dicom(head) else FileKind.UNKNOWN


def packed_as(head: bytes) -> str | None:
    """Name of a packing that is not a study, so that a message can say what to do; None for anything else."""
    return next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)
