"""Why a sweep cannot be done."""

from __future__ import annotations

from luv_viewer.analysis.errors import AnalysisError


class SweepError(AnalysisError):
    """A sweep cannot be planned or evaluated; str(error) is one plain sentence that says what to do."""
