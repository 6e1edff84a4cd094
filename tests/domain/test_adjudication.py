"""Adjudication: agreement is taken over, the rest is open until it is decided, and every frame has one source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.adjudication import begin, begun, decide, is_begun, open_disagreements, usable_sources
from luv_viewer.domain.annotation import Decision, Source, VideoAnnotation
from luv_viewer.domain.edit import decoded, encoded
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import frames_of
from tests.domain.builders_rows import N_FRAMES, frames, read_rows, row, state

A, B, CB, C, E = TRACK_PATTERNS
FIRST = row({A: "1_10", B: "5"}, {E: "1_4"}, n_frames=20, score="2", sliding=True, zone="R2")
SECOND = row({A: "6_15", B: "5"}, {E: "3_6"}, n_frames=20, score="1", sliding=True, zone="R2")


def span(label: str) -> Span:
    return Span.from_label(label)


def test_beginning_takes_over_what_both_state() -> None:
    start = begin(FIRST, SECOND, 20)
    assert start.present_frames(A).label == "6_10"
    assert frames_of(start.absent_track(A)).label == "16_20"
    assert start.unlooked_frames(A).label == "1_5, 11_15"
    assert (start.present_frames(B).label, start.unlooked_frames(B).label) == ("5", "")
    assert start.unlooked_frames(E).label == "1_6"
    assert (start.zone, start.sliding, start.lus_score, start.seen, start.finalised) == (
        *("R2", True, None, SpanSet()),
        False,
    )
    assert [(d.pattern, d.span.label, d.kind.value) for d in open_disagreements(start, FIRST, SECOND)] == [
        (A, "1_5", "only A"),
        (E, "1_2", "one has not looked"),
        (E, "3_4", "neither has looked"),
        (E, "5_6", "one has not looked"),
        (A, "11_15", "only B"),
    ]


@pytest.mark.parametrize(
    ("source", "own", "present", "absent"),
    [
        (Source.READER_A, "", "1_10", "11_20"),
        (Source.READER_B, "", "6_15", "1_5, 16_20"),
        (Source.BOTH, "", "6_10", "1_5, 11_20"),
        (Source.ADJUDICATOR, "3, 14_18", "3, 14_18", "1_2, 4_13, 19_20"),
    ],
)
def test_a_source_decides_a_whole_stretch(source: Source, own: str, present: str, absent: str) -> None:
    whole = Decision(A, span("1_20"), source)
    decided = decide(begin(FIRST, SECOND, 20), whole, FIRST, SECOND, own=frames(own))
    assert decided.present_frames(A).label == present
    assert frames_of(decided.absent_track(A)).label == absent
    assert decided.decisions == (whole,)
    assert A not in {d.pattern for d in open_disagreements(decided, FIRST, SECOND)}
    assert decoded(20, encoded(decided)) == decided


def test_a_newer_decision_takes_its_frames_from_an_older_one() -> None:
    annotation = begin(FIRST, SECOND, 20)
    for decision in (
        Decision(A, span("1_20"), Source.READER_A),
        Decision(B, span("1_20"), Source.READER_B),
        Decision(A, span("8_12"), Source.READER_B),
    ):
        annotation = decide(annotation, decision, FIRST, SECOND)
    assert [(d.pattern, d.span.label, d.source) for d in annotation.decisions] == [
        (A, "1_7", Source.READER_A),
        (A, "13_20", Source.READER_A),
        (B, "1_20", Source.READER_B),
        (A, "8_12", Source.READER_B),
    ]
    assert annotation.present_frames(A).label == "1_12"
    assert [s.label for s in annotation.track(A)] == ["1_12"]


def test_who_has_not_looked_cannot_be_followed() -> None:
    start = begin(FIRST, SECOND, 20)
    assert usable_sources(E, span("1_2"), FIRST, SECOND) == (Source.READER_B, Source.BOTH, Source.ADJUDICATOR)
    assert usable_sources(E, span("3_4"), FIRST, SECOND) == (Source.ADJUDICATOR,)
    with pytest.raises(ValueError, match="reader A has not looked at Pleural effusion in frames 1_4; decide them"):
        decide(start, Decision(E, span("1_6"), Source.READER_A), FIRST, SECOND)
    present = row({E: "1_2"}, n_frames=20)
    assert Source.BOTH not in usable_sources(E, span("1_2"), FIRST, present)


def test_what_does_not_fit_is_refused() -> None:
    start = begin(FIRST, SECOND, 20)
    with pytest.raises(ValueError, match="cannot be adjudicated: they are of 20 and 21 frames"):
        begin(FIRST, SECOND, 21)
    with pytest.raises(ValueError, match="two videos"):
        begin(FIRST, row(idx=3), 20)
    with pytest.raises(ValueError, match="frames 1_21 are not in a video of 20"):
        decide(start, Decision(A, span("1_21"), Source.READER_A), FIRST, SECOND)
    with pytest.raises(ValueError, match="frames 6 lie outside the stretch 1_5"):
        decide(start, Decision(A, span("1_5"), Source.ADJUDICATOR), FIRST, SECOND, own=frames("4_6"))


def test_drawing_without_a_decision_leaves_a_stretch_open() -> None:
    drawn = begin(FIRST, SECOND, 20).with_track(A, (span("1_10"),))
    assert (A, "1_5") in {(d.pattern, d.span.label) for d in open_disagreements(drawn, FIRST, SECOND)}


def decide_all(first: SheetRow, second: SheetRow, data: st.DataObject) -> VideoAnnotation:
    annotation = begin(first, second, N_FRAMES)
    for _ in range(100):
        still_open = open_disagreements(annotation, first, second)
        if not still_open:
            return annotation
        item = data.draw(st.sampled_from(still_open))
        source = data.draw(st.sampled_from(usable_sources(item.pattern, item.span, first, second)))
        own = SpanSet.of(item.span) if source is Source.ADJUDICATOR and data.draw(st.booleans()) else SpanSet()
        before = annotation
        annotation = decide(annotation, Decision(item.pattern, item.span, source), first, second, own=own)
        outside = SpanSet.whole(N_FRAMES) - SpanSet.of(item.span)
        assert annotation.present_frames(item.pattern) & outside == before.present_frames(item.pattern) & outside
    raise AssertionError("there is always something left to decide")


@given(read_rows(), read_rows(), st.data())
def test_when_all_is_decided_nothing_is_unlooked_and_every_frame_has_one_source(
    first: SheetRow, second: SheetRow, data: st.DataObject
) -> None:
    asked = open_disagreements(begin(first, second, N_FRAMES), first, second)
    annotation = decide_all(first, second, data)
    assert not annotation.unlooked_anywhere()
    assert sorted((d.pattern.value, d.span) for d in annotation.decisions) == sorted(
        (d.pattern.value, d.span) for d in asked
    )
    for pattern in (B, CB):
        for frame in range(N_FRAMES):
            states = state(first, pattern, frame) + state(second, pattern, frame)
            if states in ("pp", "aa"):
                assert (frame in annotation.present_frames(pattern)) is (states == "pp")


def test_what_the_adjudicator_stated_before_stays_where_the_readers_differ() -> None:
    before = VideoAnnotation(20, note="dark", quality="poor").with_track(A, (span("3_12"), span("18_20")))
    before = before.with_absent(E, frames("1_2"))
    assert not is_begun(before, FIRST, SECOND)
    after = begun(before, FIRST, SECOND)
    assert is_begun(after, FIRST, SECOND)
    assert after.present_frames(A).label == "3_12"
    assert frames_of(after.absent_track(A)).label == "16_20"
    assert frames_of(after.absent_track(E)).label == "1_2, 7_20"
    assert (after.note, after.quality, after.zone, after.sliding) == ("dark", "poor", "R2", True)
    assert open_disagreements(after, FIRST, SECOND) == open_disagreements(begin(FIRST, SECOND, 20), FIRST, SECOND)


def test_frames_recorded_as_seen_cannot_be_adjudicated() -> None:
    with pytest.raises(ValueError, match="frames 2 of this video were recorded as looked at"):
        begun(VideoAnnotation(20, seen=frames("2")), FIRST, SECOND)


def test_a_decision_keeps_an_adjudication_begun_whatever_is_edited() -> None:
    start = begin(FIRST, SECOND, 20)
    edited = start.with_track(A, ())
    assert not is_begun(edited, FIRST, SECOND)
    decided = decide(start, Decision(A, span("1_5"), Source.READER_A), FIRST, SECOND)
    assert is_begun(decided.with_track(A, ()), FIRST, SECOND)
