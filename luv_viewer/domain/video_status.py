"""How far a reader is with one video, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from luv_viewer.domain.annotation import VideoAnnotation


class Progress(Enum):
    """How far a reader is; the value is how people read it."""

    NOT_SEEN = "not seen"
    SEEN = "frames seen"
    LABELLED = "labelled, not finalised"
    FINALISED = "finalised"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class VideoStatus:
    """progress: the first that holds of EXCLUDED, FINALISED, LABELLED (something is stated), SEEN, NOT_SEEN.

    n_seen: frames that were on the screen; n_unlooked: frames of which nothing is known for at least one pattern;
    both of n_frames. zone: as the reader stated it, or "". exclusion: the reason, or "".
    Raises ValueError for numbers that do not fit.
    """

    progress: Progress
    n_frames: int
    n_seen: int = 0
    n_unlooked: int = 0
    zone: str = ""
    exclusion: str = ""

    def __post_init__(self) -> None:
        if not (0 <= self.n_seen <= self.n_frames and 0 <= self.n_unlooked <= self.n_frames and self.n_frames >= 1):
            raise ValueError(
                f"{self.n_seen} seen and {self.n_unlooked} not looked at do not fit {self.n_frames} frames"
            )

    @property
    def is_done(self) -> bool:
        """True when nothing is left to do: finalised or excluded."""
        return self.progress in (Progress.FINALISED, Progress.EXCLUDED)

    @property
    def fraction(self) -> float:
        """Share of the frames that were on the screen, 0 to 1."""
        return self.n_seen / self.n_frames

    @property
    def words(self) -> str:
        """For people.

        >>> VideoStatus(Progress.SEEN, 152, 40, 112).words, VideoStatus(Progress.NOT_SEEN, 152, 0, 152).words
        ('40 of 152 frames seen', 'not seen')
        """
        if self.progress is Progress.SEEN:
            return f"{self.n_seen} of {self.n_frames} frame{'s' if self.n_frames > 1 else ''} seen"
        return self.progress.value

    @property
    def short_words(self) -> str:
        """For narrow places.

        >>> VideoStatus(Progress.SEEN, 152, 40, 112).short_words, VideoStatus(Progress.LABELLED, 152, 152).short_words
        ('40 of 152 seen', 'not finalised')
        """
        if self.progress is Progress.SEEN:
            return f"{self.n_seen} of {self.n_frames} seen"
        return "not finalised" if self.progress is Progress.LABELLED else self.progress.value

    @property
    def sentence(self) -> str:
        """All of it, for a tool tip.

        >>> VideoStatus(Progress.LABELLED, 152, 112, 40).sentence
        'labelled, not finalised: 40 of 152 frames not looked at'
        """
        if self.progress is Progress.EXCLUDED:
            return f"excluded: {self.exclusion}"
        if self.progress in (Progress.LABELLED, Progress.FINALISED) and self.n_unlooked:
            return f"{self.words}: {self.n_unlooked} of {self.n_frames} frames not looked at"
        return self.words


def not_begun(n_frames: int) -> VideoStatus:
    """The status of a video that the reader has never opened."""
    return VideoStatus(Progress.NOT_SEEN, n_frames, 0, n_frames)


def status_of(annotation: VideoAnnotation) -> VideoStatus:
    """How far the reader is with a video. An excluded video is done, finalised or not.

    >>> status_of(VideoAnnotation(152)).words
    'not seen'
    """
    n_seen = len(annotation.seen)
    untouched = annotation.is_untouched
    n_unlooked = len(annotation.unlooked_anywhere())
    if annotation.exclusion:
        progress = Progress.EXCLUDED
    elif annotation.finalised:
        progress = Progress.FINALISED
    elif not untouched:
        progress = Progress.LABELLED
    else:
        progress = Progress.SEEN if n_seen else Progress.NOT_SEEN
    return VideoStatus(progress, annotation.n_frames, n_seen, n_unlooked, annotation.zone, annotation.exclusion)
