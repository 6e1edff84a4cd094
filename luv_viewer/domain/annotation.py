"""What one reader states about one video."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.lus_score import LusScore, derived_grade
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from luv_viewer.domain.track import Track, check_track, frames_of


class FrameState(Enum):
    """What is known of one frame and pattern."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_LOOKED_AT = "not looked at"


class Fate(Enum):
    """What a reader did with a suggestion of the model. EDITED is not chosen: it is ACCEPTED and changed afterwards."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    EDITED = "edited"
    REJECTED = "rejected"


class Source(Enum):
    """Whose statement an adjudicated stretch follows."""

    READER_A = "reader A"
    READER_B = "reader B"
    BOTH = "both"
    ADJUDICATOR = "adjudicator"


@dataclass(frozen=True)
class Suggestion:
    """Frames that the model proposes for a pattern, kept as they were proposed.

    made_by: checkpoint name and version. probability: of the video, 0 to 1. fate: PENDING, ACCEPTED or REJECTED.
    """

    pattern: Pattern
    span: Span
    probability: float
    made_by: str
    fate: Fate = Fate.PENDING


@dataclass(frozen=True)
class Decision:
    """An adjudicator's word on one stretch where two readers differ."""

    pattern: Pattern
    span: Span
    source: Source


_EMPTY: tuple[Track, ...] = ((),) * len(TRACK_PATTERNS)

_NOT_STATED = ("n_frames", "seen", "suggestions")
"""Fields that say nothing about a finding until the reader answers."""

QUALITIES = ("good", "adequate", "poor", "not readable")
"""Image quality a reader can state."""


@dataclass(frozen=True)
class VideoAnnotation:
    """One reader's statements on a video of n_frames; every change gives a new value.

    present, absent: a track per TRACK_PATTERNS; a frame is never in both of a pattern.
    seen: frames that were on the screen. A frame is present where stated, absent where stated or where seen and not
    stated present, and not looked at otherwise.
    zone: `R2` (BLUE point or 12-zone scheme) or "". sliding: lung sliding seen, absent (False) or unknown (None).
    quality: one of QUALITIES or "". exclusion: why the video is not to be used, or "". finalised: the reader is done.
    Raises ValueError when these rules do not hold.
    """

    n_frames: int
    present: tuple[Track, ...] = _EMPTY
    absent: tuple[Track, ...] = _EMPTY
    seen: SpanSet = NO_FRAMES
    zone: str = ""
    sliding: bool | None = None
    lus_score: LusScore | None = None
    quality: str = ""
    exclusion: str = ""
    note: str = ""
    finalised: bool = False
    suggestions: tuple[Suggestion, ...] = ()
    decisions: tuple[Decision, ...] = ()

    def __post_init__(self) -> None:
        if self.n_frames < 1:
            raise ValueError(f"a video has at least one frame, got {self.n_frames}")
        if len(self.present) != len(TRACK_PATTERNS) or len(self.absent) != len(TRACK_PATTERNS):
            raise ValueError(f"expected {len(TRACK_PATTERNS)} tracks, got {len(self.present)} and {len(self.absent)}")
        for pattern, stated, denied in zip(TRACK_PATTERNS, self.present, self.absent, strict=True):
            check_track(stated, self.n_frames)
            check_track(denied, self.n_frames)
            # Most tracks are empty, and a project of 2,000 videos is read in one go.
            if stated and denied and (both := frames_of(stated) & frames_of(denied)):
                raise ValueError(f"{pattern.value}: frames {both.label} are both present and absent")
        if self.seen.stop > self.n_frames:
            raise ValueError(f"frames {self.seen.label} cannot have been seen in a video of {self.n_frames}")
        if self.quality not in ("", *QUALITIES):
            raise ValueError(f"image quality is one of {', '.join(QUALITIES)}, got {self.quality!r}")

    def track(self, pattern: Pattern) -> Track:
        """The intervals in which a pattern is stated present."""
        return self.present[TRACK_PATTERNS.index(pattern)]

    def absent_track(self, pattern: Pattern) -> Track:
        """The intervals in which a pattern is stated absent."""
        return self.absent[TRACK_PATTERNS.index(pattern)]

    def with_track(self, pattern: Pattern, track: Track) -> VideoAnnotation:
        """With other present intervals; the frames are no longer stated absent."""
        denied = frames_of(self.absent_track(pattern)) - frames_of(track)
        return self._with(pattern, track, denied.spans)

    def with_absent(self, pattern: Pattern, frames: SpanSet) -> VideoAnnotation:
        """With `frames` stated absent as well; they are no longer present."""
        kept = tuple(piece for span in self.track(pattern) for piece in (SpanSet.of(span) - frames).spans)
        return self._with(pattern, kept, (frames_of(self.absent_track(pattern)) | frames).spans)

    def _with(self, pattern: Pattern, track: Track, denied: Track) -> VideoAnnotation:
        index = TRACK_PATTERNS.index(pattern)
        present = (*self.present[:index], track, *self.present[index + 1 :])
        absent = (*self.absent[:index], denied, *self.absent[index + 1 :])
        return replace(self, present=present, absent=absent)

    def present_frames(self, pattern: Pattern) -> SpanSet:
        """Frames stated present."""
        return frames_of(self.track(pattern))

    def unlooked_frames(self, pattern: Pattern) -> SpanSet:
        """Frames of which nothing is known for a pattern."""
        known = self.seen | self.present_frames(pattern) | frames_of(self.absent_track(pattern))
        return SpanSet.whole(self.n_frames) - known

    def unlooked_anywhere(self) -> SpanSet:
        """Frames of which nothing is known for at least one pattern."""
        stated = np.zeros((len(TRACK_PATTERNS), self.n_frames), bool)
        for row, tracks in zip(stated, zip(self.present, self.absent, strict=True), strict=True):
            for span in (*tracks[0], *tracks[1]):
                row[span.start : span.stop] = True
        return SpanSet.from_mask(~(stated.all(axis=0) | self.seen.mask(self.n_frames)))

    def states(self, pattern: Pattern) -> NDArray[np.object_]:
        """(n_frames,) FrameState."""
        states = np.full(self.n_frames, FrameState.ABSENT, dtype=object)
        states[self.unlooked_frames(pattern).mask(self.n_frames)] = FrameState.NOT_LOOKED_AT
        states[self.present_frames(pattern).mask(self.n_frames)] = FrameState.PRESENT
        return states

    def patterns_present(self) -> tuple[Pattern, ...]:
        """Patterns stated present in at least one frame."""
        return tuple(p for p, track in zip(TRACK_PATTERNS, self.present, strict=True) if track)

    @property
    def derived_grade(self) -> int | None:
        """The LUS grade that the labels imply; None: no finding."""
        return derived_grade(self.patterns_present())

    @property
    def is_untouched(self) -> bool:
        """True while the reader has stated nothing; frames may have been seen, and suggestions wait for an answer."""
        if any(s.fate is not Fate.PENDING for s in self.suggestions):
            return False
        return all(getattr(self, f.name) == f.default for f in fields(self) if f.name not in _NOT_STATED)


def what_became(annotation: VideoAnnotation, suggestion: Suggestion) -> tuple[Fate, SpanSet]:
    """(fate, frames present now) of a suggestion: an accepted one whose frames were changed afterwards is EDITED.

    The frames are those of the intervals that meet the suggested span.
    """
    met = [
        s
        for s in annotation.track(suggestion.pattern)
        if s.start < suggestion.span.stop and suggestion.span.start < s.stop
    ]
    now = SpanSet.union(met)
    if suggestion.fate is Fate.ACCEPTED and now != SpanSet.of(suggestion.span):
        return Fate.EDITED, now
    return suggestion.fate, now


def with_all(annotation: VideoAnnotation, tracks: Iterable[tuple[Pattern, Track]]) -> VideoAnnotation:
    """With several present tracks replaced."""
    for pattern, track in tracks:
        annotation = annotation.with_track(pattern, track)
    return annotation
