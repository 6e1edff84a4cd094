"""One pattern's intervals as a reader drew them: sorted, disjoint, and unlike a SpanSet allowed to touch.

A track is a tuple of spans. Functions return a new track, and the same one where there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet

Track = tuple[Span, ...]
Edge = Literal["start", "end"]


def check_track(track: Track, n_frames: int) -> None:
    """Raises ValueError unless the intervals are sorted, disjoint and inside the video."""
    for before, after in pairwise(track):
        if before.stop > after.start:
            raise ValueError(f"intervals {before.label} and {after.label} overlap or are not in order")
    if track and track[-1].stop > n_frames:
        raise ValueError(f"interval {track[-1].label} ends after frame {n_frames}, the last one")


def interval_at(track: Track, frame: int) -> int | None:
    """Index of the interval that covers a frame."""
    return next((i for i, span in enumerate(track) if frame in span), None)


def add(track: Track, span: Span) -> Track:
    """With the frames of `span`; intervals that it overlaps become one with it, those it only touches stay apart.

    >>> [s.label for s in add((Span(0, 10), Span(20, 30)), Span(5, 20))]
    ['1_20', '21_30']
    """
    met = [other for other in track if other.start < span.stop and span.start < other.stop]
    joined = Span(min([span.start, *(m.start for m in met)]), max([span.stop, *(m.stop for m in met)]))
    return tuple(sorted([*(other for other in track if other not in met), joined]))


def remove(track: Track, frames: SpanSet | Span) -> Track:
    """Without the given frames.

    >>> [s.label for s in remove((Span(0, 10), Span(10, 30)), Span(5, 12))]
    ['1_5', '13_30']
    """
    cut = SpanSet.of(frames) if isinstance(frames, Span) else frames
    return tuple(piece for span in track for piece in (SpanSet.of(span) - cut).spans)


def split(track: Track, frame: int) -> Track:
    """The interval that covers `frame` in two, the second of which begins there; its first frame cannot be split off.

    >>> [s.label for s in split((Span(0, 10),), 4)]
    ['1_4', '5_10']
    """
    index = interval_at(track, frame)
    if index is None or track[index].start == frame:
        return track
    span = track[index]
    return (*track[:index], Span(span.start, frame), Span(frame, span.stop), *track[index + 1 :])


def merge(track: Track, index: int) -> Track:
    """Interval `index` and the one after it as one, with the frames between them; the last one: with the one before.

    >>> [s.label for s in merge((Span(0, 10), Span(20, 30)), 0)]
    ['1_30']
    """
    if len(track) < 2:
        return track
    first = min(index, len(track) - 2)
    joined = Span(track[first].start, track[first + 1].stop)
    return (*track[:first], joined, *track[first + 2 :])


def move_edge(track: Track, index: int, edge: Edge, frame: int, n_frames: int) -> Track:
    """The interval now starts or ends with `frame` (inclusive), kept within its neighbours and at least one frame long.

    >>> [s.label for s in move_edge((Span(0, 10), Span(20, 30)), 1, "start", 3, 40)]
    ['1_10', '11_30']
    """
    span = track[index]
    if edge == "start":
        low = track[index - 1].stop if index else 0
        moved = Span(max(low, min(frame, span.stop - 1)), span.stop)
    else:
        high = track[index + 1].start if index + 1 < len(track) else n_frames
        moved = Span(span.start, min(high, max(frame + 1, span.start + 1)))
    return (*track[:index], moved, *track[index + 1 :])


def shift(track: Track, index: int, frames: int, n_frames: int) -> Track:
    """The whole interval moved by `frames`, as far as its neighbours and the video let it."""
    span = track[index]
    low = track[index - 1].stop if index else 0
    high = track[index + 1].start if index + 1 < len(track) else n_frames
    moved = max(low - span.start, min(frames, high - span.stop))
    return (*track[:index], Span(span.start + moved, span.stop + moved), *track[index + 1 :])


def delete(track: Track, index: int) -> Track:
    """Without interval `index`."""
    return (*track[:index], *track[index + 1 :])


def frames_of(track: Iterable[Span]) -> SpanSet:
    """The set of frames in a track."""
    return SpanSet.union(track)


def track_text(track: Track) -> str:
    """As in a sheet's cell, touching intervals kept apart.

    >>> track_text((Span(0, 10), Span(10, 11)))
    '1_10, 11'
    """
    return ", ".join(span.label if len(span) > 1 else str(span.stop) for span in track)


def track_from_text(text: str) -> Track:
    """Inverse of `track_text`; ValueError for other text."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(Span.from_label(part if "_" in part else f"{part}_{part}") for part in parts)
