"""Reaction times: medians of what can be used, and intervals moved back by them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luv_viewer.domain.reaction import (
    EARLIEST_S,
    LATEST_S,
    ReactionTime,
    TooFewTrialsError,
    Trial,
    corrected,
    measure,
)
from luv_viewer.domain.span import Span


def test_the_median_of_valid_trials_counts() -> None:
    trials = [Trial(d, d + 0.1) for d in (0.20, 0.22, 0.24, 0.26, 0.28, 0.30, 0.90)]
    measured = measure(trials)
    assert (measured.onset_s, measured.release_s, measured.n) == (0.26, 0.36, 7)
    assert measured.onset_spread_s == pytest.approx(0.06)


@pytest.mark.parametrize(
    "bad", [Trial(0.079, 0.3), Trial(0.3, 1.51), Trial(-0.2, 0.3), Trial(None, 0.3), Trial(0.3, None)]
)
def test_anticipations_and_lapses_do_not_count(bad: Trial) -> None:
    good = [Trial(0.25, 0.3)] * 6
    assert measure([*good, *[bad] * 20]) == ReactionTime(0.25, 0.3, 6)


def test_the_limits_themselves_count() -> None:
    assert Trial(EARLIEST_S, LATEST_S).is_valid


def test_too_few_trials_are_refused_with_a_sentence() -> None:
    with pytest.raises(TooFewTrialsError, match=r"^5 of the trials could be used and 6 are needed: please do .* again"):
        measure([Trial(0.25, 0.3)] * 5 + [Trial(0.01, 0.3)] * 5)


def test_a_reaction_time_checks_itself() -> None:
    with pytest.raises(ValueError, match="at least 0 s"):
        ReactionTime(-0.1, 0.2, 6)
    with pytest.raises(ValueError, match="at least one trial"):
        ReactionTime(0.1, 0.2, 0)


def test_uneven_frame_times_are_taken_as_they_are() -> None:
    times = [0.0, 0.1, 0.5, 0.6, 0.7, 1.5]
    # 0.3 s before frame 3 (0.6 s) frame 1 stood on the screen until 0.5 s; 0.3 s before frame 5 (1.5 s) frame 4 did.
    assert corrected(Span(3, 6), ReactionTime(0.3, 0.3, 6), times, 1.0, 6) == Span(1, 5)


def test_numbers_that_do_not_fit_are_refused() -> None:
    reaction = ReactionTime(0.2, 0.2, 6)
    with pytest.raises(ValueError, match="3 frames, but 2 times"):
        corrected(Span(0, 1), reaction, [0.0, 0.1], 1.0, 3)
    with pytest.raises(ValueError, match="interval 1_4"):
        corrected(Span(0, 4), reaction, [0.0, 0.1, 0.2], 1.0, 3)
    with pytest.raises(ValueError, match="speed is above 0"):
        corrected(Span(0, 1), reaction, [0.0, 0.1, 0.2], 0.0, 3)


@given(st.data())
def test_a_corrected_interval_lies_in_the_video_and_never_later(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 60))
    start = data.draw(st.integers(0, n - 1))
    span = Span(start, data.draw(st.integers(start + 1, n)))
    times = np.cumsum(data.draw(st.lists(st.floats(0, 0.2), min_size=n, max_size=n))).tolist()
    delays = st.floats(0, 1.5)
    speed = data.draw(st.sampled_from([0.25, 1.0, 4.0]))
    moved = corrected(span, ReactionTime(data.draw(delays), data.draw(delays), 6), times, speed, n)
    assert 0 <= moved.start <= span.start
    assert moved.start < moved.stop <= span.stop


@given(st.integers(0, 50), st.integers(1, 20))
def test_no_delay_changes_nothing_when_frames_have_times_of_their_own(start: int, length: int) -> None:
    span = Span(start, start + length)
    times = [i / 30 for i in range(80)]
    assert corrected(span, ReactionTime(0.0, 0.0, 6), times, 1.0, 80) == span
