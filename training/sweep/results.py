"""All points of a sweep together: means over folds, what validation chooses, tests against the reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from training.evaluate import Level, PairNumbers, pair_numbers
from training.evaluate.numbers import stars
from training.sweep.errors import SweepError
from training.sweep.kinds import SweepKind
from training.sweep.scores import Part, PointScores, have_same_cases
from training.tables import FoldRow, FoldTable, ModelName, ModelSummary, PatternArea, SummaryTable
from training.tables.summary import mean_sd

MICRO, BY_CURVE, BY_MEAN = "Micro AUC", "Macro AUC (curve)", "Macro AUC (mean)"
AVERAGES = (MICRO, BY_CURVE, BY_MEAN)


@dataclass(frozen=True)
class Missing:
    """A value that is not in the tables. reason: one sentence."""

    value: str
    reason: str


@dataclass(frozen=True, eq=False)
class SweepResults:
    """points: those that are finished, in the order of the plan. missing: those that failed or are still to come.
    reference: the value that others are tested against; None for no tests. level: what a case is.

    Raises SweepError without a point, and where points have other folds.
    """

    kind: SweepKind
    level: Level
    points: tuple[PointScores, ...]
    reference: str | None = None
    missing: tuple[Missing, ...] = ()

    def __post_init__(self) -> None:
        if not self.points:
            raise SweepError("No point of the sweep is finished, so there is nothing to compare.")
        folds = {tuple(fold.fold for fold in point.folds) for point in self.points}
        if len(folds) > 1:
            raise SweepError(f"The points have different folds ({folds}); train all of them with the same --fold.")

    @property
    def patterns(self) -> tuple[str, ...]:
        """Names, in order."""
        return self.points[0].folds[0].test.joined.patterns

    @property
    def n_folds(self) -> int:
        """Of every point."""
        return len(self.points[0].folds)

    def summary(self, part: Part) -> SummaryTable:
        """A row per point: mean and standard deviation (n - 1) over folds of each pattern and average."""
        rows = []
        for point in self.points:
            columns = zip(*(fold.part(part).values for fold in point.folds), strict=True)
            rows.append(ModelSummary(ModelName(point.value), tuple(mean_sd(column) for column in columns)))
        return SummaryTable((*self.patterns, *AVERAGES), tuple(rows))

    def best(self, part: Part) -> str | None:
        """The value with the largest mean macro AUC by curve; the first of equals, None without two to choose from."""
        place = len(self.patterns) + AVERAGES.index(BY_CURVE)
        means = [
            (sum(values) / len(values), point.value)
            for point in self.points
            if not any(map(math.isnan, values := [fold.part(part).values[place] for fold in point.folds]))
        ]
        return max(means, key=lambda one: one[0])[1] if len(means) > 1 else None

    def has_same_cases(self) -> bool:
        """Whether all points judged the same test cases, so that they can be tested in pairs."""
        if self.kind.name == "clip-length" and self.level == "clip":
            return False
        first = self.points[0]
        return all(
            have_same_cases(ours.test.joined, theirs.test.joined)
            for point in self.points
            for ours, theirs in zip(first.folds, point.folds, strict=True)
        )

    def has_one_test_set(self) -> bool:
        """Whether all folds judged the same test cases."""
        first, *others = self.points[0].folds
        return all(have_same_cases(first.test.joined, other.test.joined) for other in others)

    @cached_property
    def pairs(self) -> tuple[PairNumbers, ...]:
        """Every other value against the reference, by fold and pattern; none without it or with other test cases."""
        if self.reference not in {point.value for point in self.points} or not self.has_same_cases():
            return ()
        return pair_numbers([fold.test.joined for point in self.points for fold in point.folds], self.reference or "")

    def fold_table(self) -> FoldTable:
        """Areas of the test cases with DeLong's interval, a row per fold and value, stars against the reference."""
        starred = stars(self.pairs)
        rows = [
            FoldRow(
                str(fold.fold),
                ModelName(point.value),
                tuple(
                    PatternArea(area.auc, area.low, area.high, starred.get((point.value, str(fold.fold), name), False))
                    for name, area in zip(self.patterns, fold.test.areas, strict=True)
                ),
                fold.test.averages.micro.value,
                fold.test.averages.macro_by_curve.value,
            )
            for i in range(self.n_folds)
            for point in self.points
            for fold in (point.folds[i],)
        ]
        return FoldTable(self.patterns, tuple(rows))
