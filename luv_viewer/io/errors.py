"""The errors reading raises: narrow, and each one plain sentence that can be shown as it is."""

from __future__ import annotations


class StudyError(Exception):
    """A study, file or frame that cannot be read.

    str(error) is one sentence: which file, what was expected and found. It never holds a patient name or number.
    """


class MissingFileError(StudyError):
    """The path does not exist, or may not be read."""


class UnreadableFileError(StudyError):
    """The file is of a known kind but damaged, incomplete or contradicts itself."""


class UnsupportedFormatError(StudyError):
    """The file is whole, but of a kind (or in an encoding) that cannot be shown."""


class FrameDecodeError(StudyError):
    """One frame of an opened file cannot be decoded."""
