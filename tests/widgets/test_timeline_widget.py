"""The timeline as a user sees and touches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.widgets.colors import DARK, LIGHT
from luv_viewer.widgets.timeline import Timeline
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from luv_viewer.widgets.timeline_curves import CurveItem
from luv_viewer.widgets.timeline_labels import LaneLabel
from luv_viewer.widgets.timeline_paint import AXIS_PX, place_letters
from tests.widgets.builders_widgets import build_prediction

N = 152


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    widget = Timeline()
    qtbot.addWidget(widget)
    widget.resize(1000, 240)
    widget.show()
    widget.set_video(N, np.arange(N) / 30)
    return widget


@pytest.fixture
def asked(timeline: Timeline) -> list[int]:
    frames: list[int] = []
    timeline.frame_requested.connect(frames.append)
    return frames


def canvas(timeline: Timeline) -> LaneCanvas:
    found = timeline.findChild(LaneCanvas)
    assert isinstance(found, LaneCanvas)
    return found


def press(timeline: Timeline, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    send(timeline, QEvent.Type.MouseButtonPress, x, y, button)


def send(timeline: Timeline, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton) -> None:
    viewport = canvas(timeline).viewport()
    place = QPointF(x, y)
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
    single = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else button
    globally = QPointF(viewport.mapToGlobal(place.toPoint()))
    event = QMouseEvent(kind, place, globally, single, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, event)


def click(timeline: Timeline, x: float, y: float) -> None:
    press(timeline, x, y)
    send(timeline, QEvent.Type.MouseButtonRelease, x, y, Qt.MouseButton.LeftButton)


def wheel(
    timeline: Timeline,
    x: float,
    turn: int,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    sideways: int = 0,
) -> None:
    viewport = canvas(timeline).viewport()
    place = QPointF(x, 60)
    event = QWheelEvent(
        place,
        QPointF(viewport.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(sideways, turn),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def count_pixels(image: QImage, x: range, y: range, matches: Callable[[QColor], bool]) -> int:
    return sum(matches(image.pixelColor(i, j)) for i in x for j in y)


def near(wanted: QColor, tolerance: int = 40) -> Callable[[QColor], bool]:
    return lambda c: (
        abs(c.red() - wanted.red()) + abs(c.green() - wanted.green()) + abs(c.blue() - wanted.blue()) < tolerance
    )


@pytest.mark.parametrize("zoom_steps", [0, 5, 12])
@pytest.mark.parametrize("lane", range(4))
def test_a_click_shows_exactly_the_frame_under_it(
    timeline: Timeline, asked: list[int], lane: int, zoom_steps: int
) -> None:
    for _ in range(zoom_steps):
        wheel(timeline, 400, 120)
    picture = canvas(timeline).picture
    shown = [frame for frame in range(N) if picture.axis.shows(frame)]
    assert (len(shown) < N) == (zoom_steps > 0)
    for frame in shown:
        click(timeline, picture.axis.x_px(frame), picture.lane_rect(lane).center().y())
    assert asked == shown


def test_a_click_in_the_axis_or_beyond_the_ends_seeks_too(timeline: Timeline, asked: list[int]) -> None:
    axis = canvas(timeline).picture.axis
    click(timeline, axis.x_px(36), 10)
    click(timeline, 1, 10)
    click(timeline, canvas(timeline).width() - 1, 10)
    assert asked == [36, 0, N - 1]


def test_dragging_asks_for_each_frame_once_and_stops_with_the_button(timeline: Timeline, asked: list[int]) -> None:
    axis = canvas(timeline).picture.axis
    press(timeline, axis.x_px(10), 60)
    for frame in (10, 11, 11, 14, 9):
        send(timeline, QEvent.Type.MouseMove, axis.x_px(frame), 200, Qt.MouseButton.LeftButton)
    send(timeline, QEvent.Type.MouseButtonRelease, axis.x_px(9), 60, Qt.MouseButton.LeftButton)
    send(timeline, QEvent.Type.MouseMove, axis.x_px(50), 60, Qt.MouseButton.NoButton)
    assert asked == [10, 11, 14, 9]


def test_a_click_near_a_dot_snaps_to_its_frame_but_not_elsewhere(timeline: Timeline, asked: list[int]) -> None:
    timeline.set_video(3000, np.arange(3000) / 30)
    timeline.set_prediction(build_prediction(3000))
    picture = canvas(timeline).picture
    frame, dot = picture.dots(1)[0]
    click(timeline, dot.x() - 3, dot.y() + 2)
    click(timeline, dot.x() - 3, dot.y() + 25)
    assert asked[0] in timeline.key_frames(Pattern.B_LINE)
    assert abs(asked[0] - frame) <= 9
    assert asked[1] == picture.axis.frame_at(dot.x() - 3)
    assert asked[1] not in timeline.key_frames(Pattern.B_LINE)


def test_double_click_shows_all_frames_again(timeline: Timeline) -> None:
    for _ in range(5):
        wheel(timeline, 400, 120)
    assert not canvas(timeline).picture.axis.shows(0)
    send(timeline, QEvent.Type.MouseButtonDblClick, 400, 60, Qt.MouseButton.LeftButton)
    axis = canvas(timeline).picture.axis
    assert (axis.left, axis.right) == (-0.5, N - 0.5)


def test_wheel_zooms_about_the_mouse_and_never_moves_vertically(timeline: Timeline) -> None:
    before = canvas(timeline).picture
    frame = before.axis.frame_at(600)
    wheel(timeline, 600, 120)
    after = canvas(timeline).picture
    assert after.axis.right - after.axis.left < N
    assert after.axis.frame_at(600) == frame
    assert [after.lane_rect(i) for i in range(4)] == [before.lane_rect(i) for i in range(4)]


def test_sideways_wheel_shift_wheel_and_middle_drag_pan(timeline: Timeline, asked: list[int]) -> None:
    for _ in range(8):
        wheel(timeline, 400, 120)
    lefts = [canvas(timeline).picture.axis.left]
    wheel(timeline, 400, 0, sideways=-120)
    lefts.append(canvas(timeline).picture.axis.left)
    wheel(timeline, 400, -120, Qt.KeyboardModifier.ShiftModifier)
    lefts.append(canvas(timeline).picture.axis.left)
    press(timeline, 400, 60, Qt.MouseButton.MiddleButton)
    send(timeline, QEvent.Type.MouseMove, 350, 60, Qt.MouseButton.MiddleButton)
    send(timeline, QEvent.Type.MouseButtonRelease, 350, 60, Qt.MouseButton.MiddleButton)
    lefts.append(canvas(timeline).picture.axis.left)
    assert lefts == sorted(set(lefts))
    assert asked == []


def test_the_view_turns_the_page_with_the_play_head_but_leaves_a_user_who_turned_away(timeline: Timeline) -> None:
    timeline.set_frame(0)
    for _ in range(10):
        wheel(timeline, 0, 120)
    last = int(canvas(timeline).picture.axis.right)
    timeline.set_frame(last)
    timeline.set_frame(last + 1)
    assert canvas(timeline).picture.axis.shows(last + 1)
    while canvas(timeline).picture.axis.shows(last + 1):
        wheel(timeline, 0, 0, sideways=-240)
    away = canvas(timeline).picture.axis
    timeline.set_frame(last + 2)
    assert canvas(timeline).picture.axis == away
    timeline.set_frame(0)
    assert canvas(timeline).picture.axis.shows(0)


def test_the_play_head_moves_and_redraws_a_strip_only(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_frame(20)
    before = timeline.grab().toImage()
    timeline.set_frame(100)
    qtbot.wait(20)
    after = timeline.grab().toImage()
    offset = canvas(timeline).x()
    axis = canvas(timeline).picture.axis
    accent = near(QColor(DARK.accent))
    for image, here, gone in ((before, 20, 100), (after, 100, 20)):
        column = round(offset + axis.x_px(here))
        assert count_pixels(image, range(column, column + 1), range(AXIS_PX, 230), accent) > 180
        column = round(offset + axis.x_px(gone))
        assert count_pixels(image, range(column, column + 1), range(AXIS_PX, 230), accent) == 0


def test_the_curve_is_drawn_where_assessed_and_absent_where_waiting(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_prediction(build_prediction(N, clips_done=3))
    qtbot.wait(20)
    image = timeline.grab().toImage()
    picture, offset = canvas(timeline).picture, canvas(timeline).x()
    rows = picture.lane_rect(0)
    y = range(round(rows.top()) + 1, round(rows.bottom()) - 2)
    blue = near(DARK.pattern(Pattern.A_LINE), 120)
    edge = round(offset + picture.axis.x_px(78))
    assert count_pixels(image, range(offset + 15, edge - 4), y, blue) > edge - offset - 60
    assert count_pixels(image, range(edge + 4, image.width() - 2), y, blue) == 0


def test_a_network_without_pattern_attention_has_a_sentence_in_every_lane(timeline: Timeline, qtbot: QtBot) -> None:
    def grey_in_lane(lane: int) -> int:
        image = timeline.grab().toImage()
        rect, offset = canvas(timeline).picture.lane_rect(lane), canvas(timeline).x()
        y = range(round(rect.top()) + 1, round(rect.bottom()) - 8)
        return count_pixels(image, range(offset + 8, offset + 200), y, near(QColor(DARK.muted), 150))

    made = build_prediction()
    without = replace(
        made,
        clip_attention=np.full(made.clip_attention.shape, np.nan),
        frame_attention=np.full(made.frame_attention.shape, np.nan),
        constant_attention=np.zeros(4, bool),
        top_frames=((),) * 4,
        has_attention=False,
    )
    before = [grey_in_lane(lane) for lane in range(4)]
    timeline.set_prediction(without)
    qtbot.wait(20)
    assert all(grey_in_lane(lane) > before[lane] + 50 for lane in range(4))


def test_a_pattern_below_its_threshold_is_dimmed(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_prediction(build_prediction())
    qtbot.wait(20)
    image = timeline.grab().toImage()
    picture, offset = canvas(timeline).picture, canvas(timeline).x()

    def strongest(lane: int, pattern: Pattern) -> int:
        rect, color = picture.lane_rect(lane), DARK.pattern(pattern)
        pixels = (
            image.pixelColor(i, j)
            for i in range(offset + 400, image.width() - 4)
            for j in range(round(rect.top()) + 1, round(rect.bottom()) - 1)
        )
        return min(
            abs(c.red() - color.red()) + abs(c.green() - color.green()) + abs(c.blue() - color.blue()) for c in pixels
        )

    assert strongest(1, Pattern.B_LINE) < 30
    assert strongest(2, Pattern.CONSOLIDATION) > 90


def test_key_frames_are_red_dots_whose_letters_fit_into_the_lane(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_video(30, np.arange(30) / 30)
    timeline.set_prediction(build_prediction(30))
    qtbot.wait(20)
    image = timeline.grab().toImage()
    picture, offset = canvas(timeline).picture, canvas(timeline).x()
    for lane in (0, 1):
        dots = picture.dots(lane)
        assert [frame for frame, _ in dots] == list(timeline.key_frames(NETWORK_PATTERNS[lane]))
        for _, dot in dots:
            x, y = round(offset + dot.x()), round(dot.y())
            assert count_pixels(image, range(x - 2, x + 3), range(y - 2, y + 3), near(QColor(DARK.top_frame))) > 8
        bounds = picture.lane_rect(lane)
        assert all(bounds.contains(box) for box in place_letters([dot for _, dot in dots], (9, 10), bounds))


def test_clip_alone_shows_its_frames_only_and_says_which(timeline: Timeline) -> None:
    prediction = build_prediction()
    timeline.set_prediction(prediction)
    timeline.set_clip_shown(1)
    picture = canvas(timeline).picture
    assert picture.clip == Span(24, 54)
    assert np.isnan(picture.lanes[0].curve[[23, 54]]).all()
    assert timeline.key_frames(Pattern.B_LINE) == prediction.clip_top_frames(1)[1]
    timeline.set_clip_shown(None)
    assert canvas(timeline).picture.clip is None
    assert timeline.key_frames(Pattern.B_LINE) == prediction.top_frames[1]
    timeline.set_clip_shown(1)
    timeline.set_prediction(None)
    assert canvas(timeline).picture.clip is None


def test_ground_truth_is_drawn_in_green_over_its_frames(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_ground_truth({Pattern.B_LINE: (Span(23, 51),)})
    qtbot.wait(20)
    image = timeline.grab().toImage()
    picture, offset = canvas(timeline).picture, canvas(timeline).x()
    rows = range(round(picture.lane_rect(1).top()) + 1, round(picture.lane_rect(1).bottom()))
    left, right = (round(offset + picture.axis.x_px(edge)) for edge in (22.5, 50.5))
    green = near(QColor(DARK.other_sheet), 90)
    assert count_pixels(image, range(left, right), rows, green) > (right - left) / 3
    assert count_pixels(image, range(right + 4, right + 200), rows, green) == 0


def test_hovering_tells_frame_time_and_attention(timeline: Timeline) -> None:
    prediction = build_prediction(N, clips_done=2)
    timeline.set_prediction(prediction)
    picture = canvas(timeline).picture
    row = picture.lane_rect(1).center().y()
    value = prediction.frame_attention[36, 1]
    assert canvas(timeline).describe(QPointF(picture.axis.x_px(36), row)) == (
        f"frame 37 of 152, 1.20 s; B-lines attention {value:.2f}"
    )
    assert canvas(timeline).describe(QPointF(picture.axis.x_px(151), row)).endswith("B-lines not assessed")
    assert canvas(timeline).describe(QPointF(picture.axis.x_px(0), 5)) == "frame 1 of 152, 0.00 s"


def test_clicking_a_name_selects_its_pattern_and_the_window_marks_it(timeline: Timeline, qtbot: QtBot) -> None:
    labels = timeline.findChildren(LaneLabel)
    with qtbot.waitSignal(timeline.pattern_selected) as caught:
        QTest.mouseClick(labels[2], Qt.MouseButton.LeftButton)
    assert caught.args == [Pattern.CONSOLIDATION]
    assert not any(label.isChecked() for label in labels)
    timeline.set_selected_pattern(Pattern.CONSOLIDATION)
    assert [label.isChecked() for label in labels] == [False, False, True, False]


def test_names_line_up_with_their_lanes_at_every_size(timeline: Timeline, qtbot: QtBot) -> None:
    for size in ((720, 204), (1280, 250), (1920, 420)):
        timeline.resize(*size)
        qtbot.wait(20)
        for i, label in enumerate(timeline.findChildren(LaneLabel)):
            rect = canvas(timeline).picture.lane_rect(i)
            assert (label.y(), label.height()) == (round(rect.top()), round(rect.height()))
            assert label.width() >= label.sizeHint().width() - 1


def test_names_keep_their_room_in_a_larger_font(timeline: Timeline, qtbot: QtBot) -> None:
    before = timeline.findChildren(LaneLabel)[0].width()
    timeline.setStyleSheet("QWidget { font-size: 20px; }")
    qtbot.wait(20)
    label = timeline.findChildren(LaneLabel)[0]
    assert label.width() > before
    assert label.width() >= label.sizeHint().width() - 1
    assert canvas(timeline).picture.font.pixelSize() == 20


def test_lanes_need_their_height_and_share_what_there_is(timeline: Timeline) -> None:
    assert timeline.minimumHeight() == 4 * 44 + AXIS_PX


def test_names_carry_the_verdict_for_screen_readers(timeline: Timeline) -> None:
    timeline.set_prediction(build_prediction())
    told = [label.accessibleDescription() for label in timeline.findChildren(LaneLabel)]
    assert told[1] == "B-lines present, 0.91 (threshold 0.18)"
    assert told[3] == "Pleural effusion absent, 0.02 (threshold 0.25)"


def test_without_a_video_it_is_empty_and_deaf(timeline: Timeline, asked: list[int]) -> None:
    timeline.clear()
    click(timeline, 300, 60)
    wheel(timeline, 300, 120)
    timeline.grab()
    assert asked == []
    assert canvas(timeline).picture.axis.n_frames == 0


def test_another_video_forgets_the_prediction_of_the_last(timeline: Timeline) -> None:
    timeline.set_prediction(build_prediction())
    timeline.set_ground_truth({Pattern.B_LINE: (Span(23, 51),)})
    timeline.set_video(40, np.arange(40) / 30)
    picture = canvas(timeline).picture
    assert all(lane.probability is None and len(lane.curve) == 40 for lane in picture.lanes)
    assert picture.truth == {}
    assert picture.frame == 0


def test_values_that_do_not_fit_the_video_are_refused(timeline: Timeline) -> None:
    with pytest.raises(ValueError, match="the prediction has 40 frames, the video 152"):
        timeline.set_prediction(build_prediction(40))
    with pytest.raises(ValueError, match="one time for each of 3 frames"):
        timeline.set_video(3, np.zeros(2))


def test_it_takes_no_key(timeline: Timeline) -> None:
    widgets = [timeline, *timeline.findChildren(QWidget)]
    assert [w for w in widgets if w.focusPolicy() != Qt.FocusPolicy.NoFocus] == []


def test_the_theme_reaches_every_part(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_theme(LIGHT)
    qtbot.wait(20)
    image = timeline.grab().toImage()
    for x in (8, image.width() - 4):
        assert image.pixelColor(x, AXIS_PX + 6) == QColor(LIGHT.background)


def test_growing_predictions_reuse_the_widgets(timeline: Timeline) -> None:
    before = timeline.findChildren(LaneLabel)
    items = len(canvas(timeline).scene().items())
    for done in range(8):
        timeline.set_prediction(build_prediction(N, clips_done=done))
    assert timeline.findChildren(LaneLabel) == before
    assert len(canvas(timeline).scene().items()) <= items + 8


def test_a_thirty_thousand_frame_video_draws_few_points(timeline: Timeline) -> None:
    timeline.set_video(30_000, np.arange(30_000) / 30)
    timeline.set_prediction(build_prediction(30_000))
    timeline.grab()
    drawn = [item.n_points for item in canvas(timeline).scene().items() if isinstance(item, CurveItem)]
    assert len(drawn) == 4
    assert min(drawn) > 0
    assert max(drawn) <= 4 * timeline.width()


def test_closing_leaves_no_widget_behind(qtbot: QtBot) -> None:
    before = set(QApplication.topLevelWidgets())
    widget = Timeline()
    widget.set_video(N, np.arange(N) / 30)
    widget.set_prediction(build_prediction())
    widget.show()
    with qtbot.waitSignal(widget.destroyed):
        widget.deleteLater()
    assert set(QApplication.topLevelWidgets()) <= before
