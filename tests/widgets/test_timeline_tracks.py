"""The timeline's annotation tracks as a reader sees them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from luv_viewer.widgets.colors import DARK, HATCHES, LIGHT, Theme, faint, opaque
from luv_viewer.widgets.timeline import Timeline
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from luv_viewer.widgets.timeline_labels import LaneLabel
from luv_viewer.widgets.timeline_picture import AXIS_PX
from luv_viewer.widgets.timeline_rows import RowKind, row_edges, rows_of
from luv_viewer.widgets.timeline_tracks import Tracks
from luv_viewer.widgets.track_paint import TINT, TINT_LIVE
from tests.widgets.builders_widgets import build_prediction
from tests.widgets.track_hand import ANNOTATION, CB, A, B, C, E, Hand, N


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


def test_tool_tips_say_the_interval_and_the_state_of_a_frame(hand: Hand, timeline: Timeline) -> None:
    timeline.set_annotation(ANNOTATION.with_absent(B, SpanSet.of(Span(120, 130))))
    timeline.set_other_sheet((NO_FRAMES, SpanSet.of(Span(29, 40)), NO_FRAMES, NO_FRAMES, NO_FRAMES), "Reader lee")
    timeline.set_disagreement(B, Span(23, 29))

    def tell(frame: int) -> str:
        return hand.canvas.describe(hand.place(B, frame))

    assert tell(24) == "B-lines 24–51, 28 frames, 0.93 s\nThe readers differ: 24–29, 6 frames, 0.20 s"
    assert tell(36) == "B-lines 24–51, 28 frames, 0.93 s\nReader lee: B-lines 30–40, 11 frames, 0.37 s"
    assert tell(60) == "frame 61 of 152, 2.00 s; B-lines seen, not stated present: counts as absent"
    assert tell(110).endswith("B-lines not looked at")
    assert tell(125).endswith("B-lines stated absent")
    seen = QPointF(300, timeline.height() - 5)
    assert hand.canvas.describe(seen) == "78 of 152 frames looked at; not yet: 79–152"


def test_names_say_what_is_labelled_and_nothing_takes_a_key(timeline: Timeline) -> None:
    timeline.set_prediction(build_prediction())
    labels = {label.pattern: label for label in timeline.findChildren(LaneLabel)}
    assert labels[B].accessibleDescription() == (
        "B-lines present, 0.91 (threshold 0.18)\n2 intervals labelled: 24–51, 90–101"
    )
    assert labels[CB].accessibleDescription() == "No interval labelled"
    canvas = timeline.findChild(LaneCanvas)
    assert isinstance(canvas, LaneCanvas)
    assert canvas.accessibleName() == "Frames, attention curves and annotation tracks"
    widgets = [timeline, *timeline.findChildren(QWidget)]
    assert [w for w in widgets if w.focusPolicy() != Qt.FocusPolicy.NoFocus] == []
    timeline.set_annotation(None)
    assert canvas.accessibleName() == "Frames and attention curves"


def test_at_288_pixels_every_row_has_its_least_height(timeline: Timeline, hand: Hand) -> None:
    timeline.set_prediction(build_prediction())
    assert timeline.minimumHeight() <= 288
    picture = hand.canvas.picture
    heights = {row: rect.height() for row, rect in zip(picture.rows, picture.row_rects, strict=True)}
    assert all(height >= row.least_px - 1 for row, height in heights.items())
    assert [row.pattern.short for row in picture.rows if row.kind is RowKind.TRACK and row.pattern] == [
        "A",
        "B",
        "CB",
        "C",
        "E",
    ]
    assert AXIS_PX + sum(heights.values()) == 288
    order = [(row.kind.value, row.pattern) for row in picture.rows]
    assert order == [
        *(("curve", A), ("track", A), ("curve", B), ("track", B), ("track", CB)),
        *(("curve", C), ("track", C), ("curve", E), ("track", E), ("seen", None)),
    ]
    assert timeline.sizeHint().height() == AXIS_PX + 4 * 44 + 5 * 28 + 16


def test_five_curves_and_tracks_fit_too() -> None:
    rows = rows_of(list(Pattern), tracks=True)
    edges = row_edges(rows, AXIS_PX, 288)
    assert edges[-1] == 288
    assert all(b - a >= row.least_px - 1 for row, a, b in zip(rows, edges, edges[1:], strict=False))


def test_names_stand_beside_their_rows(timeline: Timeline, hand: Hand, qtbot: QtBot) -> None:
    for size in ((1280, 288), (1920, 420)):
        timeline.resize(*size)
        qtbot.wait(20)
        picture = hand.canvas.picture
        for label in (label for label in timeline.findChildren(LaneLabel) if label.isVisible()):
            own = [r for row, r in zip(picture.rows, picture.row_rects, strict=True) if row.pattern is label.pattern]
            assert (label.y(), label.height()) == (round(own[0].top()), round(sum(r.height() for r in own)))


def test_without_a_reader_or_switched_off_it_looks_as_before(timeline: Timeline, hand: Hand) -> None:
    for switch in (lambda: timeline.set_annotation_shown(False), lambda: timeline.set_annotation(None)):
        switch()
        assert [row.kind for row in hand.canvas.picture.rows] == [RowKind.CURVE] * 4
        assert timeline.minimumHeight() == 4 * 44 + AXIS_PX
        assert sum(label.isVisible() for label in timeline.findChildren(LaneLabel)) == 4
        timeline.set_annotation_shown(True)


def test_with_the_ai_hidden_only_tracks_are_drawn_and_no_key_frame_is_told(timeline: Timeline, hand: Hand) -> None:
    timeline.set_prediction(build_prediction())
    timeline.set_ai_shown(False)
    picture = hand.canvas.picture
    assert [row.kind for row in picture.rows] == [RowKind.TRACK] * 5 + [RowKind.SEEN]
    assert all(rect.height() >= 28 for row, rect in zip(picture.rows, picture.row_rects, strict=True) if row.pattern)
    assert timeline.key_frames(B) == ()
    described = [label.accessibleDescription() for label in timeline.findChildren(LaneLabel)]
    assert not any("threshold" in text for text in described)
    timeline.set_ai_shown(True)
    assert len(timeline.key_frames(B)) == 3


def test_another_video_forgets_the_reader_and_a_wrong_annotation_is_refused(timeline: Timeline, hand: Hand) -> None:
    timeline.set_marks(3, 9)
    timeline.set_video(40, np.arange(40) / 30)
    assert hand.canvas.picture.tracks == Tracks()
    with pytest.raises(ValueError, match="the annotation has 152 frames, the video 40"):
        timeline.set_annotation(ANNOTATION)


def count(image: QImage, area: tuple[range, range], wanted: QColor) -> int:
    def is_near(color: QColor) -> bool:
        pairs = ((color.red(), wanted.red()), (color.green(), wanted.green()), (color.blue(), wanted.blue()))
        return sum(abs(a - b) for a, b in pairs) < 40

    return sum(is_near(image.pixelColor(x, y)) for x in area[0] for y in area[1])


def area_of(hand: Hand, pattern: Pattern, span: Span) -> tuple[range, range]:
    """Pixels of a grabbed timeline in which a span of a track lies."""
    axis, offset = hand.canvas.picture.axis, hand.canvas.x()
    y = round(hand.place(pattern, 0).y())
    columns = (round(offset + axis.x_px(edge - 0.5)) for edge in (span.start, span.stop))
    left, right = columns
    return range(left - 2, right + 3), range(y - 11, y + 11)


def test_what_is_drawn_where(hand: Hand, timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_annotation(ANNOTATION.with_absent(B, SpanSet.of(Span(60, 80))))
    timeline.set_running(C, Span(10, 20), False)
    timeline.set_selected_interval(B, 1)
    timeline.set_other_sheet((SpanSet.of(Span(100, 140)), *(NO_FRAMES,) * 4), "Reader lee")
    timeline.set_disagreement(E, Span(40, 70))
    qtbot.wait(20)
    image = timeline.grab().toImage()
    ground = QColor(DARK.background)
    fill = opaque(faint(DARK.patterns[B], TINT), ground)
    assert count(image, area_of(hand, B, Span(23, 51)), fill) > 1500
    assert count(image, area_of(hand, B, Span(105, 115)), fill) == 0
    assert 20 < count(image, area_of(hand, B, Span(60, 80)), DARK.pattern(B)) < 700
    assert count(image, area_of(hand, B, Span(89, 101)), QColor(DARK.accent)) > 150
    assert count(image, area_of(hand, C, Span(10, 20)), opaque(faint(DARK.patterns[C], TINT_LIVE), ground)) > 400
    assert count(image, area_of(hand, A, Span(100, 140)), QColor(DARK.other_sheet)) > 200
    assert count(image, area_of(hand, E, Span(40, 70)), QColor(DARK.text)) > 60


def test_a_change_draws_only_its_own_row_again_and_leaves_no_trace(
    hand: Hand, timeline: Timeline, qtbot: QtBot
) -> None:
    timeline.grab()
    timeline.set_annotation(ANNOTATION.with_track(C, (Span(60, 80),)))
    qtbot.wait(20)
    timeline.set_annotation(ANNOTATION)
    timeline.set_annotation(ANNOTATION.with_track(E, (Span(60, 80),)))
    qtbot.wait(20)
    by_rows = timeline.grab().toImage()
    hand.canvas.resetCachedContent()
    qtbot.wait(20)
    assert timeline.grab().toImage() == by_rows


def test_marks_stand_at_the_outer_edges_of_their_frames(hand: Hand, timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_marks(60, 79)
    qtbot.wait(20)
    image = timeline.grab().toImage()
    axis, offset = hand.canvas.picture.axis, hand.canvas.x()
    band = range(round(offset + axis.x_px(59.5)) + 2, round(offset + axis.x_px(79.5)) - 2)
    rows = range(AXIS_PX - 3, AXIS_PX)
    assert count(image, (band, rows), QColor(DARK.accent)) == len(band) * 3
    outside = range(band.stop + 6, band.stop + 60)
    assert count(image, (outside, rows), QColor(DARK.accent)) == 0


def test_hatching_differs_for_every_pattern_and_is_drawn(hand: Hand, timeline: Timeline, qtbot: QtBot) -> None:
    assert len(set(HATCHES.values())) == len(Pattern)
    area = area_of(hand, B, Span(40, 51))
    fill = opaque(faint(DARK.patterns[B], TINT), QColor(DARK.background))
    hatch = opaque(faint(DARK.patterns[B], 0.8), fill)
    assert count(timeline.grab().toImage(), area, hatch) == 0
    timeline.set_hatched(True)
    qtbot.wait(20)
    assert count(timeline.grab().toImage(), area, hatch) > 100


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("tint", [TINT, TINT_LIVE])
def test_frame_numbers_can_be_read_on_every_interval(theme: Theme, tint: float) -> None:
    def luminance(color: QColor) -> float:
        parts = (color.redF(), color.greenF(), color.blueF())
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for pattern in Pattern:
        fill = opaque(faint(theme.patterns[pattern], tint), QColor(theme.background))
        light, dark = sorted((luminance(QColor(theme.text)), luminance(fill)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
