"""One function from prediction files and a truth file to all numbers, and their tables."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.evaluate.ensemble import VOTE, ensembles, vote_threshold
from training.evaluate.levels import Level, at_level
from training.evaluate.numbers import DEFAULT_THRESHOLD, ModelNumbers, PairNumbers, model_numbers, pair_numbers, stars
from training.evaluate.predictions import EvaluationError, Floats, Joined, join, read_predictions, read_truth
from training.tables import FoldRow, FoldTable, ModelName, PatternArea

Report = Callable[[int, int], None]
Thresholds = dict[tuple[str, str], Floats]


@dataclass(frozen=True)
class EvaluationOptions:
    """reference: the model that others are tested against, the first one where None. thresholds: a CSV of model, fold,
    pattern, threshold chosen on validation data; the fold of an ensemble is its name. use_holm: stars after Holm."""

    level: Level = "clip"
    reference: str | None = None
    thresholds: Path | None = None
    use_holm: bool = False
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All numbers of a run. models: every model and fold. ensembles: of models with two folds or more. table: as
    Table 5 of the paper, the folds only."""

    options: EvaluationOptions
    patterns: tuple[str, ...]
    reference: str
    models: tuple[ModelNumbers, ...]
    ensembles: tuple[ModelNumbers, ...]
    pairs: tuple[PairNumbers, ...]
    table: FoldTable


def evaluate(
    truth_file: Path,
    prediction_files: Sequence[Path],
    patterns: Sequence[str],
    options: EvaluationOptions | None = None,
    report: Report | None = None,
) -> Evaluation:
    """Read, join by clip id, bring to the level, and compute everything. report(done, total): after each model.

    Raises EvaluationError where files do not fit.
    """
    how = options or EvaluationOptions()
    truth = read_truth(truth_file, patterns)
    found = [at_level(join(truth, one), how.level) for one in read_predictions(prediction_files, patterns)]
    if not found:
        raise EvaluationError("there are no prediction files")
    given = read_thresholds(how.thresholds, patterns) if how.thresholds is not None else {}
    combined = _ensembles(found, given)
    numbers = []
    for done, one in enumerate([*found, *combined]):
        numbers.append(model_numbers(one, _limits(one, found, given), resamples=how.resamples, seed=how.seed))
        if report is not None:
            report(done + 1, len(found) + len(combined))
    reference = how.reference if how.reference is not None else found[0].model
    pairs = pair_numbers(found, reference)
    models = tuple(numbers[: len(found)])
    return Evaluation(
        options=how,
        patterns=tuple(patterns),
        reference=reference,
        models=models,
        ensembles=tuple(numbers[len(found) :]),
        pairs=pairs,
        table=_fold_table(models, pairs, how),
    )


def read_thresholds(path: Path, patterns: Sequence[str]) -> Thresholds:
    """(P,) thresholds by model and fold, of a CSV file with columns model, fold, pattern, threshold.

    Raises EvaluationError that names the file when a pattern is missing or a threshold is not a number.
    """
    found: dict[tuple[str, str], dict[str, float]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for number, row in enumerate(csv.DictReader(stream), start=2):
                held = found.setdefault((row["model"], row["fold"]), {})
                try:
                    held[row["pattern"]] = float(row["threshold"])
                except (TypeError, ValueError):
                    raise EvaluationError(f"{path.name}, row {number}: {row['threshold']!r} is not a number") from None
    except KeyError as error:
        raise EvaluationError(f"{path.name} lacks the column {error.args[0]}") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    for (model, fold), held in found.items():
        if missing := [pattern for pattern in patterns if pattern not in held or np.isnan(held[pattern])]:
            raise EvaluationError(f"{path.name}: {model}, fold {fold} lacks a threshold for {', '.join(missing)}")
    return {key: np.array([held[pattern] for pattern in patterns]) for key, held in found.items()}


def _ensembles(found: Sequence[Joined], given: Thresholds) -> list[Joined]:
    combined: list[Joined] = []
    for model in dict.fromkeys(one.model for one in found):
        folds = [one for one in found if one.model == model]
        if len(folds) > 1:
            default = np.full(len(folds[0].patterns), DEFAULT_THRESHOLD)
            combined += ensembles(folds, np.stack([given.get((model, one.fold), default) for one in folds]))
    return combined


def _limits(one: Joined, found: Sequence[Joined], given: Thresholds) -> Floats | None:
    if one.fold == VOTE:
        n_folds = sum(other.model == one.model for other in found)
        return np.full(len(one.patterns), vote_threshold(n_folds))
    return given.get((one.model, one.fold))


def _fold_table(models: Sequence[ModelNumbers], pairs: Sequence[PairNumbers], how: EvaluationOptions) -> FoldTable:
    starred = stars(pairs, use_holm=how.use_holm)
    rows = []
    for one in models:
        model, fold = one.key
        areas = tuple(
            PatternArea(
                held.plain.auc, held.plain.low, held.plain.high, starred.get((model, fold, held.pattern), False)
            )
            for held in one.per_pattern
        )
        averages = one.averages
        rows.append(FoldRow(fold, ModelName(model), areas, averages.micro.value, averages.macro_by_curve.value))
    return FoldTable(models[0].joined.patterns, tuple(rows))
