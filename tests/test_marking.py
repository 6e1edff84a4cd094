"""The labelling hand, with a clock of the test's own and a real reader file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from luv_viewer.domain import track as tracks
from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.playback import LoopMode
from luv_viewer.domain.reaction import ReactionTime
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.io.frame_table import write_frame_table
from luv_viewer.notebook import FINALISED
from tests.builders_labelling import Desk, sheet_in

B, A = Pattern.B_LINE, Pattern.A_LINE
LATE = ReactionTime(0.28, 0.36, 8)
"""Seven and nine frames at 25 a second."""


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "kim.luv")
    yield desk
    desk.notebook.close()
    desk.file.close()


def labels(desk: Desk, pattern: Pattern = B) -> str:
    return tracks.track_text(desk.annotation.track(pattern))


def at(desk: Desk, number: int) -> None:
    """Put the play head on a frame, by its number on the screen."""
    desk.player.show_frame(number - 1)


def hold(desk: Desk, seconds: float, pattern: Pattern = B, *, is_absence: bool = False) -> None:
    desk.marking.press(pattern, is_absence=is_absence)
    desk.play_s(seconds)
    desk.marking.release()


@pytest.mark.parametrize("marks", ["IO", "OI", "I", "O"])
def test_marks_in_any_order_make_the_interval(desk: Desk, marks: str) -> None:
    for mark in marks:
        at(desk, 10 if mark == "I" else 20)
        desk.marking.set_mark("start" if mark == "I" else "end")
    at(desk, {"I": 20, "O": 10}.get(marks, 50))
    desk.marking.commit()
    assert labels(desk) == "10_20"
    assert (desk.marking.mark_in, desk.marking.mark_out) == (None, None)
    assert desk.last_entry().raw == {"marks": "10_20"}


def test_a_mark_on_the_wrong_side_of_the_other_takes_it_away(desk: Desk) -> None:
    at(desk, 20)
    desk.marking.set_mark("end")
    at(desk, 30)
    desk.marking.set_mark("start")
    assert (desk.marking.mark_in, desk.marking.mark_out) == (29, None)
    at(desk, 25)
    desk.marking.set_mark("end")
    assert (desk.marking.mark_in, desk.marking.mark_out) == (None, 24)


def test_committing_without_a_mark_says_what_to_do(desk: Desk) -> None:
    desk.marking.commit()
    assert desk.remarks == ["Mark an interval first: I at its first frame, O at its last."]
    assert desk.file.entries() == ()


def test_a_key_held_while_playing_labels_what_passes(desk: Desk) -> None:
    at(desk, 11)
    desk.player.play()
    hold(desk, 1.001)
    assert labels(desk) == "11_36"
    assert desk.session.selected_pattern is B
    assert desk.last_entry().raw == {
        "by": "hold",
        "pressed_frame": 11,
        "released_frame": 36,
        "passed": "11_36",
        "speed": 1.0,
    }


def test_frames_skipped_on_the_screen_passed_as_well(desk: Desk) -> None:
    desk.player.play()
    desk.marking.press(B, is_absence=False)
    desk.play_s(0.801, step_s=0.2)
    desk.marking.release()
    assert labels(desk) == "1_21"


def test_a_key_held_over_the_end_of_the_loop_labels_both_ends(desk: Desk) -> None:
    at(desk, 91)
    desk.player.play()
    hold(desk, 0.605)
    assert labels(desk) == "1_6, 91_100"
    assert desk.last_entry().raw["passed"] == "1_6, 91_100"


def test_a_looped_interval_is_labelled_within_its_ends(desk: Desk) -> None:
    desk.player.loop(Span(20, 40))
    desk.play_s(0.4)
    hold(desk, 0.6)
    assert desk.player.loop_interval == Span(20, 40)
    assert labels(desk) == "21_26, 31_40"


def test_holding_for_more_than_a_round_labels_the_whole_loop(desk: Desk) -> None:
    desk.player.loop(Span(20, 40))
    hold(desk, 1.5)
    assert labels(desk) == "21_40"


def test_a_single_pass_that_ends_under_the_key_labels_to_the_end(desk: Desk) -> None:
    desk.player.set_loop_mode(LoopMode.OFF)
    at(desk, 91)
    desk.player.play()
    hold(desk, 2.0)
    assert not desk.player.is_playing
    assert labels(desk) == "91_100"


def test_seeking_under_the_key_leaves_out_what_did_not_pass(desk: Desk) -> None:
    desk.player.play()
    desk.marking.press(B, is_absence=False)
    desk.play_s(0.401)
    at(desk, 61)
    desk.play_s(0.401)
    at(desk, 31)
    desk.play_s(0.401)
    desk.marking.release()
    assert labels(desk) == "1_11, 31_41, 61_71"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [((5,), "50_55"), ((-5,), "45_50"), ((5, -2), "50_53"), ((-5, 2), "47_50"), ((5, -8), "47_50"), ((-5, 8), "50_53")],
)
def test_steps_under_a_held_key_label_from_the_frame_where_it_went_down(
    desk: Desk, steps: tuple[int, ...], expected: str
) -> None:
    at(desk, 50)
    desk.marking.press(B, is_absence=False)
    for step in steps:
        for _ in range(abs(step)):
            desk.player.step_frames(1 if step > 0 else -1)
    desk.clock.now_s += 1
    desk.marking.release()
    assert labels(desk) == expected


def test_a_tap_while_playing_starts_and_another_stops(desk: Desk) -> None:
    desk.player.play()
    hold(desk, 0.1)
    assert desk.marking.running is not None
    desk.play_s(0.901)
    desk.marking.press(B, is_absence=False)
    desk.marking.release()
    assert desk.marking.running is None
    assert labels(desk) == "1_26"
    assert desk.last_entry().raw["by"] == "tap"
    assert len(desk.file.entries()) == 2


def test_another_pattern_ends_the_one_that_runs(desk: Desk) -> None:
    desk.player.play()
    hold(desk, 0.1)
    desk.play_s(0.301)
    hold(desk, 0.4, A)
    assert (labels(desk), labels(desk, A)) == ("1_11", "11_21")


def test_another_key_while_one_is_held_keeps_that_it_was_held(desk: Desk) -> None:
    desk.player.play()
    desk.marking.press(B, is_absence=False)
    desk.play_s(0.401)
    desk.marking.press(A, is_absence=False)
    assert desk.last_entry().raw["by"] == "hold"


def test_a_tap_on_a_standing_picture_only_chooses_the_pattern(desk: Desk) -> None:
    hold(desk, 0.1, A)
    assert desk.session.selected_pattern is A
    assert desk.file.entries() == ()


def test_shift_tap_states_the_whole_clip_absent_and_the_marks_where_there_are_some(desk: Desk) -> None:
    desk.marking.add(B, Span(0, 10), "mark present")
    at(desk, 5)
    desk.marking.set_mark("start")
    at(desk, 20)
    desk.marking.set_mark("end")
    hold(desk, 0.1, B, is_absence=True)
    assert (labels(desk), tracks.track_text(desk.annotation.absent_track(B))) == ("1_4", "5_20")
    assert desk.marking.mark_in is None
    hold(desk, 0.1, B, is_absence=True)
    assert (labels(desk), tracks.track_text(desk.annotation.absent_track(B))) == ("", "1_100")
    assert desk.remarks[-1] == "B-lines stated absent in frames 1–100; 1 interval gone, undo brings back."


def test_shift_hold_while_playing_states_what_passes_absent(desk: Desk) -> None:
    desk.marking.add(B, Span(5, 15), "mark present")
    desk.player.play()
    hold(desk, 0.401, B, is_absence=True)
    assert (labels(desk), tracks.track_text(desk.annotation.absent_track(B))) == ("12_15", "1_11")


def test_escape_drops_what_runs_and_the_marks(desk: Desk) -> None:
    desk.marking.set_mark("start")
    desk.player.play()
    desk.marking.press(B, is_absence=False)
    desk.play_s(0.5)
    assert desk.marking.stop_running()
    desk.marking.release()
    assert not desk.marking.stop_running()
    assert (desk.marking.mark_in, desk.marking.running) == (None, None)
    assert desk.file.entries() == ()


def test_another_video_drops_what_runs(desk: Desk) -> None:
    desk.player.play()
    desk.marking.press(B, is_absence=False)
    desk.play_s(0.5)
    desk.session.show_video(1)
    desk.recognise()
    desk.marking.release()
    assert desk.marking.running is None
    assert desk.file.entries() == ()


def test_reaction_time_moves_a_held_interval_back_and_the_raw_frames_stay(desk: Desk) -> None:
    at(desk, 31)
    desk.player.play()
    desk.marking.reaction = LATE
    hold(desk, 1.001)
    assert labels(desk) == "24_47"
    raw = desk.last_entry().raw
    assert (raw["pressed_frame"], raw["released_frame"], raw["passed"]) == (31, 56, "31_56")
    assert raw["correction_s"] == [0.28, 0.36]
    desk.marking.reaction = None
    hold(desk, 0.401, A)
    assert labels(desk, A) == "56_66"
    assert "correction_s" not in desk.last_entry().raw


def test_at_half_speed_a_reaction_is_half_as_many_frames(desk: Desk) -> None:
    desk.player.set_speed(0.5)
    at(desk, 31)
    desk.player.play()
    desk.marking.reaction = ReactionTime(0.32, 0.40, 8)
    hold(desk, 1.605)
    assert (desk.last_entry().raw["passed"], labels(desk)) == ("31_51", "27_46")


def test_over_the_end_of_the_loop_only_the_press_and_the_release_are_moved(desk: Desk) -> None:
    at(desk, 91)
    desk.player.play()
    desk.marking.reaction = LATE
    hold(desk, 1.205)
    assert (desk.last_entry().raw["passed"], labels(desk)) == ("1_21, 91_100", "1_12, 84_100")


def test_a_release_just_after_the_loop_began_again_was_meant_before_its_end(desk: Desk) -> None:
    at(desk, 81)
    desk.player.play()
    desk.marking.reaction = LATE
    hold(desk, 0.885)
    assert (desk.last_entry().raw["passed"], labels(desk)) == ("1_3, 81_100", "74_94")


def test_a_press_or_release_on_a_standing_picture_is_not_moved(desk: Desk) -> None:
    desk.marking.reaction = LATE
    at(desk, 31)
    desk.marking.press(B, is_absence=False)
    desk.player.play()
    desk.play_s(1.001)
    desk.marking.release()
    assert (labels(desk), desk.last_entry().raw["correction_s"]) == ("31_47", [0.0, 0.36])
    desk.marking.press(A, is_absence=False)
    desk.play_s(1.001)
    desk.player.pause()
    desk.marking.release()
    assert (labels(desk, A), desk.last_entry().raw["correction_s"]) == ("49_81", [0.28, 0.0])
    at(desk, 90)
    hold(desk, 1.0, Pattern.CONSOLIDATION)
    assert labels(desk, Pattern.CONSOLIDATION) == "90"
    assert "correction_s" not in desk.last_entry().raw


def test_keys_work_on_the_interval_at_the_play_head_and_nudging_keeps_it(desk: Desk) -> None:
    desk.session.select_pattern(B)
    desk.marking.add(B, Span(10, 20), "mark present")
    at(desk, 20)
    desk.marking.nudge("end", -5)
    assert labels(desk) == "11_15"
    desk.marking.nudge("end", 1)
    desk.marking.nudge("start", -100)
    assert labels(desk) == "1_16"
    desk.marking.nudge("start", 100)
    assert labels(desk) == "16"


def test_split_merge_and_delete(desk: Desk) -> None:
    desk.session.select_pattern(B)
    desk.marking.add(B, Span(10, 30), "mark present")
    at(desk, 21)
    desk.marking.change_interval("split", lambda t, i, n: tracks.split(t, desk.player.frame))
    assert labels(desk) == "11_20, 21_30"
    desk.marking.change_interval("merge", lambda t, i, n: tracks.merge(t, i))
    assert labels(desk) == "11_30"
    desk.marking.change_interval("delete", lambda t, i, n: tracks.delete(t, i))
    assert labels(desk) == ""
    desk.marking.change_interval("delete", lambda t, i, n: tracks.delete(t, i))
    assert desk.remarks[-1] == "No interval here: put the play head on one, or click it."
    desk.marking.change_at(B, 3, "delete", lambda t, i, n: tracks.delete(t, i))
    assert [e.verb for e in desk.file.entries()] == ["first opened", "mark present", "split", "merge", "delete"]


def test_toggling_the_whole_clip(desk: Desk) -> None:
    desk.session.select_pattern(B)
    desk.marking.add(B, Span(10, 30), "mark present")
    desk.marking.toggle_whole()
    assert labels(desk) == "1_100"
    desk.marking.toggle_whole()
    assert labels(desk) == ""


def test_the_selected_interval_is_followed_when_others_come_and_go(desk: Desk) -> None:
    desk.marking.add(B, Span(40, 50), "mark present")
    desk.marking.selection.select(B, 0)
    desk.marking.add(B, Span(5, 10), "mark present")
    assert (desk.marking.selection.selected, desk.marking.selection.current_span()) == ((B, 1), Span(40, 50))
    desk.notebook.undo()
    assert (desk.marking.selection.selected, desk.marking.selection.current_span()) == ((B, 0), Span(40, 50))
    desk.marking.change_at(B, 0, "move", lambda t, i, n: tracks.shift(t, i, 20, n))
    assert desk.marking.selection.current_span() == Span(60, 70)
    desk.marking.change_interval("delete", lambda t, i, n: tracks.delete(t, i))
    assert desk.marking.selection.selected is None
    desk.marking.selection.select(B, 4)
    assert (desk.marking.selection.selected, desk.marking.selection.current()) == (None, None)


def test_stepping_onto_another_interval_works_on_that_one(desk: Desk) -> None:
    desk.marking.add(B, Span(10, 20), "mark present")
    desk.marking.add(B, Span(40, 50), "mark present")
    at(desk, 15)
    desk.marking.selection.select(B, 0)
    at(desk, 30)
    assert desk.marking.selection.current() == (B, 0)
    at(desk, 45)
    assert desk.marking.selection.current() == (B, 1)


def test_a_lock_says_why_whatever_is_tried(desk: Desk) -> None:
    desk.session.select_pattern(B)
    desk.marking.add(B, Span(10, 20), "mark present")
    desk.notebook.apply(replace(desk.annotation, finalised=True), "finalise")
    before = desk.file.entries()
    at(desk, 15)
    tries: list[Callable[[], object]] = [
        lambda: desk.marking.set_mark("start"),
        lambda: desk.marking.press(B, is_absence=False),
        lambda: desk.marking.nudge("end", 1),
        lambda: desk.marking.toggle_whole(),
        lambda: desk.marking.state_absent(B, SpanSet.of(Span(0, 5))),
        lambda: desk.marking.add(B, Span(0, 5), "mark present"),
    ]
    for count, attempt in enumerate(tries, start=1):
        attempt()
        assert desk.refusals == [FINALISED] * count
    assert (desk.marking.mark_in, desk.marking.running) == (None, None)
    assert desk.file.entries() == before


def by_keys(desk: Desk) -> None:
    """A sitting with the keyboard alone."""
    hand = desk.marking
    desk.session.select_pattern(B)
    for first, last in ((11, 30), (51, 60)):
        at(desk, first)
        hand.set_mark("start")
        at(desk, last)
        hand.set_mark("end")
        hand.commit()
    at(desk, 15)
    for _ in range(3):
        hand.nudge("start", -1)
    at(desk, 55)
    hand.nudge("end", 1)
    at(desk, 71)
    hand.set_mark("start")
    at(desk, 80)
    hand.press(A, is_absence=True)
    hand.release()


def by_mouse(desk: Desk) -> None:
    """The same with what the timeline asks for."""
    hand = desk.marking
    hand.add(B, Span(10, 30), "mark present")
    hand.add(B, Span(50, 60), "mark present")
    hand.selection.select(B, 0)
    hand.change_at(B, 0, "move the start", lambda t, i, n: tracks.move_edge(t, i, "start", 7, n))
    hand.selection.select(B, 1)
    hand.change_at(B, 1, "move the end", lambda t, i, n: tracks.move_edge(t, i, "end", 60, n))
    hand.state_absent(A, SpanSet.of(Span(70, 80)))


def test_mouse_and_keyboard_give_the_same_sheet_byte_for_byte(qtbot: QtBot, tmp_path: Path) -> None:
    tables = []
    for way in (by_keys, by_mouse):
        desk = Desk(tmp_path / f"{way.__name__}.luv")
        way(desk)
        assert desk.annotation != VideoAnnotation(100)
        assert (labels(desk), tracks.track_text(desk.annotation.absent_track(A))) == ("8_30, 51_61", "71_80")
        write_frame_table(tmp_path / f"{way.__name__}.csv", sheet_in(desk.file))
        tables.append((tmp_path / f"{way.__name__}.csv").read_bytes())
        desk.notebook.close()
        desk.file.close()
    assert tables[0] == tables[1]
