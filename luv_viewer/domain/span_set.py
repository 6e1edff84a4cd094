"""Sets of frames kept as runs: what two readers' statements are compared and merged with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.span import Span


@dataclass(frozen=True)
class SpanSet:
    """Frames as sorted, disjoint spans that do not touch: equal sets of frames are equal values.

    >>> both = SpanSet.of(Span(0, 10), Span(8, 20), Span(20, 24), Span(30, 31))
    >>> both.label, len(both), 9 in both
    ('1_24, 31', 25, True)
    >>> (both & SpanSet.of(Span(22, 40))).label, (both - SpanSet.of(Span(2, 30))).label
    ('23_24, 31', '1_2, 31')
    """

    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        for before, after in pairwise(self.spans):
            if before.stop >= after.start:
                raise ValueError(f"{before} and {after} are not sorted and apart; build the set with SpanSet.of")

    @classmethod
    def of(cls, *spans: Span) -> SpanSet:
        """The frames in any of `spans`, which may overlap and come in any order."""
        return cls.union(spans)

    @classmethod
    def union(cls, spans: Iterable[Span]) -> SpanSet:
        """As `of`, from an iterable."""
        joined: list[Span] = []
        for span in sorted(spans):
            if joined and span.start <= joined[-1].stop:
                joined[-1] = Span(joined[-1].start, max(joined[-1].stop, span.stop))
            else:
                joined.append(span)
        return cls(tuple(joined))

    @classmethod
    def from_mask(cls, mask: NDArray[np.bool_]) -> SpanSet:
        """The frames at which a (T,) mask is True."""
        edges = np.flatnonzero(np.diff(np.concatenate(([False], np.asarray(mask, bool), [False]))))
        return cls(tuple(Span(int(a), int(b)) for a, b in edges.reshape(-1, 2)))

    @classmethod
    def whole(cls, n_frames: int) -> SpanSet:
        """All frames of a video; empty for no frames."""
        return cls((Span(0, n_frames),)) if n_frames else cls()

    def mask(self, n_frames: int) -> NDArray[np.bool_]:
        """(n_frames,) True on the frames of the set; frames beyond the end are left out."""
        mask = np.zeros(n_frames, bool)
        for span in self.spans:
            mask[span.start : span.stop] = True
        return mask

    @property
    def label(self) -> str:
        """A sheet's cell: 1-based inclusive intervals, a single frame as one number; empty for no frame."""
        return ", ".join(span.label if len(span) > 1 else str(span.stop) for span in self.spans)

    @property
    def stop(self) -> int:
        """One past the last frame; 0 when empty."""
        return self.spans[-1].stop if self.spans else 0

    def __len__(self) -> int:
        return sum(map(len, self.spans))

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __contains__(self, frame: int) -> bool:
        return any(frame in span for span in self.spans)

    def __or__(self, other: SpanSet) -> SpanSet:
        return SpanSet.union((*self.spans, *other.spans))

    def __and__(self, other: SpanSet) -> SpanSet:
        n = max(self.stop, other.stop)
        return SpanSet.from_mask(self.mask(n) & other.mask(n))

    def __sub__(self, other: SpanSet) -> SpanSet:
        n = max(self.stop, other.stop)
        return SpanSet.from_mask(self.mask(n) & ~other.mask(n))

    def __xor__(self, other: SpanSet) -> SpanSet:
        n = max(self.stop, other.stop)
        return SpanSet.from_mask(self.mask(n) ^ other.mask(n))

    def within(self, n_frames: int) -> SpanSet:
        """The part that lies in a video of n_frames."""
        return SpanSet.from_mask(self.mask(n_frames))


NO_FRAMES = SpanSet()
"""The empty set."""
