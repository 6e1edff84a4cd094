"""The frames of a video stream whose end is still being written, from the newest one on."""

from __future__ import annotations

from collections.abc import Iterator

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from luv_viewer.domain.timing import ASSUMED_FPS
from luv_viewer.io.errors import UnreadableFileError
from luv_viewer.io.growing_file import GrowingFile
from luv_viewer.io.media_decoder import rgb_picture
from luv_viewer.io.media_index import LIBAV_ERRORS, NoVideoError, coded_packets, video_stream

# libav would read 5 MB before it tells what is in the file; a recorder needs a while for that.
_OPTIONS = {"probesize": "200000", "analyzeduration": "300000", "protocol_whitelist": "file"}

Picture = tuple[float, NDArray[np.uint8]]


def growing_frames(file: GrowingFile, name: str) -> Iterator[Picture]:
    """(time in seconds, (H, W, 3) uint8 RGB) of every frame from the last one that is there now, as they are written.

    Raises UnreadableFileError when the file cannot be read before it is finished, and what the file's `wait` raises.
    """
    try:
        with av.open(file, mode="r", options=_OPTIONS, metadata_errors="replace") as container:
            yield from _pictures(container, file)
    except (*LIBAV_ERRORS, NoVideoError) as error:
        file.check()
        raise UnreadableFileError(
            f"{name} cannot be followed while it is written: record as MKV, AVI, MPEG-TS or fragmented MP4, or open "
            f"it when it is finished."
        ) from error
    file.check()


def _pictures(container: av.container.InputContainer, file: GrowingFile) -> Iterator[Picture]:
    stream = video_stream(container)
    stream.codec_context.thread_count = 1
    reformatter = VideoReformatter()
    fps = float(stream.average_rate or ASSUMED_FPS)
    decoded = 0
    newest: av.VideoFrame | None = None
    for packets in _since_key_frame(container, stream, file):
        was_backlog = len(packets) > 1
        for frame in _decoded(stream, packets):
            decoded += 1
            newest = frame
            if not was_backlog:
                yield _time_s(frame, decoded, fps), _upright(frame, reformatter)
        if was_backlog and newest is not None:
            yield _time_s(newest, decoded, fps), _upright(newest, reformatter)
    for frame in _decoded(stream, [None]):
        decoded += 1
        yield _time_s(frame, decoded, fps), _upright(frame, reformatter)


def _since_key_frame(
    container: av.container.InputContainer, stream: av.VideoStream, file: GrowingFile
) -> Iterator[list[av.Packet]]:
    """First the packets that were there already, from the last key frame on; then one after the other."""
    backlog: list[av.Packet] = []
    is_behind = True
    for packet in coded_packets(container, stream):
        if not is_behind:
            yield [packet]
            continue
        if packet.is_keyframe:
            backlog = []
        backlog.append(packet)
        if file.has_waited:
            is_behind = False
            yield backlog
    if is_behind and backlog:
        yield backlog


def _decoded(stream: av.VideoStream, packets: list[av.Packet] | list[None]) -> Iterator[av.VideoFrame]:
    """A damaged packet gives no frame; the ones after it may."""
    for packet in packets:
        try:
            yield from stream.codec_context.decode(packet)
        except LIBAV_ERRORS:
            continue


def _time_s(frame: av.VideoFrame, number: int, fps: float) -> float:
    return float(frame.time) if frame.time is not None else number / fps


def _upright(frame: av.VideoFrame, reformatter: VideoReformatter) -> NDArray[np.uint8]:
    picture = rgb_picture(frame, reformatter)
    return np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90) % 4))
