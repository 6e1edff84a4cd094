"""MPEG-2, H.264 and HEVC streams wrapped in DICOM (PS3.5 annex A.4.5 and following)."""

from __future__ import annotations

import bisect
import hashlib
import io
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate
from typing import BinaryIO, cast

from luv_viewer.io.byte_source import ByteSource, chunks
from luv_viewer.io.dicom_color import Picture
from luv_viewer.io.dicom_fragments import Fragment, index_fragments
from luv_viewer.io.dicom_frames import DicomFile
from luv_viewer.io.media_stream import EncodedStream


class FragmentFile(io.RawIOBase):
    """The joined payload of fragments as a seekable file; nothing is copied before it is read."""

    def __init__(self, source: ByteSource, fragments: Sequence[Fragment]) -> None:
        super().__init__()
        self._source = source
        self._fragments = [fragment for fragment in fragments if fragment.length > 0]
        self._ends = list(accumulate(fragment.length for fragment in self._fragments))
        self._position = 0

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def tell(self) -> int:
        """Position in the joined payload."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See io.IOBase."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ends[-1] if self._ends else 0}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, all that are left for -1; empty at the end."""
        parts: list[bytes] = []
        left = size if size >= 0 else max((self._ends[-1] if self._ends else 0) - self._position, 0)
        number = bisect.bisect_right(self._ends, self._position)
        while left > 0 and number < len(self._fragments):
            fragment = self._fragments[number]
            inside = self._position - (self._ends[number] - fragment.length)
            part = self._source.read(fragment.start + inside, min(left, fragment.length - inside))
            if not part:
                break
            parts.append(part)
            self._position += len(part)
            left -= len(part)
            number += self._position >= self._ends[number]
        return b"".join(parts)


class StreamFrames:
    """Frames of a video stream in DICOM. start: of the pixel data's value.

    Raises StudyError when there is no stream that can be read.
    """

    reads_in_order = True

    def __init__(self, file: DicomFile, data: ByteSource, start: int) -> None:
        self._file = file
        self._data = data
        (self._fragments,) = index_fragments(data, start, 1, None, file.name)
        self._stream = EncodedStream(self._open, file.name)

    @property
    def n_frames(self) -> int:
        """Number of frames in the stream."""
        return self._stream.n_frames

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the stream's frames, pixels."""
        return self._stream.size

    def read(self, i: int) -> Picture:
        """Frame i as (H, W, 3) uint8 RGB. Raises FrameDecodeError."""
        return self._stream.read(i)

    def video_id(self) -> str:
        """See FrameStore."""
        return self._file.video_id()

    def frame_digest(self, i: int) -> str:
        """SHA-256 (hex) of the whole stream, for every frame: a frame's own bytes do not decode alone."""
        return self._digest

    def close(self) -> None:
        """See FrameStore."""
        self._stream.close()
        self._data.close()
        self._file.source.close()

    def _open(self) -> BinaryIO:
        return cast(BinaryIO, FragmentFile(self._data, self._fragments))

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        for fragment in self._fragments:
            for chunk in chunks(self._data, fragment.start, fragment.start + fragment.length):
                total.update(chunk)
        return total.hexdigest()
