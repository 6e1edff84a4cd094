"""How late a reader presses and releases a key while watching, and intervals moved back by that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from luv_viewer.domain.span import Span

EARLIEST_S, LATEST_S = 0.08, 1.5
"""A quicker answer was an anticipation, a slower one a lapse of attention: neither says how fast a reader reacts."""

LEAST_TRIALS = 6

_SAME_TIME_S = 1e-6


class TooFewTrialsError(ValueError):
    """Too few trials were usable; str(error) says how many and what to do."""


@dataclass(frozen=True)
class Trial:
    """One appearing and disappearing: seconds from the change on the screen to the press and to the release.

    Negative: before the change. None: the key was not pressed, or not released, in time.
    """

    onset_s: float | None
    release_s: float | None

    @property
    def is_valid(self) -> bool:
        """Both delays lie between EARLIEST_S and LATEST_S."""
        return all(delay is not None and EARLIEST_S <= delay <= LATEST_S for delay in (self.onset_s, self.release_s))


@dataclass(frozen=True)
class ReactionTime:
    """onset_s, release_s: medians over n trials, in seconds. *_spread_s: the trials' interquartile ranges.

    Raises ValueError for negative delays, or none at all.
    """

    onset_s: float
    release_s: float
    n: int
    onset_spread_s: float = 0.0
    release_spread_s: float = 0.0

    def __post_init__(self) -> None:
        if min(self.onset_s, self.release_s, self.onset_spread_s, self.release_spread_s) < 0 or self.n < 1:
            raise ValueError(f"a reaction time has delays of at least 0 s and at least one trial, got {self}")


def measure(trials: Iterable[Trial]) -> ReactionTime:
    """Medians over the valid trials. Raises TooFewTrialsError for fewer than LEAST_TRIALS of them.

    >>> measure([Trial(0.2, 0.3)] * 5 + [Trial(0.3, 0.4), Trial(0.01, 0.3), Trial(None, None)])
    ReactionTime(onset_s=0.2, release_s=0.3, n=6, onset_spread_s=0.0, release_spread_s=0.0)
    """
    valid = [(t.onset_s, t.release_s) for t in trials if t.is_valid]
    if len(valid) < LEAST_TRIALS:
        raise TooFewTrialsError(
            f"{len(valid)} of the trials could be used and {LEAST_TRIALS} are needed: please do the exercise again."
        )
    low, middle, high = np.percentile(np.array(valid, float), (25, 50, 75), axis=0).round(6)
    spread = (high - low).round(6)
    return ReactionTime(float(middle[0]), float(middle[1]), len(valid), float(spread[0]), float(spread[1]))


def corrected(span: Span, reaction: ReactionTime, times_s: Sequence[float], speed: float, n_frames: int) -> Span:
    """`span` as held down, moved back to what was on the screen one reaction earlier.

    span: from the frame shown at the press to the one shown at the release. times_s: (n_frames,) seconds, never
    falling. speed: of playing, 1 for true speed; twice as fast, twice as many frames passed meanwhile. The result
    begins at the first frame at the earliest and has at least one frame. Raises ValueError when the numbers do not fit.

    >>> times = [i / 10 for i in range(40)]
    >>> corrected(Span(20, 31), ReactionTime(0.3, 0.4, 10), times, 1.0, 40).label
    '18_27'
    >>> corrected(Span(20, 31), ReactionTime(0.3, 0.4, 10), times, 0.5, 40).label
    '19_29'
    >>> corrected(Span(1, 3), ReactionTime(0.3, 0.4, 10), times, 1.0, 40).label
    '1_1'
    """
    if len(times_s) != n_frames or span.stop > n_frames:
        raise ValueError(f"{n_frames} frames, but {len(times_s)} times and an interval {span.label}")
    if not speed > 0:
        raise ValueError(f"the playing speed is above 0, got {speed}")
    times = np.asarray(times_s, float)
    start = _frame_before(times, span.start, reaction.onset_s * speed)
    last = _frame_before(times, span.stop - 1, reaction.release_s * speed)
    return Span(start, max(start, last) + 1)


def corrected_parts(
    parts: Sequence[Span], reaction: ReactionTime, times_s: Sequence[float], speed: float, n_frames: int
) -> tuple[Span, ...]:
    """As `corrected`, for the parts that passed, in their order, while one key was held over the end of a loop.

    The press moves the start of the first part, the release the end of the last one. A last part shorter than the
    delay of the release goes, and what remains of the delay is taken from the part before.

    >>> times = [i / 10 for i in range(40)]
    >>> over_the_end = (Span(20, 40), Span(0, 11))
    >>> [s.label for s in corrected_parts(over_the_end, ReactionTime(0.3, 0.4, 10), times, 1.0, 40)]
    ['18_40', '1_7']
    >>> [s.label for s in corrected_parts((Span(20, 40), Span(0, 2)), ReactionTime(0.3, 0.4, 10), times, 1.0, 40)]
    ['18_38']
    """
    kept, delay_s = list(parts), reaction.release_s
    while len(kept) > 1:
        last, before = kept[-1], kept[-2]
        to_start_s = (times_s[last.stop - 1] - times_s[last.start]) / speed
        if delay_s <= to_start_s + _SAME_TIME_S:
            break
        # The frame that ends a pass stays on the screen as long as the one before it.
        held_s = times_s[before.stop - 1] - times_s[max(before.stop - 2, 0)]
        delay_s = max(0.0, delay_s - to_start_s - held_s / speed)
        kept.pop()
    ends = replace(reaction, onset_s=0.0, release_s=delay_s)
    kept[-1] = corrected(kept[-1], ends, times_s, speed, n_frames)
    kept[0] = corrected(kept[0], replace(reaction, release_s=0.0), times_s, speed, n_frames)
    return tuple(kept)


def _frame_before(times: np.ndarray, frame: int, delay_s: float) -> int:
    """The frame that was on the screen `delay_s` (of the video's time) before `frame` came up; at most `frame`."""
    shown = int(np.searchsorted(times, times[frame] - delay_s + _SAME_TIME_S, side="right")) - 1
    return min(max(shown, 0), frame)
