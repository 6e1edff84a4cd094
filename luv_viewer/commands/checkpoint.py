"""`luv checkpoint`: a checkpoint's model card as text."""

from __future__ import annotations

from pathlib import Path

import click

from luv_viewer import RESEARCH_USE
from luv_viewer.analysis.checkpoint_info import describe_checkpoint
from luv_viewer.analysis.errors import CheckpointUnusableError
from luv_viewer.analysis.predict import default_checkpoint_path, load_checkpoint
from luv_viewer.commands.table import as_table
from luv_viewer.domain.checkpoint_info import CheckpointInfo, Metric


def describe(file: Path | None) -> int:
    """Print the model card of `file`, or of the bundled checkpoint. Returns the exit status."""
    try:
        info = describe_checkpoint(load_checkpoint(file or default_checkpoint_path()))
    except CheckpointUnusableError as error:
        click.echo(str(error), err=True)
        return 1
    click.echo(model_card(info))
    return 0


def model_card(info: CheckpointInfo) -> str:
    """The model card as lines of text."""
    facts = {
        "Checkpoint": f"{info.name} ({info.version})",
        "Title": info.title,
        "Network": info.network,
        "Date": info.date,
        "Licence": info.licence,
        "About": info.description,
    }
    lines = [f"{name + ':':<12}{value}" for name, value in facts.items() if value]
    lines += ["", "A pattern counts as present from this probability on:"]
    lines += as_table([(pattern.value, f"{value:.3f}") for pattern, value in info.thresholds])
    if info.metrics:
        head = ("Tested on", "Level", "Pattern", "With", "Without", "AUC", "95 % interval", "Method")
        rows = [
            (m.test_set, m.level, m.pattern, str(m.positives), str(m.negatives), f"{m.auc:.3f}", _interval(m), m.method)
            for m in info.metrics
        ]
        lines += ["", *as_table([head, *rows])]
    for heading, items in (("Limitations:", info.limitations), ("Trained on:", info.data)):
        if items:
            lines += ["", heading, *(f"  - {item}" for item in items)]
    return "\n".join([*lines, "", RESEARCH_USE])


def _interval(metric: Metric) -> str:
    return f"{metric.low:.3f} to {metric.high:.3f}"
