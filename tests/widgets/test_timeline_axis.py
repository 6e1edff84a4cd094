"""The frame axis: which frame lies under which pixel."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.widgets.timeline_axis import MARGIN_PX, FrameAxis

N_FRAMES = st.integers(1, 5000)
WIDTH = st.floats(300, 2000)
MOVES = st.lists(st.tuples(st.floats(0.3, 2), st.floats(0, 2000), st.floats(-200, 200)), max_size=6)


def moved(n_frames: int, width: float, moves: list[tuple[float, float, float]]) -> FrameAxis:
    axis = FrameAxis.whole(n_frames, width)
    for factor, at_px, frames in moves:
        axis = axis.zoomed(factor, at_px).panned(frames)
    return axis


@given(N_FRAMES, WIDTH, MOVES)
def test_every_frame_in_view_is_under_its_own_pixel(n_frames: int, width: float, moves: list) -> None:
    axis = moved(n_frames, width, moves)
    shown = [frame for frame in range(n_frames) if axis.shows(frame)]
    assert shown
    assert [axis.frame_at(axis.x_px(frame)) for frame in shown] == shown


@given(N_FRAMES, WIDTH, MOVES)
def test_the_view_never_leaves_the_video(n_frames: int, width: float, moves: list) -> None:
    axis = moved(n_frames, width, moves)
    assert axis.left >= -0.5 - 1e-6
    assert axis.right <= n_frames - 0.5 + 1e-6
    assert min(8, n_frames) - 1e-6 <= axis.right - axis.left <= n_frames + 1e-6


@given(st.integers(50, 5000), st.floats(0.3, 0.99), st.floats(0.1, 0.9))
def test_zooming_in_keeps_the_frame_under_the_mouse(n_frames: int, factor: float, at: float) -> None:
    axis = FrameAxis.whole(n_frames, 1000)
    x = MARGIN_PX + at * (1000 - 2 * MARGIN_PX)
    assert abs(axis.zoomed(factor, x).frame_at(x) - axis.frame_at(x)) <= 1


@given(N_FRAMES, WIDTH, MOVES)
def test_numbered_ticks_never_touch_and_stay_in_view(n_frames: int, width: float, moves: list) -> None:
    axis = moved(n_frames, width, moves)
    numbered, minor = axis.ticks(60)
    places = [axis.x_px(frame) for frame in numbered]
    assert all(b - a >= 60 - 1e-6 for a, b in itertools.pairwise(places))
    assert all(axis.shows(frame) and 0 <= frame < n_frames for frame in numbered + minor)
    assert not set(numbered) & set(minor)


def test_ticks_are_multiples_of_the_clip_stride_counted_from_one() -> None:
    numbered, minor = FrameAxis.whole(152, 500).ticks(60)
    assert [frame + 1 for frame in numbered] == [1, 24, 48, 72, 96, 120, 144]
    assert 11 in minor
    assert FrameAxis.whole(0, 500).ticks(60) == ([], [])


def test_turning_the_page_shows_the_frame_with_most_of_the_page_after_it() -> None:
    axis = FrameAxis.whole(1000, 1000).zoomed(0.1, MARGIN_PX)
    assert not axis.shows(500)
    turned = axis.revealing(500)
    assert turned.shows(500)
    assert turned.left == pytest.approx(490)
    assert turned.right - turned.left == pytest.approx(100)
