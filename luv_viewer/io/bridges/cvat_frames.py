"""What CVAT shows where: a task's frames in the video, and when a track is visible.

A task shows every `step`-th frame of the video from `start_frame`. A shape stands on one frame. A track is visible from
a keyframe to the next; a keyframe with `outside` hides it; the last keyframe holds until the end of its job
(docs.cvat.ai, "XML annotation format").
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from luv_viewer.domain.span import Span
from luv_viewer.io.bridges.bridge import Draft

FULL_FRAME = "full frame"
"""The kind of a rectangle that covers the picture: it has no outline to lose."""
OUTLINE_LOST = "kept as frames only; the outline is lost"


def frame_step(frame_filter: str) -> int:
    """The step in a task's frame_filter, 1 when it has none.

    >>> frame_step("step=5"), frame_step("")
    (5, 1)
    """
    found = re.search(r"step\s*=\s*([1-9]\d{0,6})", frame_filter)
    return int(found[1]) if found else 1


@dataclass(frozen=True)
class TaskFrames:
    """The frames a task shows: start, start + step, ... of the video, n of them. hidden: deleted ones, in the video."""

    start: int
    step: int
    n: int
    hidden: frozenset[int] = frozenset()

    def visible(self, first: int, stop: int) -> list[Span]:
        """The shown frames of the video among the task's frames first ... stop - 1."""
        frames = range(max(first, 0), min(stop, self.n))
        if self.step == 1 and not self.hidden:
            return [Span(self.start + frames.start, self.start + frames.stop)] if frames else []
        places = (self.start + frame * self.step for frame in frames)
        return [Span(place, place + 1) for place in places if place not in self.hidden]


@dataclass(frozen=True)
class Keyframe:
    """A track's state from a frame of the task on."""

    frame: int
    outside: bool


def visible_stretches(keyframes: Iterable[Keyframe], stop: int) -> list[tuple[int, int]]:
    """Half-open stretches of the task's frames in which a track is visible; `stop` ends the last one.

    >>> visible_stretches([Keyframe(10, False), Keyframe(20, False), Keyframe(25, True), Keyframe(40, False)], 50)
    [(10, 20), (20, 25), (40, 50)]
    """
    last = {key.frame: key for key in keyframes}
    ordered = [last[frame] for frame in sorted(last)]
    ends = [key.frame for key in ordered[1:]] + [stop]
    return [(key.frame, end) for key, end in zip(ordered, ends, strict=True) if not key.outside and key.frame < end]


class Marks:
    """Puts the shapes, tags and tracks of one job into a video's draft. end: one past the job's last task frame."""

    def __init__(self, draft: Draft, frames: TaskFrames, end: int) -> None:
        self._draft, self._frames, self._end = draft, frames, end

    def still(self, label: str, kind: str, frame: int) -> None:
        """A shape or tag on one frame of the task."""
        if self._has(frame):
            self._mark(label, kind, self._frames.visible(frame, frame + 1))

    def track(self, label: str, kind: str, keys: list[Keyframe]) -> None:
        """A track by its keyframes. One hidden from just after the end on is nothing unusual."""
        inside = [key for key in keys if key == Keyframe(self._frames.n, True) or self._has(key.frame)]
        if not inside:
            self._draft.ledger.lose("track", "without a keyframe left out")
            return
        stretches = visible_stretches(inside, min(self._end, self._frames.n))
        self._mark(label, kind, [span for a, b in stretches for span in self._frames.visible(a, b)])

    def _has(self, frame: int) -> bool:
        if 0 <= frame < self._frames.n:
            return True
        self._draft.ledger.problem(
            f"{self._draft.name}: frame {frame} of the task does not exist, it has frames 0 to {self._frames.n - 1}; "
            "what is labelled there was left out."
        )
        return False

    def _mark(self, label: str, kind: str, spans: list[Span]) -> None:
        self._draft.mark(label, spans)
        if kind not in ("tag", FULL_FRAME):
            self._draft.ledger.lose(kind, OUTLINE_LOST)
