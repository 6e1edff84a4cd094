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
from training.evaluate import Evaluation, EvaluationError, EvaluationOptions, read_truth
from training.evaluate import evaluate as evaluated
from training.evaluate.attention import AttentionEvaluation, AttentionOptions, evaluate_attention
from training.evaluate.evaluation_files import write_evaluation


@one_sentence
def evaluate(
    truth: Path,
    predictions: Sequence[Path],
    folder: Path,
    options: EvaluationOptions,
    attention: AttentionOptions | None = None,
) -> int:
    """Write tables, figures and report to `folder`; print the areas, and what attention points at."""
    line = ProgressLine(sys.stderr)
    patterns = [pattern.value for pattern in NETWORK_PATTERNS]
    try:
        found = evaluated(
            truth, predictions, patterns, options, lambda done, total: line.show(f"{done} of {total} models")
        )
        pointed = None
        if attention is not None:
            line.show("attention")
            pointed = evaluate_attention(attention, read_truth(truth, patterns).ids)
    except EvaluationError as error:
        line.clear()
        say(str(error))
        return 1
    finally:
        line.clear()
    report = write_evaluation(folder, found, pointed)
    lines = area_lines(found)
    if pointed is not None:
        lines += ["", *attention_lines(pointed)]
        for note in pointed.truth.notes:
            say(f"note: {note}")
    click.echo("\n".join([*lines, f"See {report}", RESEARCH_USE]))
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


def attention_lines(evaluation: AttentionEvaluation) -> list[str]:
    """A line per network, level and pattern: value, and chance in brackets."""
    first = evaluation.summaries[0]
    rows: list[tuple[str, ...]] = [
        ("attention of", "level", "pattern", "cases", *(f"{measure.name} (chance)" for measure in first.measures))
    ]
    for one in evaluation.summaries:
        cells = ["-" if not one.n else f"{m.value.value:.3f} ({m.chance:.3f})" for m in one.measures]
        rows.append((one.network, one.level, one.pattern.value, str(one.n), *cells))
    return as_table(rows, indent="")
