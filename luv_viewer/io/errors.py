"""The errors reading raises: narrow, and each one plain sentence that can be shown as it is."""

from __future__ import annotations

import unicodedata

_UNSHOWABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def one_line(text: str) -> str:
    """`text` with `?` for what would break a line or cannot be written: control characters, undecodable bytes.

    File names may hold both.

    >>> one_line("case\\n1\\udcff.dcm")
    'case?1?.dcm'
    """
    return "".join("?" if unicodedata.category(c) in _UNSHOWABLE else c for c in text)


class StudyError(Exception):
    """A study, file or frame that cannot be read.

    str(error) is one sentence: which file, what was expected and found. It never holds a patient name or number.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))


class MissingFileError(StudyError):
    """The path does not exist, or may not be read."""


class UnreadableFileError(StudyError):
    """The file is of a known kind but damaged, incomplete or contradicts itself."""


class UnsupportedFormatError(StudyError):
    """The file is whole, but of a kind (or in an encoding) that cannot be shown."""


class FrameDecodeError(StudyError):
    """One frame of an opened file cannot be decoded."""
