"""One position in a coded video stream, and the bounded set of positions kept open."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from luv_viewer.io.media_index import (
    LIBAV_ERRORS,
    FrameOrder,
    OpenContainer,
    PacketIndex,
    Source,
    coded_packets,
    video_stream,
)

_KEPT_BYTES = 32 * 2**20  # decoded frames before the position, so that stepping back does not decode a group each
_SKIP = 8  # frames decoded and passed over rather than starting again at a key frame
_LATE = 16  # frames by which a decoder may show one out of the order the container promised
_BT709, _BT2020 = 1, 9  # AVColorSpace (ISO/IEC 23091-2, MatrixCoefficients)


class StreamDecoder:
    """An open container at some frame. Not for two threads at once: `DecoderPool` hands it to one at a time."""

    def __init__(self, source: Source, index: PacketIndex, order: FrameOrder) -> None:
        """Raises LIBAV_ERRORS, NoVideoError."""
        self._source = source
        self._index = index
        self._order = order
        self._reformatter = VideoReformatter()
        self._kept: OrderedDict[int, av.VideoFrame] = OrderedDict()
        self._kept_bytes = 0
        self._rewind()

    def frame(self, i: int) -> av.VideoFrame | None:
        """Frame i as decoded, or None when no place to start from yields it."""
        if i in self._kept:
            return self._kept[i]
        starts = self._order.starts(i)
        shown = self._shown
        if shown is not None and shown < i and starts[0][0] <= shown + _SKIP:
            found = self._advance_to(i)
            if found is not None:
                return found
        for _, packet in starts:
            self._go_to(packet)
            found = self._advance_to(i)
            if found is not None:
                return found
        return None

    def rgb(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB of a decoded frame; see `rgb_picture`."""
        return rgb_picture(frame, self._reformatter)

    def close(self) -> None:
        """Close the file and drop the decoded frames."""
        self._forget()
        self._opened.close()

    def _rewind(self) -> None:
        self._forget()
        self._opened = OpenContainer(self._source)
        self._container = self._opened.container
        self._stream = video_stream(self._container)
        self._stream.codec_context.thread_count = 1  # the same frames at the same cost on any machine
        self._packets = coded_packets(self._container, self._stream)
        self._position = 0  # packets taken from the container
        self._shown: int | None = -1  # last frame that came out; None until the key frame sought has come out
        self._waiting: deque[av.VideoFrame] = deque()
        self._ended = False

    def _forget(self) -> None:
        self._kept.clear()
        self._kept_bytes = 0

    def _go_to(self, packet: int) -> None:
        """Stand before `packet`, ready to decode it."""
        if not self._seek(packet) and packet < self._position:
            self._opened.close()
            self._rewind()
        while self._position < packet and self._next_packet() is not None:
            pass
        self._stream.codec_context.flush_buffers()
        self._forget()
        self._waiting.clear()
        self._ended = False
        self._shown = -1 if packet == self._index.key_packets[0] else None

    def _seek(self, packet: int) -> bool:
        """Move the container to `packet` or before it; False when it cannot, or did not land on a known packet."""
        time = self._index.dts_of_key.get(packet)
        if time is None:
            return False
        try:
            self._container.seek(time, stream=self._stream)
            packets = coded_packets(self._container, self._stream)
            first = next(packets, None)
        except LIBAV_ERRORS:
            first = None
        place = self._index.packet_of_dts.get(first.dts) if first is not None and first.dts is not None else None
        if first is None or place is None or place > packet:
            self._position = self._index.frame_of_packet.size  # somewhere unknown: only a rewind helps
            return False
        self._packets = chain([first], packets)
        self._position = place
        return True

    def _next_packet(self) -> av.Packet | None:
        """The next packet, its time replaced by its number so that the frame made of it tells which it was."""
        if self._position >= self._index.frame_of_packet.size:
            return None  # a damaged file may give more than it gave when it was counted
        try:
            packet = next(self._packets, None)
        except LIBAV_ERRORS:
            return None
        if packet is not None:
            packet.pts, packet.dts = self._position, None
            self._position += 1
        return packet

    def _advance_to(self, i: int) -> av.VideoFrame | None:
        """Decode on until frame i comes out; None when it was passed or the stream ended."""
        while True:
            while self._waiting:
                frame = self._waiting.popleft()
                number = self._number(frame)
                if number is None:
                    continue
                self._shown = number
                self._keep(number, frame)
                if number == i:
                    return frame
                if number > i + _LATE:
                    return None
            if self._ended:
                return None
            self._decode_next()

    def _decode_next(self) -> None:
        packet = self._next_packet()
        self._ended = packet is None
        try:
            self._waiting.extend(self._stream.codec_context.decode(packet))
        except LIBAV_ERRORS:
            return  # a damaged packet gives no frame; the ones after it may

    def _number(self, frame: av.VideoFrame) -> int | None:
        """Which frame of the video this is; None for one that is decoded but not shown."""
        if frame.pts is None:
            return None
        number = self._order.frame_of(frame.pts)
        if number >= 0:
            return number
        if self._order.known or self._shown is None:
            return None
        number = self._shown + 1
        self._order.learn(frame.pts, number)
        return number

    def _keep(self, number: int, frame: av.VideoFrame) -> None:
        self._kept[number] = frame
        self._kept_bytes += _n_bytes(frame)
        while self._kept_bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= _n_bytes(dropped)


class DecoderPool:
    """Decoders of all streams that wait for their next frame: one a stream and thread, the oldest closed first.

    A thread that reads on finds its own position, so the display and a worker that passes over the same video do
    not send each other back to a key frame.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._idle: OrderedDict[tuple[int, int], StreamDecoder] = OrderedDict()
        self._closed: dict[int, int] = {}
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, owner: int, open_decoder: Callable[[], StreamDecoder]) -> Iterator[StreamDecoder]:
        """The calling thread's decoder of the stream `owner`, opened when there is none."""
        key = (owner, threading.get_ident())
        with self._lock:
            decoder = self._idle.pop(key, None)
            closings = self._closed.get(owner, 0)
        if decoder is None:
            decoder = open_decoder()
        try:
            yield decoder
        except BaseException:
            decoder.close()
            raise
        with self._lock:
            left = []
            if self._closed.get(owner, 0) == closings:
                self._idle[key] = decoder
            else:
                left.append(decoder)
            while len(self._idle) > self._limit:
                left.append(self._idle.popitem(last=False)[1])
        for old in left:
            old.close()

    def close(self, owner: int) -> None:
        """Close all decoders of `owner`; one in use closes when its frame is done."""
        with self._lock:
            self._closed[owner] = self._closed.get(owner, 0) + 1
            left = [self._idle.pop(key) for key in [key for key in self._idle if key[0] == owner]]
        for decoder in left:
            decoder.close()

    @property
    def n_idle(self) -> int:
        """Decoders open and waiting; never above the limit."""
        return len(self._idle)


def rgb_picture(frame: av.VideoFrame, reformatter: VideoReformatter) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a decoded frame.

    YCbCr by the matrix its stream names (BT.709, BT.2020), else BT.601; limited range unless the stream says
    full; the result is full range; alpha is ignored. Equal to `av.VideoFrame.to_ndarray(format="rgb24")`.
    """
    matrix = {_BT709: Colorspace.ITU709, _BT2020: Colorspace.BT2020}.get(frame.colorspace, Colorspace.ITU601)
    is_full = frame.format.name.startswith("yuvj") or frame.color_range == ColorRange.JPEG
    if not (frame.format.is_rgb or frame.format.name.startswith(("gray", "mono", "pal"))):
        shown = reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            interpolation=Interpolation.BILINEAR,
            src_color_range=ColorRange.JPEG if is_full else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        )
    else:
        shown = reformatter.reformat(frame, format="rgb24", interpolation=Interpolation.BILINEAR)
    return np.ascontiguousarray(shown.to_ndarray())


def _n_bytes(frame: av.VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
