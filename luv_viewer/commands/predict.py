"""`luv predict`: the run, said to a person."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from luv_viewer.analysis.batch import BatchOptions, BatchProgress, Outcome, run_batch
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.predict import check_engine, default_checkpoint_path, load_checkpoint
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.io.batch_record import BatchRecordError
from luv_viewer.io.prediction_file import SUMMARY_NAME, PredictionFileError
from luv_viewer.io.whole_file import WriteError


def predict(paths: Sequence[Path], folder: Path, checkpoint: Path | None, options: BatchOptions) -> int:
    """Predict, with a line on stderr per failed input and progress there on a terminal. Returns the exit status:
    0 all done, 1 some inputs failed or the run could not go on."""
    line = ProgressLine(sys.stderr)

    def show(progress: BatchProgress) -> None:
        percent = 100 * progress.done // max(progress.total, 1)
        line.show(f"[{progress.number}/{progress.n_videos}] {progress.name} {percent} %")

    outcomes: list[Outcome] = []
    try:
        line.show("Loading LUV-Net ...")
        check_engine(options.device, options.precision)
        network = load_checkpoint(checkpoint or default_checkpoint_path())
        line.show("Opening ...")
        for outcome in run_batch(paths, folder, network, options, show):
            outcomes.append(outcome)
            if outcome.message:
                line.clear()
                click.echo(" ".join(outcome.message.split()), err=True)
    except (AnalysisError, BatchRecordError, PredictionFileError, WriteError) as error:
        line.clear()
        click.echo(str(error), err=True)
        return 1
    finally:
        line.clear()
    return _conclude(outcomes, folder)


def _conclude(outcomes: Sequence[Outcome], folder: Path) -> int:
    failed = sum(bool(outcome.message) for outcome in outcomes)
    reused = sum(outcome.reused for outcome in outcomes)
    if not outcomes:
        click.echo("Nothing to predict: the given folders hold no study.", err=True)
        return 1
    counts = f"{len(outcomes) - failed - reused} predicted, {reused} already done, {failed} without a result"
    click.echo(f"{counts}; see {folder / SUMMARY_NAME}")
    return 1 if failed else 0
