"""From a video and a checkpoint to maps of where the evidence lies: the way of the command to `model.saliency`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import model
from luv_viewer.analysis.engine import check_patterns
from luv_viewer.analysis.errors import AnalysisError, NotAssessedError
from luv_viewer.analysis.plausibility import why_implausible
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Provenance
from luv_viewer.domain.saliency import MapKind, SaliencyMaps
from luv_viewer.domain.span import Span
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError
from model.attention import min_max, top_frames
from model.clips import Tail

if TYPE_CHECKING:
    from model.explainer import Explainer
    from model.saliency import VideoSaliency

Report = Callable[[int, int], None]
TOP = 3


@dataclass(frozen=True, eq=False)
class VideoMaps:
    """Both kinds of maps of a whole video of T frames, for P patterns.

    attention: None for a network without pattern attention. raw: what the maps were made of, for a file.
    probabilities, thresholds: (P,) of the video.
    """

    attention: SaliencyMaps | None
    gradient: SaliencyMaps
    raw: VideoSaliency
    probabilities: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """P patterns in column order."""
        return self.gradient.patterns

    @property
    def present(self) -> tuple[Pattern, ...]:
        """Those whose probability reaches the threshold."""
        reached = self.probabilities >= self.thresholds
        return tuple(pattern for pattern, there in zip(self.patterns, reached, strict=True) if there)

    def top_frames(self, kind: MapKind) -> tuple[tuple[int, ...], ...]:
        """Per pattern at most 3 frames by rank: those with most attention, as elsewhere, or with the largest mean of
        the gradient map; none where all are alike."""
        weights = self.raw.mean_attention
        if kind is MapKind.GRADIENT:
            weights = self.raw.gradient.maps.mean(axis=(2, 3)).astype(np.float64)
        curves, constant = min_max(weights)
        return tuple(() if flat else top_frames(curves[:, p], TOP) for p, flat in enumerate(constant))

    def of_kind(self, kind: MapKind) -> SaliencyMaps | None:
        """The maps of one kind, None where the network has none."""
        return self.attention if kind is MapKind.ATTENTION else self.gradient


def open_explainer(checkpoint: model.Checkpoint, device: str) -> Explainer:
    """Raises AnalysisError, one sentence, for a network without a frame encoder and a device that is not there."""
    from model.explainer import Explainer

    try:
        return Explainer(checkpoint, device)
    except model.PredictionError as error:
        raise AnalysisError(f"There are no maps: {error}.") from error


def explain_video(
    video: Video, explainer: Explainer, *, stride: int = 24, tail: Tail = "pad", report: Report | None = None
) -> VideoMaps:
    """Maps of every frame. report(done, total) in frames; what it raises ends the run and passes through unchanged.

    Raises NotAssessedError for an input unlike lung ultrasound and when memory runs out, AnalysisError when a frame
    cannot be decoded.
    """
    from model.saliency import video_saliency

    try:
        reason = why_implausible(video)
        if reason is not None:
            raise NotAssessedError(video.source.name, reason)
        found = video_saliency(video, explainer, stride=stride, tail=tail, report=report)
    except StudyError as error:
        raise AnalysisError(str(error)) from error
    except model.PredictionError as error:
        raise NotAssessedError(video.source.name, str(error)) from error
    gradient = _to_domain(found, MapKind.GRADIENT, check_patterns(explainer.checkpoint))
    attention = None
    if found.attention is not None:
        attention = _to_domain(found, MapKind.ATTENTION, gradient.patterns)
    return VideoMaps(
        attention=attention,
        gradient=gradient,
        raw=found,
        probabilities=found.probabilities,
        thresholds=explainer.checkpoint.thresholds,
    )


def _to_domain(found: VideoSaliency, kind: MapKind, patterns: tuple[Pattern, ...]) -> SaliencyMaps:
    made = found.of_kind(kind.value)
    by = made.provenance
    return SaliencyMaps(
        kind=kind,
        span=Span(0, len(made.maps)),
        patterns=patterns,
        maps=made.maps,
        rows=made.grid.rows,
        columns=made.grid.columns,
        region=made.grid.region,
        provenance=Provenance(by.checkpoint, by.version, by.device, by.precision, by.stride, by.tail),
    )
