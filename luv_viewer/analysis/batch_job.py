"""One video of `luv predict`, from its place to its result: what every worker does, in whichever process it runs."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from luv_viewer import __version__
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError, NotAssessedError
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.video import Video
from luv_viewer.io import MissingFileError, StudyError
from luv_viewer.io.attention_file import ClipAttention, attention_of
from luv_viewer.io.batch_record import digest
from luv_viewer.io.prediction_file import SummaryRow, summarise
from luv_viewer.io.study_parts import StudyPart, open_part

if TYPE_CHECKING:
    from model.runtimes.opened import OpenedNetwork

Tail = Literal["pad", "align", "drop"]
Report = Callable[[int, int], None]

_CARD = re.compile(r"^cuda:\d+")


@dataclass(frozen=True)
class BatchTask:
    """What is asked for, the same for all videos. version: of the checkpoint. device, precision: as the user named
    them, "auto" too. clip_attention: with the raw attention of every clip and head."""

    version: str
    stride: int = 24
    tail: Tail = "pad"
    device: str = "auto"
    precision: str = "auto"
    clip_attention: bool = False

    def key(self, video: Video) -> str:
        """Digest of everything a result depends on. Raises StudyError when the video cannot be read."""
        content = (video.identity, video.frame_identity(0).digest, video.n_frames)
        # Results of runs without it keep the key they had before there was such an option.
        more = ("clip attention",) if self.clip_attention else ()
        return digest(*content, self.version, self.stride, self.tail, self.device, self.precision, __version__, *more)


@dataclass(frozen=True)
class BatchEngine:
    """Where the network runs: never "auto", chosen once for all workers. n_threads: of the CPU, per video."""

    checkpoint: Path
    device: str
    precision: str
    n_threads: int = 1


@dataclass(frozen=True)
class BatchJob:
    """One video to be worked on. number: from 1; name: of its results; file: see `BatchInput`; finished_key: of the
    result that is there already, empty when there is none."""

    number: int
    name: str
    part: StudyPart
    file: str
    finished_key: str = ""


@dataclass(frozen=True, eq=False)
class BatchResult:
    """What is written of a finished video. times_s: (T,) seconds; png: the figure; video: digest of its identity.
    clip_attention: empty where it was not asked for, or the network has none."""

    prediction: Prediction
    times_s: NDArray[np.float64]
    png: bytes
    key: str
    video: str
    clip_attention: tuple[ClipAttention, ...] = ()


@dataclass(frozen=True, eq=False)
class BatchAnswer:
    """A job done. row: its line of the summary, None for one that was finished before with the same key.

    message: why there is no result, else empty. trace: of an internal error, for the log. fatal: why no video can be
    worked on, so that the run has to end; else empty.
    """

    job: BatchJob
    row: SummaryRow | None = None
    result: BatchResult | None = None
    message: str = ""
    trace: str = ""
    fatal: str = ""


def failed(job: BatchJob, message: str, trace: str = "") -> BatchAnswer:
    """The answer when there is nothing but a reason."""
    return BatchAnswer(job, SummaryRow(job.name, job.file, f"failed: {message}"), message=message, trace=trace)


def file_version(checkpoint: Path) -> str:
    """The checkpoint's version without loading it. Raises CheckpointUnusableError."""
    try:
        with checkpoint.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:12]
    except OSError as error:
        raise CheckpointUnusableError(
            f"{checkpoint.name} cannot be read ({error.strerror or type(error).__name__}): "
            f"give the path of a checkpoint file"
        ) from error


def answer_if_finished(job: BatchJob, task: BatchTask) -> BatchAnswer | None:
    """The answer to a job that needs no network: finished before, or not to be opened. None for every other."""
    try:
        video = open_part(job.part)
        try:
            is_finished = bool(job.finished_key) and task.key(video) == job.finished_key
        finally:
            video.store.close()
    except StudyError as error:
        return failed(job, str(error))
    return BatchAnswer(job) if is_finished else None


@dataclass
class VideoWorker:
    """Does jobs one after the other; the network is opened for the first that needs it, and kept.

    node: the name of the computer when it is another than the user's, for messages; else empty.
    """

    task: BatchTask
    engine: BatchEngine
    node: str = ""
    network: OpenedNetwork | None = field(default=None, repr=False)

    def do(self, job: BatchJob, report: Report) -> BatchAnswer:
        """Never raises but what `report` raises, and for the end of the process."""
        try:
            video = open_part(job.part)
            try:
                return self._answer(job, video, report)
            finally:
                video.store.close()
        except StudyError as error:
            return failed(job, self._why_unreadable(job, error))
        except Exception:  # noqa: BLE001 - the boundary of one video: whatever it met, a long run goes on; it is logged
            message = f"{job.part.name} failed: an internal error; the log has the details."
            return failed(job, message, traceback.format_exc())

    def _answer(self, job: BatchJob, video: Video, report: Report) -> BatchAnswer:
        key = self.task.key(video)
        if key == job.finished_key:
            return BatchAnswer(job)
        try:
            network = self._opened()
        except AnalysisError as error:
            return BatchAnswer(job, fatal=f"{error}{f' (on {self.node})' if self.node else ''}")
        from luv_viewer.analysis.attention_figure import attention_png
        from luv_viewer.analysis.predict import predict_video

        try:
            found = predict_video(video, network, stride=self.task.stride, tail=self.task.tail, report=report)
            prediction = self._without_card(found)
            png = attention_png(job.name, video, prediction)
        except NotAssessedError as error:
            return self._without_result(job, video, f"not assessed: {error.reason}", str(error))
        except (AnalysisError, StudyError) as error:
            return self._without_result(job, video, f"failed: {error}", str(error))
        row = summarise(job.name, job.file, _fps(video), prediction)
        identity = digest(video.identity)
        attention = attention_of(prediction, _place(job)) if self.task.clip_attention else ()
        # The heads are in the rows; with the prediction they would cross to the writing process twice.
        prediction = replace(prediction, head_attention=None)
        return BatchAnswer(job, row, BatchResult(prediction, video.times_s, png, key, identity, attention))

    def _opened(self) -> OpenedNetwork:
        if self.network is None:
            self.network = open_engine(self.engine)
        return self.network

    def _without_card(self, prediction: Prediction) -> Prediction:
        """Where any card may do the work, its number says nothing and would make equal results unequal."""
        if ":" in self.task.device:
            return prediction
        made = prediction.provenance
        return replace(prediction, provenance=replace(made, device=_CARD.sub("cuda", made.device)))

    def _without_result(self, job: BatchJob, video: Video, status: str, message: str) -> BatchAnswer:
        facts = self._opened().facts
        made_by = f"{facts.name} {facts.version}"
        row = SummaryRow(job.name, job.file, status, video.n_frames, _fps(video), checkpoint=made_by)
        return BatchAnswer(job, row, message=message)

    def _why_unreadable(self, job: BatchJob, error: StudyError) -> str:
        if not self.node or not isinstance(error, MissingFileError):
            return str(error)
        return (
            f"{job.part.name} cannot be read on {self.node}: with --ray every node must reach the files "
            f"under the same path, in a shared folder."
        )


def open_engine(engine: BatchEngine) -> OpenedNetwork:
    """The network on an engine that was chosen. Raises AnalysisError, one sentence."""
    import model
    from luv_viewer.analysis.engine import find_prepared_file, load_checkpoint, prepare_file
    from model.runtimes.opened import OpenedNetwork
    from model.runtimes.opening import open_runtime
    from model.runtimes.prepared import StoreError

    try:
        if engine.device.partition(":")[0] == "openvino":
            prepared = find_prepared_file(engine.checkpoint) or prepare_file(engine.checkpoint)
            runtime = open_runtime(prepared, engine.device, engine.precision, n_threads=engine.n_threads)
            return OpenedNetwork(prepared, runtime)
        import torch

        torch.set_num_threads(engine.n_threads)
        checkpoint = load_checkpoint(engine.checkpoint)
        return OpenedNetwork(checkpoint, open_runtime(checkpoint, engine.device, engine.precision))
    except (model.PredictionError, StoreError) as error:
        raise AnalysisError(f"LUV-Net cannot run: {error}.") from error


def thresholds_of(prediction: Prediction) -> Mapping[str, float]:
    """Of the checkpoint, by pattern name."""
    return {p.value: float(t) for p, t in zip(prediction.patterns, prediction.thresholds, strict=True)}


def _place(job: BatchJob) -> PurePosixPath:
    """The video's file below the folder that it lies in, on the disk or in an archive."""
    path = job.part.path.absolute()
    return PurePosixPath(job.part.member or f"{path.parent.name}/{path.name}")


def _fps(video: Video) -> float | None:
    return None if video.is_still else video.timing.fps
