"""Which frame a decoding thread takes next: the newest one asked for, then those ahead of the play head."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from luv_viewer.domain.play_path import PlayPath
from luv_viewer.domain.video import Video
from luv_viewer.player import PlayTicket

READ_AHEAD_FRAMES = 12
"""While playing: 0.4 s at 30 frames a second."""

STANDING_AHEAD_FRAMES = 4
"""While paused, in the direction of the last step or to both sides: more would keep the next click waiting."""


@dataclass(frozen=True, eq=False)
class FrameRequest:
    """A frame of a video to be shown: the head of `path`.

    ticket: comes back with the picture. number: counts the requests, so that no older picture follows a newer one.
    """

    video: Video
    path: PlayPath
    ticket: PlayTicket | None
    number: int

    @property
    def frame(self) -> int:
        """Its index, from 0."""
        return self.path.head

    @property
    def is_playing(self) -> bool:
        """Whether the clock runs."""
        return self.ticket is not None


@dataclass(frozen=True, eq=False)
class FrameWork:
    """A frame that one thread decodes now. request: who asked for it, None where it was taken ahead."""

    video: Video
    frame: int
    request: FrameRequest | None


class FrameQueue:
    """Shared by the window, which asks, and the decoding threads, numbered from 0, which take and answer.

    A newer request replaces an older one that no thread took yet, and the frames ahead of it. Two threads never decode
    the same frame. Videos that are read in order belong to thread 0 alone, and are read ahead forwards only. While
    paused only thread 0 reads ahead, so that another one is free for the next click.
    """

    def __init__(self, read_ahead: int = READ_AHEAD_FRAMES) -> None:
        self._read_ahead = read_ahead
        self._newest: FrameRequest | None = None
        self._is_answered = True
        self._ahead: list[int] = []
        self._decoding: set[tuple[Video, int]] = set()
        self._failed: set[int] = set()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, request: FrameRequest, *, is_answered: bool = False) -> None:
        """Decode this frame next, then those ahead of it. is_answered: it is on the screen already."""
        with self._changed:
            if self._newest is None or self._newest.video is not request.video:
                self._failed = set()
            self._newest, self._is_answered = request, is_answered
            self._ahead = self._plan(request)
            self._changed.notify_all()

    def clear(self) -> None:
        """No video is shown: what waits is forgotten."""
        with self._changed:
            self._newest, self._is_answered, self._ahead = None, True, []

    def take(self, thread: int) -> FrameWork | None:
        """Wait for a frame to decode; None once the queue is closed."""
        with self._changed:
            while not self._closed:
                work = self._next(thread)
                if work is not None:
                    self._decoding.add((work.video, work.frame))
                    return work
                self._changed.wait()
            return None

    def finish(self, work: FrameWork, *, failed: bool) -> FrameRequest | None:
        """The frame is decoded, or cannot be; the request it answers now, if any."""
        with self._changed:
            self._decoding.discard((work.video, work.frame))
            newest = self._newest
            if failed and newest is not None and newest.video is work.video:
                self._failed.add(work.frame)
                self._ahead = [frame for frame in self._ahead if frame not in self._failed]
            answered = work.request
            if (
                newest is not None
                and not self._is_answered
                and (newest.video, newest.frame) == (work.video, work.frame)
            ):
                answered, self._is_answered = newest, True
            self._changed.notify_all()
            return answered

    def close(self) -> None:
        """Let the threads go home."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _plan(self, request: FrameRequest) -> list[int]:
        """Frames to decode ahead, at most what fits in half the cache: the other half is for going back."""
        video, path = request.video, request.path
        if video.reads_in_order and path.step <= 0:
            return []
        wanted = self._read_ahead if request.is_playing else min(self._read_ahead, STANDING_AHEAD_FRAMES)
        count = min(wanted, video.room() // 2)
        return [frame for frame in path.ahead(count) if frame not in self._failed]

    def _next(self, thread: int) -> FrameWork | None:
        newest = self._newest
        if newest is None or (thread != 0 and newest.video.reads_in_order):
            return None
        if not self._is_answered and not self._is_taken(newest.video, newest.frame):
            return FrameWork(newest.video, newest.frame, newest)
        while self._ahead and (newest.is_playing or thread == 0):
            frame = self._ahead.pop(0)
            if not self._is_taken(newest.video, frame) and not newest.video.is_cached(frame):
                return FrameWork(newest.video, frame, None)
        return None

    def _is_taken(self, video: Video, frame: int) -> bool:
        return (video, frame) in self._decoding
