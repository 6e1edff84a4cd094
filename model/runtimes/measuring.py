"""The short probe behind `auto`: which precision runs how fast on this machine, and how well it agrees with float32."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from model.errors import PredictionError
from model.frames import Frames, InputFrames
from model.predictor import predict_video
from model.runtimes.agreement import Agreement, ClipResults, compare
from model.runtimes.choice import Candidate, Choice, choose, write_choice
from model.runtimes.contract import Runtime
from model.runtimes.opened import OpenedNetwork
from model.runtimes.openvino_model import save_model
from model.runtimes.openvino_runtime import OpenVINORuntime, capabilities
from model.runtimes.prepared import INT8_NAME, PreparedNetwork, StoreError
from model.runtimes.quantize import quantize_encoder

if TYPE_CHECKING:
    import openvino

ReportStage = Callable[[str, int, int], None]
"""report(what is being done, done, total); what it raises stops the probe."""

N_CALIBRATION_FRAMES = 128
_SPEED_BATCHES = 6
_STRIDE = 6
"""Frames between the clips that are compared: several clips a video, each frame encoded once."""


def measure(prepared: PreparedNetwork, videos: Sequence[Frames], report: ReportStage) -> Choice:
    """Measure float32, the hardware's half precision and int8 on OpenVINO's CPU, quantise, choose, and keep it all.

    videos: frames to calibrate int8 with and to compare on, ultrasound like what will be read, at least one video.
    Raises PredictionError when not even float32 runs, StoreError when the cache cannot be written, ValueError without
    videos, and what `report` or reading a frame raises.
    """
    if not videos:
        raise ValueError("measuring needs at least one video")
    probe = _Probe(prepared, [InputFrames(video, prepared.facts.preprocessing) for video in videos], videos)
    report("measuring fp32", 0, 1)
    exact = probe.runtime("fp32", prepared.encoder("fp32"))
    reference = probe.results(exact)
    candidates = [Candidate("fp32", probe.frames_per_s(exact))]
    able = capabilities()
    for precision in (p for p in ("bf16", "fp16") if p.upper() in able):
        report(f"measuring {precision}", 0, 1)
        candidates.append(probe.candidate(precision, prepared.encoder(precision), reference))
    candidates.append(_int8(prepared, probe, reference, report))
    choice = choose(candidates)
    write_choice(prepared, choice)
    return choice


def _int8(prepared: PreparedNetwork, probe: _Probe, reference: ClipResults, report: ReportStage) -> Candidate:
    def judge(model: openvino.Model) -> Agreement:
        return compare(reference, probe.results(probe.runtime("int8", model)))

    def in_steps(done: int, total: int) -> None:
        report("calibrating int8", done, total)

    in_steps(0, 1)
    try:
        quantized = quantize_encoder(prepared.encoder("fp32"), probe.sample(), judge=judge, report=in_steps)
        _keep_int8(prepared, quantized.model)
        measured = probe.candidate("int8", quantized.model, reference)
    except StoreError:
        raise
    except (PredictionError, ImportError) as error:
        return Candidate("int8", None, None, str(error))
    return Candidate("int8", measured.frames_per_s, measured.agreement, quantized.recipe)


def _keep_int8(prepared: PreparedNetwork, model: openvino.Model) -> None:
    try:
        save_model(prepared.folder / INT8_NAME, model)
    except OSError as error:
        raise StoreError(f"the int8 network cannot be kept in {prepared.folder}: {error.strerror or error}") from error


class _Probe:
    """Runs one precision after another over the same videos."""

    def __init__(self, prepared: PreparedNetwork, inputs: Sequence[InputFrames], videos: Sequence[Frames]) -> None:
        self._prepared, self._inputs = prepared, inputs
        # Read and letterboxed once: every precision then sees the same pixels, and reading is not timed.
        self._images = [video.images(np.arange(video.n_frames)) for video in inputs]
        self._head = prepared.head()

    def runtime(self, precision: str, model: openvino.Model) -> Runtime:
        return OpenVINORuntime(model, self._head, precision)

    def sample(self) -> np.ndarray:
        """(M, size, size, 3) frames spread evenly over all videos, to calibrate with."""
        everything = np.concatenate(self._images)
        count = min(N_CALIBRATION_FRAMES, len(everything))
        return everything[np.linspace(0, len(everything) - 1, count).round().astype(np.int64)]

    def results(self, runtime: Runtime) -> ClipResults:
        """Whole clips of every video."""
        probabilities, attention, n_real = [], [], []
        for images in self._images:
            made = predict_video(
                images,
                OpenedNetwork(self._prepared, runtime),
                clip_length=self._prepared.facts.clip_length,
                stride=_STRIDE,
                tail="align",
            )
            probabilities.append(made.probabilities)
            attention.append(made.clip_attention)
            n_real.append(made.clip_spans[:, 1] - made.clip_spans[:, 0])
        return ClipResults(np.concatenate(probabilities), np.concatenate(attention), np.concatenate(n_real))

    def candidate(self, precision: str, model: openvino.Model, reference: ClipResults) -> Candidate:
        try:
            runtime = self.runtime(precision, model)
            return Candidate(precision, self.frames_per_s(runtime), compare(reference, self.results(runtime)))
        except PredictionError as error:
            return Candidate(precision, None, None, str(error))

    def frames_per_s(self, runtime: Runtime) -> float:
        """Frames encoded a second: the median over a few batches, after one to warm up."""
        batch = np.resize(self._images[0], (runtime.frames_at_once, *self._images[0].shape[1:]))
        frames, places = InputFrames(batch, self._prepared.facts.preprocessing), np.arange(runtime.frames_at_once)
        runtime.encode(frames, places)
        took_s = []
        for _ in range(_SPEED_BATCHES):
            started_s = time.perf_counter()
            runtime.encode(frames, places)
            took_s.append(time.perf_counter() - started_s)
        return runtime.frames_at_once / statistics.median(took_s)
