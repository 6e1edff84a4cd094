"""What inference raises."""

from __future__ import annotations


class PredictionError(RuntimeError):
    """A prediction that could not be made; str(error) is one plain sentence. There is never a made-up number."""


class WeightFileError(ValueError):
    """A file of weights that cannot be read or does not fit; str(error) is one plain sentence naming the file."""


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or lacks what it must hold; str(error) is one plain sentence naming the file."""
