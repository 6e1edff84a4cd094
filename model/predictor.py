"""The only entry for inference: a network over the sliding clips of one video."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.aggregation import video_attention, video_probabilities
from model.attention import min_max
from model.clip_run import ClipRun
from model.clips import Tail, plan_clips
from model.frames import Frames, InputFrames
from model.prediction import PredictionProvenance, VideoPrediction
from model.runtimes.clip_runtime import ClipRuntime
from model.runtimes.opened import OpenedNetwork
from model.runtimes.opening import open_runtime
from model.runtimes.prepared import PreparedNetwork
from model.sliding import PlayHead, Report, SlidingRun

if TYPE_CHECKING:
    import torch

    from model.checkpoint import Checkpoint


def predict_video(
    frames: Frames,
    checkpoint: Checkpoint | PreparedNetwork | OpenedNetwork,
    *,
    clip_length: int = 30,
    stride: int = 24,
    tail: Tail = "pad",
    device: str | torch.device = "auto",
    precision: str = "auto",
    report: Report | None = None,
) -> VideoPrediction:
    """Run a checkpoint over a whole video: LUV-Net encodes every frame once, however many clips cover it; every other
    network takes each clip once, in true float32, bf16 or fp16 throughout.

    frames: (T, H, W, 3) uint8 RGB (letterbox and normalise only), or an object with frame(i), n_frames and region
        (crop, channel rule of the checkpoint, letterbox, normalise).
    clip_length, stride in frames, tail: see `plan_clips`; a short clip is padded by repeating its last real frame,
        unmasked. device, precision: see `model.runtimes.opening.open_runtime`.
    checkpoint: on torch its network is put into eval mode and moved to the device, and stays there. An opened one
        runs on its engine, whatever device and precision say: for many videos in a row.
    report: called with (steps done, steps in all) several times a second; what it raises stops the run and is raised.
    Raises ValueError for frames or numbers that do not fit the video or the network, TypeError for a number that is
    not whole, PredictionError when the result cannot be computed, and whatever frame(i) raises.
    """
    opened = _opened(checkpoint, str(device), precision)
    clips = _Clips(clip_length, stride, tail)
    run, combine = _prepare(frames, opened, clips, is_watched=False)
    for _ in run.steps(report or _ignore, lambda: None):
        pass
    return combine.prediction(run)


def iter_predictions(
    frames: Frames,
    checkpoint: Checkpoint | PreparedNetwork | OpenedNetwork,
    *,
    clip_length: int = 30,
    stride: int = 24,
    tail: Tail = "pad",
    device: str | torch.device = "auto",
    precision: str = "auto",
    report: Report | None = None,
    play_head: PlayHead | None = None,
    every_s: float = 0.0,
) -> Iterator[VideoPrediction]:
    """As `predict_video`, giving a growing result each time more clips are done; the last one is complete.

    play_head: tells the frame on screen (None: the first); frames nearest to it are encoded next.
    every_s: seconds between two results at least, but for the last, which always comes.
    Arguments are checked at the call, all but a clip length that the network does not take; everything else happens
    while iterating.
    """
    opened = _opened(checkpoint, str(device), precision)
    run, combine = _prepare(frames, opened, _Clips(clip_length, stride, tail), is_watched=True)
    steps = run.steps(report or _ignore, play_head or (lambda: None))
    return _spaced(steps, run, combine, every_s)


def _spaced(steps: Iterator[None], run: _Run, combine: _Combine, every_s: float) -> Iterator[VideoPrediction]:
    given_s = -math.inf
    for _ in steps:
        now_s = time.monotonic()
        if run.is_complete or now_s - given_s >= every_s:
            given_s = now_s
            yield combine.prediction(run)


_Run = SlidingRun | ClipRun


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
    has_attention: bool

    def prediction(self, run: _Run) -> VideoPrediction:
        logits, clip_attention = run.results()
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
            has_attention=self.has_attention,
            head_attention=run.head_attention(),
        )


def _opened(checkpoint: Checkpoint | PreparedNetwork | OpenedNetwork, device: str, precision: str) -> OpenedNetwork:
    if isinstance(checkpoint, OpenedNetwork):
        return checkpoint
    return OpenedNetwork(checkpoint, open_runtime(checkpoint, device, precision))


def _prepare(frames: Frames, opened: OpenedNetwork, clips: _Clips, *, is_watched: bool) -> tuple[_Run, _Combine]:
    facts, runtime = opened.facts, opened.runtime
    inputs = InputFrames(frames, facts.preprocessing)
    spans = plan_clips(inputs.n_frames, clips.length, clips.stride, clips.tail)
    run: _Run
    if isinstance(runtime, ClipRuntime):
        run = ClipRun(runtime, inputs, spans, clips.length, len(facts.patterns), keeps_heads=not is_watched)
    else:
        run = SlidingRun(runtime, inputs, spans, clips.length, is_watched=is_watched)
    provenance = PredictionProvenance(
        facts.name, facts.version, runtime.name, runtime.precision, clips.stride, clips.tail
    )
    return run, _Combine(spans, inputs.n_frames, provenance, facts.has_attention)


def _ignore(done: int, total: int) -> None:
    """The report of a caller who wants none."""
