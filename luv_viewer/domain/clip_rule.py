"""From frames to clips and their labels (systems.md 1.6)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from luv_viewer.domain.lus_score import derived_grade
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet


def clip_spans(n_frames: int, clip_length: int = 30, step: int = 24) -> tuple[Span, ...]:
    """Real frames of each clip of a video: starts 0, step, ... below n_frames, the last ones cut at the end.

    This is the rule of the published clip tables. A video shorter than clip_length still gets a clip for every start
    (39 frames at length 40, step 32: two), while the network's own plan of such a video is one clip.
    Raises ValueError when a number is below 1.

    >>> [span.label for span in clip_spans(62)]
    ['1_30', '25_54', '49_62']
    >>> [span.label for span in clip_spans(39, 40, 32)]
    ['1_39', '33_39']
    """
    for name, value in (("n_frames", n_frames), ("clip_length", clip_length), ("step", step)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    return tuple(Span(start, min(start + clip_length, n_frames)) for start in range(0, n_frames, step))


@dataclass(frozen=True)
class ClipRule:
    """clip_length, step: frames. A pattern is in a clip when it is in at least min_frames of its real frames, and in
    at least min_fraction (0 to 1) of them; the published rule is any one frame. Padding never counts.
    min_real_frames: a clip with fewer of them is left out, unless it is the first of its video.

    Raises ValueError for other numbers.
    """

    clip_length: int = 30
    step: int = 24
    min_frames: int = 1
    min_fraction: float = 0.0
    min_real_frames: int = 1

    def __post_init__(self) -> None:
        for name in ("clip_length", "step", "min_frames", "min_real_frames"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= self.min_fraction <= 1:
            raise ValueError(f"min_fraction must be 0 to 1, got {self.min_fraction}")
        if self.min_real_frames > self.clip_length:
            raise ValueError(f"min_real_frames must be at most the clip length, got {self.min_real_frames}")

    def spans(self, n_frames: int) -> tuple[Span, ...]:
        """The clips of a video."""
        spans = clip_spans(n_frames, self.clip_length, self.step)
        return tuple(span for span in spans if span.start == 0 or len(span) >= self.min_real_frames)

    def label(self, clip: Span, present: SpanSet, unlooked: SpanSet) -> bool | None:
        """Whether the pattern is in a clip; None where frames that nobody looked at could decide it.

        >>> rule, clip = ClipRule(min_frames=3), Span(0, 30)
        >>> [rule.label(clip, SpanSet.of(Span(0, n)), SpanSet.of(Span(10, 12))) for n in (3, 1)]
        [True, None]
        >>> rule.label(clip, SpanSet.of(), SpanSet.of(Span(10, 12)))
        False
        """
        # 0.1 * 30 may come out a little above 3, which must not ask for a fourth frame.
        needed = max(self.min_frames, math.ceil(self.min_fraction * len(clip) - 1e-9))
        frames = SpanSet.of(clip)
        sure = len(present & frames)
        if sure >= needed:
            return True
        return None if sure + len((unlooked - present) & frames) >= needed else False


NO_FINDING = 4
"""How the published clip tables write a clip without any pattern; not a severity."""


def clip_score(labels: dict[Pattern, bool | None]) -> int | None:
    """The published `Lung ultrasound score_lbl`: the highest grade of the patterns, NO_FINDING without any.

    None where a pattern that cannot be told would change it.

    >>> clip_score({Pattern.A_LINE: None, Pattern.B_LINE: True})
    1
    >>> clip_score({Pattern.A_LINE: True, Pattern.B_LINE: None}) is None
    True
    """
    sure = derived_grade(pattern for pattern, label in labels.items() if label)
    possible = derived_grade(pattern for pattern, label in labels.items() if label is not False)
    if sure != possible:
        return None
    return NO_FINDING if sure is None else sure
