"""The label panel: it shows an annotation, says what the reader changes, and leaves the keyboard to the window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.domain.annotation import QUALITIES, Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.lus_score import LUS_SCORES, LusScore
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.widgets.colors import DARK, LIGHT, Theme
from luv_viewer.widgets.label_panel import LabelPanel
from luv_viewer.widgets.quiet_controls import COMMIT_MS
from luv_viewer.widgets.suggestion_list import suggestion_items
from luv_viewer.widgets.track_counts import ROW_PX
from luv_viewer.widgets.video_fields import EXCLUSION_REASONS
from tests.widgets.builders_window import KEYS, KeyWindow, click, visible_texts

UNSEEN = VideoAnnotation(152, seen=SpanSet.of(Span(0, 39), Span(51, 152)))
LABELLED = UNSEEN.with_track(Pattern.B_LINE, (Span(23, 51), Span(89, 101))).with_absent(
    Pattern.A_LINE, SpanSet.of(Span(100, 152))
)
SUGGESTED = replace(
    LABELLED,
    suggestions=(
        Suggestion(Pattern.B_LINE, Span(23, 51), 0.91, "net 1", Fate.ACCEPTED),
        Suggestion(Pattern.B_LINE, Span(88, 104), 0.91, "net 1", Fate.ACCEPTED),
        Suggestion(Pattern.CONSOLIDATION, Span(4, 12), 0.55, "net 1"),
        Suggestion(Pattern.PLEURAL_EFFUSION, Span(0, 9), 0.3, "net 1", Fate.REJECTED),
        Suggestion(Pattern.A_LINE, Span(60, 70), 0.7, "net 1"),
    ),
)


class Recorder:
    """Every value a panel's signals gave."""

    def __init__(self, panel: LabelPanel) -> None:
        self.fields: list[tuple[str, object]] = []
        self.others: list[object] = []
        panel.field_changed.connect(lambda name, value: self.fields.append((name, value)))
        panel.finalise_requested.connect(lambda: self.others.append("finalise"))
        panel.frame_requested.connect(lambda frame: self.others.append(("frame", frame)))
        panel.reader_requested.connect(lambda: self.others.append("reader"))
        panel.pattern_chosen.connect(lambda pattern: self.others.append(pattern))
        panel.suggestion_decided.connect(lambda index, verdict: self.others.append((index, verdict)))
        panel.all_suggestions_accepted.connect(lambda: self.others.append("all"))


@pytest.fixture
def window(qtbot: QtBot) -> KeyWindow:
    window = KeyWindow(LabelPanel())
    window.open(qtbot)
    window.centralWidget().show_annotation(LABELLED, "R3", "video 1")
    QApplication.processEvents()
    return window


@pytest.fixture
def panel(window: KeyWindow) -> LabelPanel:
    return window.centralWidget()


def test_showing_an_annotation_says_nothing_back(panel: LabelPanel) -> None:
    said = Recorder(panel)
    full = replace(
        LABELLED,
        zone="R2",
        sliding=False,
        lus_score=LusScore(2),
        quality="poor",
        exclusion="x",
        note="n",
        finalised=True,
    )
    panel.show_annotation(full, "R2", "video 2")
    panel.show_annotation(LABELLED, "", "video 3")
    panel.commit_typing()
    assert said.fields == []


def test_every_choice_is_said_once_with_its_value(panel: LabelPanel) -> None:
    said, fields = Recorder(panel), panel.fields
    click(fields.zone.buttons["L4"])
    click(fields.zone.buttons["L4"])
    click(fields.zone.buttons[""])
    for button in (*fields.sliding.buttons, *fields.score.buttons, *fields.quality.buttons):
        click(button)
        click(button)
    assert said.fields == [
        ("zone", "L4"),
        ("zone", ""),
        ("sliding", True),
        ("sliding", False),
        ("sliding", None),
        *(("lus_score", score) for score in LUS_SCORES),
        ("lus_score", None),
        *(("quality", quality) for quality in QUALITIES),
    ]


def test_what_is_stated_is_shown_down_and_nothing_else(panel: LabelPanel) -> None:
    stated = replace(LABELLED, zone="R2", sliding=True, lus_score=LusScore(3, "ce"), quality="adequate")
    panel.show_annotation(stated, "R2", "video 1")
    down = [b.text() for b in panel.fields.findChildren(QAbstractButton) if b.isCheckable() and b.isChecked()]
    assert sorted(down) == sorted(["R2", "present", "3_ce", "adequate", "use it"])


def test_the_zone_of_the_file_is_offered_until_one_is_chosen(panel: LabelPanel) -> None:
    said = Recorder(panel)
    offer = next(b for b in panel.fields.zone.findChildren(QAbstractButton) if "use R3" in b.text())
    assert offer.isVisible()
    click(offer)
    assert said.fields == [("zone", "R3")]
    assert not offer.isVisible()
    panel.show_annotation(replace(LABELLED, zone="R2"), "R3", "video 1")
    assert "the file says R3" in visible_texts(panel)


def test_the_derived_score_stands_beside_and_a_difference_is_remarked(panel: LabelPanel) -> None:
    assert panel.fields.implied.text() == "labels imply 1"
    panel.show_annotation(replace(LABELLED, lus_score=LusScore(2)), "", "video 1")
    assert (panel.fields.implied.text(), panel.fields.implied.objectName()) == ("labels imply 1, not 2", "loud")
    panel.show_annotation(replace(LABELLED, lus_score=LusScore(1)), "", "video 1")
    assert (panel.fields.implied.text(), panel.fields.implied.objectName()) == ("labels imply 1", "small")
    panel.show_annotation(VideoAnnotation(9), "", "video 1")
    assert panel.fields.implied.text() == "labels: no finding"


def test_a_note_is_kept_when_typing_stops(panel: LabelPanel, qtbot: QtBot) -> None:
    said = Recorder(panel)
    panel.fields.note.setFocus()
    QTest.keyClicks(panel.fields.note, "1 o I")
    assert said.fields == []
    qtbot.waitUntil(lambda: said.fields == [("note", "1 o I")], timeout=COMMIT_MS + 2000)
    assert panel.fields.note.hasFocus()


@pytest.mark.parametrize("way", ["Ctrl+Enter", "Esc", "focus out"])
def test_a_note_is_kept_at_once_and_the_keyboard_goes_back(window: KeyWindow, panel: LabelPanel, way: str) -> None:
    said = Recorder(panel)
    panel.fields.note.setFocus()
    QTest.keyClicks(panel.fields.note, "slips")
    if way == "Ctrl+Enter":
        QTest.keyClick(panel.fields.note, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    elif way == "Esc":
        QTest.keyClick(panel.fields.note, Qt.Key.Key_Escape)
    else:
        panel.fields.note.clearFocus()
    assert said.fields == [("note", "slips")]
    assert not panel.fields.note.hasFocus()
    assert window.pressed == []
    assert window.press_all() == list(KEYS)


def test_typing_survives_other_edits_and_never_goes_to_another_video(panel: LabelPanel) -> None:
    said = Recorder(panel)
    QTest.keyClicks(panel.fields.note, "half a sen")
    panel.show_annotation(LABELLED.with_track(Pattern.CONSOLIDATION, (Span(0, 5),)), "R3", "video 1")
    assert panel.fields.note.toPlainText() == "half a sen"
    panel.commit_typing()
    assert said.fields == [("note", "half a sen")]
    QTest.keyClicks(panel.fields.note, "tence")
    panel.show_annotation(UNSEEN, "", "video 2")
    assert panel.fields.note.toPlainText() == ""
    panel.commit_typing()
    assert said.fields == [("note", "half a sen")]


def test_an_undone_note_is_shown(panel: LabelPanel) -> None:
    panel.show_annotation(replace(LABELLED, note="a"), "", "video 1")
    panel.show_annotation(LABELLED, "", "video 1")
    assert panel.fields.note.toPlainText() == ""


def test_keys_reach_the_window_whatever_was_clicked(window: KeyWindow, panel: LabelPanel) -> None:
    panel.show_annotation(SUGGESTED, "R3", "video 1")
    panel.show_suggestions(suggestion_items(SUGGESTED))
    for button in panel.findChildren(QAbstractButton):
        if button.isVisible() and button.isEnabled() and "reasons" not in button.accessibleName():
            click(button)
            if QApplication.focusWidget() is panel.fields.reason:
                QTest.keyClick(panel.fields.reason, Qt.Key.Key_Escape)
            assert window.press_all() == list(KEYS), button.text() or button.toolTip()
    click(panel.counts)
    assert window.press_all() == list(KEYS)


def test_no_key_reaches_the_window_while_text_is_typed(window: KeyWindow, panel: LabelPanel) -> None:
    panel.fields.note.setFocus()
    for key in ("1", "I", "O", "Space", "Left", "PgDown", "Return"):
        combination = QKeySequence(key)[0]
        QTest.keyClick(panel.fields.note, combination.key(), combination.keyboardModifiers())
    assert window.pressed == []


def test_a_button_reached_with_tab_answers_enter_and_nothing_else(window: KeyWindow, panel: LabelPanel) -> None:
    said = Recorder(panel)
    button = panel.fields.zone.buttons["R5"]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    assert [key for key in KEYS if key not in window.press_all()] == ["Return"]
    assert said.fields == [("zone", "R5")]


def test_an_exclusion_needs_a_reason(panel: LabelPanel) -> None:
    said = Recorder(panel)
    click(panel.fields.use.buttons[1])
    assert said.fields == []
    assert panel.fields.reason.hasFocus()
    assert "Give a reason; until then the video is used." in visible_texts(panel)
    QTest.keyClicks(panel.fields.reason, "not a lung")
    QTest.keyClick(panel.fields.reason, Qt.Key.Key_Return)
    assert said.fields == [("exclusion", "not a lung")]
    assert not panel.fields.reason.hasFocus()
    panel.show_annotation(replace(LABELLED, exclusion="not a lung"), "", "video 1")
    click(panel.fields.use.buttons[0])
    assert said.fields[-1] == ("exclusion", "")
    assert not panel.fields.reason.isVisible()


def test_a_common_reason_is_one_choice(panel: LabelPanel) -> None:
    said = Recorder(panel)
    click(panel.fields.use.buttons[1])
    choose = next(b for b in panel.findChildren(QAbstractButton) if b.accessibleName() == "Common reasons")
    actions = choose.menu().actions()
    assert [action.text() for action in actions] == list(EXCLUSION_REASONS)
    actions[2].trigger()
    assert said.fields == [("exclusion", EXCLUSION_REASONS[2])]


def test_an_exclusion_that_is_taken_back_elsewhere_is_shown(panel: LabelPanel) -> None:
    panel.show_annotation(replace(LABELLED, exclusion="x"), "", "video 1")
    assert panel.fields.use.value() is True
    panel.show_annotation(LABELLED, "", "video 1")
    assert panel.fields.use.value() is False
    assert not panel.fields.reason.isVisible()


def test_an_exclusion_waits_for_its_reason_while_other_edits_come(panel: LabelPanel) -> None:
    click(panel.fields.use.buttons[1])
    panel.show_annotation(replace(LABELLED, sliding=True), "", "video 1")
    assert panel.fields.use.value() is True
    assert panel.fields.reason.isVisible()
    panel.show_annotation(LABELLED, "", "video 2")
    assert panel.fields.use.value() is False


def test_counts_and_their_words(panel: LabelPanel) -> None:
    counts = panel.counts
    assert counts.counts(Pattern.B_LINE) == (2, 0, 0)
    assert counts.counts(Pattern.A_LINE) == (0, 1, 12)
    assert counts.sentence(Pattern.B_LINE) == "B-lines: present in frames 24–51, 90–101"
    expected = "A-lines: stated absent in frames 101–152; not looked at: frames 40–51"
    assert counts.sentence(Pattern.A_LINE) == expected
    said = Recorder(panel)
    for row in range(len(TRACK_PATTERNS)):
        top = counts.height() - ROW_PX * (len(TRACK_PATTERNS) - row)
        QTest.mouseClick(counts, Qt.MouseButton.LeftButton, pos=QPoint(40, top + 4))
    assert said.others == list(TRACK_PATTERNS)


def test_unseen_frames_are_a_link_and_finalise_is_asked_for(panel: LabelPanel) -> None:
    said, box = Recorder(panel), panel.finalising
    link = next(b for b in box.findChildren(QAbstractButton) if "not looked at" in b.text())
    assert link.text() == "12 frames not looked at: 40–51"
    click(link)
    click(box.button)
    assert said.others == [("frame", 39), "finalise"]
    panel.show_annotation(replace(LABELLED, seen=SpanSet.whole(152), finalised=True), "", "video 1")
    assert not link.isVisible()
    assert box.button.text() == "Reopen"
    assert "Finalised" in visible_texts(box)


def test_a_finalised_video_can_only_be_reopened(panel: LabelPanel) -> None:
    said = Recorder(panel)
    panel.show_annotation(replace(LABELLED, finalised=True), "", "video 1")
    click(panel.fields.zone.buttons["R1"])
    click(panel.finalising.button)
    assert (said.fields, said.others) == ([], ["finalise"])


def test_a_lock_says_why_and_stops_every_change(panel: LabelPanel) -> None:
    said = Recorder(panel)
    panel.set_locked("Read-only: lee has it open on ward-2.")
    assert "Read-only: lee has it open on ward-2." in visible_texts(panel)
    click(panel.fields.zone.buttons["R1"])
    click(panel.finalising.button)
    assert (said.fields, said.others) == ([], [])
    panel.set_locked("")
    click(panel.fields.zone.buttons["R1"])
    assert said.fields == [("zone", "R1")]


def test_the_reader_and_what_is_saved(panel: LabelPanel) -> None:
    said = Recorder(panel)
    panel.show_reader("kim, annotator")
    panel.show_saved("saved 14:02:11", "saved")
    QApplication.processEvents()
    assert "saved 14:02:11" in visible_texts(panel)
    panel.show_saved("NOT SAVED: the disk is full.", "failed")
    texts = visible_texts(panel)
    assert "NOT SAVED: the disk is full." in texts
    assert "saved 14:02:11" not in texts
    click(next(b for b in panel.header.findChildren(QAbstractButton) if b.text() == "kim, annotator"))
    assert said.others == ["reader"]


def test_suggestions_pending_first_then_what_became_of_the_others(panel: LabelPanel) -> None:
    said = Recorder(panel)
    panel.show_suggestions(suggestion_items(SUGGESTED))
    rows = panel.suggestions.rows
    assert [row.item.index for row in rows] == [2, 4, 0, 1, 3]
    assert [row.item.fate for row in rows[2:]] == [Fate.ACCEPTED, Fate.EDITED, Fate.REJECTED]
    assert rows[3].item.sentence.endswith("Accepted and then edited: now frames 90–101")
    for verdict in ("accept", "edit", "reject"):
        click(rows[1].buttons[verdict])
    click(rows[0])
    click(next(b for b in panel.suggestions.findChildren(QAbstractButton) if b.text() == "accept all"))
    assert said.others == [(4, "accept"), (4, "edit"), (4, "reject"), ("frame", 4), "all"]


def test_hidden_suggestions_say_why(panel: LabelPanel) -> None:
    panel.show_suggestions(suggestion_items(SUGGESTED))
    panel.hide_suggestions("Hidden on purpose: you read blinded.")
    assert panel.suggestions.rows == ()
    assert "Hidden on purpose: you read blinded." in visible_texts(panel)
    panel.show_suggestions(suggestion_items(SUGGESTED))
    assert len(panel.suggestions.rows) == 5


def test_without_a_video_there_is_a_sentence_and_nothing_to_press(panel: LabelPanel) -> None:
    panel.show_annotation(None, "")
    assert "No video is open. Open one to label it." in visible_texts(panel)
    assert not panel.finalising.isVisible()
    assert not panel.fields.isVisible()


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("width", [240, 280])
def test_nothing_is_wider_than_the_panel(window: KeyWindow, panel: LabelPanel, theme: Theme, width: int) -> None:
    panel.set_theme(theme)
    panel.show_annotation(replace(SUGGESTED, lus_score=LusScore(2)), "R3", "video 1")
    panel.show_suggestions(suggestion_items(SUGGESTED))
    window.resize(width, 600)
    QApplication.processEvents()
    for child in panel.findChildren(QWidget):
        if child.isVisible() and not child.isWindow():
            right = child.mapTo(panel, QPoint(child.width(), 0)).x()
            assert right <= panel.width(), child
    assert panel.width() == width
