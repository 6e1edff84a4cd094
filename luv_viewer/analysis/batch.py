"""`luv predict`: videos without number, one folder of tables and figures, stopped and continued at will."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from luv_viewer.analysis.batch_crew import Crew, CrewChoice, open_crew
from luv_viewer.analysis.batch_inputs import BatchInput, find_inputs
from luv_viewer.analysis.batch_job import BatchAnswer, BatchJob, BatchTask, Tail, answer_if_finished, file_version
from luv_viewer.analysis.batch_results import BatchFolder, Outcome
from luv_viewer.analysis.errors import AnalysisError


@dataclass(frozen=True)
class BatchOptions:
    """How to predict (as `predict_video`), whether finished results are computed again, and who does it."""

    stride: int = 24
    tail: Tail = "pad"
    device: str = "auto"
    precision: str = "auto"
    clip_attention: bool = False
    overwrite: bool = False
    workers: int | None = None
    ray: str | None = None


@dataclass(frozen=True)
class BatchProgress:
    """Video `number` (from 1), called `name`: `done` of `total` units of work."""

    number: int
    name: str
    done: int
    total: int


@dataclass(frozen=True)
class BatchListener:
    """progress: told how far a video is; say: told in a sentence what takes a while."""

    progress: Callable[[BatchProgress], None]
    say: Callable[[str], None]


def run_batch(
    paths: Sequence[Path], folder: Path, checkpoint: Path, options: BatchOptions, listener: BatchListener
) -> Generator[Outcome]:
    """Predict every video in `paths`; each is on the disk when its outcome is given.

    Inputs are found while others are worked on, a few at a time. A video that is finished in `folder` is left as it is,
    without loading the network; one that cannot be opened, or is not assessed, gets a line in the summary and no files.
    Results of earlier runs on other videos stay. The files are the same whoever works on them.
    Raises WriteError when the folder cannot be written, BatchRecordError or PredictionFileError when what it holds is
    damaged (unless options.overwrite), AnalysisError when the network cannot run. Stopped at any moment, also by a
    kill: what is finished is kept, nothing half-written counts. Close the iterator to stop the workers.
    """
    how = (options.stride, options.tail, options.device, options.precision, options.clip_attention)
    task = BatchTask(file_version(checkpoint), *how)

    def progress(job: BatchJob, done: int, total: int) -> None:
        listener.progress(BatchProgress(job.number, job.name, done, total))

    crews = _Crews(
        lambda: open_crew(checkpoint, task, CrewChoice(options.workers, options.ray), listener.say, progress)
    )
    is_fresh = options.overwrite or not BatchFolder.has_results(folder)
    with closing(crews):
        if is_fresh:
            # Everything is to be computed: a checkpoint that cannot be used is found before a folder is made for it.
            crews.opened()
        # On the way out the workers are stopped before the folder is closed.
        with closing(BatchFolder(folder, is_fresh=is_fresh)) as results, closing(crews):
            listener.say("Looking for videos ...")
            yield from _outcomes(find_inputs(paths, folder), task, crews, results)


def _outcomes(inputs: Iterable[BatchInput], task: BatchTask, crews: _Crews, results: BatchFolder) -> Iterator[Outcome]:
    for item in inputs:
        job = results.claim(item, task)
        if isinstance(job, Outcome):
            yield job
        if not isinstance(job, BatchJob):
            continue
        if not crews.is_open:
            answer = answer_if_finished(job, task)
            if answer is not None:
                yield results.keep(answer)
                continue
        crew = crews.opened()
        while not crew.has_room:
            yield from _kept(crew, results)
        crew.add(job)
    while crews.is_open and (answer := crews.opened().next_answer()) is not None:
        yield _keep(answer, results)


class _Crews:
    """The crew, opened when the first job needs one."""

    def __init__(self, open_now: Callable[[], Crew]) -> None:
        self._open_now = open_now
        self._crew: Crew | None = None

    @property
    def is_open(self) -> bool:
        return self._crew is not None

    def opened(self) -> Crew:
        if self._crew is None:
            self._crew = self._open_now()
        return self._crew

    def close(self) -> None:
        crew, self._crew = self._crew, None
        if crew is not None:
            crew.close()


def _kept(crew: Crew, results: BatchFolder) -> Iterator[Outcome]:
    answer = crew.next_answer()
    if answer is not None:
        yield _keep(answer, results)


def _keep(answer: BatchAnswer, results: BatchFolder) -> Outcome:
    if answer.fatal:
        raise AnalysisError(answer.fatal)
    return results.keep(answer)
