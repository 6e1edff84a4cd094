"""How well each fast path agrees with torch's float32 on a folder of clips, with labels also the area under the curve.

Every video is decoded and prepared once; all engines then see the same pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

import model
from luv_viewer.analysis.benchmarks.engines import REFERENCE, Engine, EngineName, open_engines
from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.benchmarks.source import MeasuredNetwork
from luv_viewer.analysis.benchmarks.video_labels import VideoLabels, read_video_labels
from luv_viewer.analysis.errors import AnalysisError
from luv_viewer.domain.video import Video
from luv_viewer.io import StudyError, open_study
from model.clips import Tail
from model.frames import InputFrames
from model.runtimes.agreement import ClipResults, area_under_curve, compare

FILE_NAME = "precision.csv"
AUC_NAME = "precision_auc.csv"
_VIDEOS_PER_WRITE = 10

Say = Callable[[str], None]


@dataclass(frozen=True)
class PrecisionRow:
    """One engine against `torch:fp32` over all clips. frames_per_s: of prepared frames, to curves.

    may_be_auto: whether `auto` may choose it by these clips (`Agreement.passes`). auc_difference: the largest over the
    patterns, of videos (a video's score is its largest clip's); None without labels.
    """

    checkpoint: str
    weights: str
    engine: str
    device: str
    precision: str
    n_videos: int
    n_clips: int
    n_pairs: int
    stride: int
    tail: str
    max_probability_difference: float | None
    p95_probability_difference: float | None
    top3_agreement: float | None
    auc_difference: float | None
    may_be_auto: str
    frames_per_s: float | None
    note: str


@dataclass(frozen=True)
class AucRow:
    """Area under the ROC curve of one engine for one pattern over the videos with a label; difference: to float32's."""

    checkpoint: str
    engine: str
    precision: str
    pattern: str
    n_present: int
    n_absent: int
    auc: float | None
    auc_difference: float | None


@dataclass(frozen=True)
class PrecisionRuns:
    """paths: files and folders of videos. labels: CSV of `read_video_labels`. max_videos: of them, evenly spread; 0
    for all. calibration: files int8 takes its frames from, the demo study without any."""

    paths: tuple[Path, ...]
    engines: tuple[EngineName, ...]
    labels: Path | None = None
    stride: int = 24
    tail: Tail = "pad"
    max_videos: int = 0
    calibration: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class PrecisionTables:
    """The two tables: engines, and areas under the curve."""

    engines: RowFile[PrecisionRow]
    areas: RowFile[AucRow]

    @classmethod
    def of(cls, folder: Path) -> PrecisionTables:
        """Empty ones, written into `folder` with their first rows."""
        return cls(RowFile(folder / FILE_NAME, PrecisionRow), RowFile(folder / AUC_NAME, AucRow))


def measure_precision(
    tables: PrecisionTables, network: MeasuredNetwork, runs: PrecisionRuns, say: Say
) -> tuple[str, ...]:
    """Put rows into both tables, again every few videos and when it is stopped; a line per input that cannot be read.

    Raises AnalysisError when no video can be read, labels do not fit or torch cannot run the network, WriteError.
    """
    say("opening the videos")
    videos, failures = _videos(runs)
    engines = open_engines(runs.engines, network.path, runs.calibration, say)
    reference = next(engine.opened for engine in engines if engine.opened is not None)
    patterns = reference.facts.patterns
    labels = VideoLabels({}, len(patterns)) if runs.labels is None else read_video_labels(runs.labels, patterns)
    collected = [_Collected(engine) for engine in engines]
    known: list[NDArray[np.float64]] = []
    try:
        for number, video in enumerate(videos, start=1):
            say(f"[{number}/{len(videos)}] {video.source.name}: reading")
            try:
                inputs = InputFrames(video, reference.facts.preprocessing)
                images = inputs.images(np.arange(video.n_frames))
            except (StudyError, ValueError) as error:
                failures.append(f"{video.source.name}: {error}")
                continue
            for one in collected:
                say(f"[{number}/{len(videos)}] {video.source.name}: {one.engine.name.text}")
                one.run(images, network.clip_length, runs)
            known.append(labels.of(video.source.path))
            if number % _VIDEOS_PER_WRITE == 0:
                _write(tables, network, runs, collected, (patterns, known))
    finally:
        if known:
            _write(tables, network, runs, collected, (patterns, known))
    if not known:
        raise AnalysisError("No video could be read: " + " ".join(failures))
    return tuple(failures)


def _videos(runs: PrecisionRuns) -> tuple[list[Video], list[str]]:
    videos: list[Video] = []
    failures: list[str] = []
    for path in runs.paths:
        try:
            study = open_study(path)
        except StudyError as error:
            failures.append(str(error))
            continue
        videos += [video for video in study.videos if not video.is_still]
        failures += [failure.message for failure in study.failures]
    if not videos:
        raise AnalysisError(" ".join(["The given paths hold no video.", *failures]))
    if 0 < runs.max_videos < len(videos):
        places = np.linspace(0, len(videos) - 1, runs.max_videos).round().astype(int)
        videos = [videos[place] for place in places]
    return videos, failures


class _Collected:
    """What one engine gave for the videos so far."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.note = engine, engine.note
        self.failed = engine.opened is None
        self.parts: list[ClipResults] = []
        self.scores: list[NDArray[np.float64]] = []
        self.n_frames, self.seconds = 0, 0.0

    def run(self, images: NDArray[np.uint8], clip_length: int, runs: PrecisionRuns) -> None:
        """One video; an engine that fails once is left out from then on."""
        opened = self.engine.opened
        if opened is None or self.failed:
            return
        start = perf_counter()
        try:
            made = model.predict_video(
                images,
                opened,
                clip_length=clip_length,
                stride=runs.stride,
                tail=runs.tail,
            )
        except model.PredictionError as error:
            self.failed, self.note = True, f"it stopped: {error}"
            return
        self.seconds += perf_counter() - start
        self.n_frames += len(images)
        n_real = made.clip_spans[:, 1] - made.clip_spans[:, 0]
        self.parts.append(ClipResults(made.probabilities, made.clip_attention, n_real))
        self.scores.append(made.video_probabilities)

    def results(self, n_videos: int) -> ClipResults:
        """Of the first videos."""
        parts = self.parts[:n_videos]
        return ClipResults(
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.attention for part in parts]),
            np.concatenate([part.n_real for part in parts if part.n_real is not None]),
        )


_Known = tuple[Sequence[str], list[NDArray[np.float64]]]


def _write(
    tables: PrecisionTables,
    network: MeasuredNetwork,
    runs: PrecisionRuns,
    collected: Sequence[_Collected],
    known: _Known,
) -> None:
    """All rows, over the videos that an engine and the reference both finished."""
    (reference,) = [one for one in collected if one.engine.name == REFERENCE]
    for one in collected:
        areas = list(_area_rows(network, one, reference, known))
        tables.engines.put(one.engine.name.text, _row(network, runs, one, reference, areas))
        for area in areas:
            tables.areas.put((one.engine.name.text, area.pattern), area)


def _row(
    network: MeasuredNetwork, runs: PrecisionRuns, one: _Collected, reference: _Collected, areas: Sequence[AucRow]
) -> PrecisionRow:
    opened, n_videos = one.engine.opened, min(len(one.parts), len(reference.parts))
    agreement = p95 = None
    if n_videos and not one.failed:
        expected, own = reference.results(n_videos), one.results(n_videos)
        agreement = compare(expected, own)
        p95 = float(np.percentile(np.abs(expected.probabilities - own.probabilities), 95))
    differences = [area.auc_difference for area in areas if area.auc_difference is not None]
    passes = "" if agreement is None else "yes" if agreement.passes else "no"
    return PrecisionRow(
        checkpoint=network.name,
        weights=network.weights,
        engine=one.engine.name.text,
        device="" if opened is None else opened.runtime.name,
        precision=one.engine.name.precision if opened is None else opened.runtime.precision,
        n_videos=n_videos,
        n_clips=0 if agreement is None else agreement.n_clips,
        n_pairs=0 if agreement is None else agreement.n_pairs,
        stride=runs.stride,
        tail=runs.tail,
        max_probability_difference=None if agreement is None else agreement.max_probability_difference,
        p95_probability_difference=p95,
        top3_agreement=None if agreement is None else agreement.top3_agreement,
        auc_difference=max(differences, default=None),
        may_be_auto=passes,
        frames_per_s=one.n_frames / one.seconds if one.seconds else None,
        note=one.note,
    )


def _area_rows(network: MeasuredNetwork, one: _Collected, reference: _Collected, known: _Known) -> Iterator[AucRow]:
    """A row per pattern for which there is any label."""
    patterns, labels = known
    n_videos = min(len(one.scores), len(reference.scores), len(labels))
    if not n_videos or one.failed:
        return
    truth = np.stack(labels[:n_videos])
    for at, pattern in enumerate(patterns):
        column = truth[:, at]
        if np.isnan(column).all():
            continue
        own, expected = (
            area_under_curve(np.stack(which.scores[:n_videos])[:, at], column) for which in (one, reference)
        )
        yield AucRow(
            checkpoint=network.name,
            engine=one.engine.name.text,
            precision=one.engine.opened.runtime.precision if one.engine.opened else "",
            pattern=pattern,
            n_present=int((column == 1).sum()),
            n_absent=int((column == 0).sum()),
            auc=own,
            auc_difference=None if own is None or expected is None else abs(own - expected),
        )
