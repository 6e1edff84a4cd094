"""Readers compared frame by frame, from their labelling sheets (systems specification 5.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from luv_viewer.analysis.comparison import Comparison, VideoAgreement, compare_sheets, compare_videos
from luv_viewer.domain.label_sheet import LabelSheet
from luv_viewer.domain.merge import b_united
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from training.evaluate.predictions import EvaluationError
from training.evaluate.rows import Row


@dataclass(frozen=True)
class FramePair:
    """Two readers. compared: all videos together, clusters are patients. videos: each on its own."""

    compared: Comparison
    videos: tuple[VideoAgreement, ...]


def compare_frames(sheets: Sequence[LabelSheet], lengths: Mapping[str, int] | None = None) -> tuple[FramePair, ...]:
    """All pairs of sheets, NETWORK_PATTERNS, where B-line is B-line or confluent B-line, united before comparing.

    lengths: frames by study_id for sheets that do not state them; without, absences cannot be counted.
    Raises EvaluationError for fewer than two sheets, or two that have no video in common.
    """
    if len(sheets) < 2:
        raise EvaluationError("comparing frames needs the sheets of two readers; give --sheet twice")
    united = [LabelSheet(sheet.name, tuple(map(b_united, sheet.rows))) for sheet in sheets]
    pairs = []
    for a, b in combinations(united, 2):
        compared = compare_sheets(a, b, patterns=NETWORK_PATTERNS, lengths=lengths, cluster="patient")
        if compared.n_videos == 0:
            raise EvaluationError(f"{a.name} and {b.name} have no video in common that could be compared")
        pairs.append(FramePair(compared, compare_videos(a, b, patterns=NETWORK_PATTERNS, lengths=lengths)))
    return tuple(pairs)


def frame_pair_rows(pairs: Sequence[FramePair]) -> list[Row]:
    """A row per pair of readers and pattern, then all patterns together."""
    rows: list[Row] = []
    for pair in pairs:
        found = pair.compared
        for part in (*found.patterns, found.total):
            frames, drawn, matched = part.frames, part.frames.clustered, part.intervals
            nan = float("nan")
            rows.append(
                {
                    "first": found.name_a,
                    "second": found.name_b,
                    "pattern": "all patterns" if part.pattern is None else part.pattern.value,
                    "videos": part.n_videos,
                    "frames": frames.n_frames,
                    "frames_left_out": frames.left_out,
                    "agreement": _value(frames.rate),
                    "kappa": nan if drawn is None else drawn.kappa,
                    "kappa_low": nan if drawn is None else drawn.low,
                    "kappa_high": nan if drawn is None else drawn.high,
                    "jaccard": _value(part.jaccard),
                    "jaccard_low": nan if drawn is None else drawn.jaccard_low,
                    "jaccard_high": nan if drawn is None else drawn.jaccard_high,
                    "patients": 0 if drawn is None else drawn.clusters,
                    "interval_iou": _value(matched.mean_iou),
                    "matched_intervals": matched.n_matched,
                    "only_first": matched.alone_a,
                    "only_second": matched.alone_b,
                    "edge_distance": matched.edges.mean,
                    "reason": _reason(frames.n_frames, drawn is not None and drawn.clusters < 2),
                }
            )
    return rows


def frame_video_rows(pairs: Sequence[FramePair]) -> list[Row]:
    """A row per pair of readers, video and pattern."""
    return [
        {
            "first": pair.compared.name_a,
            "second": pair.compared.name_b,
            "study_id": video.study_id,
            "patient": video.patient_id,
            "pattern": video.pattern.value,
            "both": video.table[3],
            "only_first": video.table[2],
            "only_second": video.table[1],
            "neither": video.table[0],
            "left_out": video.left_out,
            "agreement": _value(video.rate),
            "kappa": float("nan") if video.kappa is None else video.kappa.kappa,
            "jaccard": _value(video.jaccard),
            "reason": _why(video),
        }
        for pair in pairs
        for video in pair.videos
    ]


def _value(found: float | None) -> float:
    return float("nan") if found is None else found


def _reason(n_frames: int, is_alone: bool) -> str:
    if n_frames == 0:
        return "no frame that both looked at in a video of known length"
    return "one patient only, so the spread cannot be told" if is_alone else ""


def _why(video: VideoAgreement) -> str:
    if video.kappa is None:
        return "its length is unknown, or no frame was looked at by both"
    return video.kappa.reason or ("" if video.jaccard is not None else "neither marks a frame")
