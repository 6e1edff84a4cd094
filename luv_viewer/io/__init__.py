"""Files of hospitals, to domain values and back. `open_study` is the one way in."""

from __future__ import annotations

from luv_viewer.io.errors import (
    FrameDecodeError,
    MissingFileError,
    StudyError,
    UnreadableFileError,
    UnsupportedFormatError,
)
from luv_viewer.io.study_reader import open_study

__all__ = [
    "FrameDecodeError",
    "MissingFileError",
    "StudyError",
    "UnreadableFileError",
    "UnsupportedFormatError",
    "open_study",
]
