"""What the lanes say about a prediction, and where letters go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.domain.span import Span
from luv_viewer.widgets.timeline_lanes import clip_lanes, empty_lanes, video_lanes
from luv_viewer.widgets.timeline_paint import DOT_PX, place_letters
from tests.widgets.builders_widgets import PEAKS, THRESHOLDS, build_prediction


def test_before_a_prediction_every_frame_of_every_pattern_is_waiting() -> None:
    lanes = empty_lanes(40)
    assert [lane.pattern for lane in lanes] == list(NETWORK_PATTERNS)
    assert all(lane.waiting == (Span(0, 40),) and np.isnan(lane.curve).all() for lane in lanes)
    assert {lane.verdict for lane in lanes} == {"not assessed"}
    assert all(lane.waiting == () for lane in empty_lanes(0))


def test_video_lanes_carry_the_numbers_of_the_prediction() -> None:
    prediction = build_prediction()
    lanes = video_lanes(prediction)
    assert [lane.probability for lane in lanes] == list(PEAKS)
    assert [lane.present for lane in lanes] == [p >= t for p, t in zip(PEAKS, THRESHOLDS, strict=True)]
    assert lanes[1].verdict == "0.91 present"
    assert lanes[2].verdict == "0.08 below 0.30"
    assert lanes[1].sentence == "B-lines present, 0.91 (threshold 0.18)"
    assert lanes[1].key_frames == prediction.top_frames[1]
    assert lanes[1].curve[lanes[1].key_frames[0]] == 1.0


def test_a_constant_curve_is_flat_and_marks_no_frame() -> None:
    flat = video_lanes(build_prediction())[3]
    assert flat.flat
    assert flat.key_frames == ()
    clip = clip_lanes(build_prediction(), 1)[3]
    assert clip.flat
    assert clip.key_frames == ()


def test_frames_no_clip_has_reached_are_waiting() -> None:
    lane = video_lanes(build_prediction(152, clips_done=2))[0]
    assert lane.waiting == (Span(54, 152),)
    assert np.isnan(lane.curve[54:]).all()
    assert np.isfinite(lane.curve[:54]).all()


def test_a_clip_alone_is_scaled_over_its_own_real_frames() -> None:
    prediction = build_prediction(62)
    lane = clip_lanes(prediction, 2)[0]
    raw = prediction.clip_attention[2, :14, 0]
    expected = (raw - raw.min()) / (raw.max() - raw.min())
    np.testing.assert_allclose(lane.curve[48:62], expected)
    assert np.isnan(lane.curve[:48]).all()
    assert lane.key_frames[0] == 48 + int(np.argmax(raw))
    assert len(lane.key_frames) == 3
    assert all(48 <= frame < 62 for frame in lane.key_frames)
    assert lane.probability == prediction.probabilities[2, 0]


def test_a_clip_that_has_not_run_is_waiting_even_where_a_neighbour_has() -> None:
    lanes = clip_lanes(build_prediction(152, clips_done=1), 1)
    assert all(lane.waiting == (Span(24, 54),) and np.isnan(lane.curve).all() for lane in lanes)
    assert all(lane.key_frames == () and not lane.flat and lane.verdict == "not assessed" for lane in lanes)


POINTS = st.lists(st.tuples(st.floats(12, 788), st.floats(9, 37)), min_size=1, max_size=3)


@given(POINTS)
def test_letters_stay_inside_their_lane_and_clear_of_dots_and_of_one_another(points: list) -> None:
    bounds = QRectF(1, 1, 798, 41)
    dots = [QPointF(x, y) for x, y in points]
    boxes = place_letters(dots, (9, 10), bounds)
    assert all(bounds.contains(box) for box in boxes)
    for i, box in enumerate(boxes):
        assert not any(box.intersects(other) for other in boxes[:i])
        for dot in dots:
            assert not box.contains(dot)
            assert not box.intersects(QRectF(dot.x() - DOT_PX, dot.y() - DOT_PX, 2 * DOT_PX, 2 * DOT_PX))


def test_a_letter_stands_right_of_its_dot_and_left_at_the_last_frame() -> None:
    bounds = QRectF(1, 1, 398, 41)
    free, last = place_letters([QPointF(100, 20), QPointF(388, 20)], (9, 10), bounds)
    assert free.left() > 100
    assert last.right() < 388
