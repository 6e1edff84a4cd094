"""Members of a zip archive, read in place or unpacked only as far as was asked for; nothing is written to folders."""

from __future__ import annotations

import lzma
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path, PurePosixPath
from typing import IO, cast

from luv_viewer.io.byte_source import ByteSource, FileSource, SpooledSource, os_reason
from luv_viewer.io.errors import MissingFileError, UnreadableFileError

MAX_MEMBERS = 100_000
_LOCAL_HEADER = struct.Struct("<4s5HLLLHH")
_ENCRYPTED = 0x1
_UNPACK_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Member:
    """An entry of the archive that is a file. name: as stored; size: bytes when unpacked, as the archive states."""

    name: str
    size: int
    is_encrypted: bool


class Archive:
    """A zip file. Its members' names are only shown, never used as paths, so that they can point nowhere.

    Raises MissingFileError, UnreadableFileError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise MissingFileError(f"{path.name} cannot be opened: {os_reason(error)}.") from error
        except (*_UNPACK_ERRORS, NotImplementedError) as error:
            raise UnreadableFileError(f"{path.name} is not a whole zip archive: it is damaged or cut off.") from error
        if len(self._zip.infolist()) > MAX_MEMBERS:
            raise UnreadableFileError(f"{path.name} holds more than {MAX_MEMBERS} entries, which is refused.")
        self._infos = {i: info for i, info in enumerate(self._zip.infolist()) if _is_shown(info)}

    def members(self) -> Iterator[tuple[int, Member]]:
        """Number and description of every file in the archive, except the hidden ones of operating systems."""
        for number, info in self._infos.items():
            yield number, Member(info.filename, info.file_size, bool(info.flag_bits & _ENCRYPTED))

    def source(self, number: int) -> ByteSource:
        """The bytes of a member. Raises UnreadableFileError when its place in the archive makes no sense."""
        info = self._infos[number]
        name = PurePosixPath(info.filename).name
        if info.compress_type == zipfile.ZIP_STORED:
            return FileSource(self.path, self._stored_at(info), info.file_size)
        return SpooledSource(lambda: cast(IO[bytes], _MemberStream(self._zip, info, name)), name, info.file_size)

    def _stored_at(self, info: zipfile.ZipInfo) -> int:
        header = FileSource(self.path).read(info.header_offset, _LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise UnreadableFileError(f"{PurePosixPath(info.filename).name} is damaged inside {self.path.name}.")
        *_, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if start + info.file_size > self.path.stat().st_size:
            raise UnreadableFileError(f"{PurePosixPath(info.filename).name} is cut off inside {self.path.name}.")
        return int(start)


class _MemberStream(RawIOBase):
    """A packed member from its start, whose failures are StudyErrors."""

    _opening = threading.Lock()

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> None:
        super().__init__()
        self._sentence = f"{name} is damaged inside its archive, or packed in a way that cannot be read."
        try:
            with self._opening:
                self._stream = archive.open(info)
        except (*_UNPACK_ERRORS, NotImplementedError) as error:
            raise UnreadableFileError(self._sentence) from error

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes; empty at the end. Raises UnreadableFileError."""
        try:
            return self._stream.read(size)
        except (*_UNPACK_ERRORS, NotImplementedError) as error:
            raise UnreadableFileError(self._sentence) from error

    def close(self) -> None:
        """Release the member; the archive stays open for others."""
        if hasattr(self, "_stream"):
            self._stream.close()
        super().close()


def _is_shown(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename).parts
    return not info.is_dir() and bool(parts) and not any(p.startswith((".", "__MACOSX")) and p != ".." for p in parts)
