"""From a video and a checkpoint to a prediction: the way of window and commands alike to LUV-Net."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import numpy as np

import model
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError, NotAssessedError
from luv_viewer.analysis.plausibility import why_implausible
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Prediction, Provenance
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError
from model.clips import Tail
from model.devices import resolve_engine

Report = Callable[[int, int], None]

_EXPECTED = (model.PredictionError, StudyError)


def default_checkpoint_path() -> Path:
    """The bundled checkpoint. Raises CheckpointUnusableError when the installation has none."""
    folder = resources.files("resources") / "checkpoints"
    found = sorted(item.name for item in folder.iterdir() if item.name.endswith(".pt")) if folder.is_dir() else []
    if not found:
        raise CheckpointUnusableError("No checkpoint comes with this installation; choose a checkpoint file.")
    return Path(str(folder / found[0]))


def load_checkpoint(path: Path) -> model.Checkpoint:
    """The network in a file, ours or the authors'. Raises CheckpointUnusableError.

    Its patterns must be of `Pattern`, so that results have a place on screen and in tables.
    """
    try:
        checkpoint = model.load_checkpoint(path)
    except model.CheckpointError as error:
        raise CheckpointUnusableError(str(error)) from error
    _patterns(checkpoint)
    return checkpoint


def predict_video(
    video: Video,
    checkpoint: model.Checkpoint,
    *,
    stride: int = 24,
    tail: Tail = "pad",
    device: str = "auto",
    precision: str = "auto",
    report: Report | None = None,
) -> Prediction:
    """The complete prediction of a video; as `iter_video_predictions` otherwise."""
    _refuse_implausible(video)
    try:
        result = model.predict_video(
            video,
            checkpoint,
            clip_length=checkpoint.clip_length,
            stride=stride,
            tail=tail,
            device=device,
            precision=precision,
            report=report,
        )
    except _EXPECTED as error:
        raise _plain(error, video) from error
    return _to_domain(result, checkpoint)


def iter_video_predictions(
    video: Video,
    checkpoint: model.Checkpoint,
    *,
    stride: int = 24,
    tail: Tail = "pad",
    device: str = "auto",
    precision: str = "auto",
    play_head: Callable[[], int | None] | None = None,
    report: Report | None = None,
) -> Iterator[Prediction]:
    """Growing predictions of a video, clips nearest to the play head first; the last one is complete.

    Clips have the checkpoint's length. stride: frames from clip to clip; tail: `pad`, `align` or `drop`.
    play_head: the frame shown now, asked before each step. report(done, total): called as work is done; what it raises
    (to cancel) passes through unchanged.
    Raises NotAssessedError for an input unlike lung ultrasound (see `plausibility`) and when memory runs out,
    AnalysisError when the network cannot run or a frame cannot be decoded.
    """
    _refuse_implausible(video)
    try:
        for result in model.iter_predictions(
            video,
            checkpoint,
            clip_length=checkpoint.clip_length,
            stride=stride,
            tail=tail,
            device=device,
            precision=precision,
            play_head=play_head,
            report=report,
        ):
            yield _to_domain(result, checkpoint)
    except _EXPECTED as error:
        raise _plain(error, video) from error


def check_engine(device: str, precision: str) -> None:
    """Raises AnalysisError, one sentence, when the device or precision does not exist on this machine."""
    try:
        resolve_engine(device, precision)
    except model.PredictionError as error:
        raise AnalysisError(f"LUV-Net cannot run: {error}.") from error


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


def _patterns(checkpoint: model.Checkpoint) -> tuple[Pattern, ...]:
    try:
        return tuple(Pattern(name) for name in checkpoint.patterns)
    except ValueError as error:
        raise CheckpointUnusableError(
            f"The checkpoint {checkpoint.name} scores a pattern this program does not know: {error}; "
            f"expected some of {', '.join(pattern.value for pattern in Pattern)}."
        ) from error


def _to_domain(result: model.VideoPrediction, checkpoint: model.Checkpoint) -> Prediction:
    """A pattern whose attention is constant has no top frames here: its frames all tie, so that none stands out.

    `model.VideoPrediction.top_frames` names the first ones there; window, figure and summary show none.
    """
    made = result.provenance
    patterns = _patterns(checkpoint)
    return Prediction(
        patterns=patterns,
        clip_spans=result.clip_spans,
        probabilities=result.probabilities,
        thresholds=np.asarray(checkpoint.thresholds, dtype=np.float64),
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
    )
