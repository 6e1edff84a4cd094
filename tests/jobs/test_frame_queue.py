"""The order in which frames are decoded, and that threads share the work without doing any of it twice."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.play_path import PlayPath
from luv_viewer.domain.span import Span
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource
from luv_viewer.io import StudyError
from luv_viewer.jobs.frame_queue import FrameQueue, FrameRequest, FrameWork
from luv_viewer.jobs.frames import FrameFailure, FramePicture, decoding_threads, serve_frames
from luv_viewer.player import PlayTicket

N = 60
SHAPE = (4, 6, 3)
FRAME_BYTES = 72


class CountingStore:
    """Frames filled with their number; counts how often each was decoded. broken: frames that cannot be."""

    def __init__(self, broken: frozenset[int] = frozenset(), reads_in_order: bool = False) -> None:
        self.reads_in_order = reads_in_order
        self.broken = broken
        self.reads: list[int] = []
        self.at_once = 0
        self.most_at_once: dict[int, int] = {}
        self._now: list[int] = []
        self._lock = threading.Lock()

    def read(self, i: int) -> NDArray[np.uint8]:
        with self._lock:
            self.reads.append(i)
            self._now.append(i)
            self.most_at_once[i] = max(self.most_at_once.get(i, 0), self._now.count(i))
            self.at_once = max(self.at_once, len(self._now))
        threading.Event().wait(0.0005)
        with self._lock:
            self._now.remove(i)
        if i in self.broken:
            raise StudyError(f"frame {i + 1} is broken")
        return np.full(SHAPE, i, np.uint8)

    def video_id(self) -> str:
        return "counted"

    def frame_digest(self, i: int) -> str:
        return str(i)

    def close(self) -> None:
        """Nothing is held."""


def video_of(store: CountingStore, room: int = 40) -> Video:
    return Video(
        title="counted",
        height=SHAPE[0],
        width=SHAPE[1],
        timing=Timing.regular(N, 30.0, TimingSource.CONTAINER),
        region=(0, 0, SHAPE[1], SHAPE[0]),
        spacing_mm=None,
        source=VideoSource(Path("counted"), None, "test"),
        group=StudyGroup("counted", "counted"),
        store=store,
        cache=FrameCache(room * FRAME_BYTES),
    )


def ask(
    video: Video, head: int, number: int = 1, step: int = 1, loops: bool = True, plays: bool = True
) -> FrameRequest:
    ticket = PlayTicket(1, number) if plays else None
    return FrameRequest(video, PlayPath(head, Span(0, N), step, loops), ticket, number)


def drain(queue: FrameQueue, count: int, thread: int = 0) -> list[int]:
    """What one thread would decode next, in order."""
    order = []
    for _ in range(count):
        work = queue.take(thread)
        assert work is not None
        work.video.frame(work.frame)
        queue.finish(work, failed=False)
        order.append(work.frame)
    return order


def test_the_frame_asked_for_comes_first_then_those_ahead_round_the_end() -> None:
    queue, video = FrameQueue(read_ahead=4), video_of(CountingStore())
    queue.put(ask(video, 57))
    assert drain(queue, 5) == [57, 58, 59, 0, 1]


def test_backwards_without_a_loop_it_stops_at_the_first_frame() -> None:
    queue, video = FrameQueue(read_ahead=4), video_of(CountingStore())
    queue.put(ask(video, 2, step=-1, loops=False))
    assert drain(queue, 3) == [2, 1, 0]
    queue.put(ask(video, 30))
    assert drain(queue, 1) == [30]


def test_a_new_direction_or_video_replaces_what_was_planned() -> None:
    queue, video, other = FrameQueue(read_ahead=4), video_of(CountingStore()), video_of(CountingStore())
    queue.put(ask(video, 10))
    assert drain(queue, 2) == [10, 11]
    queue.put(ask(video, 10, number=2, step=-1))
    assert drain(queue, 2) == [10, 9]
    queue.put(ask(other, 0, number=3))
    work = queue.take(0)
    assert work is not None
    assert (work.video, work.frame) == (other, 0)


def test_a_frame_on_the_screen_already_is_not_asked_for_again() -> None:
    queue, video = FrameQueue(read_ahead=2), video_of(CountingStore())
    video.frame(10)
    video.frame(11)
    queue.put(ask(video, 10), is_answered=True)
    assert drain(queue, 1) == [12]


def test_a_request_is_answered_by_the_thread_that_had_the_frame_in_hand() -> None:
    queue, video = FrameQueue(read_ahead=3), video_of(CountingStore())
    queue.put(ask(video, 10))
    asked, ahead = queue.take(0), queue.take(1)
    assert asked is not None
    assert ahead is not None
    assert ahead.request is None
    newer = ask(video, ahead.frame, number=2)
    queue.put(newer)
    other = queue.take(1)
    assert other is not None
    assert other.frame == 12
    assert queue.finish(ahead, failed=False) is newer
    first = queue.finish(asked, failed=False)
    assert first is not None
    assert first.number == 1


def test_a_coded_stream_belongs_to_one_thread_and_is_not_read_backwards() -> None:
    queue, video = FrameQueue(read_ahead=3), video_of(CountingStore(reads_in_order=True))
    taken: list[FrameWork | None] = []
    second = threading.Thread(target=lambda: taken.append(queue.take(1)))
    second.start()
    queue.put(ask(video, 10, step=-1))
    assert drain(queue, 1) == [10]
    queue.put(ask(video, 20, number=2))
    assert drain(queue, 4) == [20, 21, 22, 23]
    queue.close()
    second.join(10)
    assert taken == [None]
    assert queue.take(0) is None


def test_while_paused_one_thread_reads_a_little_ahead_and_another_stays_free() -> None:
    queue, video = FrameQueue(), video_of(CountingStore())
    queue.put(ask(video, 20, step=0, loops=False, plays=False))
    assert drain(queue, 5) == [20, 21, 19, 22, 18]
    queue.put(ask(video, 40, number=2, step=0, loops=False, plays=False))
    asked = queue.take(0)
    taken: list[FrameWork | None] = []
    second = threading.Thread(target=lambda: taken.append(queue.take(1)))
    second.start()
    second.join(0.05)
    assert second.is_alive(), "the second thread waits, although frames ahead are not decoded yet"
    queue.put(ask(video, 50, number=3, step=0, loops=False, plays=False))
    second.join(10)
    assert asked is not None
    assert taken[0] is not None
    assert (asked.frame, taken[0].frame) == (40, 50)


def test_a_cache_too_small_to_read_ahead_is_not_read_into_for_ever() -> None:
    store = CountingStore()
    queue, video = FrameQueue(), video_of(store, room=1)
    queue.put(ask(video, 5))
    assert drain(queue, 1) == [5]
    waiting = threading.Thread(target=queue.take, args=(0,))
    waiting.start()
    queue.close()
    waiting.join(10)
    assert store.reads == [5]


def test_a_frame_that_failed_ahead_is_left_alone_until_it_is_asked_for() -> None:
    store = CountingStore(broken=frozenset({11}))
    queue, video, answers = FrameQueue(read_ahead=3), video_of(store), []
    served = threading.Thread(target=serve_frames, args=(queue, 0, answers.append))
    served.start()
    for number in range(1, 6):
        queue.put(ask(video, 10, number=number))
        wait_for(lambda number=number: len(answers) == number)
    wait_for(lambda: {12, 13} <= set(store.reads))
    assert store.reads.count(11) == 1
    queue.put(ask(video, 11, number=6))
    wait_for(lambda: len(answers) == 6)
    queue.close()
    served.join(10)
    assert answers[-1] == FrameFailure(video, 11, 6, "frame 12 is broken")


def test_an_unexpected_error_is_a_sentence_and_the_thread_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    class Mad(CountingStore):
        def read(self, i: int) -> NDArray[np.uint8]:
            if i == 3:
                raise RuntimeError("inside")
            return super().read(i)

    queue, video, answers = FrameQueue(read_ahead=0), video_of(Mad()), []
    served = threading.Thread(target=serve_frames, args=(queue, 0, answers.append))
    served.start()
    for number, frame in enumerate((3, 4), start=1):
        queue.put(ask(video, frame, number=number))
        wait_for(lambda number=number: len(answers) == number)
    queue.close()
    served.join(10)
    assert isinstance(answers[0], FrameFailure)
    assert answers[0].sentence == "Frame 4 cannot be decoded (RuntimeError); the log has the details."
    assert isinstance(answers[1], FramePicture)
    assert "inside" in caplog.text


def test_many_threads_give_the_right_frames_decode_none_twice_at_once_and_keep_the_budget() -> None:
    store = CountingStore()
    queue, video, answers = FrameQueue(), video_of(store, room=30), []
    lock = threading.Lock()

    def report(answer: object = None, /) -> None:
        assert isinstance(answer, FramePicture)
        with lock:
            answers.append(answer)

    threads = [threading.Thread(target=serve_frames, args=(queue, i, report)) for i in range(4)]
    other_reader = threading.Thread(target=lambda: [video.frame(i) for i in range(N)])
    for thread in (*threads, other_reader):
        thread.start()
    rng, most = np.random.default_rng(0), 0
    for number in range(1, 301):
        head = number % N if number % 20 else int(rng.integers(N))
        request = ask(video, head, number, step=int(rng.integers(-1, 2)))
        video.look_at(request.path)
        kept = video.kept_frame(head)
        assert kept is None or (kept == head).all()
        queue.put(request, is_answered=kept is not None)
        most = max(most, video.cache.used_bytes)
        threading.Event().wait(0.0005)
    last = ask(video, 33, 301, step=0)
    queue.put(last)
    wait_for(lambda: answers and answers[-1].number == 301)
    queue.close()
    for thread in (*threads, other_reader):
        thread.join(10)
        assert not thread.is_alive()
    assert all((answer.rgb == answer.frame).all() for answer in answers)
    assert len({answer.number for answer in answers}) == len(answers)
    assert 0 < most <= 30 * FRAME_BYTES
    # The other reader does not ask the queue; the four threads never meet on a frame.
    assert max(store.most_at_once.values()) <= 2
    assert store.at_once > 1


def test_threads_follow_the_cores() -> None:
    assert [decoding_threads(cores) for cores in (1, 2, 3, 4, 8, 128)] == [1, 2, 2, 2, 4, 4]


def wait_for(condition: object) -> None:
    assert callable(condition)
    for _ in range(10_000):
        if condition():
            return
        threading.Event().wait(0.001)
    raise AssertionError("waited in vain")
