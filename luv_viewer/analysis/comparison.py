"""How far two labelling sheets agree, pattern by pattern (systems.md 1.5): numbers for window, command and table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.label_sheet import LabelSheet, SheetRow
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.row_pairing import (
    known_lengths,
    labels_differ,
    mismatch,
    pair_rows,
    scores_aligned,
    shares_no_frame,
)
from luv_viewer.domain.span_set import SpanSet
from training.statistics.agreement import (
    ClusteredAgreement,
    EdgeDistance,
    IntervalMatch,
    Kappa,
    clustered_agreement,
    cohen_kappa,
    contingency,
    edge_distance,
    match_intervals,
)

Cluster = Literal["video", "patient"]
"""What is drawn for the clustered intervals."""

_GRADES = (0, 1, 2, 3)


@dataclass(frozen=True)
class FrameAgreement:
    """Frames both readers looked at, in videos of known length.

    table: (neither, only B, only A, both). n_frames: their sum. left_out: frames that one or both did not look at.
    rate, positive, negative: agreement, 0 to 1; positive = 2 both / (2 both + differing), negative likewise of absent.
    kappa: frames taken for independent. clustered: of the same frames, drawn by video or patient.
    None where there is no frame, or nothing that could agree.
    """

    table: tuple[int, int, int, int]
    left_out: int
    rate: float | None
    positive: float | None
    negative: float | None
    kappa: Kappa | None
    clustered: ClusteredAgreement | None

    @property
    def n_frames(self) -> int:
        """Frames compared."""
        return sum(self.table)


@dataclass(frozen=True)
class IntervalAgreement:
    """Intervals of videos, matched one to one within a video so that the sum of IoU is largest.

    mean_iou: over matched pairs, None without any. edges: starts and ends of matched pairs together, frames.
    alone_a, alone_b: intervals without a partner. n_left_out: videos whose intervals were not matched, because one of
    them meets or touches frames that a reader has not looked at, so that its edges are not known.
    """

    n_matched: int
    mean_iou: float | None
    edges: EdgeDistance
    alone_a: int
    alone_b: int
    n_left_out: int


@dataclass(frozen=True)
class PatternComparison:
    """One pattern, or all together (pattern None).

    n_videos: pairs compared. jaccard: frames both mark / frames at least one marks, all videos together; mean_jaccard:
    mean over the videos in which it can be told. Neither needs the length of a video. empty_intersections: study_ids of
    rows in which both mark the pattern without a common frame; label_conflicts: in which only one marks it, the other
    having looked at every frame. Stills count for these two lists only.
    """

    pattern: Pattern | None
    n_videos: int
    frames: FrameAgreement
    jaccard: float | None
    mean_jaccard: float | None
    intervals: IntervalAgreement
    empty_intersections: tuple[str, ...]
    label_conflicts: tuple[str, ...]


@dataclass(frozen=True)
class ScoreComparison:
    """LUS scores of rows in which both readers gave one.

    aligned: equal in normal form (`3_c` is not `3_ce`). linear, quadratic: weighted kappa of the grades 0 to 3.
    not_aligned: study_ids.
    """

    n: int
    aligned: int
    not_aligned: tuple[str, ...]
    linear: Kappa | None
    quadratic: Kappa | None


@dataclass(frozen=True)
class Comparison:
    """Sheets A and B.

    n_videos, n_stills: pairs of rows compared. total: all patterns together. conflicts: (study_id, why) of pairs that
    are not of the same pictures and were not compared. without_length: study_ids of videos whose number of frames is
    unknown; their frames are not in FrameAgreement, for absences cannot be counted there.
    """

    name_a: str
    name_b: str
    n_videos: int
    n_stills: int
    patterns: tuple[PatternComparison, ...]
    total: PatternComparison
    scores: ScoreComparison
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    conflicts: tuple[tuple[str, str], ...]
    without_length: tuple[str, ...]
    cluster: Cluster


def compare_sheets(
    a: LabelSheet,
    b: LabelSheet,
    *,
    patterns: Sequence[Pattern] = TRACK_PATTERNS,
    lengths: Mapping[str, int] | None = None,
    cluster: Cluster = "video",
) -> Comparison:
    """Rows paired by study_id; every other row is named in the result.

    lengths: frames by study_id for sheets that do not state them. cluster: what is drawn for the clustered intervals
    (seeded, so equal sheets give equal numbers); `patient` is the wider, safer choice with several videos each.
    """
    pairing = pair_rows(a, b)
    reasons = {pair[0].study_id: mismatch(pair, lengths) for pair in pairing.both}
    pairs = [_Pair(*pair, lengths) for pair in pairing.both if not reasons[pair[0].study_id]]
    videos = [pair for pair in pairs if not pair.a.is_still]
    parts = {pattern: [_Part(pair, pattern) for pair in pairs] for pattern in patterns}
    return Comparison(
        name_a=a.name,
        name_b=b.name,
        n_videos=len(videos),
        n_stills=len(pairs) - len(videos),
        patterns=tuple(_compared(pattern, parts[pattern], cluster) for pattern in patterns),
        total=_compared(None, [part for found in parts.values() for part in found], cluster),
        scores=_scores(pairs),
        only_a=pairing.only_a,
        only_b=pairing.only_b,
        conflicts=tuple((study_id, why) for study_id, why in reasons.items() if why),
        without_length=tuple(pair.a.study_id for pair in videos if pair.n_frames is None),
        cluster=cluster,
    )


@dataclass(frozen=True)
class VideoAgreement:
    """One pattern of one video, frame by frame, over frames both readers looked at.

    table: (neither, only B, only A, both). left_out: frames that one or both did not look at. rate: 0 to 1. kappa: its
    value is NaN with a reason where all frames got the same label. jaccard: frames both mark / either marks, None where
    neither marks one. rate and kappa are None where no frame is left, or the video's length is unknown.
    """

    study_id: str
    patient_id: str
    pattern: Pattern
    table: tuple[int, int, int, int]
    left_out: int
    rate: float | None
    kappa: Kappa | None
    jaccard: float | None


def compare_videos(
    a: LabelSheet,
    b: LabelSheet,
    *,
    patterns: Sequence[Pattern] = TRACK_PATTERNS,
    lengths: Mapping[str, int] | None = None,
) -> tuple[VideoAgreement, ...]:
    """Every video that `compare_sheets` compares, in the order of `a`, and every pattern."""
    pairs = [pair for pair in pair_rows(a, b).both if not mismatch(pair, lengths) and not pair[0].is_still]
    return tuple(
        _of_video(_Part(pair, pattern)) for pair in (_Pair(*pair, lengths) for pair in pairs) for pattern in patterns
    )


def _of_video(part: _Part) -> VideoAgreement:
    neither, only_b, only_a, both = part.table
    n = sum(part.table) if part.pair.n_frames is not None else 0
    return VideoAgreement(
        study_id=part.pair.a.study_id,
        patient_id=part.pair.a.key.patient_id,
        pattern=part.pattern,
        table=part.table,
        left_out=part.n_unlooked,
        rate=(both + neither) / n if n else None,
        kappa=cohen_kappa([[neither, only_a], [only_b, both]]) if n else None,
        jaccard=part.both / part.either if part.either else None,
    )


class _Pair:
    """Two rows of one video or still."""

    def __init__(self, a: SheetRow, b: SheetRow, lengths: Mapping[str, int] | None) -> None:
        self.a, self.b = a, b
        counts = known_lengths((a, b), lengths)
        self.n_frames = counts[0] if counts else None


class _Part:
    """What two rows say of one pattern."""

    def __init__(self, pair: _Pair, pattern: Pattern) -> None:
        self.pair, self.pattern, self.rows = pair, pattern, (pair.a, pair.b)
        self.a, self.b = pair.a.frames(pattern), pair.b.frames(pattern)
        self.unlooked_a, self.unlooked_b = pair.a.unlooked_frames(pattern), pair.b.unlooked_frames(pattern)
        unlooked = self.unlooked_a | self.unlooked_b
        seen_a, seen_b = self.a - unlooked, self.b - unlooked
        self.n_unlooked = len(unlooked)
        self.both, self.either = len(seen_a & seen_b), len(seen_a | seen_b)
        neither = 0 if pair.n_frames is None else pair.n_frames - len(unlooked) - self.either
        self.table = (neither, len(seen_b - seen_a), len(seen_a - seen_b), self.both)
        self._blurred = _widened(unlooked)

    def match(self) -> IntervalMatch | None:
        """None where an edge lies at frames that a reader has not looked at."""
        if self._blurred & (self.a | self.b):
            return None
        return match_intervals([(s.start, s.stop) for s in self.a], [(s.start, s.stop) for s in self.b])


def _widened(frames: SpanSet) -> SpanSet:
    """With the frames next to them."""
    mask = frames.mask(frames.stop + 1)
    mask[:-1] |= mask[1:].copy()
    mask[1:] |= frames.mask(frames.stop + 1)[:-1]
    return SpanSet.from_mask(mask)


def _compared(pattern: Pattern | None, parts: Sequence[_Part], cluster: Cluster) -> PatternComparison:
    videos = [part for part in parts if not part.pair.a.is_still]
    either = sum(part.either for part in videos)
    shares = [part.both / part.either for part in videos if part.either]
    return PatternComparison(
        pattern=pattern,
        n_videos=len({part.pair.a.study_id for part in videos}),
        frames=_frames([part for part in videos if part.pair.n_frames is not None], cluster),
        jaccard=sum(part.both for part in videos) / either if either else None,
        mean_jaccard=float(np.mean(shares)) if shares else None,
        intervals=_intervals(videos),
        empty_intersections=_ids(part for part in parts if shares_no_frame(part.rows, part.pattern)),
        label_conflicts=_ids(part for part in parts if labels_differ(part.rows, part.pattern)),
    )


def _frames(parts: Sequence[_Part], cluster: Cluster) -> FrameAgreement:
    tables: dict[str, NDArray[np.int64]] = {}
    for part in parts:
        key = part.pair.a.key
        name = key.patient_id if cluster == "patient" else key.study_id
        tables[name] = tables.get(name, np.zeros(4, np.int64)) + np.array(part.table)
    pooled = reduce(np.add, tables.values(), np.zeros(4, np.int64))
    neither, only_b, only_a, both = (int(n) for n in pooled)
    n, differ = int(pooled.sum()), only_a + only_b
    return FrameAgreement(
        table=(neither, only_b, only_a, both),
        left_out=sum(part.n_unlooked for part in parts),
        rate=(both + neither) / n if n else None,
        positive=2 * both / (2 * both + differ) if both + differ else None,
        negative=2 * neither / (2 * neither + differ) if neither + differ else None,
        kappa=cohen_kappa([[neither, only_a], [only_b, both]]) if n else None,
        clustered=clustered_agreement(np.array([[[t[0], t[1]], [t[2], t[3]]] for t in tables.values()], dtype=np.int64))
        if n
        else None,
    )


def _intervals(parts: Sequence[_Part]) -> IntervalAgreement:
    found = [part.match() for part in parts]
    matches = [match for match in found if match is not None]
    iou = np.concatenate([np.zeros(0), *(match.iou for match in matches)])
    edges = [np.concatenate([match.starts, match.ends]) for match in matches]
    return IntervalAgreement(
        n_matched=int(iou.size),
        mean_iou=float(iou.mean()) if iou.size else None,
        edges=edge_distance(np.concatenate([np.zeros(0), *edges])),
        alone_a=sum(match.alone_first.size for match in matches),
        alone_b=sum(match.alone_second.size for match in matches),
        n_left_out=len({p.pair.a.study_id for p, match in zip(parts, found, strict=True) if match is None}),
    )


def _scores(pairs: Sequence[_Pair]) -> ScoreComparison:
    rated = [(pair.a, pair.b) for pair in pairs if pair.a.lus_score is not None and pair.b.lus_score is not None]
    grades = [tuple(row.lus_score.grade for row in pair if row.lus_score is not None) for pair in rated]
    table = contingency([g[0] for g in grades], [g[1] for g in grades], _GRADES)
    aligned = [bool(scores_aligned(pair)) for pair in rated]
    return ScoreComparison(
        n=len(rated),
        aligned=sum(aligned),
        not_aligned=tuple(a.study_id for (a, _), same in zip(rated, aligned, strict=True) if not same),
        linear=cohen_kappa(table, weights="linear") if rated else None,
        quadratic=cohen_kappa(table, weights="quadratic") if rated else None,
    )


def _ids(parts: Iterable[_Part]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.pair.a.study_id for part in parts))
