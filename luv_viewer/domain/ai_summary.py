"""The model's word on a whole video in a few plain numbers, wherever they were kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Prediction


@dataclass(frozen=True)
class AiSummary:
    """video_id: SOP Instance UID or `sha256:<hex>`, "" where nobody can tell. name: file name without its ending.

    patterns, probabilities, thresholds: one each per pattern; both numbers in [0, 1], present means probability >=
    threshold. made_by: checkpoint name and version. Raises ValueError when these rules do not hold.
    """

    video_id: str
    name: str
    patterns: tuple[Pattern, ...]
    probabilities: tuple[float, ...]
    thresholds: tuple[float, ...]
    made_by: str = ""

    def __post_init__(self) -> None:
        if not len(self.patterns) == len(self.probabilities) == len(self.thresholds):
            raise ValueError(
                f"{self.name}: {len(self.patterns)} patterns need as many probabilities and thresholds, "
                f"got {len(self.probabilities)} and {len(self.thresholds)}"
            )
        if not all(0 <= number <= 1 for number in (*self.probabilities, *self.thresholds)):
            raise ValueError(f"{self.name}: probabilities and thresholds lie in [0, 1]")

    @classmethod
    def of(cls, prediction: Prediction, video_id: str, name: str) -> AiSummary | None:
        """Of a finished prediction; None while clips are missing, for the largest probability may still come."""
        if not prediction.is_complete or np.isnan(prediction.video_probabilities).any():
            return None
        return cls(
            video_id=video_id,
            name=name,
            patterns=prediction.patterns,
            probabilities=tuple(map(float, prediction.video_probabilities)),
            thresholds=tuple(map(float, prediction.thresholds)),
            made_by=made_by(prediction),
        )


def made_by(prediction: Prediction) -> str:
    """Checkpoint name and version, as it stands beside everything that a model proposed."""
    return f"{prediction.provenance.checkpoint} {prediction.provenance.version}"


def margin(probability: float, threshold: float) -> float:
    """How far the model is from changing its mind, 0 (at the threshold) to 1 (certain), whatever the threshold.

    (p - t) / (1 - t) from the threshold on, (t - p) / t below it: the part of the way from the threshold to certainty.

    >>> [round(margin(p, 0.2), 3) for p in (0.0, 0.1, 0.2, 0.6, 1.0)]
    [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    room = 1 - threshold if probability >= threshold else threshold
    return abs(probability - threshold) / room if room else 0.0


def told_apart(probability: float, threshold: float) -> tuple[str, str]:
    """Both with two decimals; with up to six where fewer would make different numbers read the same.

    >>> told_apart(0.91, 0.18), told_apart(0.073, 0.071)
    (('0.91', '0.18'), ('0.073', '0.071'))
    >>> told_apart(0.07112, 0.07114), told_apart(0.5, 0.5)
    (('0.07112', '0.07114'), ('0.50', '0.50'))
    """
    same = range(2, 6) if probability != threshold else ()
    decimals = 2 + sum(f"{probability:.{d}f}" == f"{threshold:.{d}f}" for d in same)
    return f"{probability:.{decimals}f}", f"{threshold:.{decimals}f}"
