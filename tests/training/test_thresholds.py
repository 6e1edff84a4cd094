"""Rules for thresholds against brute force over every score, and the authors' shifted index."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from training.statistics import (
    THRESHOLD_RULES,
    ThresholdRule,
    bootstrap_threshold,
    f1_threshold,
    legacy_threshold_shift,
    sensitivity_threshold,
    specificity_threshold,
    youden_threshold,
)

_CASES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=2, max_size=40).filter(
    lambda cases: len({label for label, _ in cases}) == 2
)


def _arrays(cases: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    truth, score = np.array(cases).T
    return truth, score / 12


def _best(truth: np.ndarray, score: np.ndarray, gain: Callable[[np.ndarray], float]) -> float:
    """The strictest score that occurs with the largest gain of calling `score >= it` positive."""
    return float(max(np.unique(score), key=lambda value: (round(gain(score >= value), 12), value)))


@given(_CASES)
def test_youden_and_f1_are_the_best_of_all_scores(cases: list[tuple[int, int]]) -> None:
    truth, score = _arrays(cases)
    youden = _best(truth, score, lambda called: called[truth == 1].mean() - called[truth == 0].mean())
    assert youden_threshold(truth, score).value == youden
    assert np.isfinite(youden)
    f1 = _best(truth, score, lambda called: metrics.f1_score(truth, called, zero_division=0.0))
    assert f1_threshold(truth, score).value == f1


@given(_CASES, st.floats(0.01, 1))
def test_fixed_sensitivity_and_specificity(cases: list[tuple[int, int]], target: float) -> None:
    truth, score = _arrays(cases)
    found = sensitivity_threshold(truth, score, target)
    reaching = [v for v in np.unique(score) if (score >= v)[truth == 1].mean() >= target]
    assert found.value == max(reaching)
    assert found.sensitivity >= target
    found = specificity_threshold(truth, score, target)
    assert np.isfinite(found.value)
    assert found.specificity >= target
    keeping = [v for v in np.unique(score) if (score < v)[truth == 0].mean() >= target]
    if keeping:
        assert (found.value, found.reason) == (min(keeping), "")
    else:
        assert found.value > score.max()
        assert "nothing" in found.reason


@given(_CASES)
def test_the_legacy_threshold_is_the_authors_index(cases: list[tuple[int, int]]) -> None:
    truth, score = _arrays(cases)
    false_rate, true_rate, thresholds = metrics.roc_curve(truth, score)
    best = int(np.argmax(true_rate - false_rate))
    found = legacy_threshold_shift(truth, score)
    if best + 1 < thresholds.size:
        assert (found.value, found.method) == (thresholds[1:][best], "legacy_threshold_shift")
    else:
        assert (found.value, found.is_fallback, "last" in found.reason) == (0.5, True, True)


def test_bootstrap_threshold_is_seeded_and_near_youdens() -> None:
    generator = np.random.default_rng(0)
    truth = np.repeat([0, 1], 500)
    score = generator.normal(size=1000) + 2 * truth
    found = bootstrap_threshold(truth, score, seed=3)
    assert found == bootstrap_threshold(truth, score, seed=3)
    assert found.value == pytest.approx(youden_threshold(truth, score).value, abs=0.3)
    assert found.value == pytest.approx(1.0, abs=0.3)
    clustered = bootstrap_threshold(truth, score, [f"p{i // 10}" for i in range(1000)], seed=3)
    assert "clusters" in clustered.method
    with pytest.raises(ValueError, match="one cluster per case"):
        bootstrap_threshold([0, 1], [0.1, 0.2], ["a"])
    never = bootstrap_threshold([0, 1], [0.1, 0.2], resamples=0)
    assert (never.is_fallback, "draw" in never.reason) == (True, True)


@pytest.mark.parametrize("rule", list(THRESHOLD_RULES))
def test_one_class_falls_back_and_says_why(rule: ThresholdRule) -> None:
    found = THRESHOLD_RULES[rule]([0, 0], [0.2, 0.7])
    assert (found.value, found.is_fallback, found.specificity) == (0.5, True, 0.5)
    assert np.isnan([found.sensitivity, found.youden]).all()
    assert "positive" in found.reason


@pytest.mark.parametrize("rule", [sensitivity_threshold, specificity_threshold])
@pytest.mark.parametrize("target", [0.0, 1.1])
def test_impossible_targets_are_refused(rule: Callable[..., object], target: float) -> None:
    with pytest.raises(ValueError, match="target"):
        rule([0, 1], [0.1, 0.2], target)
