"""A third reader's annotation: what two readers agree on, and decisions with their source where they do not."""

from __future__ import annotations

from dataclasses import replace

from luv_viewer.domain.annotation import Decision, Source, VideoAnnotation
from luv_viewer.domain.disagreement import Disagreement, DisagreementKind, disagreements
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.row_pairing import mismatch
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from luv_viewer.domain.track import frames_of

_READERS = {Source.READER_A: "reader A", Source.READER_B: "reader B", Source.BOTH: "a reader"}


def begin(row_a: SheetRow, row_b: SheetRow, n_frames: int) -> VideoAnnotation:
    """The annotation to decide on: frames both state present or both state absent are so, the others not looked at.

    Zone, lung sliding and LUS score are taken over where both readers say the same. `seen` is empty and must stay so
    until all is decided: a seen frame counts as absent. Raises ValueError for rows of different pictures.
    """
    different = mismatch((row_a, row_b), {row_a.study_id: n_frames})
    if row_a.study_id != row_b.study_id or different:
        raise ValueError(
            f"rows {row_a.study_id} and {row_b.study_id} cannot be adjudicated: {different or 'two videos'}"
        )
    present, absent = [], []
    for pattern in TRACK_PATTERNS:
        agreed, denied = _both(row_a, row_b, pattern, n_frames)
        present.append(agreed.spans)
        absent.append(denied.spans)
    return VideoAnnotation(
        n_frames,
        present=tuple(present),
        absent=tuple(absent),
        zone=row_a.zone if row_a.zone == row_b.zone else "",
        sliding=row_a.sliding if row_a.sliding == row_b.sliding else None,
        lus_score=row_a.lus_score if row_a.lus_score == row_b.lus_score else None,
    )


def begun(before: VideoAnnotation, row_a: SheetRow, row_b: SheetRow) -> VideoAnnotation:
    """As `begin`, for an adjudicator who has stated something already: it stays where the readers do not agree.

    Intervals drawn there decide nothing yet, but can be decided for. Raises ValueError also where frames were recorded
    as seen: each of them would count as absent before it is decided.
    """
    start = begin(row_a, row_b, before.n_frames)
    if before.seen:
        raise ValueError(
            f"frames {before.seen.label} of this video were recorded as looked at, so the undecided ones among them "
            "would count as absent; adjudicate it as another reader"
        )
    for pattern in TRACK_PATTERNS:
        undecided = start.unlooked_frames(pattern)
        own = before.present_frames(pattern) & undecided
        denied = frames_of(before.absent_track(pattern)) & undecided
        start = start.with_track(pattern, (start.present_frames(pattern) | own).spans).with_absent(pattern, denied)
    return replace(
        before,
        present=start.present,
        absent=start.absent,
        zone=start.zone or before.zone,
        sliding=before.sliding if start.sliding is None else start.sliding,
        lus_score=start.lus_score or before.lus_score,
    )


def is_begun(annotation: VideoAnnotation, row_a: SheetRow, row_b: SheetRow) -> bool:
    """Whether decisions can be made: what both readers state is stated, or something was decided already.

    Raises ValueError for rows of different pictures.
    """
    start = begin(row_a, row_b, annotation.n_frames)
    if annotation.seen:
        return False
    return bool(annotation.decisions) or not any(
        (start.present_frames(p) - annotation.present_frames(p))
        or (frames_of(start.absent_track(p)) - frames_of(annotation.absent_track(p)))
        for p in TRACK_PATTERNS
    )


def decide(
    annotation: VideoAnnotation, decision: Decision, row_a: SheetRow, row_b: SheetRow, *, own: SpanSet = NO_FRAMES
) -> VideoAnnotation:
    """With every frame of the decision's span present or absent as its source says, and the decision kept.

    READER_A, READER_B: that reader's frames. BOTH: present where both say present, absent elsewhere. ADJUDICATOR: `own`
    (frames in the span) present, the others absent. An earlier decision on any of these frames gives way for them, so
    that every frame and pattern has at most one. Intervals that touch become one.
    Raises ValueError where the span is not in the video, `own` not in the span, or the source has not looked.
    """
    pattern, span, source = decision.pattern, decision.span, decision.source
    if span.stop > annotation.n_frames:
        raise ValueError(f"frames {span.label} are not in a video of {annotation.n_frames} frames")
    stretch = SpanSet.of(span)
    if source is Source.ADJUDICATOR:
        if own - stretch:
            raise ValueError(f"frames {(own - stretch).label} lie outside the stretch {span.label} that is decided")
        there = own
    else:
        unknown = _unknown(source, pattern, span, row_a, row_b)
        if unknown:
            raise ValueError(
                f"{_READERS[source]} has not looked at {pattern.value} in frames {unknown.label}; decide them yourself."
            )
        there = _said_present(source, pattern, row_a, row_b) & stretch
    track = (frames_of(annotation.track(pattern)) - stretch) | there
    decided = annotation.with_track(pattern, track.spans).with_absent(pattern, stretch - there)
    return replace(decided, decisions=(*_kept(annotation.decisions, decision), decision))


def usable_sources(pattern: Pattern, span: Span, row_a: SheetRow, row_b: SheetRow) -> tuple[Source, ...]:
    """Those that say present or absent of every frame of a stretch; always with ADJUDICATOR, the last."""
    readers = (Source.READER_A, Source.READER_B, Source.BOTH)
    usable = [source for source in readers if not _unknown(source, pattern, span, row_a, row_b)]
    return (*usable, Source.ADJUDICATOR)


def open_disagreements(annotation: VideoAnnotation, row_a: SheetRow, row_b: SheetRow) -> tuple[Disagreement, ...]:
    """Stretches without agreement of the readers and without decision, sorted by first frame.

    Frames that neither reader looked at are among them. What the adjudicator drew there does not close them: only a
    decision does, for only that says whose word it is.
    """
    rest: list[Disagreement] = []
    for item in disagreements(row_a, row_b, kinds=tuple(DisagreementKind)):
        decided = SpanSet.union(d.span for d in annotation.decisions if d.pattern is item.pattern)
        rest.extend(replace(item, span=span) for span in SpanSet.of(item.span) - decided)
    return tuple(sorted(rest, key=lambda item: item.span.start))


def _both(row_a: SheetRow, row_b: SheetRow, pattern: Pattern, n_frames: int) -> tuple[SpanSet, SpanSet]:
    """Frames that both state present, and that both state absent."""
    said = [row.frames(pattern) for row in (row_a, row_b)]
    unlooked = row_a.unlooked_frames(pattern) | row_b.unlooked_frames(pattern)
    return said[0] & said[1], SpanSet.whole(n_frames) - said[0] - said[1] - unlooked


def _said_present(source: Source, pattern: Pattern, row_a: SheetRow, row_b: SheetRow) -> SpanSet:
    if source is Source.BOTH:
        return row_a.frames(pattern) & row_b.frames(pattern)
    return (row_a if source is Source.READER_A else row_b).frames(pattern)


def _unknown(source: Source, pattern: Pattern, span: Span, row_a: SheetRow, row_b: SheetRow) -> SpanSet:
    """Frames of a stretch of which a source says neither present nor absent; for BOTH one reader's absent suffices."""
    unlooked_a, unlooked_b = row_a.unlooked_frames(pattern), row_b.unlooked_frames(pattern)
    if source is Source.READER_A:
        unknown = unlooked_a
    elif source is Source.READER_B:
        unknown = unlooked_b
    else:
        unknown = (unlooked_a & (unlooked_b | row_b.frames(pattern))) | (unlooked_b & row_a.frames(pattern))
    return unknown & SpanSet.of(span)


def _kept(decisions: tuple[Decision, ...], newer: Decision) -> tuple[Decision, ...]:
    """Earlier decisions without the frames of a newer one."""
    kept: list[Decision] = []
    for decision in decisions:
        if decision.pattern is newer.pattern:
            rest = SpanSet.of(decision.span) - SpanSet.of(newer.span)
            kept.extend(replace(decision, span=span) for span in rest)
        else:
            kept.append(decision)
    return tuple(kept)
