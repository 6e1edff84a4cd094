"""One study from its frames to its curves: the authors' way against every engine of ours, in one run.

Engines take turns, round after round, so that what else the machine does falls on all alike. Opening an engine and a
short warm-up are not timed; opening the file, decoding, preparing, encoding, the head and the curves are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

import model
from luv_viewer.analysis.benchmarks.cine import CineSize, demo_frames, write_jpeg_dicom
from luv_viewer.analysis.benchmarks.engines import REFERENCE, Engine, EngineName, open_engines
from luv_viewer.analysis.benchmarks.plain import PlainNetwork, PlainRun, spread_clips
from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.benchmarks.source import MeasuredNetwork
from luv_viewer.analysis.engine import load_checkpoint
from luv_viewer.io import open_study
from model.benchmarks.timing import Timing
from model.clips import Tail, plan_clips
from model.frames import Frames
from model.prediction import VideoPrediction
from model.runtimes.agreement import Agreement, ClipResults, compare
from model.runtimes.opened import OpenedNetwork

FILE_NAME = "study.csv"
MEMORY, DICOM = "memory, uint8 RGB", "DICOM on disk, JPEG baseline"
PLAIN, ONCE = "plain network on each clip", "each frame encoded once"
SCANNER_FRAMES_PER_S = 30.0
_WARM_UP_FRAMES = 8

Say = Callable[[str], None]


@dataclass(frozen=True)
class StudyRow:
    """One way through one study. seconds: median of n_runs (of an own way), or as `scaled` says; quartiles likewise.

    ratio: the plain network's seconds on the same kind of device, divided by these. of_scanner: frames_per_s / 30.
    Agreement is with `torch:fp32`, over the clips both computed (n_compared). device: as the engine names itself.
    """

    checkpoint: str
    weights: str
    frames_from: str
    n_frames: int
    frame_px: str
    stride: int
    tail: str
    n_clips: int
    way: str
    engine: str
    device: str
    precision: str
    seconds: float | None
    quartile_1_s: float | None
    quartile_3_s: float | None
    n_runs: int
    ratio: float | None
    frames_per_s: float | None
    of_scanner: float | None
    max_probability_difference: float | None
    top3_agreement: float | None
    n_compared: int
    scaled: str
    note: str


@dataclass(frozen=True)
class StudyRuns:
    """What `measure_study` does. clips: strides with their tails. n_rounds: times each engine runs each study.

    plain_clips: clips the plain network runs in a round; its time is that of preparing all frames plus the median clip
    times the number of clips. calibration: files int8 takes its frames from, the demo study without any.
    """

    engines: tuple[EngineName, ...]
    size: CineSize = field(default_factory=CineSize)
    sources: tuple[str, ...] = (MEMORY, DICOM)
    clips: tuple[tuple[int, Tail], ...] = ((24, "pad"), (1, "align"))
    n_rounds: int = 3
    plain_clips: int = 2
    calibration: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.n_rounds < 1 or self.plain_clips < 1:
            raise ValueError(f"expected at least 1 round and clip, got {self.n_rounds} and {self.plain_clips}")


def measure_study(table: RowFile[StudyRow], network: MeasuredNetwork, runs: StudyRuns, say: Say) -> None:
    """Put a row per way into the table as soon as it ran once, and again each time it ran once more.

    say(text): what is being done. Raises AnalysisError when not even torch can run the network, WriteError.
    """
    with TemporaryDirectory(prefix="luv-benchmark-") as place:
        say("making the study")
        frames, path = demo_frames(runs.size), Path(place) / "cine.dcm"
        write_jpeg_dicom(path, frames)
        opened = _Opened.of(network, runs, say)
        opened.warm_up(frames[:_WARM_UP_FRAMES])
        readers: dict[str, Callable[[], Frames]] = {MEMORY: lambda: frames, DICOM: lambda: open_study(path).videos[0]}
        for source in runs.sources:
            for stride, tail in runs.clips:
                _Block(opened, runs, _Clips(source, stride, tail), readers[source], table).measure()


@dataclass(frozen=True, eq=False)
class _Opened:
    """What is opened once for all studies. plain: by kind of device."""

    network: MeasuredNetwork
    engines: tuple[Engine, ...]
    plain: dict[str, PlainNetwork]
    say: Say

    @classmethod
    def of(cls, network: MeasuredNetwork, runs: StudyRuns, say: Say) -> _Opened:
        engines = open_engines(runs.engines, network.path, runs.calibration, say)
        kinds = {device_kind(engine) for engine in engines if engine.opened is not None} | {"cpu"}
        plain = {}
        for kind in sorted(kinds):
            say(f"opening the plain network on {kind}")
            plain[kind] = PlainNetwork(load_checkpoint(network.path), kind)
        return cls(network, engines, plain, say)

    def warm_up(self, frames: NDArray[np.uint8]) -> None:
        for engine in self.engines:
            if engine.opened is not None:
                self.say(f"warming up {engine.name.text}")
                _predict(engine.opened, frames, self.network.clip_length, (24, "pad"))
        for kind, network in self.plain.items():
            self.say(f"warming up the plain network on {kind}")
            network.warm_up(self.network.clip_length)


def device_kind(engine: Engine) -> str:
    """What the plain network it is compared with runs on: "cuda", "mps" or "cpu"."""
    name = engine.opened.runtime.name if engine.opened is not None else "cpu"
    return next((kind for kind in ("cuda", "mps") if name.startswith(kind)), "cpu")


def _predict(opened: OpenedNetwork, frames: Frames, clip_length: int, clips: tuple[int, Tail]) -> VideoPrediction:
    return model.predict_video(frames, opened, clip_length=clip_length, stride=clips[0], tail=clips[1])


@dataclass(frozen=True)
class _Clips:
    source: str
    stride: int
    tail: Tail


class _Block:
    """One study at one stride: all ways in turn, their times, and rows made from what is known so far."""

    def __init__(
        self, opened: _Opened, runs: StudyRuns, clips: _Clips, read: Callable[[], Frames], table: RowFile[StudyRow]
    ) -> None:
        self._opened, self._runs, self._clips, self._read, self._table = opened, runs, clips, read, table
        self._length = opened.network.clip_length
        self._spans = plan_clips(runs.size.n_frames, self._length, clips.stride, clips.tail)
        self._seconds: dict[str, list[float]] = {}
        self._results: dict[str, ClipResults] = {}
        self._failures: dict[str, str] = {}
        self._plain: dict[str, list[PlainRun]] = {kind: [] for kind in opened.plain}

    def measure(self) -> None:
        """Every round runs the plain network on a few clips, then each engine; the order is turned round each time."""
        works: list[Callable[[int], None]] = [
            *(lambda turn, kind=kind: self._run_plain(kind, turn) for kind in self._opened.plain),
            *(lambda turn, engine=engine: self._run_engine(engine, turn) for engine in self._opened.engines),
        ]
        for turn in range(self._runs.n_rounds):
            for work in works if turn % 2 == 0 else works[::-1]:
                work(turn)
            self._put_all()

    def _say(self, way: str, turn: int) -> None:
        where = f"{self._clips.source.partition(',')[0]}, stride {self._clips.stride}"
        self._opened.say(f"[round {turn + 1} of {self._runs.n_rounds}] {where}: {way}")

    def _run_plain(self, kind: str, turn: int) -> None:
        clips = spread_clips(len(self._spans), self._runs.plain_clips, turn, self._runs.n_rounds)
        self._say(f"plain network on {kind}, {len(clips)} of {len(self._spans)} clips", turn)
        self._plain[kind].append(self._opened.plain[kind].run(self._read, self._spans, self._length, clips))
        self._put_all()

    def _run_engine(self, engine: Engine, turn: int) -> None:
        name = engine.name.text
        if engine.opened is None or name in self._failures:
            return
        self._say(name, turn)
        start = perf_counter()
        try:
            made = _predict(engine.opened, self._read(), self._length, (self._clips.stride, self._clips.tail))
        except model.PredictionError as error:
            self._failures[name] = f"it stopped: {error}"
            return
        self._seconds.setdefault(name, []).append(perf_counter() - start)
        n_real = made.clip_spans[:, 1] - made.clip_spans[:, 0]
        self._results[name] = ClipResults(made.probabilities, made.clip_attention, n_real)
        self._put_all()

    def _put_all(self) -> None:
        rows = {f"plain {kind}": self._plain_row(kind) for kind in self._plain}
        rows |= {engine.name.text: self._engine_row(engine) for engine in self._opened.engines}
        for name, row in rows.items():
            if row is not None:
                self._table.put((self._opened.network.name, self._clips, name), row)

    def _plain_timing(self, kind: str) -> Timing | None:
        """Of the whole study: preparing, and the time of each clip that was run times the number of clips."""
        done = self._plain[kind]
        if not done:
            return None
        prepare_s = float(np.median([run.prepare_s for run in done]))
        clip_s = [second for run in done for second in run.clip_s]
        return Timing(tuple(prepare_s + second * len(self._spans) for second in clip_s))

    def _plain_row(self, kind: str) -> StudyRow | None:
        timing, done = self._plain_timing(kind), self._plain[kind]
        if timing is None:
            return None
        n_timed = sum(len(run.clip_s) for run in done)
        measured = _Measured(
            way=PLAIN,
            engine="torch",
            device=kind,
            precision="fp32",
            timing=timing,
            n_runs=len(done),
            ratio=1.0,
            scaled=f"{n_timed} clips timed; preparing all frames + median clip x {len(self._spans)}",
            note="as the authors run it: torch's defaults, one clip at a time",
        )
        return self._row(measured, *self._plain_agreement(done))

    def _plain_agreement(self, done: Sequence[PlainRun]) -> tuple[Agreement | None, int]:
        reference = self._results.get(REFERENCE.text)
        if reference is None:
            return None, 0
        clips = [clip for run in done for clip in run.clips]
        expected = ClipResults(reference.probabilities[clips], reference.attention[clips], _chosen(reference, clips))
        return compare(expected, _joined([run.results for run in done])), len(clips)

    def _engine_row(self, engine: Engine) -> StudyRow | None:
        name, opened = engine.name.text, engine.opened
        failure = self._failures.get(name, "" if opened is not None else engine.note)
        if name not in self._seconds and not failure:
            return None
        timing = Timing(tuple(self._seconds[name])) if name in self._seconds else None
        plain = self._plain_timing(device_kind(engine))
        measured = _Measured(
            way=ONCE,
            engine=name,
            device="" if opened is None else opened.runtime.name,
            precision=engine.name.precision if opened is None else opened.runtime.precision,
            timing=timing,
            n_runs=0 if timing is None else len(timing.seconds),
            ratio=None if timing is None or plain is None else plain.median_s / timing.median_s,
            scaled="",
            note=failure or engine.note,
        )
        reference, own = self._results.get(REFERENCE.text), self._results.get(name)
        if reference is None or own is None:
            return self._row(measured, None, 0)
        return self._row(measured, compare(reference, own), len(self._spans))

    def _row(self, measured: _Measured, agreement: Agreement | None, n_compared: int) -> StudyRow:
        size, network, timing = self._runs.size, self._opened.network, measured.timing
        quartiles = (None, None) if timing is None else timing.quartiles_s
        frames_per_s = None if timing is None else size.n_frames / timing.median_s
        return StudyRow(
            checkpoint=network.name,
            weights=network.weights,
            frames_from=self._clips.source,
            n_frames=size.n_frames,
            frame_px=f"{size.height_px}x{size.width_px}",
            stride=self._clips.stride,
            tail=self._clips.tail,
            n_clips=len(self._spans),
            way=measured.way,
            engine=measured.engine,
            device=measured.device,
            precision=measured.precision,
            seconds=None if timing is None else timing.median_s,
            quartile_1_s=quartiles[0],
            quartile_3_s=quartiles[1],
            n_runs=measured.n_runs,
            ratio=measured.ratio,
            frames_per_s=frames_per_s,
            of_scanner=None if frames_per_s is None else frames_per_s / SCANNER_FRAMES_PER_S,
            max_probability_difference=None if agreement is None else agreement.max_probability_difference,
            top3_agreement=None if agreement is None else agreement.top3_agreement,
            n_compared=n_compared,
            scaled=measured.scaled,
            note=measured.note,
        )


@dataclass(frozen=True)
class _Measured:
    """What differs between the rows of a block."""

    way: str
    engine: str
    device: str
    precision: str
    timing: Timing | None
    n_runs: int
    ratio: float | None
    scaled: str
    note: str


def _chosen(results: ClipResults, clips: Sequence[int]) -> NDArray[np.int64] | None:
    return None if results.n_real is None else results.n_real[list(clips)]


def _joined(parts: Sequence[ClipResults]) -> ClipResults:
    return ClipResults(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.attention for part in parts]),
        np.concatenate([part.n_real for part in parts if part.n_real is not None]),
    )
