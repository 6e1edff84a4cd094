"""How well the attention of networks points at labelled frames, pattern by pattern, on clips and on whole videos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.io.attention_file import ClipAttention, read_clip_attention
from luv_viewer.io.prediction_file import PredictionFileError
from model.aggregation import video_attention
from training.evaluate.frame_truth import UNKNOWN, FrameTruth, network_pattern, read_frame_truth
from training.evaluate.pointing import Pointing, pointing
from training.evaluate.predictions import EvaluationError
from training.statistics.clustered_mean import ClusteredMean, clustered_mean

AttentionLevel = Literal["clip", "video"]
Measure = Literal["top-3 inside", "attention mass inside", "AUC of attention"]
ATTENTION_ENDING = "_clip_attention.csv"

NO_LABELS = "its video has no frame labels"
NOT_LOOKED_AT = "nobody looked at some of its frames"
TOO_SHORT = "its video has fewer frames in the labels"
ALL_LABELLED = "every frame is labelled"
NONE_LABELLED = "no frame is labelled"


@dataclass(frozen=True)
class AttentionOptions:
    """attention: tables of clip attention, or folders of `luv predict --clip-attention`. frames: see
    `read_frame_truth`. clips: folder of the clips or videos, for pictures. examples: clip ids to draw besides.
    sheet_k: top frames per pattern in the sheets. resamples, seed: of the bootstrap over patients."""

    attention: tuple[Path, ...]
    frames: Path
    clips: Path | None = None
    examples: tuple[str, ...] = ()
    sheet_k: int = 5
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True)
class PointingCase:
    """A clip or video that has labelled and unlabelled frames of a pattern."""

    network: str
    level: AttentionLevel
    name: str
    patient: str
    pattern: Pattern
    found: Pointing


@dataclass(frozen=True)
class PointingMeasure:
    """value: mean over cases. chance: what attention that does not know the truth would get on average on the same
    cases, exact. gain: value minus chance, case by case."""

    name: Measure
    value: ClusteredMean
    chance: float
    gain: ClusteredMean


@dataclass(frozen=True)
class PointingSummary:
    """One network, level and pattern. constant: cases whose attention is constant, which count at chance."""

    network: str
    level: AttentionLevel
    pattern: Pattern
    n: int
    constant: int
    measures: tuple[PointingMeasure, ...]


@dataclass(frozen=True)
class LeftOutCases:
    """How many clips or videos are in no number of a pattern, and why."""

    network: str
    level: AttentionLevel
    pattern: Pattern
    reason: str
    n: int


@dataclass(frozen=True, eq=False)
class AttentionEvaluation:
    """cases: every clip and video with both kinds of frames. clips: attention of the judged clips by network and id.
    unjudged: clips of the attention tables that the truth does not name. without: clips of the truth that have no
    attention, for the network with the most."""

    options: AttentionOptions
    truth: FrameTruth
    networks: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    summaries: tuple[PointingSummary, ...]
    cases: tuple[PointingCase, ...]
    left_out: tuple[LeftOutCases, ...]
    clips: Mapping[tuple[str, str], ClipAttention]
    unjudged: int
    without: int


def evaluate_attention(options: AttentionOptions, clip_ids: Sequence[str]) -> AttentionEvaluation:
    """Everything of the attention tables on the clips in `clip_ids`, the truth's.

    A whole video is judged where one of its clips is in `clip_ids`; its attention is made of all of its clips in the
    tables. Raises EvaluationError, and what `read_frame_truth` raises.
    """
    truth = read_frame_truth(options.frames)
    found = _read(options.attention)
    wanted = set(clip_ids)
    clips = {key: clip for key, clip in found.items() if clip.clip_id in wanted}
    if not clips:
        first = next(iter(found.values())).clip_id
        raise EvaluationError(
            f"none of the {len(found)} clips with attention is in the truth: it names clips such as "
            f"{next(iter(clip_ids), '-')}, the attention {first}"
        )
    if unknown := [name for name in options.examples if not any(name == clip_id for _, clip_id in clips)]:
        raise EvaluationError(f"there is no attention of the clip {unknown[0]} of the truth, so it cannot be drawn")
    networks = tuple(dict.fromkeys(network for network, _ in clips))
    patterns = tuple(map(network_pattern, next(iter(clips.values())).patterns))
    judged = {(network, clip.video_id) for (network, _), clip in clips.items()}
    videos: dict[tuple[str, str], list[ClipAttention]] = {key: [] for key in sorted(judged)}
    for (network, _), clip in found.items():
        if (network, clip.video_id) in videos:
            videos[network, clip.video_id].append(clip)
    sorter = _Sorter(truth, patterns)
    for (network, name), clip in sorted(clips.items()):
        sorter.add(network, "clip", name, clip.video_id, _FrameAttention(clip.span.start, clip.real))
    for (network, name), held in videos.items():
        sorter.add(network, "video", name, name, _whole_video(held))
    with_attention = Counter(network for network, _ in clips)
    return AttentionEvaluation(
        options=options,
        truth=truth,
        networks=networks,
        patterns=patterns,
        summaries=tuple(_summaries(sorter.cases, networks, patterns, options)),
        cases=tuple(sorter.cases),
        left_out=tuple(LeftOutCases(*key, n) for key, n in sorter.left_out.items()),
        clips=clips,
        unjudged=len({clip.clip_id for clip in found.values()} - wanted),
        without=len(wanted) - max(with_attention.values()),
    )


def median_clips(evaluation: AttentionEvaluation, network: str) -> dict[Pattern, PointingCase]:
    """Per pattern the clip in the middle when they are ordered by AUC of attention, then by id; of an even number the
    lower of the two. A pattern without a case has none."""
    found = {}
    for pattern in evaluation.patterns:
        held = [
            case
            for case in evaluation.cases
            if case.network == network and case.level == "clip" and case.pattern is pattern
        ]
        if held:
            ordered = sorted(held, key=lambda case: (case.found.area, case.name))
            found[pattern] = ordered[(len(ordered) - 1) // 2]
    return found


@dataclass(frozen=True, eq=False)
class _FrameAttention:
    """values: (P, n) of the frames from `start` on, NaN where no clip covers one."""

    start: int
    values: NDArray[np.float64]


class _Sorter:
    """Makes cases of what has both kinds of frames, and counts the rest by reason."""

    def __init__(self, truth: FrameTruth, patterns: Sequence[Pattern]) -> None:
        self._truth, self._patterns = truth, patterns
        self.cases: list[PointingCase] = []
        self.left_out: Counter[tuple[str, AttentionLevel, Pattern, str]] = Counter()

    def add(self, network: str, level: AttentionLevel, name: str, video_id: str, given: _FrameAttention) -> None:
        """One clip or video, all patterns."""
        video = self._truth.video(video_id)
        span = Span(given.start, given.start + given.values.shape[1])
        for pattern, values in zip(self._patterns, given.values, strict=True):
            if video is None:
                self.left_out[network, level, pattern, NO_LABELS] += 1
                continue
            if video.n_frames is not None and video.n_frames < span.stop:
                self.left_out[network, level, pattern, TOO_SHORT] += 1
                continue
            covered = ~np.isnan(values)
            labels = video.labels(pattern, span)[covered]
            if reason := _why_not(labels):
                self.left_out[network, level, pattern, reason] += 1
                continue
            found = pointing(values[covered], labels)
            self.cases.append(PointingCase(network, level, name, video.patient, pattern, found))


def _why_not(labels: NDArray[np.int8]) -> str:
    if (labels == UNKNOWN).any():
        return NOT_LOOKED_AT
    if (labels == 1).all():
        return ALL_LABELLED
    return "" if (labels == 1).any() else NONE_LABELLED


def _read(paths: Iterable[Path]) -> dict[tuple[str, str], ClipAttention]:
    found: dict[tuple[str, str], ClipAttention] = {}
    patterns: tuple[str, ...] = ()
    for path in paths:
        files = sorted(path.glob(f"*{ATTENTION_ENDING}")) if path.is_dir() else [path]
        if not files:
            raise EvaluationError(f"{path} holds no *{ATTENTION_ENDING}; luv predict --clip-attention writes them")
        for file in files:
            try:
                clips = read_clip_attention(file)
            except PredictionFileError as error:
                raise EvaluationError(str(error)) from error
            for clip in clips:
                patterns = patterns or clip.patterns
                if clip.patterns != patterns:
                    raise EvaluationError(f"{file.name}: patterns are {clip.patterns}, elsewhere {patterns}")
                if (clip.network, clip.clip_id) in found:
                    raise EvaluationError(f"{file.name}: the clip {clip.clip_id} of {clip.network} comes twice")
                found[clip.network, clip.clip_id] = clip
    if not found:
        raise EvaluationError("the tables of attention have no clip")
    return found


def _whole_video(clips: Sequence[ClipAttention]) -> _FrameAttention:
    """Mean over the clips that cover a frame (architecture: "Attention of a whole video"), from frame 0 on."""
    spans = np.array([(clip.span.start, clip.span.stop) for clip in clips])
    longest = max(clip.summed.shape[1] for clip in clips)
    stacked = np.zeros((len(clips), longest, len(clips[0].patterns)))
    for k, clip in enumerate(clips):
        stacked[k, : clip.summed.shape[1]] = clip.summed.T
    return _FrameAttention(0, video_attention(stacked, spans, int(spans[:, 1].max())).T)


_MEASURES: tuple[tuple[Measure, Callable[[Pointing], float], Callable[[Pointing], float]], ...] = (
    ("top-3 inside", lambda found: found.top_share, lambda found: found.labelled_share),
    ("attention mass inside", lambda found: found.mass, lambda found: found.labelled_share),
    ("AUC of attention", lambda found: found.area, lambda found: 0.5),
)
"""Name, value, value by chance."""


def _summaries(
    cases: Sequence[PointingCase], networks: Sequence[str], patterns: Sequence[Pattern], options: AttentionOptions
) -> Iterable[PointingSummary]:
    groups: dict[tuple[str, AttentionLevel, Pattern], list[PointingCase]] = {}
    for case in cases:
        groups.setdefault((case.network, case.level, case.pattern), []).append(case)
    levels: tuple[AttentionLevel, ...] = ("clip", "video")
    for network in networks:
        for level in levels:
            for pattern in patterns:
                held = groups.get((network, level, pattern), [])
                constant = sum(case.found.is_constant for case in held)
                measures = tuple(_measure(name, held, value, chance, options) for name, value, chance in _MEASURES)
                yield PointingSummary(network, level, pattern, len(held), constant, measures)


def _measure(
    name: Measure,
    cases: Sequence[PointingCase],
    value: Callable[[Pointing], float],
    chance: Callable[[Pointing], float],
    options: AttentionOptions,
) -> PointingMeasure:
    patients = [case.patient for case in cases]
    values = np.array([value(case.found) for case in cases])
    by_chance = np.array([chance(case.found) for case in cases])

    def mean(numbers: NDArray[np.float64]) -> ClusteredMean:
        return clustered_mean(numbers, patients, resamples=options.resamples, seed=options.seed)

    expected = float(by_chance.mean()) if cases else float("nan")
    return PointingMeasure(name, mean(values), expected, mean(values - by_chance))
