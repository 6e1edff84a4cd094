"""Runs of frames: half-open from 0 in code, 1-based inclusive where people read them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """Frames start, start + 1, ... stop - 1 (half-open, from 0; never empty).

    >>> Span(23, 51).label
    '24_51'
    >>> Span.from_label("24_51")
    Span(start=23, stop=51)
    >>> 50 in Span(23, 51), 51 in Span(23, 51)
    (True, False)
    """

    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise ValueError(f"a span needs 0 <= start < stop, got start {self.start}, stop {self.stop}")

    def __len__(self) -> int:
        return self.stop - self.start

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.stop

    @property
    def label(self) -> str:
        """`first_last` in 1-based inclusive frame numbers, as in the labelling sheets."""
        return f"{self.start + 1}_{self.stop}"

    @classmethod
    def from_label(cls, label: str) -> Span:
        """Inverse of `label`. Raises ValueError when the text is not two whole numbers joined by `_`."""
        first, _, last = label.partition("_")
        return cls(int(first) - 1, int(last))
