"""The comparison panel: numbers, a list to walk through, and an adjudicator's answers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.widgets.agreement_table import COLUMNS, AgreementRow, ScoreAlignment, row_sentence
from luv_viewer.widgets.colors import DARK, LIGHT, Theme
from luv_viewer.widgets.comparison_panel import ComparisonPanel
from luv_viewer.widgets.disagreement_list import DisagreementItem
from tests.widgets.builders_window import KEYS, KeyWindow, click, visible_texts

ROWS = (
    AgreementRow(Pattern.A_LINE, 4864, 32, 0.96, 0.81, 0.76, 0.86, 0.72, 4.2),
    AgreementRow(Pattern.B_LINE, 4864, 32, 0.88, -0.05, -0.12, 0.02, 0.41, 20.0, 3, 2),
    *(AgreementRow(pattern, 4864, 32, 1.0) for pattern in TRACK_PATTERNS[2:]),
)
HERE, THERE = "0012_2 · R2 lateral", "0012_3 · L1 anterior"
ITEMS = (
    DisagreementItem(HERE, Pattern.B_LINE, Span(23, 51), "A"),
    DisagreementItem(THERE, Pattern.B_LINE, Span(0, 4), "B"),
    DisagreementItem(HERE, Pattern.CONSOLIDATION, Span(99, 152), "B"),
    DisagreementItem(HERE, Pattern.B_LINE, Span(100, 101), "B"),
)
ANSWER_KEYS = {"A": "Ctrl+1", "B": "Ctrl+2", "both": "Ctrl+3", "mine": "Ctrl+4"}


class Recorder:
    """Every wish of a panel, in order."""

    def __init__(self, panel: ComparisonPanel) -> None:
        self.said: list[object] = []
        panel.sheets_requested.connect(lambda: self.said.append("sheets"))
        panel.disagreement_chosen.connect(lambda index: self.said.append(("chosen", index)))
        panel.step_requested.connect(lambda step: self.said.append(("step", step)))
        panel.decision_made.connect(lambda verdict: self.said.append(("decision", verdict)))
        panel.adjudication_requested.connect(lambda: self.said.append("adjudicate"))
        panel.details_requested.connect(lambda: self.said.append("details"))
        panel.merge_requested.connect(lambda: self.said.append("merge"))


@pytest.fixture
def window(qtbot: QtBot) -> KeyWindow:
    panel = ComparisonPanel()
    window = KeyWindow(panel)
    window.open(qtbot)
    panel.show_comparison(("kim", "lee"), ROWS, ScoreAlignment(32, 24, 0.71, 0.6, 0.8))
    panel.show_disagreements(ITEMS, HERE)
    panel.hide_adjudication()
    QApplication.processEvents()
    return window


@pytest.fixture
def panel(window: KeyWindow) -> ComparisonPanel:
    return window.centralWidget()


def button(panel: QWidget, text: str) -> QAbstractButton:
    return next(b for b in panel.findChildren(QAbstractButton) if b.text() == text and b.isVisible())


def test_without_a_comparison_only_the_sheets_can_be_chosen(panel: ComparisonPanel) -> None:
    said = Recorder(panel)
    panel.show_nothing("No comparison yet.")
    assert "No comparison yet." in visible_texts(panel)
    assert not panel.list.isVisible()
    click(button(panel, "Compare with …"))
    assert said.said == ["sheets"]


def test_a_blinded_reader_is_not_even_offered_the_sheets(panel: ComparisonPanel) -> None:
    panel.show_nothing("Hidden on purpose: you read blinded.", offers_sheets=False)
    assert [b for b in panel.findChildren(QAbstractButton) if b.isVisible()] == []
    assert visible_texts(panel) == {"Hidden on purpose: you read blinded."}


def test_names_and_numbers_are_shown_and_explained(panel: ComparisonPanel) -> None:
    assert {"kim", "lee"} <= visible_texts(panel)
    assert "LUS score the same in 24 of 32 videos, kappa 0.71 (0.60 to 0.80)" in visible_texts(panel)
    assert row_sentence(ROWS[1]) == (
        "B-lines: 0.88 of 4864 frames in 32 videos judged alike; kappa −0.05 (−0.12 to 0.02); intervals overlap 0.41; "
        "edges 20.0 frames apart; 3 videos in which both mark it but share no frame; "
        "2 videos in which only one marks it"
    )
    assert row_sentence(AgreementRow(Pattern.B_LINE, 0, 0)) == "B-lines: nothing to compare"
    table = panel.table
    assert table.tip_at(QPointF(5, table.height() - 5)) == row_sentence(ROWS[-1])
    assert table.tip_at(QPointF(table.width() - 5, 3)) == COLUMNS[-1][2]
    assert table.accessibleDescription().count(";") >= len(ROWS) - 1


def test_the_filter_keeps_the_video_shown_and_a_pattern(panel: ComparisonPanel) -> None:
    assert panel.list.listed == (0, 2, 3)
    click(button(panel, "all videos"))
    assert panel.list.listed == (0, 1, 2, 3)
    click(button(panel, Pattern.B_LINE.short))
    assert panel.list.listed == (0, 1, 3)
    click(button(panel, "this video"))
    assert panel.list.listed == (0, 3)
    assert "DISAGREEMENTS   2" in visible_texts(panel)
    click(button(panel, Pattern.A_LINE.short))
    assert "None here." in visible_texts(panel)
    click(button(panel, "all"))
    panel.show_disagreements(ITEMS, THERE)
    assert panel.list.listed == (1,)
    panel.show_disagreements((), THERE)
    assert "The two sheets agree on every frame." in visible_texts(panel)


def test_steps_walk_through_what_is_listed(panel: ComparisonPanel) -> None:
    said = Recorder(panel)
    assert (panel.neighbour(1), panel.neighbour(-1)) == (0, 3)
    panel.set_current(2)
    assert (panel.neighbour(1), panel.neighbour(-1), panel.neighbour(2)) == (3, 0, None)
    panel.set_current(3)
    assert panel.neighbour(1) is None
    assert not button(panel, "›").isEnabled()
    panel.set_current(1)
    assert (panel.neighbour(1), panel.neighbour(-1)) == (2, 0)
    click(button(panel, "›"))
    click(button(panel, "‹"))
    assert said.said == [("step", 1), ("step", -1)]


def test_a_double_click_chooses_by_place_in_the_whole_list(panel: ComparisonPanel) -> None:
    said, view = Recorder(panel), panel.list
    place = view.visualRect(view.model().index(1, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert said.said == []
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert said.said == [("chosen", 2)]


def test_details_merge_and_other_sheets_are_asked_for(panel: ComparisonPanel) -> None:
    said = Recorder(panel)
    for text in ("Details …", "Merge …", "Change …"):
        click(button(panel, text))
    assert said.said == ["details", "merge", "sheets"]


def test_an_adjudicator_is_asked_about_one_after_another(panel: ComparisonPanel) -> None:
    said = Recorder(panel)
    assert not panel.adjudication.isVisible()
    panel.offer_adjudication()
    click(button(panel, "Start adjudicating this video"))
    panel.set_decision_keys(ANSWER_KEYS)
    panel.ask_decision(2, 3)
    texts = visible_texts(panel.adjudication)
    assert {f"Consolidation, frames 100–152 of {HERE}: only B", "3 left in this video", *ANSWER_KEYS.values()} <= texts
    for text in ("A", "B", "Both", "Mine"):
        click(button(panel.adjudication, text))
    assert said.said == ["adjudicate", *(("decision", verdict) for verdict in ("A", "B", "both", "mine"))]


def test_when_all_is_decided_no_answer_can_be_given(panel: ComparisonPanel) -> None:
    panel.show_disagreements([replace(item, decision="mine") for item in ITEMS], HERE)
    panel.ask_decision(None, 0)
    assert {"all decided", "Nothing is left here."} <= visible_texts(panel.adjudication)
    assert not any(b.isEnabled() for b in panel.adjudication.buttons.values())


def test_a_decision_is_part_of_what_an_item_says() -> None:
    item = replace(ITEMS[3], decision="both")
    assert item.sentence == f"B-lines, frame 101 of {HERE}: only B; decided: both"


def test_keys_reach_the_window_whatever_was_clicked(window: KeyWindow, panel: ComparisonPanel) -> None:
    panel.ask_decision(2, 3)
    for clicked in panel.findChildren(QAbstractButton):
        if clicked.isVisible() and clicked.isEnabled():
            click(clicked)
            assert window.press_all() == list(KEYS), clicked.text()
    click(panel.list.viewport())
    assert window.press_all() == list(KEYS)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("width", [240, 280])
def test_nothing_is_wider_than_the_panel(window: KeyWindow, panel: ComparisonPanel, theme: Theme, width: int) -> None:
    panel.set_theme(theme)
    panel.show_comparison(("a reader with quite a long name", "version1_v1 of the whole data set.csv"), ROWS)
    panel.set_decision_keys(ANSWER_KEYS)
    panel.ask_decision(0, 3)
    window.resize(width, 600)
    QApplication.processEvents()
    assert panel.width() == width
    for child in panel.findChildren(QWidget):
        if child.isVisible() and not child.isWindow():
            assert child.mapTo(panel, QPoint(child.width(), 0)).x() <= width, child


def test_a_long_list_is_quick(panel: ComparisonPanel, qtbot: QtBot) -> None:
    many = [replace(ITEMS[i % 4], span=Span(i, i + 3)) for i in range(20_000)]
    panel.show_disagreements(many, HERE)
    assert len(panel.list.listed) == 15_000
    panel.set_current(19_996)
    visible = panel.list.visualRect(panel.list.currentIndex())
    assert panel.list.viewport().rect().intersects(visible)


def test_in_a_low_window_the_current_disagreement_is_scrolled_to(window: KeyWindow, panel: ComparisonPanel) -> None:
    window.resize(280, 420)
    panel.set_current(None)
    QApplication.processEvents()
    view = panel.list
    assert not view.visibleRegion().contains(view.rect().center())
    panel.set_current(0)
    QApplication.processEvents()
    assert view.visibleRegion().contains(view.rect().center())


def test_a_reader_who_has_not_looked_is_named_and_cannot_be_right(panel: ComparisonPanel) -> None:
    items = [DisagreementItem("R1", Pattern.A_LINE, Span(0, 5), "unlooked B")]
    panel.show_disagreements(items, "R1")
    panel.ask_decision(0, 1, ["A", "mine"])
    assert items[0].sentence == "A-lines, frames 1–5 of R1: B has not looked"
    assert [verdict for verdict, one in panel.adjudication.buttons.items() if one.isEnabled()] == ["A", "mine"]


def test_the_walk_goes_on_to_other_videos_with_the_pattern_kept(panel: ComparisonPanel) -> None:
    places = (("R1", Pattern.A_LINE), ("R2", Pattern.B_LINE), ("R2", Pattern.A_LINE))
    panel.show_disagreements([DisagreementItem(v, p, Span(0, 5), "A") for v, p in places], "R1")
    panel.set_current(0)
    assert (panel.neighbour(1), panel.neighbour_in_all(1)) == (None, 1)
    click(button(panel, "A"))
    assert panel.neighbour_in_all(1) == 2
    assert panel.neighbour_in_all(-1) is None


def test_why_there_is_nothing_to_decide_is_said(panel: ComparisonPanel) -> None:
    panel.show_disagreements([DisagreementItem("R1", Pattern.A_LINE, Span(0, 5), "A")], "R1")
    panel.refuse_adjudication("kim reads as annotator.")
    assert "kim reads as annotator." in visible_texts(panel)
    assert not panel.adjudication.start.isVisible()


def test_both_means_what_both_mark(panel: ComparisonPanel) -> None:
    panel.set_decision_keys({"both": "Ctrl+3"})
    assert panel.adjudication.buttons["both"].toolTip() == "Only the frames that both of them mark stand (Ctrl+3)"
