"""`luv compare`: readers, the truth and an AI, all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.commands.table import as_table
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from training.evaluate import EvaluationError
from training.evaluate.reader_files import write_reader_comparison
from training.evaluate.readers import ReaderComparison, ReaderOptions, compare_readers


@one_sentence
def compare(truth: Path, readers: Sequence[Path], folder: Path, options: ReaderOptions) -> int:
    """Write tables, figure and report to `folder`; print agreement and kappa of all pairs."""
    try:
        found = compare_readers(truth, readers, [pattern.value for pattern in NETWORK_PATTERNS], options)
    except EvaluationError as error:
        say(str(error))
        return 1
    report = write_reader_comparison(folder, found)
    click.echo("\n".join([*pair_lines(found), f"See {report}", RESEARCH_USE]))
    return 0


def pair_lines(comparison: ReaderComparison) -> list[str]:
    """A line per pair and pattern."""
    rows: list[tuple[str, ...]] = [("pair", "pattern", "agreement", "kappa", "clustered 95 % interval", "AC1")]
    for pair in comparison.pairs:
        interval = f"{_number(pair.clustered.low)} to {_number(pair.clustered.high)}"
        shares = (_number(pair.agreement.rate), _number(pair.kappa.kappa), interval, _number(pair.agreement.ac1))
        rows.append((f"{pair.first} - {pair.second}", pair.pattern, *shares))
    return as_table(rows, indent="")


def _number(value: float) -> str:
    return "-" if value != value else f"{value:.3f}"
