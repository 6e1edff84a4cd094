from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.suggesting import accept, merge_suggestions, outcome_rows, reject, suggest

MADE_BY = "tiny 0123456789ab"


def predicted(
    curve: np.ndarray, clips: list[tuple[int, int]], probabilities: list[float], *, constant: bool = False
) -> Prediction:
    """Of B-line alone, threshold 0.5."""
    k = len(clips)
    return Prediction(
        patterns=(Pattern.B_LINE,),
        clip_spans=np.array(clips).reshape(k, 2),
        probabilities=np.array(probabilities).reshape(k, 1),
        thresholds=np.array([0.5]),
        clip_attention=np.zeros((k, 30, 1)),
        frame_attention=np.asarray(curve, float)[:, None],
        constant_attention=np.array([constant]),
        top_frames=((),),
        provenance=Provenance("tiny", "0123456789ab", "cpu", "fp32", 24, "pad"),
    )


def suggested(prediction: Prediction, min_frames: int = 3, fill_gap: int = 3) -> tuple[Suggestion, ...]:
    return suggest(prediction, min_frames=min_frames, fill_gap=fill_gap)


def curve_of(n_frames: int, *high: tuple[int, int]) -> np.ndarray:
    curve = np.full(n_frames, 0.1)
    for start, stop in high:
        curve[start:stop] = 0.8
    return curve


def labels(suggestions: tuple[Suggestion, ...]) -> list[str]:
    return [s.span.label for s in suggestions]


def test_curve_and_a_covering_clip_must_both_pass() -> None:
    curve = curve_of(60, (2, 8), (26, 40), (50, 56))
    made = suggested(predicted(curve, [(0, 30), (24, 54), (48, 60)], [0.2, 0.5, 0.49]))
    assert labels(made) == ["27_40", "51_54"]
    assert {(s.pattern, s.probability, s.made_by, s.fate) for s in made} == {
        (Pattern.B_LINE, 0.5, MADE_BY, Fate.PENDING)
    }


def test_the_curve_passes_at_its_threshold() -> None:
    curve = np.array([0.5, 0.5, 0.5, 0.4999, 0.0])
    assert labels(suggested(predicted(curve, [(0, 5)], [0.9]))) == ["1_3"]


def test_gaps_are_closed_before_short_runs_are_dropped() -> None:
    curve = curve_of(40, (0, 2), (5, 7), (12, 14), (20, 23))
    made = predicted(curve, [(0, 40)], [0.9])
    assert labels(suggested(made)) == ["1_7", "21_23"]
    assert labels(suggested(made, fill_gap=0, min_frames=1)) == ["1_2", "6_7", "13_14", "21_23"]
    assert labels(suggested(made, fill_gap=6)) == ["1_23"]
    assert labels(suggested(made, min_frames=8)) == []


def test_a_gap_is_never_closed_over_frames_that_are_not_assessed_or_of_no_positive_clip() -> None:
    curve = curve_of(20, (0, 5), (7, 12))
    curve[5] = np.nan
    assert labels(suggested(predicted(curve, [(0, 20)], [0.9]))) == ["1_5", "8_12"]
    curve[5] = 0.1
    assert labels(suggested(predicted(curve, [(0, 5), (5, 7), (7, 20)], [0.9, 0.1, 0.9]))) == ["1_5", "8_12"]


def test_clips_that_have_not_run_suggest_nothing() -> None:
    curve = curve_of(54, (2, 8), (40, 46))
    curve[30:] = np.nan
    assert labels(suggested(predicted(curve, [(0, 30), (24, 54)], [0.9, np.nan]))) == ["3_8"]
    assert suggested(predicted(np.full(54, np.nan), [(0, 30), (24, 54)], [np.nan, np.nan])) == ()


def test_constant_attention_suggests_nothing() -> None:
    assert suggested(predicted(curve_of(30, (0, 30)), [(0, 30)], [0.9], constant=True)) == ()


def test_a_video_shorter_than_the_shortest_run_can_be_suggested_whole() -> None:
    assert labels(suggested(predicted(curve_of(2, (0, 2)), [(0, 2)], [0.9]))) == ["1_2"]
    assert labels(suggested(predicted(curve_of(2, (0, 1)), [(0, 2)], [0.9]))) == []


def test_by_default_a_suggestion_lasts_five_frames_and_bridges_five() -> None:
    made = suggest(predicted(curve_of(60, (0, 3), (8, 10), (20, 24), (40, 45), (51, 55)), [(0, 60)], [0.9]))
    assert labels(made) == ["1_10", "41_45"]


@pytest.mark.parametrize(
    "options",
    [{"curve_threshold": 0.0}, {"curve_threshold": 1.1}, {"min_frames": 0}, {"fill_gap": -1}],
)
def test_options_out_of_range_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected 0 < curve_threshold"):
        suggest(predicted(curve_of(5), [(0, 5)], [0.9]), **options)  # type: ignore[arg-type]


@settings(max_examples=150)
@given(
    st.lists(st.one_of(st.just(float("nan")), st.floats(0, 1)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(1, 30), st.floats(0, 1)), min_size=1, max_size=5),
    st.floats(0.05, 1),
    st.integers(1, 6),
    st.integers(0, 6),
)
def test_rules_of_every_suggestion(
    values: list[float],
    drawn: list[tuple[int, int, float]],
    curve_threshold: float,
    min_frames: int,
    fill_gap: int,
) -> None:
    curve, n = np.array(values), len(values)
    clips = [(min(s, n - 1), min(min(s, n - 1) + length, n)) for s, length, _ in drawn]
    probabilities = [p for *_, p in drawn]
    options = {"curve_threshold": curve_threshold, "min_frames": min_frames, "fill_gap": fill_gap}
    prediction = predicted(curve, clips, probabilities)
    made = suggest(prediction, **options)  # type: ignore[arg-type]
    assert made == suggest(prediction, **options)  # type: ignore[arg-type]

    def positive(i: int) -> bool:
        return any(a <= i < b and p >= 0.5 for (a, b), p in zip(clips, probabilities, strict=True))

    passing = [bool(curve[i] >= curve_threshold) and positive(i) for i in range(n)]
    frames = {i for s in made for i in range(s.span.start, s.span.stop)}
    assert not any(np.isnan(curve[i]) or not positive(i) for i in frames)
    assert all(len(s.span) >= min(min_frames, n) for s in made)
    assert all(passing[s.span.start] and passing[s.span.stop - 1] for s in made)
    for s in made:
        inside = "".join("x" if passing[i] else " " for i in range(s.span.start, s.span.stop))
        assert " " * (fill_gap + 1) not in inside
    if min_frames == 1:
        assert {i for i in range(n) if passing[i]} <= frames
    assert all(a.span.stop < b.span.start for a, b in pairwise(made))


SUGGESTIONS = st.lists(
    st.builds(
        Suggestion,
        st.sampled_from(NETWORK_PATTERNS[:2]),
        st.tuples(st.integers(0, 20), st.integers(1, 12)).map(lambda v: Span(v[0], v[0] + v[1])),
        st.just(0.9),
        st.sampled_from([MADE_BY, "tiny ba9876543210"]),
        st.sampled_from([Fate.PENDING, Fate.ACCEPTED, Fate.REJECTED]),
    ),
    max_size=6,
    unique_by=lambda s: (s.pattern, s.span),
)


@given(SUGGESTIONS, SUGGESTIONS)
def test_merging_keeps_what_was_answered_and_repeats_nothing(old: list[Suggestion], run: list[Suggestion]) -> None:
    new = [replace(s, fate=Fate.PENDING) for s in run]
    merged = merge_suggestions(old, new)
    answered = tuple(s for s in old if s.fate is not Fate.PENDING)
    assert merged[: len(answered)] == answered
    assert set(merged[len(answered) :]) <= set(new)
    assert len({(s.pattern, s.span) for s in merged}) == len(merged)
    assert merge_suggestions(merged, new) == merged


def test_a_new_run_replaces_what_waits() -> None:
    waiting = Suggestion(Pattern.B_LINE, Span(0, 10), 0.6, "tiny older")
    new = Suggestion(Pattern.B_LINE, Span(0, 10), 0.7, MADE_BY)
    assert merge_suggestions([waiting], [new]) == (new,)
    assert merge_suggestions([waiting], []) == ()


def test_what_was_answered_is_not_asked_again() -> None:
    rejected = Suggestion(Pattern.B_LINE, Span(0, 10), 0.6, MADE_BY, Fate.REJECTED)
    nearly = Suggestion(Pattern.B_LINE, Span(1, 11), 0.6, MADE_BY)
    other_pattern = replace(nearly, pattern=Pattern.A_LINE)
    other_checkpoint = replace(nearly, made_by="tiny ba9876543210")
    far = replace(nearly, span=Span(8, 30))
    new = [nearly, other_pattern, other_checkpoint, far]
    assert merge_suggestions([rejected], new) == (rejected, other_pattern, other_checkpoint, far)
    assert merge_suggestions([rejected], [replace(other_checkpoint, span=Span(0, 10))]) == (rejected,)


def waiting_annotation() -> VideoAnnotation:
    suggestions = (
        Suggestion(Pattern.B_LINE, Span(10, 20), 0.9, MADE_BY),
        Suggestion(Pattern.A_LINE, Span(0, 5), 0.8, MADE_BY),
    )
    return VideoAnnotation(40, suggestions=suggestions)


def test_accepting_makes_the_frames_present() -> None:
    before = waiting_annotation().with_absent(Pattern.B_LINE, SpanSet.of(Span(15, 30)))
    after = accept(before.with_track(Pattern.B_LINE, (Span(5, 10), Span(12, 14))), 0)
    assert after.track(Pattern.B_LINE) == (Span(5, 10), Span(10, 20))
    assert after.absent_track(Pattern.B_LINE) == (Span(20, 30),)
    assert [s.fate for s in after.suggestions] == [Fate.ACCEPTED, Fate.PENDING]
    assert before.suggestions[0].fate is Fate.PENDING


def test_rejecting_changes_nothing_but_the_answer() -> None:
    before = waiting_annotation().with_track(Pattern.A_LINE, (Span(0, 2),))
    after = reject(before, 1)
    assert [s.fate for s in after.suggestions] == [Fate.PENDING, Fate.REJECTED]
    assert replace(after, suggestions=before.suggestions) == before


def test_an_answer_is_given_once() -> None:
    with pytest.raises(ValueError, match="B-line in frames 11_20 is accepted already; undo that first"):
        reject(accept(waiting_annotation(), 0), 0)
    with pytest.raises(ValueError, match="is rejected already"):
        accept(reject(waiting_annotation(), 0), 0)
    for index in (2, -1):
        with pytest.raises(IndexError, match="of 2"):
            accept(waiting_annotation(), index)


def test_the_suggestion_stays_beside_what_became_of_it() -> None:
    accepted = accept(waiting_annotation(), 0)
    assert [(o.fate, o.frames_now.label) for o in outcome_rows(accepted)] == [
        (Fate.ACCEPTED, "11_20"),
        (Fate.PENDING, ""),
    ]
    edited = accepted.with_track(Pattern.B_LINE, (Span(12, 20),))
    outcome = outcome_rows(edited)[0]
    assert (outcome.fate, outcome.frames_now.label, outcome.suggestion.span) == (Fate.EDITED, "13_20", Span(10, 20))
    removed = accepted.with_track(Pattern.B_LINE, ())
    assert (outcome_rows(removed)[0].fate, outcome_rows(removed)[0].frames_now) == (Fate.EDITED, SpanSet())
