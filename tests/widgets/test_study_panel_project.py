from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QColor, QImage, QKeySequence
from PySide6.QtWidgets import QLabel, QLineEdit, QListView, QMainWindow, QPushButton
from pytestqt.qtbot import QtBot

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.video_status import Progress, VideoStatus, not_begun, status_of
from luv_viewer.widgets.colors import DARK, LIGHT, Theme
from luv_viewer.widgets.study_panel import FILTER_FROM, StudyPanel
from tests.widgets.builders_study import PER_GROUP, build_study

FINALISED = VideoStatus(Progress.FINALISED, 152, 152, 0)
EXCLUDED = VideoStatus(Progress.EXCLUDED, 152, 3, 149, exclusion="Not a lung view")
LABELLED = VideoStatus(Progress.LABELLED, 152, 112, 40, zone="L6")
SEEN_40 = VideoStatus(Progress.SEEN, 152, 40, 112)
PICTURE_PX = (64, 48)


@dataclass
class Shown:
    """A panel on the screen, read as a person reads it."""

    panel: StudyPanel
    view: QListView
    bot: QtBot
    asked: list[list[int]]

    def rows(self, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> list[str]:
        model = self.view.model()
        return [str(model.index(i, 0).data(role)) for i in range(model.rowCount())]

    def heading(self) -> str:
        return self.panel.findChildren(QLabel, "heading")[0].text()

    def text(self) -> QLineEdit:
        return self.panel.findChild(QLineEdit)

    def kind(self, name: str) -> QPushButton:
        return next(b for b in self.panel.findChildren(QPushButton) if b.text() == name)

    def current(self) -> str | None:
        return self.view.currentIndex().data()

    def click(self, place: int) -> None:
        where = self.view.visualRect(self.view.model().index(place, 0)).center()
        self.bot.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=where)

    def wait_asked(self, calls: int) -> None:
        self.bot.waitUntil(lambda: len(self.asked) == calls)


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    panel = StudyPanel()
    qtbot.addWidget(panel)
    panel.resize(220, 600)
    asked: list[list[int]] = []
    panel.thumbnails_needed.connect(asked.append)
    panel.show()
    return Shown(panel, panel.findChild(QListView), qtbot, asked)


def picture(color: str) -> QImage:
    image = QImage(*PICTURE_PX, QImage.Format.Format_RGB888)
    image.fill(QColor(color))
    return image


def test_a_study_without_a_reader_is_listed_with_what_has_been_seen(shown: Shown) -> None:
    shown.panel.set_study(build_study(4, n_failures=1))
    shown.panel.set_seen(0, 1)
    shown.panel.set_seen(1, 0.4)
    assert shown.rows(Qt.ItemDataRole.AccessibleTextRole) == [
        "Loop 1, R1, 152 frames, 5.1 s, seen",
        "Loop 2, L2, 152 frames, 5.1 s, 40% seen",
        "Loop 3, R3, 152 frames, 5.1 s, unseen",
        "Loop 4, L4, 152 frames, 5.1 s, unseen",
    ]
    assert shown.heading() == "STUDY   4 videos"
    assert shown.kind("1 file left out …").isVisible()
    assert not shown.text().isVisible()


def test_statuses_are_said_in_words(shown: Shown) -> None:
    shown.panel.set_study(build_study(5))
    for index, status in enumerate((not_begun(152), SEEN_40, LABELLED, FINALISED, EXCLUDED)):
        shown.panel.set_status(index, status)
    assert shown.rows(Qt.ItemDataRole.AccessibleTextRole) == [
        "Loop 1, R1, 152 frames, 5.1 s, not seen",
        "Loop 2, L2, 152 frames, 5.1 s, 40 of 152 frames seen",
        "Loop 3, L6, 152 frames, 5.1 s, labelled, not finalised",
        "Loop 4, L4, 152 frames, 5.1 s, finalised",
        "Loop 5, R5, 152 frames, 5.1 s, excluded",
    ]
    tips = shown.rows(Qt.ItemDataRole.ToolTipRole)
    assert tips[2] == "3.dcm\nDICOM, JPEG Baseline\nLabelled, not finalised: 40 of 152 frames not looked at"
    assert tips[4].endswith("Excluded: not a lung view")
    assert shown.heading() == "STUDY   5 videos, 2 done"
    shown.panel.set_status(3, LABELLED)
    shown.panel.set_status(4, None)
    assert shown.heading() == "STUDY   5 videos, 0 done"
    assert shown.rows(Qt.ItemDataRole.AccessibleTextRole)[4] == "Loop 5, R5, 152 frames, 5.1 s, unseen"


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_every_status_looks_different_even_without_colour(shown: Shown, theme: Theme) -> None:
    """The sign of each status, in grey, differs from every other in many pixels."""
    shown.panel.set_theme(theme)
    shown.panel.set_study(build_study(5))
    signs = []
    for status in (not_begun(152), SEEN_40, LABELLED, FINALISED, EXCLUDED):
        shown.panel.set_status(0, status)
        sign = shown.view.grab().toImage().copy(84, 38, 14, 20).convertToFormat(QImage.Format.Format_Grayscale8)
        signs.append([sign.pixelColor(x, y).value() for x in range(14) for y in range(20)])
    for i, one in enumerate(signs):
        for other in signs[:i]:
            assert sum(abs(a - b) > 40 for a, b in zip(one, other, strict=True)) >= 8


def test_groups_have_headings_with_how_much_is_done(shown: Shown) -> None:
    shown.panel.set_study(build_study(PER_GROUP + 2), {"key 1": "0013"})
    assert shown.rows()[0] == "Patient 1"
    assert shown.rows()[PER_GROUP + 1 :] == ["0013", "Loop 15", "Loop 16"]
    shown.panel.set_status(PER_GROUP, FINALISED)
    shown.panel.set_status(PER_GROUP + 1, SEEN_40)
    tips = shown.rows(Qt.ItemDataRole.ToolTipRole)
    assert (tips[0], tips[PER_GROUP + 1]) == ("Patient 1", "0013: 1 of 2 videos finalised or excluded")


def test_a_click_on_a_video_chooses_it_and_one_on_a_heading_nothing(shown: Shown) -> None:
    chosen: list[int] = []
    shown.panel.video_chosen.connect(chosen.append)
    shown.panel.set_study(build_study(PER_GROUP + 2))
    shown.click(0)
    assert chosen == []
    shown.click(3)
    assert chosen == [2]


def test_the_current_video_is_marked_and_scrolled_to(shown: Shown) -> None:
    shown.panel.set_study(build_study(300))
    shown.panel.set_current(250)
    assert shown.current() == "Loop 251"
    assert shown.view.viewport().rect().contains(shown.view.visualRect(shown.view.currentIndex()))
    shown.panel.set_current(-1)
    assert shown.current() is None


def test_thumbnails_are_asked_for_when_their_rows_come_into_view_and_once(shown: Shown) -> None:
    shown.panel.set_study(build_study(2000))
    shown.panel.set_current(0)
    shown.wait_asked(1)
    assert shown.asked[0][:8] == list(range(8))
    assert len(shown.asked[0]) < 20
    shown.panel.set_current(1000)
    shown.wait_asked(2)
    assert 1000 in shown.asked[1]
    assert len(shown.asked[1]) < 20
    shown.panel.set_current(0)
    shown.panel.set_current(1999)
    shown.wait_asked(3)
    assert set(shown.asked[2]) > {1990, 1999}
    flat = [index for asked in shown.asked for index in asked]
    assert len(flat) == len(set(flat))


def test_a_hidden_panel_asks_for_nothing_until_it_is_shown(shown: Shown) -> None:
    shown.panel.hide()
    shown.panel.set_study(build_study(4))
    shown.bot.wait(120)
    assert shown.asked == []
    shown.panel.show()
    shown.wait_asked(1)
    assert shown.asked == [[0, 1, 2, 3]]


def test_another_study_asks_anew(shown: Shown) -> None:
    shown.panel.set_study(build_study(2))
    shown.wait_asked(1)
    shown.panel.set_study(build_study(2))
    shown.wait_asked(2)
    assert shown.asked == [[0, 1], [0, 1]]


def test_a_thumbnail_is_painted_in_its_row(shown: Shown) -> None:
    shown.panel.set_study(build_study(2))
    shown.panel.set_thumbnail(1, picture("#00C000"))
    shown.panel.set_thumbnail(7, picture("#C00000"))
    image = shown.view.grab().toImage()
    assert image.pixelColor(44, 64 + 20).name() == "#00c000"
    assert image.pixelColor(44, 20).name() == "#000000"


def test_a_narrow_panel_has_small_thumbnails(shown: Shown) -> None:
    shown.panel.set_study(build_study(1))
    shown.panel.resize(180, 600)
    shown.panel.set_thumbnail(0, picture("#00C000"))
    image = shown.view.grab().toImage()
    colors = [image.pixelColor(x, y).name() for x, y in ((14, 20), (50, 42), (56, 32), (20, 12))]
    assert [color == "#00c000" for color in colors] == [True, False, False, False]


def test_a_filter_appears_where_there_is_something_to_filter(shown: Shown) -> None:
    shown.panel.set_study(build_study(FILTER_FROM - 1))
    assert not shown.text().isVisible()
    shown.panel.set_study(build_study(FILTER_FROM))
    assert shown.text().isVisible()
    assert not shown.kind("Unfinished").isVisible()
    shown.panel.set_status(0, FINALISED)
    assert shown.kind("Unfinished").isVisible()


def test_the_list_can_be_narrowed_by_status_and_text(shown: Shown) -> None:
    shown.panel.set_study(build_study(30), {"key 1": "Reader's 0013"})
    for index in range(30):
        shown.panel.set_status(index, (FINALISED, replace(LABELLED, zone=""), EXCLUDED)[index % 3])
    shown.panel.set_current(1)
    shown.kind("Excluded").click()
    assert [row for row in shown.rows() if row.startswith("Loop")] == [
        "Loop 2",
        *(f"Loop {i}" for i in range(3, 31, 3)),
    ]
    assert shown.heading() == "STUDY   10 of 30 videos"
    shown.kind("Unfinished").click()
    assert shown.rows()[:3] == ["Patient 1", "Loop 2", "Loop 5"]
    shown.text().setText("0013")
    assert shown.rows() == ["Patient 1", "Loop 2", "Reader's 0013", "Loop 17", "Loop 20", "Loop 23", "Loop 26"]
    assert shown.heading() == "STUDY   4 of 30 videos"
    shown.text().setText(" 0013 LOOP  l2 ")
    assert shown.rows() == ["Patient 1", "Loop 2", "Reader's 0013", "Loop 20", "Loop 26"]
    shown.text().setText("nothing like it")
    assert shown.rows() == ["Patient 1", "Loop 2"]
    assert shown.current() == "Loop 2"


def test_a_video_that_is_finalised_leaves_the_unfinished_ones_when_the_next_is_shown(shown: Shown) -> None:
    shown.panel.set_study(build_study(FILTER_FROM))
    for index in range(FILTER_FROM):
        shown.panel.set_status(index, SEEN_40)
    shown.panel.set_current(4)
    shown.kind("Unfinished").click()
    shown.panel.set_status(4, FINALISED)
    shown.bot.waitUntil(lambda: shown.heading() == "STUDY   11 of 12 videos")
    assert "Loop 5" in shown.rows()
    shown.panel.set_current(5)
    assert "Loop 5" not in shown.rows()
    assert shown.current() == "Loop 6"


def test_another_study_is_listed_whole(shown: Shown) -> None:
    shown.panel.set_study(build_study(30))
    shown.panel.set_status(0, FINALISED)
    shown.kind("Excluded").click()
    shown.text().setText("none")
    assert shown.rows() == []
    shown.panel.set_study(build_study(20))
    assert shown.text().text() == ""
    assert len(shown.rows()) == 20 + 2
    assert shown.heading() == "STUDY   20 videos"
    shown.panel.set_study(None)
    assert (shown.rows(), shown.heading()) == ([], "STUDY")


def test_numbers_of_videos_that_are_not_there_change_nothing(shown: Shown) -> None:
    shown.panel.set_study(build_study(2))
    for index in (-1, 2):
        shown.panel.set_status(index, FINALISED)
        shown.panel.set_seen(index, 1)
    assert shown.heading() == "STUDY   2 videos"
    assert [row.rsplit(", ", 1)[1] for row in shown.rows(Qt.ItemDataRole.AccessibleTextRole)] == ["unseen"] * 2


@pytest.fixture
def pressed(shown: Shown) -> Iterator[list[str]]:
    """The panel in a window with the keys U and Left; the names of the actions that were triggered."""
    window, pressed = QMainWindow(), list[str]()
    shown.bot.addWidget(window)
    for key in ("U", "Left", "Esc"):
        action = QAction(key, window)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _checked=False, key=key: pressed.append(key))
        window.addAction(action)
    window.setCentralWidget(shown.panel)
    shown.panel.set_study(build_study(30))
    window.resize(400, 600)
    with shown.bot.waitActive(window):
        window.show()
        window.activateWindow()
    yield pressed
    window.hide()


def press(shown: Shown, key: Qt.Key) -> None:
    window = shown.panel.window()
    shown.bot.keyClick(window.focusWidget() or window, key)


def test_the_windows_keys_work_unless_text_is_being_typed(shown: Shown, pressed: list[str]) -> None:
    press(shown, Qt.Key.Key_U)
    assert pressed == ["U"], "the filter must not have the keyboard just because the window was activated"
    shown.panel.set_status(0, FINALISED)
    shown.bot.mouseClick(shown.kind("Unfinished"), Qt.MouseButton.LeftButton)
    shown.click(2)
    press(shown, Qt.Key.Key_Left)
    assert pressed == ["U", "Left"]
    shown.bot.mouseClick(shown.text(), Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    press(shown, Qt.Key.Key_U)
    press(shown, Qt.Key.Key_Left)
    assert (pressed, shown.text().text()) == (["U", "Left"], "u")
    press(shown, Qt.Key.Key_Escape)
    assert (pressed, shown.text().text()) == (["U", "Left"], "")
    press(shown, Qt.Key.Key_U)
    assert pressed == ["U", "Left", "U"]


def test_filtering_can_begin_and_end_by_keyboard(shown: Shown, pressed: list[str]) -> None:
    shown.panel.start_filtering()
    shown.bot.keyClicks(shown.text(), "loop 2")
    assert shown.rows()[1] == "Loop 2"
    press(shown, Qt.Key.Key_Return)
    press(shown, Qt.Key.Key_U)
    assert (pressed, shown.text().text()) == (["U"], "loop 2")
    shown.panel.start_filtering()
    press(shown, Qt.Key.Key_X)
    assert shown.text().text() == "x"


def test_statuses_of_real_annotations_fit_their_videos(shown: Shown) -> None:
    shown.panel.set_study(build_study(1))
    shown.panel.set_status(0, status_of(VideoAnnotation(152, zone="L3", finalised=True)))
    assert shown.rows(Qt.ItemDataRole.AccessibleTextRole) == ["Loop 1, L3, 152 frames, 5.1 s, finalised"]
    assert shown.rows(Qt.ItemDataRole.ToolTipRole)[0].endswith("Finalised: 152 of 152 frames not looked at")
