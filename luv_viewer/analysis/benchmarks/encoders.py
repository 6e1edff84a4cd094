"""Frames a second through the encoder alone, on frames that are prepared already, against a scanner's 30."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from luv_viewer.analysis.benchmarks.cine import CineSize, demo_frames
from luv_viewer.analysis.benchmarks.engines import Engine, EngineName, open_engines
from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.benchmarks.source import MeasuredNetwork
from luv_viewer.analysis.benchmarks.study import SCANNER_FRAMES_PER_S
from model.benchmarks.timing import Timing, time_in_turn
from model.errors import PredictionError
from model.frames import InputFrames
from model.runtimes.opened import OpenedNetwork

FILE_NAME = "encoders.csv"
NETWORKS = ("luv_net/densenet161", "luv_net/resnet50")


@dataclass(frozen=True)
class EncoderRow:
    """frames_per_s: n_frames by the median of n_runs, and by the slower and faster quartile. of_scanner: by 30."""

    checkpoint: str
    weights: str
    engine: str
    device: str
    precision: str
    frames_at_once: int | None
    n_frames: int
    n_runs: int
    frames_per_s: float | None
    slower_quartile: float | None
    faster_quartile: float | None
    of_scanner: float | None
    note: str


@dataclass(frozen=True)
class EncoderRuns:
    """n_frames: in a run. calibration: files int8 takes its frames from, the demo study without any."""

    engines: tuple[EngineName, ...]
    n_frames: int = 32
    n_runs: int = 5
    calibration: tuple[Path, ...] = ()


def measure_encoders(
    table: RowFile[EncoderRow], network: MeasuredNetwork, runs: EncoderRuns, say: Callable[[str], None]
) -> None:
    """Put a row per engine into the table, again after every round of the engines.

    Raises AnalysisError when not even torch can run the network, WriteError.
    """
    engines = open_engines(runs.engines, network.path, runs.calibration, say)
    frames = demo_frames(CineSize(runs.n_frames, 256, 256))
    works, notes = {}, {engine.name.text: engine.note for engine in engines}
    for engine in engines:
        if engine.opened is not None:
            work = _encoding(engine.opened, frames)
            try:
                say(f"{network.name}: warming up {engine.name.text}")
                work()
                works[engine.name.text] = work
            except PredictionError as error:
                notes[engine.name.text] = f"it stopped: {error}"
    seconds: dict[str, tuple[float, ...]] = dict.fromkeys(works, ())
    for turn in range(runs.n_runs):
        told = f"{network.name}: round {turn + 1} of {runs.n_runs}"
        order = works if turn % 2 == 0 else dict(reversed(works.items()))
        found = time_in_turn(order, 1, report=lambda done, total, told=told: say(f"{told}, {done + 1} of {total}"))  # type: ignore[misc]
        for name, timing in found.items():
            seconds[name] += timing.seconds
        for engine in engines:
            name = engine.name.text
            timed = Timing(seconds[name], n_warm_up=1) if name in works else None
            table.put((network.name, name), _row(network, engine, timed, runs, notes[name]))


def _encoding(opened: OpenedNetwork, frames: Any) -> Callable[[], None]:
    inputs = InputFrames(
        InputFrames(frames, opened.facts.preprocessing).images(np.arange(len(frames))), opened.facts.preprocessing
    )
    runtime = opened.sliding_runtime
    indices, at_once = np.arange(len(frames)), runtime.frames_at_once

    def encode() -> None:
        made = [runtime.encode(inputs, indices[i : i + at_once]) for i in range(0, len(indices), at_once)]
        if not isinstance(made[-1], np.ndarray):
            # Cards work on after the call: reading the last features waits for all of them.
            made[-1].cpu()

    return encode


def _row(network: MeasuredNetwork, engine: Engine, timing: Timing | None, runs: EncoderRuns, note: str) -> EncoderRow:
    opened = engine.opened
    rates = (None, None, None)
    if timing is not None:
        fast_s, slow_s = timing.quartiles_s
        rates = tuple(runs.n_frames / second for second in (timing.median_s, slow_s, fast_s))  # type: ignore[assignment]
    return EncoderRow(
        checkpoint=network.name,
        weights=network.weights,
        engine=engine.name.text,
        device="" if opened is None else opened.runtime.name,
        precision=engine.name.precision if opened is None else opened.runtime.precision,
        frames_at_once=None if opened is None else opened.sliding_runtime.frames_at_once,
        n_frames=runs.n_frames,
        n_runs=0 if timing is None else len(timing.seconds),
        frames_per_s=rates[0],
        slower_quartile=rates[1],
        faster_quartile=rates[2],
        of_scanner=None if rates[0] is None else rates[0] / SCANNER_FRAMES_PER_S,
        note=note,
    )
