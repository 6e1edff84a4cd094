"""The scrolling curves of live mode as a person sees them, and what they leave behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsScene, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.live_history import LiveCurves
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.widgets.colors import DARK, LIGHT, Theme, opaque
from luv_viewer.widgets.live_lanes import AXIS_PX, LONG_GAP_S, PAD_PX, RIGHT_PX, SHADE, with_breaks, with_dots
from luv_viewer.widgets.live_timeline import LABEL_PX, LANE_PX, LEGEND_PX, LiveTimeline

SECONDS = 10.0
WIDTH, LANE = LABEL_PX + 1000 + RIGHT_PX, 40
HEIGHT = AXIS_PX + 4 * LANE + LEGEND_PX
THRESHOLDS = (0.5, 0.2, 0.4, 0.9)


def build_curves(end_s: float = 20.0, value: float = 0.75, attention: float = 0.5, step_s: float = 0.1) -> LiveCurves:
    """Level curves of the ten seconds up to end_s."""
    times_s = end_s - np.arange(round(SECONDS / step_s), -1, -1) * step_s
    n = len(times_s)
    return LiveCurves(end_s - SECONDS, end_s, times_s, np.full((n, 4), value), times_s, np.full((n, 4), attention))


@pytest.fixture
def timeline(qtbot: QtBot) -> Iterator[LiveTimeline]:
    widget = LiveTimeline(SECONDS)
    widget.resize(WIDTH, HEIGHT)
    widget.set_network(NETWORK_PATTERNS, THRESHOLDS)
    widget.show()
    yield widget
    widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def image_of(timeline: LiveTimeline) -> QImage:
    return timeline.grab().toImage()


def place_px(lane: int, ago_s: float, value: float) -> tuple[int, int]:
    zero = AXIS_PX + (lane + 1) * LANE - PAD_PX
    return round(LABEL_PX + 1000 - 100 * ago_s), round(zero - value * (LANE - 2 * PAD_PX))


def color_at(timeline: LiveTimeline, lane: int, ago_s: float, value: float) -> QColor:
    return image_of(timeline).pixelColor(*place_px(lane, ago_s, value))


def colors_in_lane(timeline: LiveTimeline, lane: int, ago_s: float) -> set[str]:
    """All colours in one column of a lane."""
    image, (x, bottom) = image_of(timeline), place_px(lane, ago_s, 0.0)
    return {image.pixelColor(x, y).name() for y in range(bottom - LANE + 2 * PAD_PX, bottom + 1)}


def shade_of(theme: Theme, lane: int) -> str:
    color = theme.pattern(NETWORK_PATTERNS[lane])
    color.setAlphaF(SHADE)
    return opaque(color, QColor(theme.background)).name()


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_each_lane_shows_line_shade_and_threshold_in_its_colours(timeline: LiveTimeline, theme: Theme) -> None:
    timeline.set_theme(theme)
    timeline.set_curves(build_curves())
    for lane, pattern in enumerate(NETWORK_PATTERNS):
        seen = colors_in_lane(timeline, lane, 4.55)
        line = theme.pattern(pattern)
        assert any(_close(QColor(name), line) for name in seen), (pattern, seen)
        assert any(_close(QColor(name), QColor(shade_of(theme, lane))) for name in seen), (pattern, seen)
        image, (x, y) = image_of(timeline), place_px(lane, 5.0, THRESHOLDS[lane])
        dashes = [
            any(image.pixelColor(x + i, y + j) == QColor(theme.muted) for j in (-1, 0, 1)) for i in range(-100, 100)
        ]
        assert 60 <= sum(dashes) <= 140, "half of a dashed line is there"
    assert image_of(timeline).pixelColor(WIDTH // 2, HEIGHT - 3) == QColor(theme.background)


def _close(a: QColor, b: QColor) -> bool:
    return max(abs(a.red() - b.red()), abs(a.green() - b.green()), abs(a.blue() - b.blue())) <= 3


def test_the_line_stands_at_its_value_and_the_newest_at_the_right(timeline: LiveTimeline) -> None:
    timeline.set_network(NETWORK_PATTERNS, ())
    curves = build_curves(attention=0.0)
    curves.probabilities[-11:] = 0.25
    timeline.set_curves(curves)
    image = image_of(timeline)
    for ago_s, value in ((5.55, 0.75), (0.45, 0.25)):
        x, zero = place_px(1, ago_s, 0.0)
        line = DARK.pattern(NETWORK_PATTERNS[1])
        # From the third pixel on, because the shade of an attention of 0 has an edge.
        colored = [y for y in range(zero - 30, zero - 2) if image.pixelColor(x, y).red() > line.red() // 2]
        assert np.mean(colored) + 0.5 == pytest.approx(zero - value * 30, abs=0.75)


def test_a_level_line_has_no_dots(timeline: LiveTimeline) -> None:
    timeline.set_network(NETWORK_PATTERNS, ())
    curves = build_curves(value=0.43, attention=0.0, step_s=1 / 30)
    trembling = np.random.default_rng(0).normal(0, 0.0007, curves.probabilities.shape)
    timeline.set_curves(
        LiveCurves(
            10.0, 20.0, curves.result_times_s, curves.probabilities + trembling, curves.frame_times_s, curves.attention
        )
    )
    image, (x, y) = image_of(timeline), place_px(1, 5.0, 0.43)
    for row in range(y - 2, y + 3):
        reds = [image.pixelColor(x + i, row).red() for i in range(-80, 80) if i]
        assert np.abs(np.diff(reds)).max() < 25


def test_lines_and_shades_break_where_nothing_was_said_or_frames_are_missing(timeline: LiveTimeline) -> None:
    timeline.set_network(NETWORK_PATTERNS, ())
    curves = build_curves()
    kept = (curves.frame_times_s < 14.0) | (curves.frame_times_s > 15.5)
    probabilities = curves.probabilities[kept].copy()
    times_s = curves.frame_times_s[kept]
    probabilities[(times_s > 17.0) & (times_s < 17.5)] = np.nan
    timeline.set_curves(LiveCurves(10.0, 20.0, times_s, probabilities, times_s, curves.attention[kept]))
    background = {QColor(DARK.background).name()}
    assert colors_in_lane(timeline, 2, 5.25) == background, "no frame came"
    refused = colors_in_lane(timeline, 2, 2.75)
    assert not any(_close(QColor(name), DARK.pattern(NETWORK_PATTERNS[2])) for name in refused)
    assert any(_close(QColor(name), QColor(shade_of(DARK, 2))) for name in refused)
    assert any(_close(QColor(name), DARK.pattern(NETWORK_PATTERNS[2])) for name in colors_in_lane(timeline, 2, 3.55))


def test_results_too_far_apart_for_a_line_are_dots(timeline: LiveTimeline) -> None:
    timeline.set_network(NETWORK_PATTERNS, ())
    sparse = build_curves(step_s=2.0, attention=0.0)
    timeline.set_curves(sparse)
    for lane in range(4):
        line = DARK.pattern(NETWORK_PATTERNS[lane])
        dot = color_at(timeline, lane, 4.01, 0.75)
        assert abs(dot.red() - line.red()) + abs(dot.blue() - line.blue()) < 120
        assert color_at(timeline, lane, 5.05, 0.75) == QColor(DARK.background)


def test_nothing_is_drawn_outside_of_the_seconds_shown(timeline: LiveTimeline) -> None:
    timeline.set_network(NETWORK_PATTERNS, ())
    older = build_curves(15.0)
    timeline.set_curves(
        LiveCurves(10.0, 20.0, older.result_times_s, older.probabilities, older.frame_times_s, older.attention)
    )
    image = image_of(timeline)
    colors = {image.pixelColor(x, AXIS_PX + LANE // 2).name() for x in range(LABEL_PX - 20, LABEL_PX - 6)}
    assert colors == {QColor(DARK.background).name()}
    shaded = colors_in_lane(timeline, 0, 9.55)
    assert any(_close(QColor(name), QColor(shade_of(DARK, 0))) for name in shaded)
    assert colors_in_lane(timeline, 0, 2.55) == {QColor(DARK.background).name()}


def test_the_words_stand_in_the_middle_only_while_there_is_no_line(timeline: LiveTimeline) -> None:
    timeline.set_network(NETWORK_PATTERNS, ())

    def middle(image: QImage) -> QImage:
        return image.copy(LABEL_PX + 400, AXIS_PX + 2 * LANE - 15, 200, 30)

    blank = middle(image_of(timeline))
    timeline.set_empty("Not assessed")
    said = middle(image_of(timeline))
    assert said != blank
    nothing = build_curves(value=np.nan, attention=0.0)
    timeline.set_curves(nothing)
    assert any(middle(image_of(timeline)).pixelColor(x, 12) != blank.pixelColor(x, 12) for x in range(60, 140))
    timeline.set_curves(build_curves(attention=0.0, value=1.0))
    shown = image_of(timeline)
    timeline.set_empty("")
    assert image_of(timeline) == shown
    timeline.set_curves(None)
    assert middle(image_of(timeline)) == blank


def test_every_second_has_its_word_within_the_widget(timeline: LiveTimeline) -> None:
    for size_px, ticks in ((13, range(11)), (26, range(11)), (13, range(11))):
        timeline.setStyleSheet(f"QWidget {{ font-size: {size_px}px; }}")
        QApplication.processEvents()
        image = image_of(timeline)
        background = QColor(DARK.background)

        def inked(left: int, right: int, image: QImage = image, background: QColor = background) -> list[int]:
            columns = range(max(0, left), min(WIDTH, right))
            return [x for x in columns if any(image.pixelColor(x, y) != background for y in range(AXIS_PX - 2))]

        for ago in ticks:
            x = place_px(0, ago, 0)[0]
            assert inked(x - 20, x + 20), f"no word at {ago} s"
        assert not inked(WIDTH - 2, WIDTH), "the last word is cut off"
        # The first word begins with the lanes; the heading at the left keeps its room.
        assert not inked(LABEL_PX - 6, LABEL_PX) or size_px > 13
    timeline.resize(LABEL_PX + 300 + RIGHT_PX, HEIGHT)
    assert [-ago for level in timeline.plot.axis._tickLevels for ago, _ in level] == [0, 2, 4, 6, 8, 10]


def test_the_mouse_moves_nothing_and_opens_no_menu(timeline: LiveTimeline) -> None:
    timeline.set_curves(build_curves())
    before, ranges = image_of(timeline), [lane.box.viewRange() for lane in timeline.plot.lanes]
    assert timeline.childAt(600, 60) is None, "the tool tip is the timeline's"
    assert "Dashes: its threshold" in timeline.toolTip()
    viewport, place = timeline.plot.viewport(), QPoint(600, 60)
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
        QTest.mousePress(viewport, button, pos=place)
        QTest.mouseMove(viewport, place + QPoint(80, 20))
        QTest.mouseRelease(viewport, button, pos=place + QPoint(80, 20))
        QTest.mouseClick(viewport, button, pos=place)
    globally = viewport.mapToGlobal(place)
    QApplication.sendEvent(
        viewport,
        QWheelEvent(
            QPointF(place),
            QPointF(globally),
            QPoint(),
            QPoint(0, 240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    QApplication.sendEvent(viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, globally))
    QApplication.processEvents()
    assert QApplication.activePopupWidget() is None
    assert [lane.box.viewRange() for lane in timeline.plot.lanes] == ranges
    assert image_of(timeline) == before


def test_it_takes_no_key(timeline: LiveTimeline) -> None:
    widgets = [timeline, *timeline.findChildren(QWidget)]
    assert [w for w in widgets if w.focusPolicy() != Qt.FocusPolicy.NoFocus] == []


def test_its_name_and_its_size_follow_what_it_shows(timeline: LiveTimeline) -> None:
    assert timeline.accessibleName() == "Probability and attention over the last 10 seconds"
    assert timeline.minimumSizeHint().height() == AXIS_PX + LEGEND_PX + 4 * LANE_PX[0]
    timeline.set_network(NETWORK_PATTERNS[:3], THRESHOLDS[:3])
    assert timeline.sizeHint().height() == AXIS_PX + LEGEND_PX + 3 * 40
    assert len(timeline.plot.lanes) == 3


def test_another_network_of_the_same_patterns_keeps_the_curves(timeline: LiveTimeline) -> None:
    timeline.set_curves(build_curves())
    before = image_of(timeline)
    timeline.set_network(NETWORK_PATTERNS, THRESHOLDS)
    assert image_of(timeline) == before
    timeline.set_network(NETWORK_PATTERNS[:2], THRESHOLDS[:2])
    assert all(len(lane.line.xData) == 0 for lane in timeline.plot.lanes)


def test_updating_adds_nothing_to_the_scene(timeline: LiveTimeline) -> None:
    n_items = len(timeline.plot.scene().items())
    for i in range(20):
        timeline.set_curves(build_curves(20 + i / 30))
        timeline.set_network(NETWORK_PATTERNS, THRESHOLDS)
        timeline.grab()
    assert len(timeline.plot.scene().items()) == n_items


def test_closing_leaves_no_scene_and_no_widget(qtbot: QtBot) -> None:
    before = set(map(id, QApplication.topLevelWidgets()))
    known = {id(o) for o in gc.get_objects() if issubclass(type(o), QGraphicsScene)}
    for _ in range(3):
        widget = LiveTimeline(SECONDS)
        widget.set_network(NETWORK_PATTERNS, THRESHOLDS)
        widget.set_curves(build_curves())
        widget.show()
        widget.grab()
        lanes = [weakref.ref(lane) for lane in widget.plot.lanes]
        with qtbot.waitSignal(widget.plot.scene().destroyed):
            widget.deleteLater()
        del widget
        gc.collect()
        assert [lane for lane in lanes if lane() is not None] == []
    assert {id(w) for w in QApplication.topLevelWidgets()} <= before
    assert {id(o) for o in gc.get_objects() if issubclass(type(o), QGraphicsScene)} <= known


@given(st.lists(st.tuples(st.floats(0.01, 3.0), st.booleans()), max_size=30))
def test_a_line_joins_exactly_the_neighbours_in_time(steps: list[tuple[float, bool]]) -> None:
    times_s = np.cumsum([step for step, _ in steps])
    values = np.array([[1.0 if finite else np.nan] * 2 for _, finite in steps]).reshape(-1, 2)
    x, y = with_breaks(times_s, values)
    assert np.all(np.diff(x) >= 0)
    finite = np.isfinite(y[:, 0])
    assert x[finite].tolist() == times_s[np.isfinite(values[:, 0])].tolist()
    joined = {(x[i], x[i + 1]) for i in range(len(x) - 1) if finite[i] and finite[i + 1]}
    said = np.isfinite(values[:, 0])
    near = np.diff(times_s) <= LONG_GAP_S
    expected = {(times_s[i], times_s[i + 1]) for i in range(len(times_s) - 1) if said[i] and said[i + 1] and near[i]}
    assert joined == expected
    dotted_x, dotted_y = with_dots(x, y)
    shown = np.isfinite(dotted_y[:, 0])
    pairs = shown[1:] & shown[:-1]
    covered = np.concatenate((pairs, [False])) | np.concatenate(([False], pairs))
    assert np.array_equal(covered[: len(shown)], shown), "every sample is an end of a line"
    assert set(x.tolist()) <= set(dotted_x.tolist())
