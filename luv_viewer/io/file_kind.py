"""What kind of file some bytes begin; content decides, never the name."""

from __future__ import annotations

from enum import Enum

from luv_viewer.io.dicom_header import has_preamble, looks_like_dicom
from luv_viewer.io.image_folder import is_image
from luv_viewer.io.media import is_media

HEAD_BYTES = 1024
# Media Storage SOP Class UID (0002,0002) of a DICOMDIR, as file meta information states it (PS3.10 section 7.1).
_DIRECTORY_CLASS = b"\x02\0\x02\0UI\x14\x001.2.840.10008.1.3.10"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"7z\xbc\xaf": "7-Zip", b"\xfd7zXZ": "xz", b"Rar!": "RAR"}


class FileKind(Enum):
    """What can be done with a file."""

    DICOM = "DICOM"
    DICOM_DIRECTORY = "DICOMDIR"
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
        return FileKind.DICOM_DIRECTORY if _DIRECTORY_CLASS in head else FileKind.DICOM
    if is_media(head) is not None:
        return FileKind.MEDIA
    if is_image(head) is not None:
        return FileKind.IMAGE
    if head.startswith(_ZIPS):
        return FileKind.ZIP
    return FileKind.DICOM_WITHOUT_PREFIX if looks_like_dicom(head) else FileKind.UNKNOWN


def packed_as(head: bytes) -> str | None:
    """Name of a packing that is not a study, so that a message can say what to do; None for anything else."""
    return next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)
