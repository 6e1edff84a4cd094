"""Agreement of two readers against published numbers, scikit-learn, and the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from training.statistics.agreement import Weights, binary_agreement, cohen_kappa, contingency

TABLE = [[44, 5, 1], [7, 20, 3], [9, 5, 6]]


@pytest.mark.parametrize(
    ("weights", "kappa", "error"),
    [("none", 0.4915254, 0.0721275), ("linear", 0.4736842, 0.0769789), ("quadratic", 0.4545455, 0.0939798)],
)
def test_kappa_and_error_of_the_textbook_table(weights: Weights, kappa: float, error: float) -> None:
    result = cohen_kappa(TABLE, weights=weights)
    assert result.kappa == pytest.approx(kappa, abs=1e-7)
    assert result.standard_error == pytest.approx(error, abs=2e-7)
    assert result.low < kappa < result.high
    assert result.n == 100


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_kappa_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = zip(*pairs, strict=True)
    for weights, theirs in (("none", None), ("linear", "linear"), ("quadratic", "quadratic")):
        ours = cohen_kappa(contingency(first, second, range(4)), weights=weights)  # type: ignore[arg-type]
        if ours.reason:
            assert len({*first, *second}) == 1
            assert np.isnan(ours.kappa)
        else:
            expected = cohen_kappa_score(first, second, labels=range(4), weights=theirs)
            assert ours.kappa == pytest.approx(expected, abs=1e-12)
            assert 0 <= ours.p_value <= 1 or np.isnan(ours.z)


def test_the_error_is_the_spread_over_resamples() -> None:
    rng = np.random.default_rng(0)
    pairs = np.repeat([(i, j) for i in range(3) for j in range(3)], np.ravel(TABLE), axis=0)
    kappas = []
    for _ in range(400):
        sample = pairs[rng.integers(0, len(pairs), len(pairs))]
        kappas.append(cohen_kappa(contingency(sample[:, 0], sample[:, 1], range(3))).kappa)
    assert np.std(kappas) == pytest.approx(cohen_kappa(TABLE).standard_error, rel=0.15)


def test_binary_measures_by_hand() -> None:
    result = binary_agreement([1] * 45 + [0] * 55, [1] * 40 + [0] * 5 + [1] * 10 + [0] * 45)
    assert (result.rate, result.n) == (0.85, 100)
    assert result.pabak == pytest.approx(0.7)
    assert result.positive == pytest.approx(80 / 95)
    assert result.negative == pytest.approx(90 / 105)
    prevalence = 95 / 200
    chance = 2 * prevalence * (1 - prevalence)
    assert result.ac1 == pytest.approx((0.85 - chance) / (1 - chance))


def test_one_answer_only_has_no_specific_agreement_on_the_other() -> None:
    result = binary_agreement([0, 0], [0, 0])
    assert np.isnan(result.positive)
    assert (result.negative, result.rate, result.ac1) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("table", "words"),
    [([[1, 2, 3]], "square"), ([[0, 0], [0, 0]], "counts"), ([[1, -1], [0, 1]], "counts")],
)
def test_impossible_tables_are_refused(table: list[list[int]], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        cohen_kappa(table)


def test_ratings_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="same cases"):
        contingency([0, 1], [0], [0, 1])
    with pytest.raises(ValueError, match="not among"):
        contingency([0, 2], [0, 1], [0, 1])
    with pytest.raises(ValueError, match="weights must be"):
        cohen_kappa(TABLE, weights="cubic")  # type: ignore[arg-type]
