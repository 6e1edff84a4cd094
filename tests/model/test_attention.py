"""Attention and probabilities of a whole video against small cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from model.aggregation import video_attention, video_probabilities
from model.attention import min_max, sum_heads, top_frames


def test_heads_are_summed_into_frame_by_pattern_order() -> None:
    attention = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    summed = sum_heads(attention)
    assert summed.shape == (2, 4, 3)
    assert summed[1, 2, 0] == attention[1, 0, 2].sum()


def test_min_max_per_pattern_and_constant_patterns_flagged() -> None:
    curves, constant = min_max(np.array([[0.1, 0.25], [0.3, 0.25], [0.2, 0.25]]))
    np.testing.assert_allclose(curves, [[0, 0], [1, 0], [0.5, 0]])
    assert constant.tolist() == [False, True]


def test_rounding_noise_is_constant() -> None:
    curves, constant = min_max(np.float32(8 / 30) * (1 + 1e-7 * np.array([[1.0], [-2.0], [3.0]])))
    assert constant.tolist() == [True]
    assert np.all(curves == 0)


def test_min_max_ignores_frames_not_reached() -> None:
    curves, constant = min_max(np.array([[np.nan], [2.0], [4.0]]))
    np.testing.assert_array_equal(curves[:, 0], [np.nan, 0, 1])
    assert constant.tolist() == [False]
    curves, constant = min_max(np.full((3, 2), np.nan))
    assert np.isnan(curves).all()
    assert not constant.any()


@given(hnp.arrays(np.float64, (12, 2), elements=st.floats(0, 8)))
def test_curves_stay_between_zero_and_one_and_keep_the_order(values: np.ndarray) -> None:
    curves, constant = min_max(values)
    assert curves.min() >= 0
    assert curves.max() <= 1
    for p in np.flatnonzero(~constant):
        assert curves[values[:, p].argmin(), p] == 0
        assert curves[values[:, p].argmax(), p] == 1
        assert np.all(np.diff(curves[values[:, p].argsort(), p]) >= 0)


def test_top_frames_take_the_earlier_of_equals_and_fewer_of_a_short_video() -> None:
    assert top_frames(np.array([0.5, 1.0, 0.5, 0.5, 1.0])) == (1, 4, 0)
    assert top_frames(np.array([0.1, 0.9])) == (1, 0)
    assert top_frames(np.array([np.nan, 0.2, np.nan])) == (1,)
    assert top_frames(np.full(3, np.nan)) == ()
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        top_frames(np.zeros(3), 0)


def test_video_probability_is_the_largest_over_clips_that_ran() -> None:
    clips = np.array([[0.1, np.nan], [0.7, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(video_probabilities(clips), [0.7, np.nan])


def test_attention_is_the_mean_over_the_clips_that_cover_a_frame() -> None:
    spans = np.array([[0, 20], [10, 30]])
    clips = np.stack([np.full((20, 1), 2.0), np.full((20, 1), 4.0)])
    mean = video_attention(clips, spans, 31)[:, 0]
    np.testing.assert_allclose(mean[:30], [2.0] * 10 + [3.0] * 10 + [4.0] * 10)
    assert np.isnan(mean[30])


def test_copies_are_dropped_and_short_clips_count_only_where_alone() -> None:
    spans = np.array([[0, 20], [16, 24]])
    clips = np.stack([np.full((20, 1), 1.0), np.full((20, 1), 5.0)])
    clips[1, 8:] = 99.0
    np.testing.assert_allclose(video_attention(clips, spans, 24)[:, 0], [1.0] * 20 + [5.0] * 4)
    fifteen = np.array([[0, 20], [9, 24]])
    np.testing.assert_allclose(video_attention(clips, fifteen, 24)[9:17, 0], 3.0)


def test_short_clips_among_themselves_are_averaged() -> None:
    spans = np.array([[0, 4], [2, 6]])
    clips = np.stack([np.full((4, 1), 1.0), np.full((4, 1), 2.0)])
    np.testing.assert_allclose(video_attention(clips, spans, 6)[:, 0], [1, 1, 1.5, 1.5, 2, 2])


def test_masked_clips_are_scaled_by_their_real_frames() -> None:
    spans = np.array([[0, 20], [0, 15]])
    clips = np.stack([np.full((20, 1), 2.0), np.full((20, 1), 4.0)])
    mean = video_attention(clips, spans, 20, masked=np.array([False, True]))[:, 0]
    np.testing.assert_allclose(mean, [(2 + 4 * 15 / 20) / 2] * 15 + [2] * 5)


def test_clips_that_have_not_run_do_not_count() -> None:
    spans = np.array([[0, 20], [10, 30]])
    clips = np.stack([np.full((20, 1), np.nan), np.full((20, 1), 4.0)])
    mean = video_attention(clips, spans, 30)[:, 0]
    assert np.isnan(mean[:10]).all()
    np.testing.assert_allclose(mean[10:], 4.0)
