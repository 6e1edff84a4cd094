"""Why a video has no result: each error is one plain sentence that can be shown as it is."""

from __future__ import annotations


class AnalysisError(Exception):
    """Something between a video and its result failed; str(error) says what, and what to do. No patient names."""


class CheckpointUnusableError(AnalysisError):
    """There is no checkpoint, or its file cannot be used."""


class NotAssessedError(AnalysisError):
    """The video `name` is readable, but is not given to the network, or the network could not run on it.

    reason: why, as part of a sentence.

    >>> str(NotAssessedError("R2.mp4", "the frames are empty"))
    'R2.mp4 was not assessed: the frames are empty.'
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} was not assessed: {reason}.")
        self.reason = reason
