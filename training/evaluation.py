"""Scores of held-out videos, and the tables of areas under the curve made from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.cohort import UNKNOWN
from training.features import Features
from training.fit import HeadSettings, LabelledFeatures, clip_logits, fit_head
from training.folds import grouped_folds
from training.statistics import OneClassError, auc, clustered_interval, delong_interval

N_FOLDS = 5
BOOTSTRAP_SEED = 1234

Scores = NDArray[np.float64]
MetricRow = dict[str, str | int | float]
Scorer = Callable[[LabelledFeatures, list[Features], int], list[Scores]]


@dataclass(frozen=True, eq=False)
class Judged:
    """Scores (N, P) of N cases (videos or clips) with their labels (N, P) 1, 0, -1 and clusters (N,)."""

    scores: Scores
    labels: NDArray[np.int64]
    clusters: Sequence[str]


def head_scorer(settings: HeadSettings) -> Scorer:
    """Fits a LUV-Net head; per held-out video the (K, P) logits of its clips."""

    def score(data: LabelledFeatures, held_out: list[Features], seed: int) -> list[Scores]:
        network = fit_head(data, settings, seed)
        return [clip_logits(network, features) for features in held_out]

    return score


def out_of_fold(data: LabelledFeatures, scorer: Scorer, seed: int) -> list[Scores]:
    """Per video the (K, P) scores of its clips by the model that saw none of its group. seed: of folds and fitting."""
    found: list[Scores | None] = [None] * len(data.views)
    for fold in grouped_folds(data.groups, data.labels, N_FOLDS, seed):
        held_out = [data.views[i][0] for i in fold.held_out]
        for i, scores in zip(fold.held_out, scorer(data.subset(fold.training), held_out, seed), strict=True):
            found[int(i)] = scores
    return [scores for scores in found if scores is not None]


def of_videos(clip_scores: Sequence[Scores], data: LabelledFeatures) -> Judged:
    """One case per video: the largest score over its clips."""
    return Judged(np.stack([scores.max(axis=0) for scores in clip_scores]), data.labels, data.groups)


def of_clips(clip_scores: Sequence[Scores], data: LabelledFeatures) -> Judged:
    """One case per clip, with the label of its video."""
    counts = [len(scores) for scores in clip_scores]
    clusters = [group for group, count in zip(data.groups, counts, strict=True) for _ in range(count)]
    return Judged(np.concatenate(clip_scores), np.repeat(data.labels, counts, axis=0), clusters)


def pattern_aucs(judged: Judged) -> Scores:
    """(P,) area per pattern over the cases whose label is known; NaN where one class is missing."""
    areas = np.full(judged.labels.shape[1], np.nan)
    for p in range(len(areas)):
        known = judged.labels[:, p] != UNKNOWN
        try:
            areas[p] = auc(judged.labels[known, p], judged.scores[known, p])
        except OneClassError:
            continue
    return areas


def metric_rows(judged: Judged, patterns: Sequence[str], *, set_name: str, level: str) -> list[MetricRow]:
    """Per pattern two rows, DeLong and cluster bootstrap; none for a pattern whose known labels are of one class."""
    rows: list[MetricRow] = []
    for p, pattern in enumerate(patterns):
        known = judged.labels[:, p] != UNKNOWN
        truth, score = judged.labels[known, p], judged.scores[known, p]
        if np.unique(truth).size < 2:
            continue
        clusters = [cluster for cluster, kept in zip(judged.clusters, known, strict=True) if kept]
        plain = delong_interval(truth, score)
        grouped = clustered_interval(truth, score, clusters, seed=BOOTSTRAP_SEED)
        shared: MetricRow = {
            "set": set_name,
            "level": level,
            "pattern": pattern,
            "positives": plain.positives,
            "negatives": plain.negatives,
            "positive_groups": grouped.positive_clusters,
            "negative_groups": grouped.negative_clusters,
            "auc": round(plain.auc, 4),
        }
        for interval in (plain, grouped):
            rows.append(
                {**shared, "low": round(interval.low, 4), "high": round(interval.high, 4), "method": interval.method}
            )
    return rows
