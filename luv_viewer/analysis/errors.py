"""Why a video has no result: each error is one plain sentence that can be shown as it is."""

from __future__ import annotations


class AnalysisError(Exception):
    """Something between a video and its result failed; str(error) says what, and what to do. No patient names."""


class CheckpointUnusableError(AnalysisError):
    """There is no checkpoint, or its file cannot be used."""


class NotAssessedError(AnalysisError):
    """The video is readable but is not given to the network, or the network could not run on it."""
