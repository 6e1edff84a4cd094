"""Rows of tables turned into frames: half-open in times and BORIS image numbers, one frame for a point."""

from __future__ import annotations

from dataclasses import dataclass

from luv_viewer.domain.span import Span
from luv_viewer.io.bridges.bridge import MAX_FRAME, BridgedVideo, BridgeError, Draft, Known, Ledger


@dataclass(frozen=True)
class Moment:
    """A place in a video. time_s: seconds, or None; image: its number as the file counts, or None."""

    time_s: float | None
    image: int | None = None


class Drafts:
    """The videos of one file by name, in the order they are met."""

    def __init__(self, title: str, known: Known, ledger: Ledger) -> None:
        self.title, self.known, self.ledger = title, known, ledger
        self._drafts: dict[str, Draft] = {}

    def of(self, name: str, fps: float | None = None, n_frames: int | None = None) -> Draft:
        """The draft of a video; the file's own frame rate and length are kept when they are sensible."""
        draft = self._drafts.get(name)
        if draft is None:
            draft = self._drafts[name] = Draft(name, self.known, self.ledger)
        if draft.fps is None and fps is not None and 0 < fps < 100_000:
            draft.fps = fps
        if n_frames is not None and 0 < n_frames <= MAX_FRAME:
            draft.state_length(n_frames)
        return draft

    def mark(self, name: str, label: str, start: Moment, stop: Moment | None, first_image: int = 0) -> None:
        """An interval, or a point when stop is None. first_image: the number of the first image, 0 or 1.

        Image numbers are preferred to times. Raises BridgeError when there are only times and no frame rate.
        """
        draft = self.of(name)
        span = self._images(start, stop, first_image) or self._times(draft, label, start, stop)
        if span is not None:
            draft.mark(label, [span])

    def finish(self) -> list[BridgedVideo]:
        """All videos."""
        return [draft.finish() for draft in self._drafts.values()]

    def _images(self, start: Moment, stop: Moment | None, first_image: int) -> Span | None:
        last = start.image if stop is None else stop.image
        if start.image is None or last is None:
            return None
        first, end = start.image - first_image, last - first_image
        return Span(first, max(end, first + 1)) if 0 <= first <= end <= MAX_FRAME else None

    def _times(self, draft: Draft, label: str, start: Moment, stop: Moment | None) -> Span | None:
        start_s = start.time_s
        stop_s = start_s if stop is None else stop.time_s
        if start_s is None or stop_s is None or stop_s < start_s or start_s < 0:
            self.ledger.problem(
                f"{self.title}, {draft.name}: an interval of {label!r} from {_time(start_s)} to {_time(stop_s)} was "
                "left out; expected times from 0 on, the start before the stop."
            )
            return None
        clock = self.known.clock(draft.name, draft.fps)
        if clock is None:
            raise BridgeError(
                f"{self.title} holds times and no frame rate for {draft.name}: open the video first, or give the rate."
            )
        return clock.span(start_s, stop_s)


def _time(time_s: float | None) -> str:
    return "no time" if time_s is None else f"{time_s:g} s"
