"""From a video and a checkpoint to a prediction: the way of window and commands alike to a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import TypeAlias

import numpy as np

import model
from luv_viewer.analysis.engine import check_engine as check_engine
from luv_viewer.analysis.engine import check_patterns
from luv_viewer.analysis.engine import load_checkpoint as load_checkpoint
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError, NotAssessedError
from luv_viewer.analysis.plausibility import why_implausible
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError
from model.clips import Tail
from model.facts import CheckpointFacts
from model.runtimes.opened import OpenedNetwork

Report = Callable[[int, int], None]
Network: TypeAlias = "model.Checkpoint | OpenedNetwork"

_EXPECTED = (model.PredictionError, StudyError)


def default_checkpoint_path() -> Path:
    """The bundled checkpoint. Raises CheckpointUnusableError when the installation has none."""
    folder = resources.files("resources") / "checkpoints"
    found = sorted(item.name for item in folder.iterdir() if item.name.endswith(".pt")) if folder.is_dir() else []
    if not found:
        raise CheckpointUnusableError("No checkpoint comes with this installation; choose a checkpoint file.")
    return Path(str(folder / found[0]))


def predict_video(
    video: Video,
    checkpoint: Network,
    *,
    stride: int = 24,
    tail: Tail = "pad",
    device: str = "auto",
    precision: str = "auto",
    report: Report | None = None,
) -> Prediction:
    """The complete prediction of a video, with the attention of each head; as `iter_video_predictions` otherwise."""
    _refuse_implausible(video)
    facts = checkpoint.facts if isinstance(checkpoint, OpenedNetwork) else checkpoint
    try:
        result = model.predict_video(
            video,
            checkpoint,
            clip_length=facts.clip_length,
            stride=stride,
            tail=tail,
            device=device,
            precision=precision,
            report=report,
        )
    except _EXPECTED as error:
        raise _plain(error, video) from error
    return _to_domain(result, facts)


def iter_video_predictions(
    video: Video,
    checkpoint: Network,
    *,
    stride: int = 24,
    tail: Tail = "pad",
    device: str = "auto",
    precision: str = "auto",
    play_head: Callable[[], int | None] | None = None,
    report: Report | None = None,
    every_s: float = 0.0,
) -> Iterator[Prediction]:
    """Growing predictions of a video, clips nearest to the play head first; the last one is complete.

    checkpoint: one in memory, run by torch on `device`, or one opened on its engine, where device and precision are
    that engine's. Clips have the checkpoint's length. stride: frames from clip to clip; tail: `pad`, `align` or `drop`.
    play_head: the frame shown now, asked before each step. report(done, total): called as work is done; what it raises
    (to cancel) passes through unchanged. every_s: seconds between two results at least, but for the last.
    Raises NotAssessedError for an input unlike lung ultrasound (see `plausibility`) and when memory runs out,
    AnalysisError when the network cannot run or a frame cannot be decoded.
    """
    _refuse_implausible(video)
    facts = checkpoint.facts if isinstance(checkpoint, OpenedNetwork) else checkpoint
    try:
        for result in model.iter_predictions(
            video,
            checkpoint,
            clip_length=facts.clip_length,
            stride=stride,
            tail=tail,
            device=device,
            precision=precision,
            play_head=play_head,
            report=report,
            every_s=every_s,
        ):
            yield _to_domain(result, facts)
    except _EXPECTED as error:
        raise _plain(error, video) from error


def _refuse_implausible(video: Video) -> None:
    try:
        reason = why_implausible(video)
    except StudyError as error:
        raise AnalysisError(str(error)) from error
    if reason is not None:
        raise NotAssessedError(video.source.name, reason)


def _plain(error: Exception, video: Video) -> AnalysisError:
    if isinstance(error, StudyError):
        return AnalysisError(str(error))
    return NotAssessedError(video.source.name, str(error))


def _to_domain(result: model.VideoPrediction, facts: CheckpointFacts) -> Prediction:
    """A pattern whose attention is constant has no top frames here: its frames all tie, so that none stands out.

    `model.VideoPrediction.top_frames` names the first ones there; window, figure and summary show none.
    """
    made = result.provenance
    patterns = check_patterns(facts)
    return Prediction(
        patterns=patterns,
        clip_spans=result.clip_spans,
        probabilities=result.probabilities,
        thresholds=np.asarray(facts.thresholds, dtype=np.float64),
        clip_attention=result.clip_attention,
        frame_attention=result.frame_attention,
        constant_attention=result.constant_attention,
        top_frames=tuple(() if flat else result.top_frames(p) for p, flat in enumerate(result.constant_attention)),
        provenance=Provenance(
            checkpoint=made.checkpoint,
            version=made.version,
            device=made.device,
            precision=made.precision,
            stride=made.stride,
            tail=made.tail,
        ),
        has_attention=result.has_attention,
        head_attention=result.head_attention,
    )
