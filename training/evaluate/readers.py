"""Readers, the truth and an AI compared with one another on the same cases (systems specification 5.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from training.evaluate.ensemble import VOTE, ensembles, vote_threshold
from training.evaluate.evaluation import read_thresholds
from training.evaluate.levels import Level, at_level
from training.evaluate.numbers import DEFAULT_THRESHOLD
from training.evaluate.predictions import EvaluationError, Floats, Integers, Joined, join, read_predictions, read_truth
from training.statistics import (
    Agreement,
    BinaryAgreement,
    FleissKappa,
    Kappa,
    binary_agreement,
    category_counts,
    cohen_kappa,
    contingency,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
)
from training.statistics.agreement import ClusteredAgreement, clustered_agreement

Consensus = Literal["or", "and", "majority"]

_MAJORITY_OF = 3
"""Of two readers a majority is the same as both, so it is offered from three on."""


@dataclass(frozen=True)
class ReaderOptions:
    """level: what a case is. truth_name: what the truth's labels are called. ai: prediction files of one model; several
    folds vote, each with its own of `thresholds` (0.5 without). resamples, seed: of the bootstrap over clusters."""

    level: Level = "clip"
    truth_name: str = "expert"
    ai: tuple[Path, ...] = ()
    thresholds: Path | None = None
    resamples: int = 2000
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Judge:
    """Someone who says present (1) or absent (0) of N cases and P patterns. kind: `truth`, `reader` or `ai`."""

    name: str
    kind: Literal["truth", "reader", "ai"]
    calls: Integers


@dataclass(frozen=True)
class JudgePair:
    """Two judges on one pattern. kappa takes cases for independent, clustered the clusters (patients)."""

    first: str
    second: str
    pattern: str
    agreement: BinaryAgreement
    kappa: Kappa
    clustered: ClusteredAgreement


@dataclass(frozen=True)
class GroupAgreement:
    """All readers, the truth not among them, on one pattern."""

    pattern: str
    fleiss: FleissKappa
    alpha: Agreement
    ac1: Agreement


@dataclass(frozen=True)
class ConsensusPair:
    """The truth or the AI against what the readers say together."""

    judge: str
    consensus: Consensus
    pattern: str
    agreement: BinaryAgreement
    kappa: Kappa


@dataclass(frozen=True, eq=False)
class ReaderComparison:
    """pairs: all pairs of judges, pattern by pattern. groups, consensus: empty with fewer than two readers."""

    options: ReaderOptions
    judges: tuple[Judge, ...]
    pairs: tuple[JudgePair, ...]
    groups: tuple[GroupAgreement, ...]
    consensus: tuple[ConsensusPair, ...]
    clusters: int
    cluster_kind: str
    n: int


def compare_readers(
    truth_file: Path, reader_files: Sequence[Path], patterns: Sequence[str], options: ReaderOptions | None = None
) -> ReaderComparison:
    """Read the labels of the truth, of every reader (columns `{reader}_{pattern}`, 0 or 1) and of the AI; compare all.

    Raises EvaluationError where files do not fit, a reader's value is not 0 or 1, or a name comes twice.
    """
    how = options or ReaderOptions()
    truth = read_truth(truth_file, patterns)
    readers = [join(truth, one) for one in read_predictions(reader_files, patterns)]
    for one in readers:
        if not np.isin(one.values, (0, 1)).all():
            raise EvaluationError(f"the labels of {one.model} must be 0 or 1; name probabilities with --ai")
    if not readers and not how.ai:
        raise EvaluationError("there is nobody to compare the truth with")
    found = [(one, "reader") for one in readers]
    if how.ai:
        found.append((_ai(truth_file, patterns, how), "ai"))
    levelled = [(at_level(one, how.level), kind) for one, kind in found]
    cases = levelled[0][0]
    judges = [Judge(how.truth_name, "truth", cases.labels)]
    judges += [Judge(one.model, kind, one.values.astype(np.int64)) for one, kind in levelled]  # type: ignore[arg-type]
    names = [judge.name for judge in judges]
    if doubles := [name for name in names if names.count(name) > 1]:
        raise EvaluationError(f"{doubles[0]} names more than one judge; rename columns or use --truth-name")
    humans = [judge for judge in judges if judge.kind == "reader"]
    others = [judge for judge in judges if judge.kind != "reader"]
    several = len(humans) > 1
    return ReaderComparison(
        options=how,
        judges=tuple(judges),
        pairs=tuple(_pairs(judges, cases, how)),
        groups=tuple(_group(humans, patterns, p, how) for p in range(len(patterns))) if several else (),
        consensus=tuple(_against_consensus(humans, others, patterns)) if several else (),
        clusters=len(set(cases.clusters)),
        cluster_kind=cases.cluster_kind,
        n=len(cases.labels),
    )


def consensus_of(calls: Integers, rule: Consensus) -> Integers:
    """What R readers say together of (R, ...) calls: `or` one of them, `and` all, `majority` more than half.

    >>> consensus_of(np.array([[1, 0], [0, 0], [1, 1]]), "majority").tolist()
    [1, 0]
    """
    votes = calls.sum(axis=0)
    needed = {"or": 1, "and": len(calls), "majority": len(calls) // 2 + 1}[rule]
    return np.asarray(votes >= needed, dtype=np.int64)


def _ai(truth_file: Path, patterns: Sequence[str], how: ReaderOptions) -> Joined:
    """The AI's calls at clip level: of one fold at its threshold, of several by vote, each at `>=`."""
    truth = read_truth(truth_file, patterns)
    folds = [join(truth, one) for one in read_predictions(how.ai, patterns)]
    if len({one.model for one in folds}) != 1:
        raise EvaluationError(f"--ai takes one model, got {', '.join(sorted({one.model for one in folds}))}")
    given = read_thresholds(how.thresholds, patterns) if how.thresholds is not None else {}
    default = np.full(len(patterns), DEFAULT_THRESHOLD)
    limits = np.stack([given.get((one.model, one.fold), default) for one in folds])
    if len(folds) == 1:
        return replace(folds[0], values=_called(folds[0].values, limits[0]))
    vote = next(one for one in ensembles(folds, limits) if one.fold == VOTE)
    return replace(vote, values=_called(vote.values, vote_threshold(len(folds))))


def _called(values: Floats, threshold: Floats | float) -> Floats:
    return (values >= threshold).astype(np.float64)


def _pairs(judges: Sequence[Judge], cases: Joined, how: ReaderOptions) -> list[JudgePair]:
    _, member = np.unique(np.asarray(cases.clusters), return_inverse=True)
    found = []
    for one, other in combinations(judges, 2):
        for p, pattern in enumerate(cases.patterns):
            first, second = one.calls[:, p], other.calls[:, p]
            tables = np.zeros((member.max() + 1, 2, 2), dtype=np.int64)
            np.add.at(tables, (member, first, second), 1)
            found.append(
                JudgePair(
                    one.name,
                    other.name,
                    pattern,
                    binary_agreement(first, second),
                    cohen_kappa(contingency(first, second, [0, 1])),
                    clustered_agreement(tables, resamples=how.resamples, seed=how.seed),
                )
            )
    return found


def _group(readers: Sequence[Judge], patterns: Sequence[str], p: int, how: ReaderOptions) -> GroupAgreement:
    ratings = np.stack([reader.calls[:, p] for reader in readers])
    counts = category_counts(ratings, [0, 1])
    alpha = krippendorff_alpha(ratings, resamples=how.resamples, seed=how.seed)
    return GroupAgreement(patterns[p], fleiss_kappa(counts), alpha, gwet_ac1(counts))


def _against_consensus(
    readers: Sequence[Judge], others: Sequence[Judge], patterns: Sequence[str]
) -> list[ConsensusPair]:
    calls = np.stack([reader.calls for reader in readers])
    rules: list[Consensus] = ["or", "and", *(["majority"] if len(readers) >= _MAJORITY_OF else [])]  # type: ignore[list-item]
    found = []
    for rule in rules:
        together = consensus_of(calls, rule)
        for judge in others:
            for p, pattern in enumerate(patterns):
                ours, theirs = judge.calls[:, p], together[:, p]
                kappa = cohen_kappa(contingency(ours, theirs, [0, 1]))
                found.append(ConsensusPair(judge.name, rule, pattern, binary_agreement(ours, theirs), kappa))
    return found
