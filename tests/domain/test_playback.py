"""The playback clock: true speed, late frames skipped, loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.playback import LoopMode, PlaybackClock
from luv_viewer.domain.span import Span


def clock(
    times_s: np.ndarray, span: Span | None = None, start: int = 0, speed: float = 1.0, loops: bool = True
) -> PlaybackClock:
    return PlaybackClock(np.asarray(times_s, float), span or Span(0, len(times_s)), start, 100.0, speed, loops)


def test_true_speed_follows_uneven_frame_times() -> None:
    uneven = clock(np.array([0.0, 0.1, 0.4, 0.5]))
    assert [uneven.at(100 + t).frame for t in (0.0, 0.09, 0.11, 0.39, 0.45, 0.55)] == [0, 0, 1, 1, 2, 3]


def test_late_frames_are_skipped_not_slowed() -> None:
    late = clock(np.arange(100) / 25).at(102.0)
    assert (late.frame, late.ordinal) == (50, 50)


def test_single_pass_ends_on_the_last_frame() -> None:
    position = clock(np.arange(10) / 10, start=4, loops=False).at(200.0)
    assert (position.frame, position.ordinal, position.finished) == (9, 5, True)


def test_loop_of_a_clip_stays_inside_it() -> None:
    looped = clock(np.arange(100) / 10, Span(24, 54), start=30)
    assert {looped.at(100 + (t + 0.5) / 10).frame for t in range(100)} == set(range(24, 54))


@given(
    st.lists(st.floats(0.005, 0.5), min_size=1, max_size=60),
    st.data(),
    st.sampled_from([0.1, 0.5, 1.0, 4.0]),
)
def test_the_play_head_never_leaves_the_span_and_order_never_goes_back(
    steps: list[float], data: st.DataObject, speed: float
) -> None:
    times = np.concatenate([[0.0], np.cumsum(steps)])
    start = data.draw(st.integers(0, len(times) - 1))
    stop = data.draw(st.integers(start + 1, len(times)))
    playing = clock(times, Span(start, stop), data.draw(st.integers(start, stop - 1)), speed)
    ordinals = []
    for now in sorted(data.draw(st.lists(st.floats(100, 130), min_size=1, max_size=20))):
        position = playing.at(now)
        assert start <= position.frame < stop
        assert (position.frame - playing.start_frame - position.ordinal) % (stop - start) == 0
        ordinals.append(position.ordinal)
    assert ordinals == sorted(ordinals)


def test_impossible_clocks_are_refused() -> None:
    with pytest.raises(ValueError, match="speed must be positive"):
        clock(np.arange(3) / 10, speed=0)
    with pytest.raises(ValueError, match="do not fit"):
        clock(np.arange(3) / 10, start=5)


def test_loop_modes_go_round() -> None:
    mode = LoopMode.VIDEO
    for _ in LoopMode:
        mode = mode.next
    assert mode is LoopMode.VIDEO


@given(
    gaps_ms=st.lists(st.integers(5, 200), min_size=2, max_size=12),
    start=st.integers(0, 11),
    speed=st.sampled_from([0.1, 0.5, 1.0, 4.0]),
    now_s=st.floats(0, 30),
)
def test_after_the_wait_another_frame_is_due_and_not_before(
    gaps_ms: list[int], start: int, speed: float, now_s: float
) -> None:
    times_s = np.cumsum([0, *gaps_ms]) / 1000
    clock = PlaybackClock(times_s, Span(0, len(times_s)), start % len(times_s), 0.0, speed, True)
    here, wait_s = clock.at(now_s).ordinal, clock.wait_s(now_s)
    assert clock.at(now_s + wait_s + 1e-6).ordinal == here + 1
    if wait_s > 2e-6:
        assert clock.at(now_s + wait_s - 1e-6).ordinal == here
