"""`luv thresholds`: thresholds chosen on validation predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import click

from luv_viewer.commands.failure import one_sentence, say
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.io.whole_file import write_whole
from training.evaluate import EvaluationError
from training.evaluate.threshold_choice import choose_thresholds, thresholds_csv
from training.statistics import ThresholdRule


@one_sentence
def thresholds(truth: Path, predictions: Sequence[Path], table: Path, rule: str) -> int:
    """Write the table; say on stderr which thresholds could not be chosen and why."""
    patterns = [pattern.value for pattern in NETWORK_PATTERNS]
    try:
        chosen = choose_thresholds(truth, predictions, patterns, cast(ThresholdRule, rule))
    except EvaluationError as error:
        say(str(error))
        return 1
    for one in chosen:
        if one.threshold.reason:
            say(f"note: {one.model}, fold {one.fold}, {one.pattern}: {one.threshold.reason}")
    write_whole(table, thresholds_csv(chosen).encode())
    click.echo(f"{len(chosen)} thresholds in {table}")
    return 0
