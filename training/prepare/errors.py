"""Why a step of the preparation cannot be done."""

from __future__ import annotations

from luv_viewer.analysis.errors import AnalysisError


class PrepareError(AnalysisError):
    """A step cannot be done with what it was given; str(error) is one plain sentence that says what to do."""
