"""The cell grammar of systems.md 1.2 against cells written by hand, and as rules. Wrong cells stand in the table of
golden/label_sheet_problems.csv."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.sheet_cell import parse_cell
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet

ITEM = st.tuples(st.integers(1, 152), st.integers(1, 152)).map(lambda pair: Span(min(pair) - 1, max(pair)))
FRAMES = st.lists(ITEM, max_size=6).map(SpanSet.union)


@pytest.mark.parametrize(
    ("cell", "frames"),
    [
        ("15_60", "15_60"),
        ("1_152", "1_152"),
        ("10_22, 66_72, 90_101, 147_151", "10_22, 66_72, 90_101, 147_151"),
        ("1_24,44_100 ,121_150", "1_24, 44_100, 121_150"),
        ("24-32", "24_32"),
        (" 1 - 24 , 30 ", "1_24, 30"),
        ("57", "57"),
        (57, "57"),
        (57.0, "57"),
        ("57.0", "57"),
        ("007_009", "7_9"),
        ("1_10, 11_20", "1_20"),
        ("90_101, 10_22", "10_22, 90_101"),
        ("1\n_ 24", "1_24"),
        ('="1_24"', "1_24"),
        ("'1_24", "1_24"),
        ("", ""),
        ("   ", ""),
        ("\xa0", ""),
        ('=""', ""),
        (None, ""),
        (math.nan, ""),
        ("nan", ""),
    ],
)
def test_a_cell_of_the_grammar_is_read_without_a_word(cell: str | float | None, frames: str) -> None:
    reading = parse_cell(cell, n_frames=152)
    assert (reading.frames.label, reading.warnings, reading.problems) == (frames, (), ())


@given(FRAMES)
def test_a_written_cell_is_read_as_the_same_frames(frames: SpanSet) -> None:
    reading = parse_cell(frames.label, n_frames=152)
    assert reading.frames == frames
    assert not reading.problems


@given(st.lists(ITEM, min_size=1, max_size=6), st.sampled_from(["_", "-", " _ ", "- "]), st.sampled_from([",", " , "]))
def test_order_overlap_and_spelling_do_not_matter(items: list[Span], joined_by: str, parted_by: str) -> None:
    text = parted_by.join(f"{span.start + 1}{joined_by}{span.stop}" for span in items)
    assert parse_cell(text).frames == SpanSet.union(items)


@given(
    st.one_of(
        st.text(max_size=12),
        st.text(alphabet="0123456789_-,. ;~–", max_size=12),
        st.floats(),
        st.integers(),
        st.booleans(),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.timedeltas(),
    ),
    st.one_of(st.none(), st.integers(1, 200)),
    st.sampled_from(["reject", "clip"]),
)
def test_any_cell_gives_frames_of_the_video_or_a_problem_and_never_both(
    value: str | float | date | time | timedelta, n_frames: int | None, beyond_end: str
) -> None:
    reading = parse_cell(value, n_frames=n_frames, beyond_end="clip" if beyond_end == "clip" else "reject")
    assert not (reading.frames and reading.problems)
    assert n_frames is None or reading.frames.stop <= n_frames
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in (*reading.warnings, *reading.problems))


@given(FRAMES.filter(bool), st.integers(1, 152))
def test_clipping_keeps_what_lies_in_the_video_and_says_what_it_cut(frames: SpanSet, n_frames: int) -> None:
    reading = parse_cell(frames.label, n_frames=n_frames, beyond_end="clip")
    wholly_after = [span for span in frames if span.start >= n_frames]
    assert len(reading.problems) == len(wholly_after)
    if not wholly_after:
        assert reading.frames == frames.within(n_frames)
        assert bool(reading.warnings) == (frames.stop > n_frames)


def test_clipping_says_which_frames_remain() -> None:
    reading = parse_cell("140_170", n_frames=152, beyond_end="clip")
    assert reading.warnings == ("'140_170' ends after frame 152, the last one; it is read as 140_152.",)
    assert reading.frames.label == "140_152"


@pytest.mark.parametrize("cell", ["153", "153_160", "1_24, 153"])
def test_an_interval_wholly_after_the_end_is_never_clipped_away(cell: str) -> None:
    reading = parse_cell(cell, n_frames=152, beyond_end="clip")
    assert not reading.frames
    (problem,) = reading.problems
    assert "lies wholly after frame 152, the last one of the video" in problem


@pytest.mark.parametrize("cell", ["1_24", "2", 2])
def test_a_still_has_no_second_frame(cell: str | int) -> None:
    (problem,) = parse_cell(cell, still=True).problems
    assert problem.endswith("in the row of a still image; write 1 for present or leave the cell empty.")


@pytest.mark.parametrize(("cell", "frames"), [("1", "1"), (1, "1"), (1.0, "1"), ("1_1", "1"), ("", "")])
def test_a_still_carries_a_one_for_present(cell: str | float, frames: str) -> None:
    reading = parse_cell(cell, still=True)
    assert (reading.frames.label, reading.warnings, reading.problems) == (frames, (), ())


@pytest.mark.parametrize(
    ("cell", "perhaps"),
    [
        (datetime(2026, 1, 24), "perhaps 1_24;"),
        (date(2026, 5, 10), "perhaps 5_10;"),
        (date(1992, 3, 1), "perhaps 3_92 or 1_3;"),
        (date(1900, 1, 24), "perhaps 24;"),
        (date(1900, 4, 9), "perhaps 100;"),
        (date(1899, 12, 30), "and what it was cannot be told;"),
        (time(1, 24), "perhaps 1_24;"),
        (timedelta(hours=44, minutes=50), "perhaps 44_50;"),
        ("24-Jan", "perhaps 1_24;"),
        ("24. Dez", "perhaps 12_24;"),
        ("1/24/2026", "perhaps 1_24;"),
    ],
)
def test_a_date_is_told_with_what_may_have_been_typed(cell: str | date | time | timedelta, perhaps: str) -> None:
    (problem,) = parse_cell(cell, n_frames=152).problems
    assert "the spreadsheet program changed what was typed, " + perhaps in problem


def test_what_cannot_lie_in_the_video_is_not_offered_as_what_was_typed() -> None:
    (problem,) = parse_cell(date(1992, 3, 1), n_frames=60).problems
    assert "perhaps 1_3;" in problem


def test_a_number_that_may_have_lost_its_comma_is_doubted_where_no_length_tells() -> None:
    reading = parse_cell(130152)
    assert reading.frames.label == "130152"
    assert reading.warnings == (
        "'130152' is read as one frame; if '130,152' was typed, the spreadsheet program took the comma for a thousands "
        "separator.",
    )
    assert not parse_cell(999).warnings


def test_every_wrong_item_of_a_cell_is_told() -> None:
    assert len(parse_cell("24_1, x, 1_2_3, 5_6").problems) == 3
