"""`luv evaluate`: every number of prediction files against the truth."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import as_table
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from training.evaluate import Evaluation, EvaluationError, EvaluationOptions
from training.evaluate import evaluate as evaluated
from training.evaluate.evaluation_files import write_evaluation


@one_sentence
def evaluate(truth: Path, predictions: Sequence[Path], folder: Path, options: EvaluationOptions) -> int:
    """Write tables, figures and report to `folder`; print the areas."""
    line = ProgressLine(sys.stderr)
    patterns = [pattern.value for pattern in NETWORK_PATTERNS]
    try:
        found = evaluated(
            truth, predictions, patterns, options, lambda done, total: line.show(f"{done} of {total} models")
        )
    except EvaluationError as error:
        line.clear()
        say(str(error))
        return 1
    line.clear()
    report = write_evaluation(folder, found)
    click.echo("\n".join([*area_lines(found), f"See {report}", RESEARCH_USE]))
    return 0


def area_lines(evaluation: Evaluation) -> list[str]:
    """A line per model and fold with its areas."""
    header = ("model", "fold", *evaluation.patterns, "micro", "macro by curve", "macro by mean")
    rows = [header]
    for one in (*evaluation.models, *evaluation.ensembles):
        averages = (one.averages.micro, one.averages.macro_by_curve, one.averages.macro_by_mean)
        areas = [held.plain.auc for held in one.per_pattern] + [average.value for average in averages]
        rows.append((*one.key, *("-" if area != area else f"{area:.3f}" for area in areas)))
    return as_table(rows, indent="")
