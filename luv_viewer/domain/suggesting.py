"""What the model suggests to a reader, what the reader answers, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.ai_summary import made_by
from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation, what_became
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import add

CURVE_THRESHOLD = 0.5
MIN_FRAMES, FILL_GAP = 5, 5
"""A sixth of a second at 30 frames/s: what is shorter is no finding to a reader, and every suggestion asks for one."""
SAME_ABOVE = 0.5
"""Suggestions of one checkpoint whose frames overlap by this part of both together are the same one."""


def suggest(
    prediction: Prediction,
    *,
    curve_threshold: float = CURVE_THRESHOLD,
    min_frames: int = MIN_FRAMES,
    fill_gap: int = FILL_GAP,
) -> tuple[Suggestion, ...]:
    """Runs of frames that stand out, in the order of the prediction's patterns and of time.

    A frame counts for a pattern where its attention is at least curve_threshold, in (0, 1], and a clip that covers it
    has at least the pattern's threshold as its probability. Then gaps of at most fill_gap frames are closed, never over
    a frame that no such clip covers or that is not assessed (NaN); then runs of fewer than min_frames are dropped (of
    fewer than all in a shorter video). A pattern whose attention is constant gets no suggestion: no frame stands out.
    The network's B-line means B-line or confluent B-line; it is suggested as B-line, the reader decides which.
    Raises ValueError for options out of their range.
    """
    if not 0 < curve_threshold <= 1 or min_frames < 1 or fill_gap < 0:
        raise ValueError(
            "expected 0 < curve_threshold <= 1, min_frames >= 1 and fill_gap >= 0, "
            f"got {curve_threshold}, {min_frames} and {fill_gap}"
        )
    n_frames = prediction.n_frames
    suggested = []
    for p, pattern in enumerate(prediction.patterns):
        if prediction.constant_attention[p]:
            continue
        allowed = _positive(prediction, p) & ~np.isnan(prediction.frame_attention[:, p])
        standing_out = allowed & (prediction.frame_attention[:, p] >= curve_threshold)
        for span in _closed(SpanSet.from_mask(standing_out), allowed, fill_gap):
            if len(span) >= min(min_frames, n_frames):
                probability = float(prediction.video_probabilities[p])
                suggested.append(Suggestion(pattern, span, probability, made_by(prediction)))
    return tuple(suggested)


def merge_suggestions(existing: Iterable[Suggestion], new: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """What stands beside an annotation after a new run: the answered ones as they are, then those new to the reader.

    Those still waiting give way to the new run's. A new one that was answered before is not asked again: one of the
    same pattern with the same frames, or of the same checkpoint with nearly the same (SAME_ABOVE).
    """
    kept = [s for s in existing if s.fate is not Fate.PENDING]
    for suggestion in new:
        if not any(_is_same(suggestion, other) for other in kept):
            kept.append(suggestion)
    return tuple(kept)


def accept(annotation: VideoAnnotation, index: int) -> VideoAnnotation:
    """With suggestion `index` accepted and its frames present; intervals that it overlaps become one with it.

    Raises IndexError for one that is not there, ValueError for one that was answered before.
    """
    answered = _answered(annotation, index, Fate.ACCEPTED)
    suggestion = answered.suggestions[index]
    return answered.with_track(suggestion.pattern, add(answered.track(suggestion.pattern), suggestion.span))


def reject(annotation: VideoAnnotation, index: int) -> VideoAnnotation:
    """With suggestion `index` rejected; what the reader stated of its frames stays. Raises as `accept`."""
    return _answered(annotation, index, Fate.REJECTED)


@dataclass(frozen=True)
class SuggestionOutcome:
    """suggestion: as it was proposed. fate, frames_now: what became of it, as `what_became` says."""

    suggestion: Suggestion
    fate: Fate
    frames_now: SpanSet


def outcome_rows(annotation: VideoAnnotation) -> tuple[SuggestionOutcome, ...]:
    """Every suggestion of a video beside what became of it."""
    return tuple(SuggestionOutcome(s, *what_became(annotation, s)) for s in annotation.suggestions)


def _positive(prediction: Prediction, p: int) -> NDArray[np.bool_]:
    """(T,) True where a clip that covers the frame reaches the threshold of pattern p; a clip not run never does."""
    covered = np.zeros(prediction.n_frames, bool)
    # NaN compares as False.
    for clip in np.flatnonzero(prediction.probabilities[:, p] >= prediction.thresholds[p]):
        start, stop = prediction.clip_spans[clip]
        covered[start:stop] = True
    return covered


def _closed(runs: SpanSet, allowed: NDArray[np.bool_], fill_gap: int) -> list[Span]:
    closed: list[Span] = []
    for run in runs:
        if closed and run.start - closed[-1].stop <= fill_gap and allowed[closed[-1].stop : run.start].all():
            closed[-1] = Span(closed[-1].start, run.stop)
        else:
            closed.append(run)
    return closed


def _is_same(new: Suggestion, other: Suggestion) -> bool:
    if new.pattern is not other.pattern:
        return False
    common = min(new.span.stop, other.span.stop) - max(new.span.start, other.span.start)
    together = len(new.span) + len(other.span) - common
    return new.span == other.span or (new.made_by == other.made_by and common >= SAME_ABOVE * together)


def _answered(annotation: VideoAnnotation, index: int, fate: Fate) -> VideoAnnotation:
    suggestions = annotation.suggestions
    if not 0 <= index < len(suggestions):
        raise IndexError(f"there is no suggestion {index + 1} of {len(suggestions)}")
    suggestion = suggestions[index]
    if suggestion.fate is not Fate.PENDING:
        raise ValueError(
            f"the suggestion of {suggestion.pattern.value} in frames {suggestion.span.label} "
            f"is {suggestion.fate.value} already; undo that first"
        )
    answered = (*suggestions[:index], replace(suggestion, fate=fate), *suggestions[index + 1 :])
    return replace(annotation, suggestions=answered)
