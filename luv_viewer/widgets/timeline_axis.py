"""Which frames the timeline shows, and where."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

MARGIN_PX = 12.0
"""Free pixels at both ends, so that a dot and its letter on the first or last frame are drawn whole."""

MIN_SPAN = 8.0
_STEPS = (1, 2, 4, 6, 12, 24, 48, 120, 240, 480, 1200, 2400, 4800, 12000, 24000, 48000)


@dataclass(frozen=True)
class FrameAxis:
    """A horizontal axis of `width_px` pixels on which frame i (from 0) covers [i - 0.5, i + 0.5).

    n_frames: T, 0 when there is no video. left, right: the edges in view, within [-0.5, T - 0.5].

    >>> axis = FrameAxis.whole(152, width_px=1000)
    >>> axis.frame_at(axis.x_px(36)), axis.frame_at(-5), axis.frame_at(2000)
    (36, 0, 151)
    """

    n_frames: int
    left: float
    right: float
    width_px: float

    @classmethod
    def whole(cls, n_frames: int, width_px: float) -> FrameAxis:
        """All frames in view."""
        return cls(n_frames, -0.5, max(n_frames, 1) - 0.5, width_px)

    @property
    def px_per_frame(self) -> float:
        """Pixels one frame takes."""
        return max(self.width_px - 2 * MARGIN_PX, 1.0) / (self.right - self.left)

    @property
    def edges(self) -> tuple[float, float]:
        """Frame positions at the first and last pixel, margins included."""
        margin = MARGIN_PX / self.px_per_frame
        return self.left - margin, self.right + margin

    def x_px(self, position: float) -> float:
        """Pixel of a position in frames."""
        return MARGIN_PX + (position - self.left) * self.px_per_frame

    def frame_at(self, x_px: float) -> int:
        """The frame under a pixel; beyond the ends the first or last frame of the video."""
        position = self.left + (x_px - MARGIN_PX) / self.px_per_frame
        return int(np.clip(np.floor(position + 0.5), 0, max(self.n_frames - 1, 0)))

    def shows(self, frame: int) -> bool:
        """True when the middle of `frame` is in view."""
        return self.left <= frame <= self.right

    def resized(self, width_px: float) -> FrameAxis:
        """The same frames on another width."""
        return replace(self, width_px=width_px)

    def zoomed(self, factor: float, at_px: float) -> FrameAxis:
        """`factor` times as many frames in view, the position under `at_px` staying where it is."""
        position = self.left + (at_px - MARGIN_PX) / self.px_per_frame
        old = self.right - self.left
        whole = float(max(self.n_frames, 1))
        span = min(max(old * factor, min(MIN_SPAN, whole)), whole)
        return self._clamped(position - (position - self.left) * span / old, span)

    def panned(self, frames: float) -> FrameAxis:
        """Moved by `frames` to the right, stopping at the ends of the video."""
        return self._clamped(self.left + frames, self.right - self.left)

    def revealing(self, frame: int) -> FrameAxis:
        """Turned like a page so that `frame` is in view, a tenth from the left."""
        span = self.right - self.left
        return self._clamped(frame - 0.1 * span, span)

    def ticks(self, min_gap_px: float) -> tuple[list[int], list[int]]:
        """(numbered, minor) frames (from 0): the first one, then every frame whose 1-based number divides by a step.

        The steps divide or multiply 24, the paper's clip stride; numbered ticks lie at least `min_gap_px` apart.

        >>> [frame + 1 for frame in FrameAxis.whole(152, 1000).ticks(60)[0]]
        [1, 12, 24, 36, 48, 60, 72, 84, 96, 108, 120, 132, 144]
        """
        if self.n_frames == 0:
            return [], []
        step = next((s for s in _STEPS if s * self.px_per_frame >= min_gap_px), _STEPS[-1])
        minor = max((s for s in _STEPS if s < step and step % s == 0 and s * self.px_per_frame >= 5), default=step)
        numbered = [f for f in self._multiples(step) if f == 0 or f * self.px_per_frame >= min_gap_px]
        return numbered, [f for f in self._multiples(minor) if f not in set(numbered)]

    def _multiples(self, step: int) -> list[int]:
        first, last = int(np.ceil(max(self.left, 0))), int(np.floor(min(self.right, self.n_frames - 1)))
        frames = [number - 1 for number in range((first + step) // step * step, last + 2, step)]
        return ([0] if first == 0 and 0 not in frames else []) + frames

    def _clamped(self, left: float, span: float) -> FrameAxis:
        left = min(max(left, -0.5), max(self.n_frames, 1) - 0.5 - span)
        return replace(self, left=left, right=left + span)
