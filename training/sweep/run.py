"""A sweep: every point a run of `train_run`, tables of all that is finished after each of them.

sweep.json                  the values and their states
points/SLUG/                the run of a value: kernel_13, heads_8, ...
clips/SLUG/                 its clips, where they are cut for it
table.csv .md .tex, ...     see `write_results`
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.io.whole_file import WriteError, make_folder
from training.data.clip_table import PATTERNS
from training.evaluate import Level
from training.sweep.files import write_results
from training.sweep.plan import Point, SweepPlan
from training.sweep.record import check_folder, write_record
from training.sweep.results import Missing, SweepResults
from training.sweep.scores import PointScores, score_run
from training.train.job import Machine, Step, TrainJob, TrainSource
from training.train.run import train_run

log = logging.getLogger(__name__)

POINTS_FOLDER = "points"
WAITING = "it is not trained yet."


@dataclass(frozen=True)
class SweepJob:
    """What to do. source: clips and split of a point; called right before it is trained, may cut them, and raises an
    AnalysisError where it cannot. level: what a case is. command: as typed, for the record of each run."""

    plan: SweepPlan
    source: Callable[[Point], TrainSource]
    folds: tuple[int, ...]
    machine: Machine = field(default_factory=Machine)
    level: Level = "clip"
    command: tuple[str, ...] = ()


@dataclass(frozen=True)
class SweepStep:
    """How far a sweep is: point `number` (from 1) of `total`. step: of its training. scores: when it is finished.
    failure: one sentence when it failed."""

    point: Point
    number: int
    total: int
    step: Step | None = None
    scores: PointScores | None = None
    failure: str = ""


SweepReport = Callable[[SweepStep], None]


@dataclass(frozen=True, eq=False)
class SweepOutcome:
    """results: None where no point is finished, or in processes other than the first. report: the page. failed: values
    with the reason."""

    results: SweepResults | None
    report: Path | None
    failed: tuple[Missing, ...]


def run_sweep(job: SweepJob, folder: Path, report: SweepReport | None = None) -> SweepOutcome:
    """Train every point below `folder/points`, and write tables, figure and report of those that are finished.

    What an earlier call finished there is taken as it is, and what it began goes on. A point that fails is reported and
    does not stop the others. report(step): what it raises stops the sweep, as KeyboardInterrupt does.
    Raises SweepError for a folder with another sweep, WriteError for one that cannot be written.
    """
    make_folder(folder)
    check_folder(folder, job.plan)
    told = report or (lambda step: None)
    states: dict[str, str] = {}
    finished: dict[str, PointScores] = {}
    written: tuple[SweepResults, Path] | None = None
    for number, point in enumerate(job.plan.points, start=1):
        begun = SweepStep(point, number, len(job.plan.points))
        states[point.value] = "running"
        write_record(folder, job.plan, job.folds, states)
        told(begun)

        def trained(step: Step, begun: SweepStep = begun) -> None:
            told(replace(begun, step=step))

        outcome = _trained(job, point, folder, trained)
        if outcome is None:
            continue
        if isinstance(outcome, str):
            states[point.value] = outcome
        else:
            states[point.value] = "finished"
            finished[point.value] = outcome
            written = _written(job, finished, states, folder)
        write_record(folder, job.plan, job.folds, states)
        told(replace(begun, failure=outcome) if isinstance(outcome, str) else replace(begun, scores=outcome))
    failed = tuple(Missing(value, why) for value, why in states.items() if why not in ("running", "finished"))
    if written is None:
        return SweepOutcome(None, None, failed)
    # A point that failed after the last finished one is named too.
    results, page = _written(job, finished, states, folder) if failed else written
    return SweepOutcome(results, page, failed)


def _trained(job: SweepJob, point: Point, folder: Path, report: Callable[[Step], None]) -> PointScores | str | None:
    """The numbers of a point, why it failed, or None in a process other than the first."""
    try:
        train_job = TrainJob(point.config, job.source(point), job.machine)
        run = train_run(
            train_job,
            job.folds,
            folder / POINTS_FOLDER / point.slug,
            is_resumed=True,
            command=job.command,
            report=report,
        )
        return None if run is None else score_run(point.value, run, PATTERNS, job.level)
    except (AnalysisError, WriteError) as error:
        return str(error)
    except Exception as error:
        # A night of other points must not be lost to an error of ours in one.
        log.exception("point %s of a sweep failed", point.slug)
        return f"An internal error ({type(error).__name__}) stopped it."


def _written(
    job: SweepJob, finished: dict[str, PointScores], states: dict[str, str], folder: Path
) -> tuple[SweepResults, Path]:
    missing = [
        Missing(point.value, WAITING if states.get(point.value, "running") == "running" else states[point.value])
        for point in job.plan.points
        if point.value not in finished
    ]
    results = SweepResults(job.plan.kind, job.level, tuple(finished.values()), job.plan.reference, tuple(missing))
    return results, write_results(folder, results)
