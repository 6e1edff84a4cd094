"""What a reader does with the mouse on the annotation tracks, and what the timeline then asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QFont, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.widgets.timeline import Timeline
from luv_viewer.widgets.timeline_axis import FrameAxis
from luv_viewer.widgets.timeline_labels import LaneLabel
from luv_viewer.widgets.timeline_picture import Picture
from luv_viewer.widgets.timeline_tracks import Tracks
from luv_viewer.widgets.track_mouse import Grip, hit_at
from tests.widgets.builders_widgets import build_prediction
from tests.widgets.track_hand import ANNOTATION, CTRL, NONE, SHIFT, A, B, C, E, Hand, N


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    widget = Timeline()
    qtbot.addWidget(widget)
    widget.resize(1280, 288)
    widget.show()
    widget.set_video(N, np.arange(N) / 30)
    widget.set_annotation(ANNOTATION)
    widget.set_frame(140)
    return widget


@pytest.fixture
def hand(timeline: Timeline) -> Hand:
    return Hand(timeline)


def zoom(hand: Hand, pattern: Pattern, at: float, steps: int) -> None:
    canvas = hand.canvas
    axis = canvas.picture.axis
    for _ in range(steps):
        axis = axis.zoomed(0.8, hand.place(pattern, at).x())
    canvas.show_values(axis=axis)


@pytest.mark.parametrize("steps", [0, 6, 12])
def test_dragging_over_an_empty_part_draws_exactly_the_frames_under_it(hand: Hand, steps: int) -> None:
    zoom(hand, C, 65, steps)
    hand.drag(hand.place(C, 62), hand.place(C, 69))
    assert hand.changes == [("interval_drawn", C, Span(62, 70))]
    assert hand.said("pattern_selected") == [(C,)]
    assert hand.said("frame_requested")[0] == (62,)
    assert hand.said("frame_requested")[-1] == (69,)


def test_drawing_to_the_left_is_the_same_interval(hand: Hand) -> None:
    hand.drag(hand.place(C, 69), hand.place(C, 62))
    assert hand.changes == [("interval_drawn", C, Span(62, 70))]
    assert hand.said("frame_requested")[-1] == (62,)


def test_drawing_beyond_the_ends_stops_at_the_first_and_last_frame(hand: Hand) -> None:
    hand.drag(hand.place(C, 10), hand.place(C, -3))
    hand.drag(hand.place(E, 120), hand.place(E, 160))
    assert hand.said("interval_drawn") == [(C, Span(0, 11)), (E, Span(120, N))]


def test_with_shift_absence_is_drawn_even_across_an_interval(hand: Hand) -> None:
    hand.drag(hand.place(C, 62), hand.place(C, 69), SHIFT)
    hand.drag(hand.place(B, 30), hand.place(B, 40), SHIFT)
    assert hand.changes == [("absence_drawn", C, Span(62, 70)), ("absence_drawn", B, Span(30, 41))]


@pytest.mark.parametrize(
    ("index", "edge", "grab", "to", "frame"),
    [
        (0, "start", 22.5, 9.5, 10),
        (0, "end", 50.5, 60.5, 60),
        (1, "start", 88.5, 94.5, 95),
        (1, "end", 100.5, 96.5, 96),
    ],
)
@pytest.mark.parametrize("off_px", [-2, 0, 2])
def test_each_edge_goes_where_it_is_dragged_and_the_cine_follows(
    hand: Hand, index: int, edge: str, grab: float, to: float, frame: int, off_px: float
) -> None:
    hand.drag(hand.place(B, grab, off_px), hand.place(B, to, off_px))
    assert hand.changes == [("edge_moved", B, index, edge, frame)]
    assert hand.said("frame_requested")[-1] == (frame,)
    assert hand.said("interval_selected") == [(B, index)]


def test_an_edge_stops_at_its_neighbour_and_keeps_one_frame(hand: Hand) -> None:
    hand.drag(hand.place(B, 50.5, -2), hand.place(B, 98))
    hand.drag(hand.place(B, 50.5, -2), hand.place(B, 3))
    assert hand.said("edge_moved") == [(B, 0, "end", 88), (B, 0, "end", 23)]


def test_dragging_the_body_moves_the_interval_and_a_click_selects_it_only(hand: Hand) -> None:
    hand.drag(hand.place(B, 95), hand.place(B, 105))
    hand.drag(hand.place(B, 30), hand.place(B, 140))
    hand.click(hand.place(B, 36))
    assert hand.changes == [("interval_moved", B, 1, 10), ("interval_moved", B, 0, 38)]
    assert hand.said("interval_selected") == [(B, 1), (B, 0), (B, 0)]
    assert hand.asked[-1] == ("frame_requested", 36)


def test_what_is_dragged_is_shown_at_once_and_asked_for_once(hand: Hand, timeline: Timeline) -> None:
    hand.press(hand.place(B, 50.5, -2))
    for to in (55.5, 60.5, 65.5):
        hand.move(hand.place(B, to, -2))
        draft = hand.canvas.picture.tracks.draft
        assert draft is not None
        assert draft.span == Span(23, int(to + 0.5))
        assert hand.changes == []
    hand.release(hand.place(B, 65.5, -2))
    assert hand.changes == [("edge_moved", B, 0, "end", 65)]
    assert hand.canvas.picture.tracks.draft is None


def test_esc_ends_a_drag_that_then_never_was_and_no_shortcut_of_the_window_hears_it(
    hand: Hand, timeline: Timeline, qtbot: QtBot
) -> None:
    stopped: list[str] = []
    shortcut = QShortcut(QKeySequence("Esc"), timeline)
    shortcut.activated.connect(lambda: stopped.append("AI"))
    window = timeline.windowHandle()
    hand.press(hand.place(B, 50.5))
    hand.move(hand.place(B, 70))
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert hand.canvas.picture.tracks.draft is None
    hand.move(hand.place(B, 75))
    hand.release(hand.place(B, 75))
    assert (hand.changes, stopped) == ([], [])
    assert QWidget.keyboardGrabber() is None
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert stopped == ["AI"]


def test_a_drag_back_to_the_start_asks_for_nothing(hand: Hand) -> None:
    for grab in (50.5, 36.0):
        hand.press(hand.place(B, grab))
        hand.move(hand.place(B, grab + 9))
        hand.move(hand.place(B, grab))
        hand.release(hand.place(B, grab))
    assert hand.changes == []


def test_a_click_on_an_empty_track_seeks_selects_the_pattern_and_draws_nothing(hand: Hand) -> None:
    place = hand.place(C, 70)
    hand.press(place)
    hand.move(place + QPointF(3, 0))
    hand.release(place + QPointF(3, 0))
    assert hand.asked == [("pattern_selected", C), ("frame_requested", 70)]


def test_a_dragged_edge_snaps_to_the_play_head_key_frames_and_other_edges_but_not_with_ctrl(
    hand: Hand, timeline: Timeline
) -> None:
    timeline.set_video(1500, np.arange(1500) / 30)
    timeline.set_prediction(build_prediction(1500))
    timeline.set_annotation(VideoAnnotation(1500).with_track(B, (Span(5, 50),)).with_track(E, (Span(0, 601),)))
    timeline.set_frame(700)
    key = max(timeline.key_frames(A))
    grab = hand.place(B, 49.5)
    for edge, modifiers in ((600.5, NONE), (700.5, NONE), (key + 0.5, NONE), (600.5, CTRL)):
        hand.drag(grab, hand.place(B, edge, 4), modifiers)
    frames = [values[3] for values in hand.said("edge_moved")]
    assert key > 50
    assert frames[:3] == [600, 700, key]
    assert frames[3] > 602


def test_drawing_snaps_its_beginning_to_a_neighbour(hand: Hand, timeline: Timeline) -> None:
    timeline.set_video(1500, np.arange(1500) / 30)
    timeline.set_annotation(VideoAnnotation(1500).with_track(B, (Span(300, 400),)))
    hand.drag(hand.place(C, 399.5, 4), hand.place(C, 500))
    hand.drag(hand.place(C, 399.5, 4), hand.place(C, 500), CTRL)
    assert hand.said("interval_drawn")[0][1].start == 400
    assert hand.said("interval_drawn")[1][1].start > 401


@pytest.mark.parametrize(
    ("position", "off_px", "grip", "index"),
    [
        (22.5, -10, Grip.EMPTY, None),
        (22.5, -7, Grip.START, 0),
        (22.5, 7, Grip.START, 0),
        (22.5, 10, Grip.BODY, 0),
        (50.5, -10, Grip.BODY, 0),
        (50.5, -7, Grip.END, 0),
        (50.5, 7, Grip.END, 0),
        (50.5, 10, Grip.EMPTY, None),
    ],
)
def test_next_to_an_edge(hand: Hand, position: float, off_px: float, grip: Grip, index: int | None) -> None:
    hit = hit_at(hand.canvas.picture, hand.place(B, position, off_px))
    assert hit is not None
    assert (hit.pattern, hit.grip, hit.index) == (B, grip, index)


def test_where_two_intervals_touch_the_side_decides_and_a_single_frame_can_be_taken_by_its_middle(
    hand: Hand, timeline: Timeline
) -> None:
    timeline.set_annotation(VideoAnnotation(N).with_track(B, (Span(23, 51), Span(51, 60), Span(70, 71))))
    found = [hit_at(hand.canvas.picture, hand.place(B, p, off)) for p, off in ((50.5, -2), (50.5, 2), (70, 0))]
    assert [(hit.grip, hit.index) for hit in found if hit] == [(Grip.END, 0), (Grip.START, 1), (Grip.BODY, 2)]


SPANS = st.lists(st.integers(0, N), min_size=2, max_size=10, unique=True).map(
    lambda edges: tuple(Span(a, b) for a, b in zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False))
)


@given(SPANS, st.integers(0, N - 1))
def test_the_middle_of_a_frame_never_belongs_to_an_interval_without_it(track: tuple[Span, ...], frame: int) -> None:
    tracks = Tracks(VideoAnnotation(N).with_track(B, track))
    picture = Picture(FrameAxis.whole(N, 4000), 288, font=QFont(), tracks=tracks)
    y = next(rect.center().y() for row, rect in zip(picture.rows, picture.row_rects, strict=True) if row.pattern is B)
    hit = hit_at(picture, QPointF(picture.axis.x_px(frame), y))
    assert hit is not None
    owner = next((i for i, span in enumerate(track) if frame in span), None)
    assert hit.index == owner


def test_a_locked_track_can_be_looked_at_but_not_changed(hand: Hand, timeline: Timeline) -> None:
    timeline.set_editable(False, "Finalised on 3 May")
    hand.drag(hand.place(C, 62), hand.place(C, 69))
    hand.drag(hand.place(B, 50.5), hand.place(B, 60))
    hand.click(hand.place(B, 36))
    assert hand.changes == []
    assert hand.canvas.picture.tracks.draft is None
    assert hand.said("interval_selected") == [(B, 0), (B, 0)]
    assert (62,) in hand.said("frame_requested")
    assert "Finalised on 3 May" in hand.canvas.describe(hand.place(B, 36))
    assert "Finalised on 3 May" in timeline.findChildren(LaneLabel)[1].accessibleDescription()
    timeline.set_editable(True)
    hand.drag(hand.place(C, 62), hand.place(C, 69))
    assert len(hand.changes) == 1


def test_the_cursor_says_what_a_press_would_do(hand: Hand, timeline: Timeline) -> None:
    def shape(place: QPointF) -> Qt.CursorShape:
        hand.send(QEvent.Type.MouseMove, place, held=False)
        return hand.canvas.viewport().cursor().shape()

    shapes = [shape(hand.place(B, p)) for p in (22.5, 36, 50.5, 70)]
    assert shapes == [
        Qt.CursorShape.SizeHorCursor,
        Qt.CursorShape.OpenHandCursor,
        Qt.CursorShape.SizeHorCursor,
        Qt.CursorShape.CrossCursor,
    ]
    assert shape(QPointF(400, 10)) == Qt.CursorShape.ArrowCursor
    timeline.set_editable(False)
    assert shape(hand.place(B, 36)) == Qt.CursorShape.PointingHandCursor
    assert shape(hand.place(B, 70)) == Qt.CursorShape.ArrowCursor


def test_a_double_click_asks_for_the_interval_to_be_looped_and_beside_it_shows_all_frames(hand: Hand) -> None:
    zoom(hand, B, 36, 3)
    near = hand.canvas.picture.axis
    hand.send(QEvent.Type.MouseButtonDblClick, hand.place(B, 36))
    assert hand.said("interval_loop_requested") == [(B, 0)]
    assert hand.canvas.picture.axis == near
    hand.send(QEvent.Type.MouseButtonDblClick, hand.place(C, 36))
    assert hand.canvas.picture.axis.right == N - 0.5


@pytest.mark.parametrize(("position", "index"), [(36, 0), (70, None)])
def test_the_right_button_asks_for_a_menu(hand: Hand, position: int, index: int | None) -> None:
    viewport, place = hand.canvas.viewport(), hand.place(B, position).toPoint()
    globally = viewport.mapToGlobal(place)
    QApplication.sendEvent(viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, globally))
    assert hand.asked == [("track_menu_requested", B, index, position, globally)]
    QApplication.sendEvent(viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(300, 5), globally))
    assert len(hand.asked) == 1


def test_a_click_on_a_suggestion_asks_about_it_and_a_decided_one_is_not_there(hand: Hand, timeline: Timeline) -> None:
    pending = Suggestion(C, Span(40, 60), 0.62, "test 1")
    decided = Suggestion(C, Span(100, 120), 0.8, "test 1", Fate.REJECTED)
    timeline.set_suggestions([pending, decided])
    hand.click(hand.place(C, 50))
    hand.click(hand.place(C, 110))
    hand.drag(hand.place(C, 42), hand.place(C, 47))
    assert hand.said("suggestion_clicked") == [(C, Span(40, 60))]
    assert len(hand.said("interval_drawn")) == 1
    assert "AI suggests Consolidation 41–60, 20 frames, 0.67 s (probability 0.62)" in hand.canvas.describe(
        hand.place(C, 50)
    )


def test_frames_seen_while_dragging_do_not_end_the_drag_but_another_track_does(hand: Hand, timeline: Timeline) -> None:
    hand.press(hand.place(B, 50.5))
    hand.move(hand.place(B, 60.5))
    timeline.set_annotation(replace(ANNOTATION, seen=SpanSet.of(Span(0, 80))))
    assert hand.canvas.picture.tracks.draft is not None
    timeline.set_annotation(ANNOTATION.with_track(B, (Span(1, 5),)))
    assert hand.canvas.picture.tracks.draft is None
    hand.release(hand.place(B, 60.5))
    assert hand.changes == []


def test_when_a_change_is_asked_for_the_draft_and_its_hold_on_the_keys_are_gone(hand: Hand, timeline: Timeline) -> None:
    held: list[bool] = []
    timeline.interval_drawn.connect(lambda *_: held.append(QWidget.keyboardGrabber() is not None))
    hand.press(hand.place(C, 62))
    hand.move(hand.place(C, 69))
    assert QWidget.keyboardGrabber() is hand.canvas
    hand.release(hand.place(C, 69))
    assert held == [False]
