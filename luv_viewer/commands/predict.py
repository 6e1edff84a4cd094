"""`luv predict`: the run, said to a person."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import click

from luv_viewer.analysis.batch import BatchListener, BatchOptions, BatchProgress, run_batch
from luv_viewer.analysis.batch_results import Outcome
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.analysis.predict import default_checkpoint_path
from luv_viewer.commands.progress import ProgressLine
from luv_viewer.io.batch_record import BatchRecordError
from luv_viewer.io.prediction_file import SUMMARY_NAME, PredictionFileError
from luv_viewer.io.whole_file import WriteError


def predict(paths: Sequence[Path], folder: Path, checkpoint: Path | None, options: BatchOptions) -> int:
    """Predict, with a line on stderr per failed input and progress there on a terminal. Returns the exit status:
    0 all done, 1 some inputs failed or the run could not go on."""
    line = ProgressLine(sys.stderr)
    n_named = None if any(path.is_dir() for path in paths) else len(paths)
    counts = Counts(monotonic(), n_named)

    def show(progress: BatchProgress) -> None:
        line.show(counts.words(progress, monotonic()))

    try:
        outcomes = run_batch(
            paths, folder, checkpoint or default_checkpoint_path(), options, BatchListener(show, line.show)
        )
        with closing(outcomes):
            for outcome in outcomes:
                counts.add(outcome)
                if outcome.message:
                    line.clear()
                    click.echo(" ".join(outcome.message.split()), err=True)
                else:
                    line.show(counts.words(None, monotonic()))
    except (AnalysisError, BatchRecordError, PredictionFileError, WriteError) as error:
        line.clear()
        click.echo(str(error), err=True)
        return 1
    finally:
        line.clear()
    return _conclude(counts, folder)


@dataclass
class Counts:
    """How a run goes. began_s: on the monotonic clock; n_named: how many files were named, None for folders."""

    began_s: float
    n_named: int | None = None
    n_predicted: int = 0
    n_reused: int = 0
    n_failed: int = 0

    @property
    def n_done(self) -> int:
        """Inputs with an outcome."""
        return self.n_predicted + self.n_reused + self.n_failed

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        self.n_failed += bool(outcome.message)
        self.n_reused += outcome.reused
        self.n_predicted += not outcome.message and not outcome.reused

    def words(self, progress: BatchProgress | None, now_s: float) -> str:
        """One line: which video, how far, how fast, how long still; how many there are is unknown in a folder.

        >>> counts = Counts(began_s=0, n_named=5, n_predicted=2)
        >>> counts.words(BatchProgress(3, "R2", 1, 4), now_s=60)
        'video 3 of 5, R2 25 %, 2.0 a minute, about 2 min left'
        >>> Counts(began_s=0).words(BatchProgress(1, "R2", 1, 4), now_s=60)
        'video 1, R2 25 %'
        """
        total = "" if self.n_named is None else f" of {self.n_named}"
        if progress is None:
            words = [f"{self.n_done}{total} done"]
        else:
            percent = 100 * progress.done // max(progress.total, 1)
            words = [f"video {progress.number}{total}, {progress.name} {percent} %"]
        elapsed_min = (now_s - self.began_s) / 60
        if self.n_predicted and elapsed_min > 0:
            rate = self.n_predicted / elapsed_min
            words.append(f"{rate:.1f} a minute")
            if self.n_named is not None and self.n_named > self.n_done:
                words.append(f"about {max(1, round((self.n_named - self.n_done) / rate))} min left")
        return ", ".join(words)


def _conclude(counts: Counts, folder: Path) -> int:
    if not counts.n_done:
        click.echo("Nothing to predict: the given folders hold no study.", err=True)
        return 1
    words = f"{counts.n_predicted} predicted, {counts.n_reused} already done, {counts.n_failed} without a result"
    click.echo(f"{words}; see {folder / SUMMARY_NAME}")
    return 1 if counts.n_failed else 0
