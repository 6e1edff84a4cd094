"""What the annotation tracks of the timeline show: values, free of Qt, and what they say in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from luv_viewer.domain.track import Track, interval_at


@dataclass(frozen=True)
class Draft:
    """Frames being labelled or dragged now, not stated yet.

    absent: they are going to be stated absent. index: the interval whose place they take, None for new ones.
    """

    pattern: Pattern
    span: Span
    absent: bool = False
    index: int | None = None


@dataclass(frozen=True)
class Tracks:
    """A reader's tracks, and what is drawn into them.

    annotation: None without an active reader. hidden: the reader switched the tracks off.
    marks: first and last frame marked, both inclusive. running: labelled while a key is held. draft: under the mouse.
    selected: pattern and index of an interval. lock: why nothing can be changed, "" when it can.
    other, other_name: the intervals of another sheet, one set per TRACK_PATTERNS, and whose they are.
    hatched: intervals are told apart by hatching too.
    """

    annotation: VideoAnnotation | None = None
    hidden: bool = False
    marks: tuple[int | None, int | None] = (None, None)
    running: Draft | None = None
    draft: Draft | None = None
    selected: tuple[Pattern, int] | None = None
    lock: str = ""
    other: tuple[SpanSet, ...] | None = None
    other_name: str = ""
    suggestions: tuple[Suggestion, ...] = ()
    disagreement: tuple[Pattern, Span] | None = None
    hatched: bool = False

    @property
    def are_shown(self) -> bool:
        """There is a reader, and the tracks are not switched off."""
        return self.annotation is not None and not self.hidden

    @property
    def can_edit(self) -> bool:
        """The mouse may change intervals."""
        return self.are_shown and not self.lock

    @property
    def seen(self) -> SpanSet:
        """Frames the reader has looked at."""
        return NO_FRAMES if self.annotation is None else self.annotation.seen

    def stated(self, pattern: Pattern) -> Track:
        """The intervals a reader has stated."""
        return () if self.annotation is None else self.annotation.track(pattern)

    def absent(self, pattern: Pattern) -> Track:
        """The intervals stated absent."""
        return () if self.annotation is None else self.annotation.absent_track(pattern)

    def others(self, pattern: Pattern) -> Track:
        """The other sheet's intervals."""
        return () if self.other is None else self.other[TRACK_PATTERNS.index(pattern)].spans

    def suggested(self, pattern: Pattern) -> tuple[Suggestion, ...]:
        """Suggestions of the model the reader has not decided on."""
        return tuple(s for s in self.suggestions if s.pattern is pattern and s.fate is Fate.PENDING)

    def content(self, pattern: Pattern) -> tuple[object, ...]:
        """Everything one pattern's row shows: while it stays equal, the row need not be drawn again."""
        drafts = tuple(d for d in (self.running, self.draft) if d is not None and d.pattern is pattern)
        selected = self.selected[1] if self.selected and self.selected[0] is pattern else None
        disputed = self.disagreement[1] if self.disagreement and self.disagreement[0] is pattern else None
        own = (self.stated(pattern), self.absent(pattern), drafts, selected, self.can_edit, self.hatched)
        return (*own, self.others(pattern), self.suggested(pattern), disputed)


def frames_text(span: Span) -> str:
    """As people read it: first and last frame from 1; a single one as one number.

    >>> frames_text(Span(23, 51)), frames_text(Span(4, 5))
    ('24–51', '5')
    """
    return f"{span.start + 1}–{span.stop}" if len(span) > 1 else str(span.stop)


def duration_s(span: Span, times_s: NDArray[np.floating]) -> float:
    """How long the frames of a span are on the screen; the last frame of a video counts as long as the one before.

    >>> round(duration_s(Span(23, 51), np.arange(152) / 30), 2)
    0.93
    """
    if span.stop < len(times_s):
        return float(times_s[span.stop] - times_s[span.start])
    last = float(times_s[-1] - times_s[-2]) if len(times_s) > 1 else 0.0
    return float(times_s[-1] - times_s[span.start]) + last


def span_text(span: Span, times_s: NDArray[np.floating]) -> str:
    """`24–51, 28 frames, 0.93 s`."""
    frames = "1 frame" if len(span) == 1 else f"{len(span)} frames"
    return f"{frames_text(span)}, {frames}, {duration_s(span, times_s):.2f} s"


def tell_track(tracks: Tracks, pattern: Pattern, frame: int, times_s: NDArray[np.floating]) -> str:
    """What a track holds at a frame, a line for each reader and for the model."""
    index = interval_at(tracks.stated(pattern), frame)
    if index is not None:
        lines = [f"{pattern.plural} {span_text(tracks.stated(pattern)[index], times_s)}"]
    else:
        if interval_at(tracks.absent(pattern), frame) is not None:
            state = "stated absent"
        elif frame in tracks.seen:
            state = "seen, not stated present: counts as absent"
        else:
            state = "not looked at"
        lines = [f"frame {frame + 1} of {len(times_s)}, {times_s[frame]:.2f} s; {pattern.plural} {state}"]
    for suggestion in tracks.suggested(pattern):
        if frame in suggestion.span:
            text = span_text(suggestion.span, times_s)
            lines.append(f"AI suggests {pattern.plural} {text} (probability {suggestion.probability:.2f})")
    for span in tracks.others(pattern):
        if frame in span:
            lines.append(f"{tracks.other_name}: {pattern.plural} {span_text(span, times_s)}")
    if tracks.disagreement and tracks.disagreement[0] is pattern and frame in tracks.disagreement[1]:
        lines.append(f"The readers differ: {span_text(tracks.disagreement[1], times_s)}")
    return "\n".join([*lines, tracks.lock] if tracks.lock else lines)


def tell_seen(tracks: Tracks, n_frames: int) -> str:
    """How much of the video the reader has looked at.

    >>> tell_seen(Tracks(VideoAnnotation(152, seen=SpanSet.of(Span(0, 78)))), 152)
    '78 of 152 frames looked at; not yet: 79–152'
    """
    left = SpanSet.whole(n_frames) - tracks.seen
    text = f"{n_frames - len(left)} of {n_frames} frames looked at"
    return f"{text}; not yet: {list_text(left.spans)}" if left else text


def tell_stated(tracks: Tracks, pattern: Pattern) -> str:
    """A pattern's intervals in words, for the name beside its track.

    >>> from luv_viewer.domain.track import add
    >>> annotation = VideoAnnotation(152).with_track(Pattern.B_LINE, add((), Span(23, 51)))
    >>> tell_stated(Tracks(annotation), Pattern.B_LINE), tell_stated(Tracks(annotation), Pattern.A_LINE)
    ('1 interval labelled: 24–51', 'No interval labelled')
    """
    stated = tracks.stated(pattern)
    if not stated:
        return "No interval labelled"
    return f"{len(stated)} {'interval' if len(stated) == 1 else 'intervals'} labelled: {list_text(stated)}"


def list_text(spans: Track, at_most: int = 6) -> str:
    """Frame numbers of the first few intervals, and how many more there are.

    >>> list_text((Span(0, 2), Span(3, 4), Span(5, 6)), at_most=2)
    '1–2, 4 and 1 more'
    """
    text = ", ".join(frames_text(span) for span in spans[:at_most])
    return text if len(spans) <= at_most else f"{text} and {len(spans) - at_most} more"
