"""Who does the jobs of `luv predict`: this process itself, its worker processes, or a Ray cluster, all in one shape."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from luv_viewer.analysis.batch_job import BatchAnswer, BatchEngine, BatchJob, BatchTask, VideoWorker, open_engine
from luv_viewer.analysis.errors import AnalysisError

Progress = Callable[[BatchJob, int, int], None]

MAX_LOST_IN_A_ROW = 3
"""Workers that may end one after the other, beside one each, before a run gives up: then it is not the video."""


class Crew(Protocol):
    """Takes jobs while it has room, gives their answers in whichever order they are done."""

    @property
    def has_room(self) -> bool:
        """Whether another job may be added now; otherwise wait for an answer first."""

    def add(self, job: BatchJob) -> None:
        """Take a job; returns at once."""

    def next_answer(self) -> BatchAnswer | None:
        """Wait for one job; None when there is no job left. Raises AnalysisError when nobody can work."""

    def close(self) -> None:
        """Stop at once, with whatever is being worked on; nothing is left running."""


@dataclass
class SoloCrew:
    """Does each job in this process when its answer is asked for."""

    worker: VideoWorker
    progress: Progress
    job: BatchJob | None = None

    @property
    def has_room(self) -> bool:
        """See `Crew`."""
        return self.job is None

    def add(self, job: BatchJob) -> None:
        """See `Crew`."""
        self.job = job

    def next_answer(self) -> BatchAnswer | None:
        """See `Crew`."""
        job, self.job = self.job, None
        return None if job is None else self.worker.do(job, lambda done, total: self.progress(job, done, total))

    def close(self) -> None:
        """See `Crew`."""


def chosen_engine(checkpoint: Path, task: BatchTask, say: Callable[[str], None]) -> BatchEngine:
    """What the task's device and precision mean on this computer, settled once for every worker.

    The checkpoint is made ready for it. Raises AnalysisError, CheckpointUnusableError.
    """
    from luv_viewer.analysis.engine import check_engine, open_network, resolved_device, runs_on_openvino
    from model.runtimes.prepared import PreparedNetwork

    check_engine(task.device, task.precision)
    device = resolved_device(task.device)
    if runs_on_openvino(device, task.precision):
        opened = open_network(checkpoint, device, task.precision, say=say)
        place = device.partition(":")[2] or "cpu"
        engine = f"openvino:{place}" if isinstance(opened.source, PreparedNetwork) else "cpu"
        return BatchEngine(checkpoint, engine, opened.runtime.precision)
    from luv_viewer.analysis.engine import load_checkpoint
    from model.devices import resolve_engine

    say("Loading LUV-Net ...")
    load_checkpoint(checkpoint)
    device = "cpu" if device == "torch" else device
    return BatchEngine(checkpoint, device, resolve_engine(device, task.precision).precision)


def engines_for(engine: BatchEngine, n_workers: int | None, n_cards: int, n_cores: int) -> tuple[BatchEngine, ...]:
    """The engine of each worker process; empty when no process is wanted, and this one does the work.

    A CUDA device without a number is dealt out card by card, one worker per card unless n_workers says otherwise. The
    cores are divided, so that workers times threads are never more. Torch on the CPU gets one thread in every case:
    the last digits of what it computes depend on their number, those of OpenVINO do not.

    >>> cuda = BatchEngine(Path("a.pt"), "cuda", "fp16")
    >>> [worker.device for worker in engines_for(cuda, None, 2, 16)]
    ['cuda:0', 'cuda:1']
    >>> [worker.n_threads for worker in engines_for(BatchEngine(Path("a.pt"), "openvino:cpu", "int8"), 3, 0, 16)]
    [5, 5, 5]
    """
    is_any_card = engine.device == "cuda" and n_cards > 0
    if n_workers is None:
        n_workers = n_cards if is_any_card and n_cards > 1 else 0
    devices = [f"cuda:{i % n_cards}" if is_any_card else engine.device for i in range(n_workers)]
    n_threads = threads_for(engine, n_workers, n_cores)
    return tuple(replace(engine, device=device, n_threads=n_threads) for device in devices)


def threads_for(engine: BatchEngine, n_workers: int, n_cores: int) -> int:
    """Threads of one of n_workers (0: this process) on n_cores.

    >>> threads_for(BatchEngine(Path("a.pt"), "cpu", "fp32"), 0, 16)
    1
    """
    return 1 if engine.device == "cpu" else max(1, n_cores // max(1, n_workers))


def usable_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def n_cards() -> int:
    """CUDA cards torch can use; torch is imported only where there is a driver."""
    from luv_viewer.analysis.engine import has_nvidia_card

    if not has_nvidia_card():
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def open_crew(
    checkpoint: Path, task: BatchTask, how: CrewChoice, say: Callable[[str], None], progress: Progress
) -> Crew:
    """Those who do the work the way it was asked for. Raises AnalysisError."""
    if how.ray is not None:
        from luv_viewer.analysis.batch_ray import open_ray_crew

        return open_ray_crew(checkpoint, task, how.ray, how.workers, say)
    engine = chosen_engine(checkpoint, task, say)
    cores = usable_cores()
    if how.workers is not None and how.workers > max(cores, 1) and not engine.device.startswith("cuda"):
        raise AnalysisError(
            f"{how.workers} workers are more than the {cores} cores of this computer: use --workers {cores} or fewer."
        )
    engines = engines_for(engine, how.workers, n_cards() if engine.device == "cuda" else 0, cores)
    if not engines:
        engine = replace(engine, n_threads=threads_for(engine, 0, cores))
        return SoloCrew(VideoWorker(task, engine, network=open_engine(engine)), progress)
    from luv_viewer.analysis.batch_workers import ProcessCrew

    return ProcessCrew(task, engines, progress)


@dataclass(frozen=True)
class CrewChoice:
    """workers: processes on this computer, or on the cluster; None for the usual number. ray: the cluster's address."""

    workers: int | None = None
    ray: str | None = None
