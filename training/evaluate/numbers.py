"""Every number of one model at one level, and its tests against a reference model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logit

from training.evaluate.predictions import EvaluationError, Floats, Joined
from training.statistics import (
    AucInterval,
    AveragedAucs,
    Classification,
    ClusteredAucInterval,
    ClusteredInterval,
    PairedAucTest,
    ReliabilityDiagram,
    Temperature,
    Threshold,
    averaged_aucs,
    classify,
    clustered_delong_interval,
    clustered_delong_test,
    clustered_interval,
    delong_interval,
    delong_test,
    fit_temperature,
    holm,
    reliability_diagram,
    youden_threshold,
)

DEFAULT_THRESHOLD = 0.5
_SURE = 1e-6
"""Probabilities are taken as at least so far from 0 and 1 where their log-odds are wanted."""


@dataclass(frozen=True, eq=False)
class PatternNumbers:
    """One pattern. plain takes cases for independent; clustered and drawn take the clusters (patients) for it.

    optimistic: Youden's threshold on these very cases, which a new set will not keep.
    """

    pattern: str
    plain: AucInterval
    clustered: ClusteredAucInterval
    drawn: ClusteredInterval
    reliability: ReliabilityDiagram
    optimistic: Threshold


@dataclass(frozen=True, eq=False)
class ModelNumbers:
    """One model and fold (or ensemble). thresholds: (P,) used for the calls; threshold_method: where they come from."""

    joined: Joined
    per_pattern: tuple[PatternNumbers, ...]
    averages: AveragedAucs
    classification: Classification
    thresholds: Floats
    threshold_method: str
    temperature: Temperature

    @property
    def key(self) -> tuple[str, str]:
        """Model and fold."""
        return self.joined.model, self.joined.fold


@dataclass(frozen=True)
class PairNumbers:
    """A model against the reference in the same fold, one pattern. p_holm: corrected for all models and patterns of
    the fold."""

    model: str
    reference: str
    fold: str
    pattern: str
    plain: PairedAucTest
    clustered: PairedAucTest
    p_holm: float


def model_numbers(
    joined: Joined, thresholds: ArrayLike | None = None, *, resamples: int = 2000, seed: int = 0
) -> ModelNumbers:
    """All numbers of one model. thresholds: (P,) chosen on other data; None takes 0.5 and says so.

    resamples, seed: of the bootstrap over clusters. A pattern of one class gives NaN and reasons.
    Raises EvaluationError for another number of thresholds.
    """
    method = "given" if thresholds is not None else f"{DEFAULT_THRESHOLD} for every pattern, none was given"
    if thresholds is None:
        limits = np.full(len(joined.patterns), DEFAULT_THRESHOLD)
    else:
        limits = np.asarray(thresholds, dtype=np.float64)
    if limits.shape != (len(joined.patterns),):
        raise EvaluationError(f"{joined.model} needs {len(joined.patterns)} thresholds, got {limits.size}")
    per_pattern = []
    for p, pattern in enumerate(joined.patterns):
        truth, value = joined.labels[:, p], joined.values[:, p]
        per_pattern.append(
            PatternNumbers(
                pattern=pattern,
                plain=delong_interval(truth, value),
                clustered=clustered_delong_interval(truth, value, joined.clusters),
                drawn=clustered_interval(truth, value, joined.clusters, resamples=resamples, seed=seed),
                reliability=reliability_diagram(truth, value),
                optimistic=youden_threshold(truth, value),
            )
        )
    return ModelNumbers(
        joined=joined,
        per_pattern=tuple(per_pattern),
        averages=averaged_aucs(joined.labels, joined.values),
        classification=classify(joined.labels, joined.values >= limits, joined.patterns),
        thresholds=limits,
        threshold_method=method,
        temperature=fit_temperature(joined.labels, logit(np.clip(joined.values, _SURE, 1 - _SURE))),
    )


def pair_numbers(models: Sequence[Joined], reference: str) -> tuple[PairNumbers, ...]:
    """Every other model against `reference` within each fold that both have, pattern by pattern.

    Raises EvaluationError when no model is called so.
    """
    if reference not in {one.model for one in models}:
        known = ", ".join(dict.fromkeys(one.model for one in models))
        raise EvaluationError(f"the reference model {reference} is not among {known}")
    references = {one.fold: one for one in models if one.model == reference}
    found: list[PairNumbers] = []
    for fold, ours in references.items():
        tests = [
            (other.model, pattern, *_tests(ours, other, p))
            for other in models
            if other.fold == fold and other.model != reference
            for p, pattern in enumerate(ours.patterns)
        ]
        corrected = holm([plain.p for _, _, plain, _ in tests])
        found += [
            PairNumbers(model, reference, fold, pattern, plain, clustered, float(p))
            for (model, pattern, plain, clustered), p in zip(tests, corrected, strict=True)
        ]
    return tuple(found)


def stars(pairs: Sequence[PairNumbers], *, use_holm: bool = False) -> Mapping[tuple[str, str, str], bool]:
    """Whether (model, fold, pattern) differs from the reference with p < 0.05; never where p is not known."""
    found = {}
    for pair in pairs:
        p = pair.p_holm if use_holm else pair.plain.p
        found[pair.model, pair.fold, pair.pattern] = not math.isnan(p) and p < 0.05
    return found


def _tests(ours: Joined, other: Joined, p: int) -> tuple[PairedAucTest, PairedAucTest]:
    truth, first, second = ours.labels[:, p], ours.values[:, p], other.values[:, p]
    return delong_test(truth, first, second), clustered_delong_test(truth, first, second, ours.clusters)
