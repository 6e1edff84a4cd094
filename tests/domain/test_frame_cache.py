"""Which decoded frames are kept: the budget holds, what is needed last leaves first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.frame_cache import FrameCache, FrameKey
from luv_viewer.domain.play_path import PlayPath
from luv_viewer.domain.span import Span

SIZE = 10
N = 40


def frame(value: int = 0) -> np.ndarray:
    return np.full(SIZE, value, np.uint8)


def kept(cache: FrameCache, video: object = "shown") -> set[int]:
    return {i for i in range(N) if cache.holds(FrameKey(video, i))}


@given(
    room=st.integers(0, 12),
    put=st.lists(st.tuples(st.sampled_from(["shown", "other"]), st.integers(0, N - 1)), max_size=60),
    head=st.integers(0, N - 1),
    step=st.sampled_from([-1, 0, 1]),
    loops=st.booleans(),
)
def test_the_budget_holds_and_the_head_stays(
    room: int, put: list[tuple[str, int]], head: int, step: int, loops: bool
) -> None:
    cache = FrameCache(room * SIZE)
    cache.look_at("shown", PlayPath(head, Span(0, N), step, loops))
    for video, i in put:
        cache.put(FrameKey(video, i), frame(i))
        assert cache.used_bytes <= room * SIZE
    held = sum(len(kept(cache, video)) for video in ("shown", "other"))
    assert cache.used_bytes == held * SIZE
    if room and ("shown", head) in put:
        assert cache.holds(FrameKey("shown", head))
    for i in kept(cache):
        found = cache.get(FrameKey("shown", i))
        assert found is not None
        assert found[0] == i


def test_while_playing_the_frames_just_shown_leave_first() -> None:
    cache = FrameCache(5 * SIZE)
    for head in range(20):
        cache.look_at("shown", PlayPath(head, Span(0, N), step=1, loops=True))
        for i in range(head, head + 5):
            cache.put(FrameKey("shown", i % N), frame())
    assert kept(cache) == set(range(19, 24))


def test_while_standing_the_nearest_stay_on_both_sides() -> None:
    cache = FrameCache(5 * SIZE)
    cache.look_at("shown", PlayPath(20, Span(0, N)))
    for i in [*range(N), *range(N)]:
        cache.put(FrameKey("shown", i), frame())
    assert kept(cache) == {18, 19, 20, 21, 22}


def test_frames_of_other_videos_leave_first_the_longest_unused_before_the_others() -> None:
    cache = FrameCache(4 * SIZE)
    for i in (1, 2, 3):
        cache.put(FrameKey("other", i), frame())
    cache.get(FrameKey("other", 1))
    cache.look_at("shown", PlayPath(0, Span(0, N), step=1))
    cache.put(FrameKey("shown", 30), frame())
    cache.put(FrameKey("shown", 0), frame())
    assert (kept(cache, "other"), kept(cache)) == ({1, 3}, {0, 30})


def test_a_smaller_budget_holds_at_once_and_nothing_is_left_after_clearing() -> None:
    cache = FrameCache(10 * SIZE)
    cache.look_at("shown", PlayPath(3, Span(0, N)))
    for i in range(10):
        cache.put(FrameKey("shown", i), frame())
    cache.set_budget(3 * SIZE)
    assert kept(cache) == {2, 3, 4}
    cache.clear()
    assert (kept(cache), cache.used_bytes) == (set(), 0)
    cache.set_budget(SIZE - 1)
    cache.put(FrameKey("shown", 3), frame())
    assert kept(cache) == set()
    with pytest.raises(ValueError, match="negative"):
        cache.set_budget(-1)


@given(
    start=st.integers(0, 20),
    length=st.integers(1, 30),
    place=st.integers(0, 29),
    step=st.sampled_from([-1, 0, 1]),
    loops=st.booleans(),
    count=st.integers(0, 60),
)
def test_frames_ahead_come_in_the_order_of_their_distance(
    start: int, length: int, place: int, step: int, loops: bool, count: int
) -> None:
    span = Span(start, start + length)
    path = PlayPath(start + place % length, span, step, loops)
    ahead = path.ahead(count)
    assert len(set(ahead)) == len(ahead) <= count
    assert path.head not in ahead
    assert all(frame in span for frame in ahead)
    distances = [path.distance(frame) for frame in ahead]
    assert distances == sorted(distances)
    if (loops or step == 0) and count >= length:
        assert set(ahead) | {path.head} == set(range(span.start, span.stop))


def test_a_path_is_checked() -> None:
    with pytest.raises(ValueError, match="outside"):
        PlayPath(5, Span(0, 5))
    with pytest.raises(ValueError, match="step"):
        PlayPath(0, Span(0, 5), step=2)
