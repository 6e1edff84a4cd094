from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.video_status import Progress, VideoStatus, not_begun, status_of

EMPTY = VideoAnnotation(152)
SEEN_40 = replace(EMPTY, seen=SpanSet.of(Span(0, 40)))
LABELLED = SEEN_40.with_track(Pattern.B_LINE, (Span(10, 20),))
WAITING = Suggestion(Pattern.B_LINE, Span(3, 9), 0.9, "tiny 0123456789ab")


@pytest.mark.parametrize(
    ("annotation", "progress", "words", "sentence"),
    [
        (EMPTY, Progress.NOT_SEEN, "not seen", "not seen"),
        (SEEN_40, Progress.SEEN, "40 of 152 frames seen", "40 of 152 frames seen"),
        (
            LABELLED,
            Progress.LABELLED,
            "labelled, not finalised",
            "labelled, not finalised: 112 of 152 frames not looked at",
        ),
        (
            replace(LABELLED, finalised=True),
            Progress.FINALISED,
            "finalised",
            "finalised: 112 of 152 frames not looked at",
        ),
        (replace(LABELLED, finalised=True, seen=SpanSet.whole(152)), Progress.FINALISED, "finalised", "finalised"),
        (
            replace(LABELLED, finalised=True, exclusion="Not a lung view"),
            Progress.EXCLUDED,
            "excluded",
            "excluded: Not a lung view",
        ),
        (replace(EMPTY, zone="R2"), Progress.LABELLED, "labelled, not finalised", None),
        (replace(EMPTY, suggestions=(WAITING,)), Progress.NOT_SEEN, "not seen", "not seen"),
        (
            replace(EMPTY, suggestions=(replace(WAITING, fate=Fate.REJECTED),)),
            Progress.LABELLED,
            "labelled, not finalised",
            None,
        ),
    ],
)
def test_status_in_words(annotation: VideoAnnotation, progress: Progress, words: str, sentence: str | None) -> None:
    status = status_of(annotation)
    assert (status.progress, status.words) == (progress, words)
    assert sentence is None or status.sentence == sentence
    assert status.is_done == (progress in (Progress.FINALISED, Progress.EXCLUDED))
    assert status.fraction == len(annotation.seen) / 152


def test_frames_stated_for_every_pattern_need_not_have_been_seen() -> None:
    stated = EMPTY
    for pattern in TRACK_PATTERNS:
        stated = stated.with_absent(pattern, SpanSet.of(Span(0, 100)))
    assert status_of(stated) == VideoStatus(Progress.LABELLED, 152, 0, 52)


TRACKS = st.lists(
    st.tuples(st.integers(0, 19), st.integers(1, 8)).map(lambda v: Span(v[0], min(20, sum(v)))), max_size=2
)


@given(st.lists(st.tuples(TRACKS, TRACKS), min_size=5, max_size=5), TRACKS)
def test_frames_not_looked_at_anywhere_are_those_of_each_pattern_together(
    drawn: list[tuple[list[Span], list[Span]]], seen: list[Span]
) -> None:
    annotation = VideoAnnotation(20, seen=SpanSet.union(seen))
    for pattern, (present, absent) in zip(TRACK_PATTERNS, drawn, strict=True):
        annotation = annotation.with_track(pattern, SpanSet.union(present).spans)
        annotation = annotation.with_absent(pattern, SpanSet.union(absent))
    each = SpanSet.union(span for pattern in TRACK_PATTERNS for span in annotation.unlooked_frames(pattern))
    assert annotation.unlooked_anywhere() == each
    assert status_of(annotation).n_unlooked == len(each)
    assert annotation.is_untouched == (replace(annotation, seen=SpanSet()) == VideoAnnotation(20))


def test_a_video_never_opened_has_the_status_of_an_empty_annotation() -> None:
    assert not_begun(152) == status_of(EMPTY)


def test_the_zone_is_the_readers() -> None:
    assert status_of(replace(EMPTY, zone="L4")).zone == "L4"


@pytest.mark.parametrize("numbers", [(10, 11, 0), (10, 0, 11), (0, 0, 0), (10, -1, 0)])
def test_numbers_that_do_not_fit_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        VideoStatus(Progress.SEEN, *numbers)
