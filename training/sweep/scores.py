"""The numbers of a finished point: areas of every fold, for the test and for the validation clips.

Axis letters: N cases, P patterns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from training.evaluate import EvaluationError, Joined, Level, at_level, join, read_predictions, read_truth
from training.statistics import AucInterval, AveragedAucs, averaged_aucs, delong_interval
from training.sweep.errors import SweepError
from training.train.run import RunResult

Part = Literal["test", "valid"]
PARTS: tuple[Part, ...] = ("test", "valid")


@dataclass(frozen=True, eq=False)
class PartScores:
    """Of one fold and part. areas: (P,) with DeLong's interval."""

    joined: Joined
    areas: tuple[AucInterval, ...]
    averages: AveragedAucs

    @property
    def values(self) -> tuple[float, ...]:
        """Areas of the patterns, then micro, macro by curve, macro by mean."""
        averages = (self.averages.micro, self.averages.macro_by_curve, self.averages.macro_by_mean)
        return (*(area.auc for area in self.areas), *(average.value for average in averages))


@dataclass(frozen=True, eq=False)
class FoldScores:
    """One fold of a point."""

    fold: int
    test: PartScores
    valid: PartScores

    def part(self, name: Part) -> PartScores:
        """By name."""
        return self.test if name == "test" else self.valid


@dataclass(frozen=True, eq=False)
class PointScores:
    """value: as tables call it. folds: by number. Raises SweepError without a fold."""

    value: str
    folds: tuple[FoldScores, ...]

    def __post_init__(self) -> None:
        if not self.folds:
            raise SweepError(f"{self.value} has no finished fold.")


def score_run(value: str, run: RunResult, patterns: Sequence[str], level: Level = "clip") -> PointScores:
    """The numbers of a run, read from its files and joined by clip id; each fold against its own truth.

    level: `clip`, or the largest probability of the clips of each `video` or `patient`.
    Raises SweepError where files are missing or do not fit.
    """
    folds = []
    for fold in run.folds:
        scores = {}
        for part, file in (("test", fold.test), ("valid", fold.valid)):
            try:
                truth = read_truth(fold.checkpoint.parent / f"truth_{part}.csv", patterns)
                (predictions,) = read_predictions([file], patterns)
                joined = at_level(join(truth, predictions), level)
            except EvaluationError as error:
                raise SweepError(f"{error}.") from error
            scores[part] = part_scores(replace(joined, model=value))
        folds.append(FoldScores(fold.fold, scores["test"], scores["valid"]))
    return PointScores(value, tuple(folds))


def part_scores(joined: Joined) -> PartScores:
    """Areas and averages of one model on the cases of one part; NaN for a pattern of one class."""
    areas = tuple(delong_interval(joined.labels[:, p], joined.values[:, p]) for p in range(len(joined.patterns)))
    return PartScores(joined, areas, averaged_aucs(joined.labels, joined.values))


def have_same_cases(one: Joined, other: Joined) -> bool:
    """Whether two models judged the same cases, so that they can be tested in pairs."""
    return (
        (one.clusters, one.videos, one.patients) == (other.clusters, other.videos, other.patients)
        and one.labels.shape == other.labels.shape
        and bool((one.labels == other.labels).all())
    )
