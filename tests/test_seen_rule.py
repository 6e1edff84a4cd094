"""What counts as seen: frames that were painted while their video was shown, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from luv_viewer.domain.edit import EntryKind
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.io.reader_file import open_reader_file
from luv_viewer.notebook import SEEN_FLUSH_MS
from tests.builders_labelling import Desk


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "kim.luv")
    yield desk
    desk.notebook.close()
    desk.file.close()


def kinds(desk: Desk) -> list[EntryKind]:
    return [entry.kind for entry in desk.file.entries()]


def test_painted_frames_are_seen_and_skipped_ones_are_not(desk: Desk) -> None:
    desk.player.play()
    desk.paint()
    for _ in range(3):
        desk.play_s(0.121, step_s=0.121)
        desk.paint()
    assert desk.player.dropped == 6
    assert desk.annotation.seen.label == "1, 4, 7, 10"


def test_a_frame_that_is_due_but_was_not_painted_is_not_seen(desk: Desk) -> None:
    desk.player.show_frame(30)
    desk.player.show_frame(31)
    desk.paint()
    assert desk.annotation.seen.label == "32"


def test_a_picture_of_another_video_that_is_painted_late_does_not_count(desk: Desk) -> None:
    first = desk.session.video
    assert first is not None
    desk.session.show_video(1)
    desk.recognise()
    desk.session.frame_was_shown(first, 7, None)
    assert desk.annotation.seen.label == ""
    desk.session.show_video(0)
    desk.recognise()
    assert desk.annotation.seen.label == ""


def test_nothing_is_seen_in_a_video_that_is_not_recognised(desk: Desk) -> None:
    desk.session.show_video(1)
    desk.paint()
    assert desk.notebook.annotation is None
    shown = desk.session.seen_frames()
    assert shown is not None
    assert shown.nonzero()[0].tolist() == [0]
    assert desk.file.entries() == ()


def test_another_reader_has_seen_nothing_yet(desk: Desk, tmp_path: Path) -> None:
    desk.paint()
    with open_reader_file(tmp_path / "lee.luv", desk.file.reader) as other:
        desk.notebook.close()
        desk.notebook.open(other, {}, {})
        desk.recognise()
        assert desk.session.seen_frames() is None
        assert desk.annotation.seen.label == ""
        desk.notebook.close()


def test_seen_is_written_before_the_edit_that_follows_it(desk: Desk) -> None:
    desk.paint()
    desk.marking.add(Pattern.B_LINE, Span(0, 3), "mark present")
    assert kinds(desk) == [EntryKind.VIDEO, EntryKind.SEEN, EntryKind.EDIT]
    desk.player.show_frame(9)
    desk.paint()
    desk.notebook.undo()
    assert kinds(desk)[3:] == [EntryKind.SEEN, EntryKind.UNDO]
    assert desk.file.annotations() == desk.notebook.annotations


def test_seen_is_written_within_a_second_by_itself_and_once(qtbot: QtBot, desk: Desk) -> None:
    desk.paint()
    assert desk.file.entries() == ()
    qtbot.waitUntil(lambda: kinds(desk) == [EntryKind.VIDEO, EntryKind.SEEN], timeout=SEEN_FLUSH_MS + 500)
    desk.paint()
    desk.notebook.write_seen()
    assert len(desk.file.entries()) == 2


def test_seen_is_written_when_the_video_or_the_reader_goes(desk: Desk) -> None:
    desk.paint()
    desk.session.show_video(1)
    assert kinds(desk) == [EntryKind.VIDEO, EntryKind.SEEN]
    desk.recognise()
    desk.paint()
    desk.notebook.close()
    assert kinds(desk)[2:] == [EntryKind.VIDEO, EntryKind.SEEN]


def test_seeing_changes_what_is_not_looked_at_and_nothing_that_was_stated(desk: Desk) -> None:
    desk.marking.add(Pattern.B_LINE, Span(0, 3), "mark present")
    desk.player.show_frame(50)
    desk.paint()
    assert desk.annotation.unlooked_frames(Pattern.B_LINE).label == "4_50, 52_100"
    assert desk.annotation.unlooked_frames(Pattern.A_LINE).label == "1_50, 52_100"
    assert desk.annotation.present_frames(Pattern.B_LINE).label == "1_3"


def test_a_painted_frame_is_told_once(desk: Desk) -> None:
    told: list[None] = []
    desk.notebook.seen_grew.connect(lambda: told.append(None))
    desk.paint()
    desk.paint()
    desk.notebook.write_seen()
    desk.paint()
    assert len(told) == 1
