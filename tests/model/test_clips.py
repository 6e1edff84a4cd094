"""The clip plan: published counts, and rules that hold for every length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import plan_clips
from model.clips import TAILS, Tail, clip_rows

LENGTHS = st.integers(1, 400)
SMALL = st.integers(1, 60)


@pytest.mark.parametrize(
    ("clip_length", "stride", "counts"),
    [
        (30, 24, {152: 7, 62: 3, 39: 2}),
        (40, 32, {152: 5, 62: 2}),
        (50, 40, {152: 4, 62: 2, 39: 1}),
        (60, 48, {152: 4, 62: 2, 39: 1}),
        (70, 56, {152: 3, 39: 1}),
        (90, 72, {152: 3, 62: 1, 39: 1}),
    ],
)
def test_published_clip_counts(clip_length: int, stride: int, counts: dict[int, int]) -> None:
    assert {n: len(plan_clips(n, clip_length, stride)) for n in counts} == counts


def test_no_second_clip_inside_a_video_shorter_than_one() -> None:
    """The authors cut one more from 39 frames at L = 40 and 62 at L = 70; here a short video is always one clip."""
    assert plan_clips(39, 40, 32).tolist() == [[0, 39]]
    assert plan_clips(62, 70, 56).tolist() == [[0, 62]]
    assert plan_clips(29).tolist() == [[0, 29]]


def test_clips_of_a_published_video() -> None:
    assert plan_clips(152).tolist() == [[0, 30], [24, 54], [48, 78], [72, 102], [96, 126], [120, 150], [144, 152]]
    assert plan_clips(152, tail="align").tolist()[-2:] == [[120, 150], [122, 152]]
    assert plan_clips(152, tail="drop").tolist()[-1] == [120, 150]
    assert plan_clips(30).tolist() == [[0, 30], [24, 30]]
    assert plan_clips(54, tail="align").tolist() == [[0, 30], [24, 54]]


@pytest.mark.parametrize("tail", TAILS)
def test_a_short_video_is_one_clip(tail: Tail) -> None:
    assert plan_clips(7, stride=1, tail=tail).tolist() == [[0, 7]]
    assert clip_rows(plan_clips(3, 5), 5).tolist() == [[0, 1, 2, 2, 2]]


@given(LENGTHS, SMALL, SMALL, st.sampled_from(TAILS))
def test_spans_are_ordered_bounded_and_on_the_grid(n: int, clip_length: int, stride: int, tail: Tail) -> None:
    spans = plan_clips(n, clip_length, stride, tail)
    lengths = spans[:, 1] - spans[:, 0]
    assert spans.min() >= 0
    assert spans.max() <= n
    assert np.all(np.diff(spans[:, 0]) > 0)
    assert np.all((lengths >= 1) & (lengths <= clip_length))
    if tail != "pad" and n >= clip_length:
        assert np.all(lengths == clip_length)
    on_grid = spans[:-1] if tail == "align" else spans
    assert np.all(on_grid[:, 0] % stride == 0)


@given(LENGTHS, SMALL, SMALL, st.sampled_from(["pad", "align"]))
def test_every_frame_is_covered_when_the_stride_leaves_no_gap(
    n: int, clip_length: int, stride: int, tail: Tail
) -> None:
    spans = plan_clips(n, clip_length, min(stride, clip_length), tail)
    covered = {frame for start, stop in spans.tolist() for frame in range(start, stop)}
    assert covered == set(range(n))
    assert spans[-1, 1] == n


@given(LENGTHS, SMALL)
def test_dense_aligned_plan_has_one_clip_per_position(n: int, clip_length: int) -> None:
    assert len(plan_clips(n, clip_length, 1, "align")) == max(1, n - clip_length + 1)


@given(LENGTHS, SMALL, SMALL, st.sampled_from(TAILS))
def test_rows_are_the_real_frames_then_copies_of_the_last(n: int, clip_length: int, stride: int, tail: Tail) -> None:
    spans = plan_clips(n, clip_length, stride, tail)
    for (start, stop), row in zip(spans.tolist(), clip_rows(spans, clip_length).tolist(), strict=True):
        assert row == (list(range(start, stop)) + [stop - 1] * clip_length)[:clip_length]


def test_numbers_below_one_and_unknown_tails_are_refused() -> None:
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        plan_clips(10, stride=0)
    with pytest.raises(ValueError, match="n_frames must be at least 1, got 0"):
        plan_clips(0)
    with pytest.raises(ValueError, match="tail must be one of pad, align, drop, got 'cut'"):
        plan_clips(10, tail="cut")  # type: ignore[arg-type]


def test_spans_are_whole_frames() -> None:
    """numpy numbers give the same int64 spans; a fraction has no meaning and is not rounded in silence."""
    for short in (np.uint8(200), np.int32(200), np.uint8(7)):
        assert plan_clips(short).dtype == np.int64
        assert plan_clips(short).tolist() == plan_clips(int(short)).tolist()
    for numbers in ((62.0,), (62, 30.0), (62, 30, 7.2)):
        with pytest.raises(TypeError, match="float"):
            plan_clips(*numbers)  # type: ignore[arg-type]
