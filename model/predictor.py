"""The only entry for inference: LUV-Net over the sliding clips of one video."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from model.aggregation import video_attention, video_probabilities
from model.attention import min_max, top_frames
from model.checkpoint import Checkpoint
from model.clips import Tail, plan_clips
from model.devices import Engine, PredictionError, resolve_engine
from model.networks.luv_net import LUVNet
from model.sliding import Frames, InputFrames, PlayHead, Report, SlidingRun

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class PredictionProvenance:
    """checkpoint: its name; version: of its file; device: `cpu`, `cuda:0 (name)`; precision: `fp32`, `bf16`, `fp16`."""

    checkpoint: str
    version: str
    device: str
    precision: str
    stride: int
    tail: Tail


@dataclass(frozen=True, eq=False)
class VideoPrediction:
    """Result for a video of T frames, K clips of length L, P patterns. Arrays are read-only float64.

    clip_spans: (K, 2) int, half-open real frames. logits, probabilities: (K, P), NaN for a clip that has not run.
    video_probabilities: (P,) the largest over clips that have run, NaN where none has.
    clip_attention: (K, L, P) summed over heads as the network gave it (equation 7); rows past the span are the copies.
    frame_attention: (T, P) in [0, 1], equation 8 over the video's mean attention; NaN where no clip has run.
    constant_attention: (P,) bool, True where there was nothing to scale and the curve is all 0.
    """

    clip_spans: NDArray[np.int64]
    logits: FloatArray
    probabilities: FloatArray
    video_probabilities: FloatArray
    clip_attention: FloatArray
    frame_attention: FloatArray
    constant_attention: NDArray[np.bool_]
    provenance: PredictionProvenance

    def __post_init__(self) -> None:
        k, p = len(self.clip_spans), self.frame_attention.shape[1]
        expected = {
            "clip_spans": (k, 2),
            "logits": (k, p),
            "probabilities": (k, p),
            "video_probabilities": (p,),
            "clip_attention": (k, self.clip_attention.shape[1], p),
            "constant_attention": (p,),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have shape {shape}, got {getattr(self, name).shape}")
        for name in (*expected, "frame_attention"):
            getattr(self, name).flags.writeable = False

    @property
    def is_complete(self) -> bool:
        """True when every clip has run."""
        return not bool(np.isnan(self.logits).any())

    def top_frames(self, pattern_index: int, k: int = 3) -> tuple[int, ...]:
        """The k frames with the highest attention for a pattern, by rank, ties to the earlier; fewer where T < k."""
        return top_frames(self.frame_attention[:, pattern_index], k)


def predict_video(
    frames: Frames,
    checkpoint: Checkpoint,
    *,
    clip_length: int = 30,
    stride: int = 24,
    tail: Tail = "pad",
    device: str | torch.device = "auto",
    precision: str = "auto",
    report: Report | None = None,
) -> VideoPrediction:
    """Run a checkpoint over a whole video; every frame is encoded once, however many clips cover it.

    frames: (T, H, W, 3) uint8 RGB (letterbox and normalise only), or an object with frame(i), n_frames and region
        (crop, channel rule of the checkpoint, letterbox, normalise).
    clip_length, stride in frames, tail: see `plan_clips`; a short clip is padded by repeating its last real frame,
        unmasked. device, precision: see `model.devices.resolve_engine`.
    checkpoint: its network is put into eval mode and moved to the device, and stays there.
    report: called with (steps done, steps in all) several times a second; what it raises stops the run and is raised.
    Raises ValueError for frames or numbers that do not fit, TypeError for a number that is not whole, PredictionError
    when the result cannot be computed, and whatever frame(i) raises.
    """
    run, combine = _prepare(frames, checkpoint, _Clips(clip_length, stride, tail), resolve_engine(device, precision))
    for _ in run.steps(report or _ignore, lambda: None):
        pass
    return combine.prediction(run)


def iter_predictions(
    frames: Frames,
    checkpoint: Checkpoint,
    *,
    clip_length: int = 30,
    stride: int = 24,
    tail: Tail = "pad",
    device: str | torch.device = "auto",
    precision: str = "auto",
    report: Report | None = None,
    play_head: PlayHead | None = None,
) -> Iterator[VideoPrediction]:
    """As `predict_video`, giving a growing result each time more clips are done; the last one is complete.

    play_head: tells the frame on screen (None: the first); frames nearest to it are encoded next.
    Arguments are checked at the call, everything else happens while iterating.
    """
    run, combine = _prepare(frames, checkpoint, _Clips(clip_length, stride, tail), resolve_engine(device, precision))
    steps = run.steps(report or _ignore, play_head or (lambda: None))
    return (combine.prediction(run) for _ in steps)


@dataclass(frozen=True)
class _Clips:
    length: int
    stride: int
    tail: Tail


@dataclass(frozen=True, eq=False)
class _Combine:
    """From what a run has so far to a result."""

    spans: NDArray[np.int64]
    n_frames: int
    provenance: PredictionProvenance

    def prediction(self, run: SlidingRun) -> VideoPrediction:
        logits, clip_attention = run.logits.copy(), run.clip_attention.copy()
        probabilities = 1.0 / (1.0 + np.exp(-np.clip(logits, -700.0, 700.0)))
        frame_attention, constant = min_max(video_attention(clip_attention, self.spans, self.n_frames))
        return VideoPrediction(
            clip_spans=self.spans.copy(),
            logits=logits,
            probabilities=probabilities,
            video_probabilities=video_probabilities(probabilities),
            clip_attention=clip_attention,
            frame_attention=frame_attention,
            constant_attention=constant,
            provenance=self.provenance,
        )


def _prepare(frames: Frames, checkpoint: Checkpoint, clips: _Clips, engine: Engine) -> tuple[SlidingRun, _Combine]:
    network = checkpoint.network
    if not isinstance(network, LUVNet):
        raise PredictionError(f"checkpoint {checkpoint.name} holds a {type(network).__name__}, expected a LUV-Net")
    inputs = InputFrames(frames, checkpoint.preprocessing)
    spans = plan_clips(inputs.n_frames, clips.length, clips.stride, clips.tail)
    run = SlidingRun(network, inputs, checkpoint.preprocessing, (spans, clips.length), engine)
    provenance = PredictionProvenance(
        checkpoint.name, checkpoint.version, engine.name, engine.precision, clips.stride, clips.tail
    )
    return run, _Combine(spans, inputs.n_frames, provenance)


def _ignore(done: int, total: int) -> None:
    """The report of a caller who wants none."""
