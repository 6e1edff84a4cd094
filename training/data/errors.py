"""Why clips cannot be trained on."""

from __future__ import annotations

from luv_viewer.analysis.errors import AnalysisError


class DataError(AnalysisError):
    """Tables, clips or folders are not what training needs; str(error) is one plain sentence that says what to do."""


def some(names: list[str]) -> str:
    """The first three of `names`, and how many more there are.

    >>> some(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
