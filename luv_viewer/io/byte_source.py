"""Random access to stored bytes, so that a reader never needs to know whether a file lies on disk or in an archive."""

from __future__ import annotations

import hashlib
import mmap
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

from luv_viewer.io.errors import MissingFileError, UnreadableFileError

MAX_OPEN_MAPS = 64
MAX_OPEN_SPOOLS = 8
MEMORY_LIMIT_BYTES = 8 * 2**20
UNPACK_LIMIT_BYTES = 2**30
_CHUNK_BYTES = 2**20


class ByteSource(Protocol):
    """Stored bytes of one file or archive member. Methods may be called from several threads at once."""

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer at the end. Raises StudyError when they cannot be had."""

    def view(self, offset: int, length: int) -> memoryview:
        """As `read`, but without a copy where the bytes are mapped into memory."""

    def may_have(self, end: int) -> bool:
        """False when it is certain, without reading, that fewer than `end` bytes exist."""

    def size(self) -> int:
        """Number of bytes; may have to unpack all of them once."""

    def close(self) -> None:
        """Release what is held; reading afterwards opens it again."""


def os_reason(error: OSError) -> str:
    """Why the operating system refused, in lower case and without the path.

    >>> os_reason(PermissionError(13, "Permission denied", "/secret"))
    'permission denied'
    """
    return (error.strerror or type(error).__name__).lower()


class _OpenMaps:
    """The files mapped most recently; older ones are let go, so that a large folder does not use up file handles."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._maps: OrderedDict[object, mmap.mmap] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, owner: object, path: Path) -> mmap.mmap:
        with self._lock:
            found = self._maps.get(owner)
            if found is None:
                with path.open("rb") as file:
                    found = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                self._maps[owner] = found
                while len(self._maps) > self._limit:
                    self._maps.popitem(last=False)
            self._maps.move_to_end(owner)
            return found

    def drop(self, owner: object) -> None:
        with self._lock:
            self._maps.pop(owner, None)


_open_maps = _OpenMaps(MAX_OPEN_MAPS)


class FileSource:
    """Bytes start to start + length of a file, mapped into memory when first read.

    name: what messages call it.
    Raises MissingFileError when the file cannot be opened.
    """

    def __init__(self, path: Path, start: int = 0, length: int | None = None) -> None:
        self._path = path
        self._start = start
        self.name = path.name
        try:
            actual = path.stat().st_size
        except OSError as error:
            raise MissingFileError(f"{path.name} cannot be opened: {os_reason(error)}.") from error
        self._length = actual - start if length is None else length

    def view(self, offset: int, length: int) -> memoryview:
        """See ByteSource. Raises UnreadableFileError when the file became shorter since it was opened."""
        stop = min(offset + max(length, 0), self._length)
        if offset >= stop:
            return memoryview(b"")
        try:
            mapped = _open_maps.get(self, self._path)
            # A page past the end of a file that shrank would kill the process (SIGBUS), so its size is asked each time.
            if mapped.size() < self._start + stop:
                self.close()
                raise UnreadableFileError(f"{self.name} became shorter while it was open: open it again.")
        except OSError as error:
            raise MissingFileError(f"{self.name} cannot be read: {os_reason(error)}.") from error
        except ValueError as error:
            raise UnreadableFileError(f"{self.name} is an empty file.") from error
        return memoryview(mapped)[self._start + offset : self._start + stop]

    def read(self, offset: int, length: int) -> bytes:
        """See ByteSource."""
        return bytes(self.view(offset, length))

    def may_have(self, end: int) -> bool:
        """See ByteSource."""
        return end <= self._length

    def size(self) -> int:
        """See ByteSource."""
        return self._length

    def close(self) -> None:
        """See ByteSource."""
        _open_maps.drop(self)


class _OpenSpools:
    """The sources unpacked most recently; older ones forget their bytes, so that a large archive stays packed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spools: OrderedDict[int, weakref.ref[SpooledSource]] = OrderedDict()
        # Re-entrant: collecting garbage in here may end a source, which comes back to be dropped.
        self._lock = threading.RLock()

    def note(self, spool: SpooledSource) -> None:
        with self._lock:
            self._spools[id(spool)] = weakref.ref(spool)
            self._spools.move_to_end(id(spool))
            old = [self._spools.popitem(last=False)[1]() for _ in range(len(self._spools) - self._limit)]
        for left in old:
            if left is not None:
                left.close_if_idle()

    def drop(self, spool: SpooledSource) -> None:
        with self._lock:
            self._spools.pop(id(spool), None)


_open_spools = _OpenSpools(MAX_OPEN_SPOOLS)


class SpooledSource:
    """Bytes that come only in order (a packed archive member, a deflated data set), unpacked as far as was asked for.

    What was unpacked is kept in memory up to 8 MB and in an unnamed temporary file beyond, for the sources read last;
    the others unpack again.
    opener: gives the stream from its start. largest: the most bytes it can hold, as far as is known without unpacking.
    limit: bytes after which unpacking is refused (decompression bombs).
    """

    def __init__(
        self, opener: Callable[[], IO[bytes]], name: str, largest: int, limit: int = UNPACK_LIMIT_BYTES
    ) -> None:
        self._opener = opener
        self._largest = largest
        self._limit = limit
        self.name = name
        self._lock = threading.Lock()
        self._stream: IO[bytes] | None = None
        self._store: IO[bytes] | None = None
        self._unpacked = 0
        self._finished = False

    def _unpack_to(self, end: int) -> IO[bytes]:
        if self._store is None:
            self._store = tempfile.SpooledTemporaryFile(max_size=MEMORY_LIMIT_BYTES)  # noqa: SIM115 - lives with the object
            self._stream = self._opener()
            self._unpacked, self._finished = 0, False
        if self._unpacked >= end or self._finished or self._stream is None:
            return self._store
        self._store.seek(self._unpacked)
        while self._unpacked < end and not self._finished:
            chunk = self._stream.read(min(_CHUNK_BYTES, max(end - self._unpacked, 2**16)))
            self._finished = not chunk
            self._store.write(chunk)
            self._unpacked += len(chunk)
            if self._unpacked > self._limit:
                raise UnreadableFileError(
                    f"{self.name} unpacks to more than {self._limit // 2**20} MB, which is refused: unpack it first."
                )
        return self._store

    def read(self, offset: int, length: int) -> bytes:
        """See ByteSource."""
        _open_spools.note(self)
        with self._lock:
            try:
                store = self._unpack_to(offset + max(length, 0))
                store.seek(offset)
                return store.read(max(length, 0))
            except OSError as error:
                raise UnreadableFileError(f"{self.name} cannot be unpacked: {os_reason(error)}.") from error

    def view(self, offset: int, length: int) -> memoryview:
        """See ByteSource."""
        return memoryview(self.read(offset, length))

    def may_have(self, end: int) -> bool:
        """See ByteSource."""
        return end <= (self._unpacked if self._finished else self._largest)

    def size(self) -> int:
        """See ByteSource."""
        _open_spools.note(self)
        with self._lock:
            self._unpack_to(self._limit + 1)
            return self._unpacked

    def close(self) -> None:
        """See ByteSource."""
        _open_spools.drop(self)
        with self._lock:
            self._release()

    def close_if_idle(self) -> None:
        """As `close`, but leaves a source alone that is being read: waiting could be for one another's end."""
        if self._lock.acquire(blocking=False):
            try:
                self._release()
            finally:
                self._lock.release()

    def _release(self) -> None:
        for held in (self._stream, self._store):
            if held is not None:
                held.close()
        self._stream = self._store = None
        self._unpacked, self._finished = 0, False

    def __del__(self) -> None:
        """A study nobody refers to any more leaves no temporary file open."""
        self.close()


def chunks(source: ByteSource, start: int = 0, stop: int | None = None) -> Iterator[memoryview]:
    """The bytes start to stop (default: the end) of a source, a megabyte at a time."""
    while stop is None or start < stop:
        chunk = source.view(start, _CHUNK_BYTES if stop is None else min(_CHUNK_BYTES, stop - start))
        if not chunk:
            return
        yield chunk
        start += len(chunk)


def digest(source: ByteSource) -> str:
    """SHA-256 (hex) of all bytes of a source."""
    total = hashlib.sha256()
    for chunk in chunks(source):
        total.update(chunk)
    return total.hexdigest()
