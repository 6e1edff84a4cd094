"""What the files of other annotation tools say, as values: intervals by pattern, and all that was lost on the way."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePosixPath
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.domain.track import Track, check_track
from luv_viewer.io.errors import one_line

MAX_FRAME = 1_000_000
"""No ultrasound video is longer; a higher frame number in a file is a mistake."""


class BridgeError(Exception):
    """A file of another tool cannot be read; str(error) is one plain sentence: which file, where, what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))


class Sliding(Enum):
    """Lung sliding as other tools label it."""

    PRESENT = "Lung sliding present"
    ABSENT = "Lung sliding absent"


Meaning = Pattern | Sliding | None
"""What a label stands for; None: leave it out."""

_ALIASES: dict[str, Meaning] = {
    **dict.fromkeys(("aline", "alines", "a"), Pattern.A_LINE),
    **dict.fromkeys(("bline", "blines", "b"), Pattern.B_LINE),
    **dict.fromkeys(
        ("confluentbline", "confluentblines", "confluent", "blineconfluent", "blinesconfluent", "coalescentblines"),
        Pattern.CONFLUENT_B_LINE,
    ),
    **dict.fromkeys(("consolidation", "consolidations", "lungconsolidation"), Pattern.CONSOLIDATION),
    **dict.fromkeys(("pleuraleffusion", "effusion", "pleuraleffusions", "effusions"), Pattern.PLEURAL_EFFUSION),
    **dict.fromkeys(("lungsliding", "lungslidingpresent", "slidingpresent", "sliding"), Sliding.PRESENT),
    **dict.fromkeys(("lungslidingabsent", "slidingabsent", "nolungsliding", "nosliding"), Sliding.ABSENT),
}


def plain_label(label: str) -> str:
    """A label without case, spaces, dashes and underscores: what labels are compared by.

    >>> plain_label("Confluent B-lines")
    'confluentblines'
    """
    return re.sub(r"[\s_-]+", "", label).casefold()


@dataclass(frozen=True)
class BridgedVideo:
    """What a file says of one video. name: as in the file. n_frames, fps: None where it does not say.

    present: frames per TRACK_PATTERNS; inside the video when n_frames is known. sliding: None when not stated or
    contradictory. notes: plain sentences about this video.
    """

    name: str
    n_frames: int | None = None
    fps: float | None = None
    present: tuple[SpanSet, ...] = (SpanSet(),) * len(TRACK_PATTERNS)
    sliding: bool | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.present) != len(TRACK_PATTERNS):
            raise ValueError(f"expected {len(TRACK_PATTERNS)} patterns, got {len(self.present)}")
        if self.n_frames is not None and any(frames.stop > self.n_frames for frames in self.present):
            raise ValueError(f"{self.name}: frames beyond frame {self.n_frames}, the last one")

    def frames(self, pattern: Pattern) -> SpanSet:
        """Frames in which a pattern is present."""
        return self.present[TRACK_PATTERNS.index(pattern)]


@dataclass(frozen=True)
class Bridged:
    """A read file. losses: what the file holds and the values do not, with counts. problems: what looks wrong in it."""

    videos: tuple[BridgedVideo, ...]
    losses: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outgoing:
    """A video to be written for another tool.

    name: file name without a folder. present: a track per TRACK_PATTERNS. size_px: (width, height), None when unknown.
    Raises ValueError when intervals do not lie inside the video or the name holds a folder.
    """

    name: str
    n_frames: int
    present: tuple[Track, ...]
    sliding: bool | None = None
    size_px: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if len(self.present) != len(TRACK_PATTERNS):
            raise ValueError(f"expected {len(TRACK_PATTERNS)} tracks, got {len(self.present)}")
        if self.n_frames < 1 or base_name(self.name) != self.name:
            raise ValueError(f"expected a file name and at least one frame, got {self.name!r}, {self.n_frames}")
        for track in self.present:
            check_track(track, self.n_frames)

    def stated(self) -> list[tuple[Pattern | Sliding, Span]]:
        """Every interval with what it shows; lung sliding is one interval over the whole video."""
        rows: list[tuple[Pattern | Sliding, Span]] = [
            (pattern, span) for pattern, track in zip(TRACK_PATTERNS, self.present, strict=True) for span in track
        ]
        if self.sliding is not None:
            rows.append((Sliding.PRESENT if self.sliding else Sliding.ABSENT, Span(0, self.n_frames)))
        return rows


_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Known:
    """What the caller knows of the videos; keys are file names as in the file, else equal but for case and ending.

    lengths: frames of a video. times: (T,) seconds, the first 0. fps: of all videos, used where times are missing.
    labels: what labels stand for, before the usual ones. Raises ValueError for impossible frame rates or times.
    """

    lengths: Mapping[str, int] = field(default_factory=dict)
    times: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    fps: float | None = None
    labels: Mapping[str, Meaning] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise ValueError(f"frame rate must be positive, got {self.fps}")
        for name, times in self.times.items():
            if times.ndim != 1 or not times.size or times[0] != 0 or bool(np.any(np.diff(times) <= 0)):
                raise ValueError(f"{name}: frame times must start at 0 and increase strictly")
        object.__setattr__(self, "labels", {plain_label(label): m for label, m in self.labels.items()})

    def knows_label(self, label: str) -> bool:
        """True when a label stands for something, or is to be left out on purpose."""
        return plain_label(label) in self.labels or plain_label(label) in _ALIASES

    def meaning(self, label: str) -> Meaning:
        """What a label stands for; None for an unknown one too."""
        plain = plain_label(label)
        return self.labels[plain] if plain in self.labels else _ALIASES.get(plain)

    def length(self, name: str) -> int | None:
        """Frames of a video, from its length or its times."""
        times = _look_up(self.times, name)
        return _look_up(self.lengths, name) if times is None else int(times.size)

    def clock(self, name: str, file_fps: float | None) -> Clock | None:
        """How to turn times into frames: real times first, then the caller's frame rate, then the file's."""
        times = _look_up(self.times, name)
        if times is not None:
            return Clock(times_s=times)
        fps = self.fps or file_fps
        return Clock(fps=fps) if fps else None


@dataclass(frozen=True, eq=False)
class Clock:
    """Frame i is on the screen from its time until that of the next frame. times_s (T,) or fps is given.

    Files hold milliseconds, so that a time may be half a millisecond off: an edge that close to a frame's time is
    that time. Frame times must then lie more than a millisecond apart.
    """

    times_s: NDArray[np.float64] | None = None
    fps: float | None = None

    TOLERANCE_S = 0.000501

    def frame_at(self, time_s: float) -> int:
        """The frame on the screen; the first one for times before it, one past the last for times after the end."""
        late = max(0.0, time_s + self.TOLERANCE_S)
        if self.times_s is None:
            return min(math.floor(late * float(self.fps or 0)), MAX_FRAME)
        if late > self.end_s + self.TOLERANCE_S:
            return int(self.times_s.size)
        return max(0, int(np.searchsorted(self.times_s, late, side="right")) - 1)

    def span(self, start_s: float, stop_s: float) -> Span:
        """Frames that are on the screen at some time in [start_s, stop_s); at least one."""
        start = self.frame_at(start_s)
        early = max(0.0, stop_s - self.TOLERANCE_S)
        if self.times_s is None:
            stop = min(math.ceil(early * float(self.fps or 0)), MAX_FRAME)
        else:
            stop = int(np.searchsorted(self.times_s, early, side="left"))
            # Players disagree on how long the last frame lasts; only more than that is a frame that does not exist.
            stop += int(early > self.end_s + self._mean_gap_s())
        return Span(start, max(stop, start + 1))

    @property
    def end_s(self) -> float:
        """When the last frame ends: after one mean frame interval; infinite when that is not known."""
        return math.inf if self.times_s is None else float(self.times_s[-1]) + self._mean_gap_s()

    def _mean_gap_s(self) -> float:
        times = self.times_s
        if times is None or times.size < 2:
            return math.inf
        return float(times[-1]) / (times.size - 1)


class Ledger:
    """Losses and problems while a file is read; equal losses are added up."""

    def __init__(self) -> None:
        self._losses: Counter[tuple[str, str]] = Counter()
        self._problems: list[str] = []

    def lose(self, thing: str, fate: str, count: int = 1) -> None:
        """`count` things met a fate: lose("polygon", "kept as frames only", 2) is `2 polygons kept as frames only`."""
        self._losses[thing, fate] += count

    def problem(self, sentence: str) -> None:
        """Something that looks wrong, as one sentence."""
        line = one_line(sentence)
        if line not in self._problems:
            self._problems.append(line)

    def add(self, other: Ledger) -> None:
        """With all that stands in another one."""
        self._losses.update(other._losses)
        for sentence in other._problems:
            self.problem(sentence)

    def bridged(self, videos: Iterable[BridgedVideo]) -> Bridged:
        """The finished value."""
        losses = tuple(
            one_line(f"{n} {thing if n == 1 else plural(thing)} {fate}.")
            for (thing, fate), n in self._losses.items()
            if n
        )
        found = tuple(videos)
        for name, n in Counter(video.name for video in found).items():
            if n > 1:
                self.problem(f"{name}: {n} videos have this name; what is said of each is kept apart.")
        return Bridged(found, losses, tuple(self._problems))


class Draft:
    """One video while it is read."""

    def __init__(self, name: str, known: Known, ledger: Ledger) -> None:
        self.name, self.known, self.ledger = name, known, ledger
        self.n_frames: int | None = known.length(name)
        self.fps: float | None = None
        self.notes: list[str] = []
        self._spans: dict[Pattern, list[Span]] = {pattern: [] for pattern in TRACK_PATTERNS}
        self._sliding: set[Sliding] = set()

    def state_length(self, n_frames: int) -> None:
        """The file says how long the video is. What the caller knows is kept; a difference is a problem."""
        if self.n_frames is None:
            self.n_frames = n_frames
        elif self.n_frames != n_frames:
            self.ledger.problem(
                f"{self.name}: the video has {self.n_frames} frames, the labelled one has {n_frames}; check that they "
                "are the same."
            )

    def mark(self, label: str, spans: Iterable[Span]) -> None:
        """Frames carry a label; labels that stand for nothing are losses, labels on no frame nothing at all."""
        spans = list(spans)
        if not spans:
            return
        meaning = self.known.meaning(label)
        if isinstance(meaning, Pattern):
            self._spans[meaning].extend(spans)
        elif isinstance(meaning, Sliding):
            self._sliding.add(meaning)
            self.ledger.lose("mark", "of lung sliding became one statement per video; the frames are lost")
        elif self.known.knows_label(label):
            self.ledger.lose("mark", f"with label {label!r} left out, as asked")
        else:
            self.ledger.lose("mark", f"with label {label!r} left out: it stands for no pattern; say which if it does")

    def finish(self) -> BridgedVideo:
        """The video; frames beyond its end are left out and reported."""
        present = tuple(SpanSet.union(self._spans[pattern]) for pattern in TRACK_PATTERNS)
        if self.n_frames is not None:
            beyond = sum(len(frames) - len(_before(frames, self.n_frames)) for frames in present)
            if beyond:
                self.ledger.problem(
                    f"{self.name}: {beyond} labelled {'frame lies' if beyond == 1 else 'frames lie'} after frame "
                    f"{self.n_frames}, the last one, and {'was' if beyond == 1 else 'were'} left out; check that this "
                    "is the same video."
                )
            present = tuple(_before(frames, self.n_frames) for frames in present)
        if len(self._sliding) > 1:
            self.ledger.problem(f"{self.name}: lung sliding is labelled present and absent; it is left unknown.")
        sliding = Sliding.PRESENT in self._sliding if len(self._sliding) == 1 else None
        return BridgedVideo(self.name, self.n_frames, self.fps, present, sliding, tuple(map(one_line, self.notes)))


def plural(noun: str) -> str:
    """Of the nouns used here.

    >>> plural("box"), plural("polygon")
    ('boxes', 'polygons')
    """
    return noun + ("es" if noun.endswith(("x", "s")) else "s")


def base_name(path: str) -> str:
    """The file name at the end of a path or file address of any system.

    >>> base_name("C:\\\\clips\\\\a.mp4"), base_name("file:///clips/b.mp4")
    ('a.mp4', 'b.mp4')
    """
    return re.split(r"[\\/]", path.strip())[-1]


def _before(frames: SpanSet, n_frames: int) -> SpanSet:
    # Not by a mask: a mistaken frame number may be enormous.
    return SpanSet(tuple(Span(s.start, min(s.stop, n_frames)) for s in frames if s.start < n_frames))


def _look_up(values: Mapping[str, _Value], name: str) -> _Value | None:
    if name in values:
        return values[name]
    stem = PurePosixPath(base_name(name)).stem.casefold()
    found = [value for key, value in values.items() if PurePosixPath(base_name(key)).stem.casefold() == stem]
    return found[0] if len(found) == 1 else None
