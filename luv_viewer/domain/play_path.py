"""Where the play head stands and which way it goes: which frames are needed next, and which last."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice

from luv_viewer.domain.span import Span


@dataclass(frozen=True)
class PlayPath:
    """head: the frame shown. span: the frames that are played. step: 1 forwards, -1 backwards, 0 standing.

    loops: after the last frame of the span comes its first. Raises ValueError for a head outside the span or another
    step.
    """

    head: int
    span: Span
    step: int = 0
    loops: bool = False

    def __post_init__(self) -> None:
        if self.head not in self.span:
            raise ValueError(f"frame {self.head} lies outside {self.span}")
        if self.step not in (-1, 0, 1):
            raise ValueError(f"the step must be -1, 0 or 1, got {self.step}")

    def ahead(self, count: int) -> tuple[int, ...]:
        """Up to `count` frames other than the head, the one needed first at the front; each at most once.

        >>> PlayPath(8, Span(0, 10), step=1, loops=True).ahead(4), PlayPath(8, Span(0, 10), step=1).ahead(4)
        ((9, 0, 1, 2), (9,))
        >>> PlayPath(8, Span(0, 10)).ahead(4)
        (9, 7, 6, 5)
        """
        after, before = range(self.head + 1, self.span.stop), range(self.head - 1, self.span.start - 1, -1)
        if self.step == 0:
            near = sorted(chain(after[:count], before[:count]), key=lambda frame: (abs(frame - self.head), -frame))
            return tuple(near[:count])
        first, far = (after, before) if self.step > 0 else (before, after)
        return tuple(islice(chain(first, reversed(far)) if self.loops else first, count))

    def distance(self, frame: int) -> int:
        """How many frames are needed before this one; those that playing does not come to lie behind all others.

        >>> path = PlayPath(8, Span(0, 10), step=1, loops=True)
        >>> path.distance(9), path.distance(0), path.distance(7)
        (1, 2, 9)
        """
        offset = frame - self.head
        if self.step == 0:
            return abs(offset)
        if frame in self.span and self.loops:
            return offset * self.step % len(self.span)
        passed = len(self.span) if offset * self.step < 0 or frame not in self.span else 0
        return abs(offset) + passed
