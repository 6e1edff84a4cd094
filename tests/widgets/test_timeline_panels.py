"""The pattern panel and the top frames."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, style_sheet
from luv_viewer.widgets.pattern_panel import PatternPanel
from luv_viewer.widgets.top_frames import TopFrames
from tests.widgets.builders_widgets import build_prediction


@pytest.fixture
def panel(qtbot: QtBot) -> PatternPanel:
    widget = PatternPanel()
    qtbot.addWidget(widget)
    widget.setStyleSheet(style_sheet(DARK))
    widget.set_theme(DARK)
    widget.resize(280, 400)
    widget.show()
    return widget


@pytest.fixture
def top(qtbot: QtBot) -> TopFrames:
    widget = TopFrames()
    qtbot.addWidget(widget)
    widget.resize(280, 140)
    widget.show()
    return widget


def picture(width: int = 64, height: int = 48, color: str = "#00ff00") -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    return image


def visible_button(panel: PatternPanel, text: str) -> QPushButton:
    found = [b for b in panel.findChildren(QPushButton) if b.isVisibleTo(panel) and b.text().startswith(text)]
    assert len(found) == 1
    return found[0]


def test_before_a_prediction_nothing_is_assessed(panel: PatternPanel) -> None:
    assert [row.score.state for row in panel.rows] == ["not assessed"] * 4
    assert panel.rows[0].toolTip() == "A-lines not assessed"


def test_rows_show_clip_and_video_numbers_and_the_state(panel: PatternPanel) -> None:
    prediction = build_prediction()
    panel.set_prediction(prediction)
    panel.set_frame(60)
    clip = prediction.clip_at(60)
    for p, row in enumerate(panel.rows):
        assert row.score.clip == prediction.probabilities[clip, p]
        assert row.score.video == prediction.video_probabilities[p]
    assert [row.score.state for row in panel.rows] == ["present", "present", "absent", "absent"]
    number = prediction.probabilities[clip, 1]
    expected = f"B-lines present, 0.91 (threshold 0.18); frames 49 to 78: {number:.2f}"
    assert panel.rows[1].accessibleDescription() == expected


def test_a_clip_that_has_not_run_has_no_number_beside_the_known_video_number(panel: PatternPanel) -> None:
    panel.set_prediction(build_prediction(152, clips_done=2))
    panel.set_frame(140)
    assert [row.score.clip for row in panel.rows] == [None] * 4
    assert panel.rows[1].score.video == 0.91


def test_a_prediction_without_any_clip_done_is_not_assessed(panel: PatternPanel) -> None:
    panel.set_prediction(build_prediction(152, clips_done=0))
    assert {row.score.state for row in panel.rows} == {"not assessed"}


def test_numbers_go_when_the_prediction_goes(panel: PatternPanel) -> None:
    panel.set_prediction(build_prediction())
    panel.set_prediction(None)
    assert {row.score.video for row in panel.rows} == {None}


def test_the_bar_reaches_the_probability_of_the_clip(panel: PatternPanel) -> None:
    panel.set_prediction(build_prediction())
    panel.set_frame(0)
    row = panel.rows[1]
    image = row.grab().toImage()
    color = DARK.pattern(Pattern.B_LINE)
    middle = max(range(image.height() // 2, image.height()), key=lambda y: sum_like(image, y, color))
    filled = [x for x in range(40, image.width()) if image.pixelColor(x, middle) == color]
    track = [x for x in range(40, image.width()) if image.pixelColor(x, middle) == QColor(DARK.line)]
    share = (max(filled) - 40) / (max(track) - 40)
    assert share == pytest.approx(0.91, abs=0.03)


def sum_like(image: QImage, y: int, color: QColor) -> int:
    return sum(image.pixelColor(x, y) == color for x in range(40, image.width()))


def test_a_click_or_enter_selects_a_pattern(panel: PatternPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.pattern_selected) as caught:
        QTest.mouseClick(panel.rows[2], Qt.MouseButton.LeftButton)
    assert caught.args == [Pattern.CONSOLIDATION]
    with qtbot.waitSignal(panel.pattern_selected) as caught:
        QTest.keyClick(panel.rows[3], Qt.Key.Key_Return)
    assert caught.args == [Pattern.PLEURAL_EFFUSION]
    panel.set_selected_pattern(Pattern.PLEURAL_EFFUSION)
    assert [row.isChecked() for row in panel.rows] == [False, False, False, True]


def test_the_checkpoint_line_names_it_and_asks_for_more(panel: PatternPanel, qtbot: QtBot) -> None:
    panel.set_prediction(build_prediction())
    button = visible_button(panel, "luv-net-mobilenet")
    assert "luv-net-mobilenet" in button.toolTip()
    with qtbot.waitSignal(panel.checkpoint_info_requested):
        button.click()
    panel.set_checkpoint("a-name-far-too-long-for-the-panel-of-two-hundred-and-eighty-pixels")
    assert button.text().endswith("…")
    assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width()
    panel.set_checkpoint(None)
    assert not button.isVisibleTo(panel)


def test_the_ai_state_shows_text_bar_and_button_only_when_there_is_one(panel: PatternPanel, qtbot: QtBot) -> None:
    bar = panel.findChild(QProgressBar)
    assert isinstance(bar, QProgressBar)
    assert not bar.isVisibleTo(panel)
    panel.set_ai_state("Running: 48 of 152 frames, cpu", 48 / 152, "running")
    assert bar.isVisibleTo(panel)
    assert bar.value() == round(1000 * 48 / 152)
    sentence = "No checkpoint could be opened. Choose one to see which frames the network attends to."
    panel.set_ai_state(sentence, None, "failed")
    panel.set_ai_action("Choose a checkpoint")
    qtbot.wait(20)
    assert not bar.isVisibleTo(panel)
    label = next(label for label in panel.findChildren(QLabel) if label.text() == sentence)
    assert label.height() >= label.heightForWidth(label.width())
    with qtbot.waitSignal(panel.ai_action_requested):
        visible_button(panel, "Choose").click()
    panel.set_ai_action(None)
    panel.set_ai_state("", None, "idle")
    assert not label.isVisibleTo(panel)


def test_top_frames_ask_for_pictures_once_and_jump_on_click_and_enter(top: TopFrames, qtbot: QtBot) -> None:
    asked: list[list[int]] = []
    jumps: list[int] = []
    top.pictures_needed.connect(asked.append)
    top.frame_requested.connect(jumps.append)
    top.set_key_frames(Pattern.B_LINE, (36, 60, 111))
    top.set_key_frames(Pattern.B_LINE, (36, 60, 111))
    assert asked == [[36, 60, 111]]
    top.set_picture(36, picture())
    top.set_key_frames(Pattern.B_LINE, (60, 36, 70))
    assert asked[1:] == [[60, 70]]
    QTest.mouseClick(top.tiles[1], Qt.MouseButton.LeftButton)
    QTest.keyClick(top.tiles[2], Qt.Key.Key_Return)
    assert jumps == [36, 70]
    assert top.tiles[1].accessibleName() == "Top frame B: frame 37"


def test_top_frames_forget_pictures_with_their_frames(top: TopFrames) -> None:
    top.set_key_frames(Pattern.B_LINE, (36,))
    top.set_picture(36, picture())
    assert top.tiles[0].image is not None
    top.set_key_frames(Pattern.B_LINE, None)
    top.set_key_frames(Pattern.B_LINE, (36,))
    assert top.tiles[0].image is None
    top.set_picture(99, picture())
    assert top.tiles[0].image is None


def test_top_frames_say_why_there_are_none(top: TopFrames) -> None:
    def message() -> list[str]:
        return [label.text() for label in top.findChildren(QLabel) if label.isVisibleTo(top)]

    top.set_key_frames(Pattern.B_LINE, None)
    assert message() == ["TOP FRAMES (B-lines)", "Not assessed"]
    top.set_key_frames(Pattern.A_LINE, ())
    assert message() == ["TOP FRAMES (A-lines)", "No frame stands out"]
    top.set_key_frames(Pattern.A_LINE, (), "This network has no pattern attention")
    assert message() == ["TOP FRAMES (A-lines)", "This network has no pattern attention"]
    top.set_key_frames(Pattern.A_LINE, (3, 4))
    assert message() == ["TOP FRAMES (A-lines)"]
    assert [tile.isVisibleTo(top) for tile in top.tiles] == [True, True, False]


@pytest.mark.parametrize(("width", "height"), [(64, 48), (30, 90), (160, 40)])
def test_pictures_keep_their_shape(top: TopFrames, width: int, height: int) -> None:
    top.set_key_frames(Pattern.B_LINE, (5,))
    top.set_picture(5, picture(width, height))
    image = top.tiles[0].grab().toImage()
    green = [
        (x, y)
        for x in range(image.width())
        for y in range(image.height() - 18)
        if image.pixelColor(x, y) == QColor("#00ff00")
    ]
    drawn_width = max(x for x, _ in green) - min(x for x, _ in green) + 1
    drawn_height = max(y for _, y in green) - min(y for _, y in green) + 1
    assert drawn_width / drawn_height == pytest.approx(width / height, rel=0.1)


def test_frames_of_an_absent_pattern_are_dimmed(top: TopFrames) -> None:
    top.set_key_frames(Pattern.B_LINE, (5,))
    top.set_picture(5, picture())
    bright = top.tiles[0].grab().toImage().pixelColor(40, 25).green()
    top.set_present(False)
    assert top.tiles[0].grab().toImage().pixelColor(40, 25).green() < 0.7 * bright
