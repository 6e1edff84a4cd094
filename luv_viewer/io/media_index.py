"""What a coded video stream holds: its packets, counted and timed without decoding a frame."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray

# What PyAV raises for damaged data: libav's error, or Python's own where a value makes no sense.
LIBAV_ERRORS = (av.error.FFmpegError, OSError, ValueError, LookupError)

Source = Path | bytes | Callable[[], BinaryIO]

# Containers whose presentation times were written by a muxer; elsewhere (AVI, bare streams) libav makes them up from
# the decoding order, which is the wrong order when there are B-frames.
_STATES_PRESENTATION_TIMES = ("mov", "matroska", "mpeg", "mpegts", "flv", "ogg")
# Containers that seek by an index of their own; elsewhere seeking is a guess, and reading from the start is exact.
_SEEKABLE = ("mov", "matroska", "avi")
_MAX_REORDER = 32  # frames; H.264 and HEVC allow 16 pictures, fields counted twice
_PLAUSIBLE_FPS = (0.05, 1000.0)


class NoVideoError(Exception):
    """The container holds no video that can be decoded; str(error) says why in a few words."""


@dataclass(frozen=True, eq=False)
class PacketIndex:
    """The video packets of one container, N packets in decoding order, T frames in presentation order.

    container, codec: libav's names. width, height: stored pixels, before any rotation.
    times_s: (T,) seconds, first 0, strictly increasing, or None when the container states no usable times.
    fps: mean frame rate the container states, frames per second, or None.
    frame_of_packet: (N,) frame each packet becomes, -1 for none; all -1 when the order is not known.
    key_packets: packets where decoding can start.
    packet_of_dts, dts_of_key: unique decoding times, for containers that seek; else empty.
    damaged: True when reading stopped before the end of the file.
    """

    container: str
    codec: str
    width: int
    height: int
    n_frames: int
    times_s: NDArray[np.float64] | None
    fps: float | None
    frame_of_packet: NDArray[np.int32]
    key_packets: tuple[int, ...]
    order_known: bool
    packet_of_dts: dict[int, int]
    dts_of_key: dict[int, int]
    damaged: bool


class FrameOrder:
    """Which frame each packet becomes; filled at once, or while decoding where the container does not tell.

    Shared by all decoders of a stream: every one of them learns the same numbers.
    """

    def __init__(self, index: PacketIndex) -> None:
        self.known = index.order_known
        self._frame_of_packet = index.frame_of_packet.copy()
        self._keys = frozenset(index.key_packets)
        self._lock = threading.Lock()
        first = index.key_packets[0]
        pairs = [(0, first)]
        if self.known:
            numbered = ((int(index.frame_of_packet[key]), key) for key in index.key_packets[1:])
            pairs += sorted(pair for pair in numbered if pair[0] > 0)
        self._key_frames = [frame for frame, _ in pairs]
        self._key_packets = [packet for _, packet in pairs]

    def frame_of(self, packet: int) -> int:
        """Frame that `packet` becomes, -1 when it becomes none or is not known yet."""
        return int(self._frame_of_packet[packet]) if 0 <= packet < self._frame_of_packet.size else -1

    def learn(self, packet: int, frame: int) -> None:
        """Note that decoding from a known place showed `packet` as `frame`."""
        with self._lock:
            if self._frame_of_packet[packet] >= 0:
                return
            self._frame_of_packet[packet] = frame
            if packet in self._keys and frame > self._key_frames[-1]:
                self._key_packets.append(packet)
                self._key_frames.append(frame)

    def starts(self, frame: int) -> list[tuple[int, int]]:
        """(frame, packet) pairs from which `frame` may be decoded: nearest, the one before it, the very first.

        A key frame shown after `frame` is never among them, so leading pictures of an open group of pictures are
        decoded from the group before, as they must.
        """
        with self._lock:
            nearest = bisect_right(self._key_frames, frame) - 1
            places = dict.fromkeys((nearest, max(nearest - 1, 0), 0))
            return [(self._key_frames[place], self._key_packets[place]) for place in places]


def open_binary(source: Source) -> BinaryIO:
    """The stored bytes as a fresh binary file. Raises OSError."""
    if isinstance(source, Path):
        return source.open("rb")
    return BytesIO(source) if isinstance(source, bytes) else source()


class OpenContainer:
    """A container opened with libav, and the file behind it where libav reads one of Python's."""

    def __init__(self, source: Source) -> None:
        """source: a path, bytes, or a function that opens a fresh binary file. Raises LIBAV_ERRORS."""
        # A path is opened as a file whatever it looks like, and a playlist must not reach out to other places.
        options = {"protocol_whitelist": "file"}
        self._file: BinaryIO | None = None
        if not isinstance(source, Path):
            self._file = open_binary(source)
        target = f"file:{source!s}" if self._file is None else self._file
        try:
            self.container = av.open(target, mode="r", options=options, metadata_errors="replace")
        except BaseException:
            self._close_file()
            raise

    def close(self) -> None:
        """Close both."""
        self.container.close()
        self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()


def video_stream(container: av.container.InputContainer) -> av.VideoStream:
    """The main video stream, cover pictures left out. Raises NoVideoError."""
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        raise NoVideoError("it holds no video stream")
    best = container.streams.best("video")
    stream = best if isinstance(best, av.VideoStream) and best in streams else streams[0]
    if stream.codec_context is None:
        raise NoVideoError("its video codec is not known")
    return stream


def coded_packets(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    """Packets of `stream` in decoding order, without the empty ones (dropped frames of AVI, libav's end mark)."""
    return (packet for packet in container.demux(stream) if packet.size)


def index_packets(source: Source) -> PacketIndex:
    """Read all packets of `source` once. Raises LIBAV_ERRORS, NoVideoError."""
    with closing(OpenContainer(source)) as opened:
        container = opened.container
        stream = video_stream(container)
        rows, damaged = _packet_rows(container, stream)
        if not rows:
            raise NoVideoError("its video stream holds no frame")
        if not (stream.codec_context.width and stream.codec_context.height):
            raise NoVideoError("it does not state the size of its pictures")
        names = container.format.name.split(",")
        context = stream.codec_context
        rate = stream.average_rate or stream.guessed_rate
        fps = float(rate) if rate and _PLAUSIBLE_FPS[0] <= rate <= _PLAUSIBLE_FPS[1] else None
        keys = tuple(n for n, row in enumerate(rows) if row.is_key) or (0,)
        order, order_known = _presentation_order(rows, keys[0], names, bool(context.has_b_frames))
        frame_of_packet = np.full(len(rows), -1, np.int32)
        if order_known:
            frame_of_packet[order] = np.arange(len(order))
        if not order:
            raise NoVideoError("its video stream holds no frame that can be shown")
        packet_of_dts = _unique_dts(rows) if names[0] in _SEEKABLE else {}
        return PacketIndex(
            container=names[0],
            codec=context.name,
            width=context.width,
            height=context.height,
            n_frames=len(order),
            times_s=_times_s([rows[n] for n in order], float(stream.time_base or 0)),
            fps=fps,
            frame_of_packet=frame_of_packet,
            key_packets=keys,
            order_known=order_known,
            packet_of_dts=packet_of_dts,
            dts_of_key={packet: dts for dts, packet in packet_of_dts.items() if rows[packet].is_key},
            damaged=damaged,
        )


@dataclass(frozen=True)
class _PacketRow:
    pts: int | None
    dts: int | None
    is_key: bool
    is_discarded: bool


def _packet_rows(container: av.container.InputContainer, stream: av.VideoStream) -> tuple[list[_PacketRow], bool]:
    """All packets, and whether reading stopped on an error; what was read until then counts."""
    rows: list[_PacketRow] = []
    try:
        for packet in coded_packets(container, stream):
            rows.append(_PacketRow(packet.pts, packet.dts, packet.is_keyframe, packet.is_discard))
    except LIBAV_ERRORS:
        return rows, True
    return rows, False


def _presentation_order(
    rows: list[_PacketRow], first_key: int, containers: list[str], reorders: bool
) -> tuple[list[int], bool]:
    """Packets that become frames, sorted as shown, and whether that order can be relied on."""
    shown = [n for n in range(first_key, len(rows)) if not rows[n].is_discarded]
    pts = [p for n in shown if (p := rows[n].pts) is not None]
    if len(pts) < len(shown) or len(set(pts)) < len(pts):
        return shown, not reorders
    in_decoding_order = all(a < b for a, b in pairwise(pts))
    if reorders and containers[0] not in _STATES_PRESENTATION_TIMES:
        return shown, False
    if reorders and in_decoding_order and containers[0] not in ("mpeg", "mpegts"):
        return shown, False
    order = [shown[place] for place in np.argsort(pts, kind="stable")]
    if any(abs(place - before) > _MAX_REORDER for place, before in zip(order, shown, strict=True)):
        return shown, False  # the clock jumped back inside the file (joined recordings)
    if not rows[first_key].is_discarded:
        # Pictures shown before the first key frame lean on frames that are not in the file; decoders drop them.
        order = order[order.index(first_key) :]
    return order, True


def _times_s(rows: list[_PacketRow], tick_s: float) -> NDArray[np.float64] | None:
    """(T,) presentation times, else decoding times, from 0; None when both are broken."""
    for stamps in ([row.pts for row in rows], [row.dts for row in rows]):
        known = sorted(stamp for stamp in stamps if stamp is not None)
        if len(known) < len(rows):
            continue
        times = (np.array(known, np.float64) - known[0]) * tick_s
        if times.size == 1:
            return times
        steps_up = bool(np.all(np.diff(times) > 0))
        if steps_up and _PLAUSIBLE_FPS[0] <= (times.size - 1) / times[-1] <= _PLAUSIBLE_FPS[1]:
            return times
    return None


def _unique_dts(rows: list[_PacketRow]) -> dict[int, int]:
    """Decoding time -> packet, for times that only one packet has."""
    places: dict[int, int] = {}
    repeated: set[int] = set()
    for n, row in enumerate(rows):
        if row.dts is None:
            continue
        if row.dts in places:
            repeated.add(row.dts)
        places[row.dts] = n
    return {dts: n for dts, n in places.items() if dts not in repeated}
