"""Where in a frame the evidence lies: attention scores taken apart, and pattern-specific gradient maps (systems 5.5).

F_t(y, x) in R^C is the encoder's last feature map (after its ReLU) of frame t; every encoder's feature h_t is its mean
over the h x w positions.

Attention map (LUV-Net only). The score that the softmax over frames sees is linear in F (equation 5), so that it splits
over the positions without rest:

    s^p_{t,k}(y, x) = <(W F_t(y, x) + b)_k, q^p_k> / sqrt(d)          mean over y, x = lambda^p_{t,k} / sqrt(d)

W, b are the projection (without one: the identity and 0). `SaliencyMaps.heads` holds s, `maps` its sum over the heads
k. It is the score before the softmax that is split, not the attention: a constant added to all frames changes nothing
there, so that zero has no meaning of its own, only higher and lower have. Positions on the black border of the
letterbox count as all others.

Gradient map (every network with a frame encoder). Ours, after Grad-CAM (Selvaraju et al. 2017), and specific to the
pattern, unlike the authors', which looks at the encoder alone: of the logit z^p of the whole clip,

    M^p_t(y, x) = ReLU( sum_c alpha^p_{t,c} F_{t,c}(y, x) ),   alpha^p_{t,c} = mean over y, x of dz^p / dF_{t,c}(y, x)

A frame that stands several times in a clip (padding by repetition) has the mean over its copies, so that it does not
look more important than others for being repeated. A frame of a video has its gradient from the clip whose middle is
nearest.

Axis letters: T frames, K clips, L clip length, P patterns, H heads, h and w rows and columns of a map.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from model.aggregation import video_attention
from model.clips import Tail, nearest_clips, plan_clips
from model.errors import PredictionError
from model.explainer import ClipExplanation, Explainer, FloatMaps
from model.frames import Frames, InputFrames
from model.map_grid import MapGrid
from model.prediction import PredictionProvenance
from model.preprocessing import Region

SaliencyKind = Literal["attention", "gradient"]
UNITS: dict[SaliencyKind, str] = {
    "attention": "attention score before the softmax, summed over heads; its mean over the map is the frame's score",
    "gradient": "first-order share of the clip's logit, negative ones cut off",
}
NO_ATTENTION = "this network has no pattern attention to take apart: ask for gradient maps"
Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class SaliencyMaps:
    """Maps of one kind; arrays are made read-only.

    maps: (T, P, h, w) float32, NaN for frames that no clip covers. heads: (T, P, H, h, w), whose sum over heads is
    maps; None for gradients. grid: where the cells lie on the frames. Raises ValueError when shapes do not fit.
    """

    kind: SaliencyKind
    maps: FloatMaps
    heads: FloatMaps | None
    grid: MapGrid
    provenance: PredictionProvenance

    def __post_init__(self) -> None:
        if self.kind not in UNITS:
            raise ValueError(f"kind must be one of {', '.join(UNITS)}, got {self.kind!r}")
        if self.maps.ndim != 4 or self.maps.shape[2:] != self.grid.shape or self.maps.dtype != np.float32:
            raise ValueError(
                f"maps must be float32 of shape (T, P, {self.grid.shape[0]}, {self.grid.shape[1]}), "
                f"got {self.maps.dtype} of shape {self.maps.shape}"
            )
        self.maps.flags.writeable = False
        if self.heads is not None:
            if self.heads.ndim != 5 or self.heads[:, :, 0].shape != self.maps.shape:
                raise ValueError(f"heads must be maps of {self.maps.shape} per head, got {self.heads.shape}")
            self.heads.flags.writeable = False

    @property
    def unit(self) -> str:
        """What the numbers are."""
        return UNITS[self.kind]


@dataclass(frozen=True, eq=False)
class VideoSaliency:
    """Maps of a whole video, and what the network said on the way; arrays are made read-only.

    attention: None for a network without pattern attention. clip_spans: (K, 2) half-open real frames. logits: (K, P).
    clip_of: (T,) the clip that gave each frame's gradient, -1 where none covers it. mean_attention: (T, P), as
    `model.aggregation.video_attention` gives it; NaN where there is none.
    """

    attention: SaliencyMaps | None
    gradient: SaliencyMaps
    clip_spans: NDArray[np.int64]
    logits: NDArray[np.float64]
    clip_of: NDArray[np.int64]
    mean_attention: NDArray[np.float64]

    def __post_init__(self) -> None:
        for array in (self.clip_spans, self.logits, self.clip_of, self.mean_attention):
            array.flags.writeable = False

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(P,) of the video: the largest over its clips."""
        return 1.0 / (1.0 + np.exp(-np.clip(self.logits.max(axis=0), -700.0, 700.0)))

    def of_kind(self, kind: SaliencyKind) -> SaliencyMaps:
        """Raises PredictionError where the network has no maps of this kind."""
        found = self.attention if kind == "attention" else self.gradient
        if found is None:
            raise PredictionError(NO_ATTENTION)
        return found


def video_saliency(
    frames: Frames,
    explainer: Explainer,
    *,
    stride: int = 24,
    tail: Tail = "pad",
    report: Report | None = None,
) -> VideoSaliency:
    """Both kinds of maps of every frame, a clip at a time: memory holds the feature maps of one clip.

    frames: as `model.predict_video` takes them. Clips have the checkpoint's length. report(done, total) in frames;
    what it raises ends the run.
    Raises ValueError for frames that do not fit, PredictionError when the network cannot run, and what frame(i) raises.
    """
    source = InputFrames(frames, explainer.checkpoint.preprocessing)
    clip_length = explainer.checkpoint.clip_length
    spans = plan_clips(source.n_frames, clip_length, stride, tail)
    made = _Maps(explainer, source, nearest_clips(spans, source.n_frames))
    report = report or (lambda done, total: None)
    for number, (start, stop) in enumerate(spans.tolist()):
        made.encode(range(start, stop), report)
        made.take(number, range(start, stop), explainer.explain(made.of(range(start, stop)), clip_length))
    provenance = PredictionProvenance(
        explainer.checkpoint.name, explainer.checkpoint.version, explainer.device, "fp32", stride, tail
    )
    return made.result(spans, provenance)


class _Maps:
    """What a video's clips have given so far."""

    def __init__(self, explainer: Explainer, source: InputFrames, clip_of: NDArray[np.int64]) -> None:
        self._explainer, self._source, self._clip_of = explainer, source, clip_of
        self._kept: dict[int, torch.Tensor] = {}
        self._n_encoded = 0
        self._clips: list[ClipExplanation] = []
        self._gradients: FloatMaps | None = None
        self._scores: FloatMaps | None = None

    def encode(self, frames: range, report: Report) -> None:
        """Have the maps of these frames, and of no others; a frame shared with the clip before is not encoded again."""
        self._kept = {frame: kept for frame, kept in self._kept.items() if frame in frames}
        new = [frame for frame in frames if frame not in self._kept]
        total = int((self._clip_of >= 0).sum())
        report(self._n_encoded, total)
        for first in range(0, len(new), self._explainer.frames_at_once):
            group = new[first : first + self._explainer.frames_at_once]
            maps = self._explainer.encode([self._source.image(frame) for frame in group])
            self._kept.update(zip(group, maps, strict=True))
            self._n_encoded += len(group)
            report(self._n_encoded, total)

    def of(self, frames: range) -> torch.Tensor:
        """(n, C, h, w)"""
        return torch.stack([self._kept[frame] for frame in frames])

    def take(self, clip: int, frames: range, found: ClipExplanation) -> None:
        """Keep what a clip gave: gradients of the frames that are its own, scores of all."""
        if self._gradients is None:
            self._gradients = np.full((len(self._clip_of), *found.gradients.shape[1:]), np.nan, np.float32)
            if found.scores is not None:
                self._scores = np.full((len(self._clip_of), *found.scores.shape[1:]), np.nan, np.float32)
        own = [frame - frames.start for frame in frames if self._clip_of[frame] == clip]
        self._gradients[frames.start + np.array(own, dtype=np.int64)] = found.gradients[own]
        if self._scores is not None and found.scores is not None:
            self._scores[frames.start : frames.stop] = found.scores
        self._clips.append(found)

    def result(self, spans: NDArray[np.int64], provenance: PredictionProvenance) -> VideoSaliency:
        """When every clip was taken."""
        assert self._gradients is not None
        h, w = self._gradients.shape[2:]
        grid = self._explainer.grid((h, w), self._region())
        attention = None
        if self._scores is not None:
            attention = SaliencyMaps("attention", self._scores.sum(axis=2), self._scores, grid, provenance)
        weights = [clip.attention for clip in self._clips if clip.attention is not None]
        n_patterns = self._gradients.shape[1]
        mean = np.full((len(self._clip_of), n_patterns), np.nan)
        if weights:
            mean = video_attention(np.stack(weights), spans, len(self._clip_of))
        return VideoSaliency(
            attention=attention,
            gradient=SaliencyMaps("gradient", self._gradients, None, grid, provenance),
            clip_spans=spans,
            logits=np.stack([clip.logits for clip in self._clips]).astype(np.float64),
            clip_of=self._clip_of,
            mean_attention=mean,
        )

    def _region(self) -> Region:
        if self._source.region is not None:
            return self._source.region
        height, width = self._source.raw(0).shape[:2]
        return 0, 0, width, height
