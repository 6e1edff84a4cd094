"""Random access to the frames of a coded video stream."""

from __future__ import annotations

from contextlib import closing
from itertools import count

import numpy as np
from numpy.typing import NDArray

from luv_viewer.io.errors import FrameDecodeError, UnreadableFileError, UnsupportedFormatError
from luv_viewer.io.media_decoder import DecoderPool, StreamDecoder
from luv_viewer.io.media_index import (
    LIBAV_ERRORS,
    FrameOrder,
    NoVideoError,
    PacketIndex,
    Source,
    index_packets,
    open_binary,
)
from luv_viewer.io.movie_matrix import may_be_turned

# Open files and decoded frames are bounded for the whole process, however many videos a study holds.
_POOL = DecoderPool(limit=4)
_OWNERS = count()


class EncodedStream:
    """The frames of an MPEG-2, MPEG-4, H.264, HEVC, ... stream, each the one that decoding from the start gives.

    Opening reads the packets and decodes nothing, except the first frame of an MP4 or MOV that asks to be turned:
    libav tells the angle only then. Frames are numbered as they are shown. Methods may be called from several
    threads; each thread has a position of its own, and reading forwards never seeks.
    """

    def __init__(self, source: Source, name: str) -> None:
        """source: a path, the bytes, or a function that opens a fresh binary file. name: for error sentences.

        Raises UnreadableFileError, UnsupportedFormatError.
        """
        self._source = source
        self._name = name
        self._owner = next(_OWNERS)
        self._lost: set[int] = set()
        self._quarter_turns = 0
        try:
            self._index = index_packets(source)
        except NoVideoError as error:
            raise UnsupportedFormatError(f"{name} cannot be shown as a video: {error}.") from error
        except LIBAV_ERRORS as error:
            raise UnreadableFileError(f"{name} cannot be read as a video: {_reason(error)}.") from error
        self._order = FrameOrder(self._index)
        if self._index.container == "mov":
            self._quarter_turns = self._rotation()

    @property
    def index(self) -> PacketIndex:
        """Counts, times and names as the container states them."""
        return self._index

    @property
    def n_frames(self) -> int:
        """Number of frames, T."""
        return self._index.n_frames

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of every frame read, pixels, rotation applied."""
        height, width = self._index.height, self._index.width
        return (width, height) if self._quarter_turns % 2 else (height, width)

    @property
    def quarter_turns(self) -> int:
        """Counter-clockwise quarter turns applied to the stored picture, as the container asks."""
        return self._quarter_turns

    @property
    def times_s(self) -> NDArray[np.float64] | None:
        """(T,) presentation times in seconds, first 0, strictly increasing; None when the stream states none."""
        return self._index.times_s

    def read(self, i: int) -> NDArray[np.uint8]:
        """Frame i, 0 <= i < n_frames, as (H, W, 3) uint8 RGB; colours as `StreamDecoder.rgb` says.

        Raises IndexError for a frame the stream does not have, FrameDecodeError when it cannot be decoded.
        """
        if not 0 <= i < self.n_frames:
            raise IndexError(f"frame {i + 1} of {self.n_frames} does not exist")
        if i in self._lost:
            raise FrameDecodeError(self._lost_sentence(i))
        try:
            with _POOL.lease(self._owner, self._open_decoder) as decoder:
                frame = decoder.frame(i)
                picture = None if frame is None else decoder.rgb(frame)
        except (*LIBAV_ERRORS, NoVideoError) as error:
            raise FrameDecodeError(f"{self._name}: frame {i + 1} cannot be read: {_reason(error)}.") from error
        if picture is None:
            self._lost.add(i)
            raise FrameDecodeError(self._lost_sentence(i))
        picture = np.ascontiguousarray(np.rot90(picture, self._quarter_turns))
        if picture.shape[:2] != self.size:
            raise FrameDecodeError(
                f"{self._name}: frame {i + 1} is {picture.shape[1]} x {picture.shape[0]} pixels, "
                f"but the video began with {self.size[1]} x {self.size[0]}."
            )
        return picture

    def close(self) -> None:
        """Close the file; reading afterwards opens it again."""
        _POOL.close(self._owner)

    def _open_decoder(self) -> StreamDecoder:
        return StreamDecoder(self._source, self._index, self._order)

    def _rotation(self) -> int:
        """Quarter turns the container asks for; 0 when its first frame cannot be decoded (reading it will say so)."""
        try:
            with closing(open_binary(self._source)) as stream:
                if not may_be_turned(stream):
                    return 0
            with _POOL.lease(self._owner, self._open_decoder) as decoder:
                frame = decoder.frame(0)
        except (*LIBAV_ERRORS, NoVideoError):
            return 0
        return 0 if frame is None else round(frame.rotation / 90) % 4

    def _lost_sentence(self, i: int) -> str:
        return f"{self._name}: frame {i + 1} of {self.n_frames} cannot be decoded: its data are damaged or missing."


def _reason(error: Exception) -> str:
    """Why, in libav's or the system's words, without the path."""
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
