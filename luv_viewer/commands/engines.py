"""`luv engines`: which engine and precision run LUV-Net how fast on this computer, and what `auto` takes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.predict import default_checkpoint_path
from luv_viewer.analysis.preparation import measure_engines
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.commands.table import as_table
from model.runtimes.choice import Candidate, Choice


def engines(checkpoint: Path | None, calibration: Sequence[Path], *, again: bool) -> int:
    """Measure where that was not done yet, and print the table. Returns the exit status."""
    line = ProgressLine(sys.stderr)

    def show(stage: str, done: int, total: int) -> None:
        percent = f" {100 * done // total} %" if total > 1 else ""
        line.show(f"{stage[:1].upper()}{stage[1:]}{percent} ...")

    try:
        choice = measure_engines(checkpoint or default_checkpoint_path(), calibration, show, again=again)
    except AnalysisError as error:
        line.clear()
        click.echo(str(error), err=True)
        return 1
    finally:
        line.clear()
    click.echo(engine_table(choice))
    return 0


def engine_table(choice: Choice) -> str:
    """What was measured, as lines of text."""
    head = ("Precision", "Frames/s", "Largest difference", "Same top 3", "Chosen by auto")
    rows = [head, *(_row(candidate, choice.precision) for candidate in choice.candidates)]
    return "\n".join([choice.machine, "", *as_table(rows), "", choice.reason])


def _row(candidate: Candidate, chosen: str) -> tuple[str, ...]:
    speed = "cannot run" if candidate.frames_per_s is None else f"{candidate.frames_per_s:.1f}"
    agreement = candidate.agreement
    figures = ("-", "-")
    if agreement is not None:
        figures = (f"{agreement.max_probability_difference:.4f}", f"{100 * agreement.top3_agreement:.1f} %")
    mark = "yes" if candidate.precision == chosen else ("" if candidate.may_be_chosen else "no, agrees too little")
    return candidate.precision, speed, *figures, mark
