"""Workers of `luv predict` on a Ray cluster: an actor per processor or card, one network each; only this side writes.

Files are read by the nodes themselves, under the same path as here; the checkpoint travels to them, with what was
prepared from it, so that all compute with the same weights. Ray is an optional part of the installation.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from luv_viewer import __version__
from luv_viewer.analysis.batch_crew import MAX_LOST_IN_A_ROW, chosen_engine
from luv_viewer.analysis.batch_job import BatchAnswer, BatchEngine, BatchJob, BatchTask, VideoWorker, failed
from luv_viewer.analysis.errors import AnalysisError

LOCAL = "local"
JOBS_AHEAD = 2
_LEAVING_S = 2.0
_INSTALL = "--ray needs Ray, which is not installed: python -m pip install 'luv-viewer[ray]' (on every node)."


@dataclass(frozen=True)
class Luggage:
    """What travels to every node once. prepared: files of the prepared network by their path in its folder."""

    checkpoint_name: str
    checkpoint: bytes
    prepared: dict[str, bytes]


@dataclass(frozen=True)
class Hello:
    """What an actor says of its node. host: the computer's name; node: Ray's; version: of the program there."""

    host: str
    node: str
    version: str


class NodeWorker:
    """The actor: a `VideoWorker` on a node, with its own copy of the network."""

    def __init__(self, task: BatchTask, engine: BatchEngine, luggage: Luggage) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="luv-")
        place = Path(self._folder.name)
        checkpoint = place / luggage.checkpoint_name
        checkpoint.write_bytes(luggage.checkpoint)
        if luggage.prepared:
            os.environ["LUV_CACHE_DIR"] = str(place)
        for name, content in luggage.prepared.items():
            file = place / "networks" / task.version / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        self._worker = VideoWorker(task, replace(engine, checkpoint=checkpoint), node=socket.gethostname())

    def hello(self) -> Hello:
        """Sent once the actor has its place in the cluster."""
        import ray

        return Hello(socket.gethostname(), ray.get_runtime_context().get_node_id(), __version__)

    def leave(self) -> None:
        """Remove the copy of the network."""
        self._folder.cleanup()

    def do(self, job: BatchJob) -> BatchAnswer:
        """See `VideoWorker.do`."""
        return self._worker.do(job, lambda done, total: None)


@dataclass(eq=False)
class _Member:
    actor: Any
    hello: Any
    jobs: deque[tuple[Any, BatchJob]] = field(default_factory=deque)
    is_ready: bool = False


class RayCrew:
    """See `batch_crew.Crew`. Only actors that have a place in the cluster get jobs; a dead one is replaced."""

    def __init__(self, make_actor: Callable[[], Any], n_actors: int, say: Callable[[str], None]) -> None:
        """make_actor: starts a `NodeWorker` somewhere in the cluster."""
        self._make_actor, self._say = make_actor, say
        self._members = [self._started() for _ in range(n_actors)]
        self._homeless: deque[BatchJob] = deque()
        self._lost_in_a_row = 0

    @property
    def has_room(self) -> bool:
        """See `Crew`. Jobs are taken for actors that wait for their place, too."""
        n_jobs = len(self._homeless) + sum(len(member.jobs) for member in self._members)
        return n_jobs < JOBS_AHEAD * len(self._members)

    def add(self, job: BatchJob) -> None:
        """See `Crew`."""
        self._homeless.append(job)
        self._deal_out()

    def next_answer(self) -> BatchAnswer | None:
        """See `Crew`."""
        import ray

        while self._homeless or any(member.jobs for member in self._members):
            waiting = {member.hello: member for member in self._members if not member.is_ready}
            waiting.update({member.jobs[0][0]: member for member in self._members if member.jobs})
            if len(waiting) == sum(not member.is_ready for member in self._members):
                self._say("Waiting for a place in the Ray cluster ...")
            (done, *_), _ = ray.wait(list(waiting), num_returns=1)
            answer = self._heard(waiting[done], done)
            if answer is not None:
                return answer
        return None

    def close(self) -> None:
        """See `Crew`."""
        import ray

        # An actor in the middle of a video does not answer; it is killed all the same, and its node's clean-up has it.
        leaving = [member.actor.leave.remote() for member in self._members if member.is_ready and not member.jobs]
        if leaving:
            ray.wait(leaving, num_returns=len(leaving), timeout=_LEAVING_S)
        for member in self._members:
            ray.kill(member.actor)
        self._members = []
        ray.shutdown()

    def _heard(self, member: _Member, done: Any) -> BatchAnswer | None:
        import ray

        try:
            message = ray.get(done)
        except ray.exceptions.RayActorError as error:
            return self._replaced(member, error)
        except ray.exceptions.RayError as error:
            raise AnalysisError(f"The Ray cluster cannot go on: {_first_line(error)}") from error
        if isinstance(message, Hello):
            if message.version != __version__:
                raise AnalysisError(
                    f"{message.host} has LUV Viewer {message.version}, this computer {__version__}: "
                    f"install the same version on every node."
                )
            member.is_ready = True
            self._deal_out()
            return None
        member.jobs.popleft()
        self._lost_in_a_row = 0
        self._deal_out()
        return message if isinstance(message, BatchAnswer) else None

    def _replaced(self, member: _Member, error: Exception) -> BatchAnswer | None:
        """The failed job of an actor that died; others take its other jobs."""
        self._lost_in_a_row += 1
        if self._lost_in_a_row > MAX_LOST_IN_A_ROW + len(self._members):
            raise AnalysisError(f"Workers on the Ray cluster end again and again: {_first_line(error)}") from error
        self._members[self._members.index(member)] = self._started()
        lost = member.jobs.popleft()[1] if member.jobs else None
        self._homeless.extendleft(job for _, job in reversed(member.jobs))
        self._deal_out()
        if lost is None:
            return None
        return failed(
            lost, f"{lost.part.name} failed: its worker on the Ray cluster ended, perhaps for want of memory."
        )

    def _deal_out(self) -> None:
        while self._homeless and (member := self._least_busy()) is not None:
            job = self._homeless.popleft()
            member.jobs.append((member.actor.do.remote(job), job))

    def _least_busy(self) -> _Member | None:
        free = [member for member in self._members if member.is_ready and len(member.jobs) < JOBS_AHEAD]
        return min(free, key=lambda member: len(member.jobs), default=None)

    def _started(self) -> _Member:
        actor = self._make_actor()
        return _Member(actor, actor.hello.remote())


def open_ray_crew(
    checkpoint: Path, task: BatchTask, address: str, n_actors: int | None, say: Callable[[str], None]
) -> RayCrew:
    """A crew on the cluster at `address`: "auto", "host:6379", "ray://host:10001", or "local" for one of its own here.

    n_actors: None for one per card, where device auto or cuda finds cards in the cluster, else one per processor.
    Raises AnalysisError.
    """
    ray = _ray()
    if ":" in task.device and task.device.startswith("cuda"):
        raise AnalysisError(f"--ray deals out the cards of the cluster itself: use --device cuda, not {task.device}.")
    say("Joining the Ray cluster ...")
    _join(address, n_actors)
    try:
        held = ray.cluster_resources()
        n_cards = int(held.get("GPU", 0))
        is_on_cards = task.device == "cuda" or (task.device == "auto" and n_cards > 0)
        if is_on_cards and not n_cards:
            raise AnalysisError("LUV-Net cannot run: the Ray cluster has no CUDA card; use --device cpu.")
        n_places = n_cards if is_on_cards else int(held.get("CPU", 0))
        if (n_actors or 1) > n_places:
            kind = "cards" if is_on_cards else "processors"
            raise AnalysisError(
                f"{n_actors or 1} workers do not fit into the Ray cluster, which has {n_places} {kind}."
            )
        engine = _engine(checkpoint, task, is_on_cards, say)
        luggage = ray.put(_packed(engine, task))
        # A worker has one thread whichever node it is on, so that none is busier than it has cores.
        place = {"num_gpus": 1, "num_cpus": 0} if is_on_cards else {"num_cpus": 1}
        options = {**place, "scheduling_strategy": "SPREAD", "max_restarts": 0}
        worker = ray.remote(NodeWorker).options(**options)
        return RayCrew(lambda: worker.remote(task, engine, luggage), n_actors or n_places, say)
    except BaseException:
        ray.shutdown()
        raise


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise AnalysisError(_INSTALL) from error
    return ray


def _join(address: str, n_processors: int | None) -> None:
    import ray

    # Ray would otherwise tell its makers about the cluster.
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Its advice for administrators would run into the progress line.
    logging.getLogger("ray").setLevel(logging.ERROR)
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    try:
        if address == LOCAL:
            ray.init(address="local", include_dashboard=False, num_cpus=n_processors, **quiet)
        else:
            ray.init(address=address, **quiet)
    except Exception as error:
        # Ray has no class of its own for what can go wrong here.
        raise AnalysisError(
            f"The Ray cluster {address!r} cannot be reached: {_first_line(error)} Start one with `ray start --head`, "
            f"or use --ray local."
        ) from error


def _engine(checkpoint: Path, task: BatchTask, is_on_cards: bool, say: Callable[[str], None]) -> BatchEngine:
    """The engine of every actor. The cards are the nodes': this computer need not have one."""
    if not is_on_cards:
        on_cpu = replace(task, device="cpu" if task.device == "auto" else task.device)
        return chosen_engine(checkpoint, on_cpu, say)
    from luv_viewer.analysis.engine import load_checkpoint

    load_checkpoint(checkpoint)
    return BatchEngine(checkpoint, "cuda", "fp32" if task.precision == "auto" else task.precision)


def _packed(engine: BatchEngine, task: BatchTask) -> Luggage:
    from model.runtimes.prepared import find_version

    prepared = find_version(task.version) if engine.device.startswith("openvino") else None
    files = [] if prepared is None else [path for path in sorted(prepared.folder.rglob("*")) if path.is_file()]
    held = {path.relative_to(prepared.folder).as_posix(): path.read_bytes() for path in files} if prepared else {}
    return Luggage(engine.checkpoint.name, engine.checkpoint.read_bytes(), held)


def _first_line(error: Exception) -> str:
    line = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
    return f"{line}."
