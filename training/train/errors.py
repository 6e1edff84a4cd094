"""Why a training cannot be done."""

from __future__ import annotations

from luv_viewer.analysis.errors import AnalysisError


class TrainError(AnalysisError):
    """A training cannot start or go on; str(error) is one plain sentence that says what to do."""
