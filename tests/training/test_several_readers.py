"""Coefficients for several readers against published numbers, each other, and scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import cohen_kappa_score

from tests.training.builders_reference import reference_numbers, reference_rows
from training.statistics import (
    binary_agreement,
    category_counts,
    contingency,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    light_kappa,
    pabak,
)
from training.statistics.several_readers import Level

_TEXTBOOK = "14 raters x 10 items x 5 categories (textbook)"
_FOUR = "Krippendorff 4 observers x 12 units"
_LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
_RATINGS = hnp.arrays(np.int64, st.tuples(st.integers(2, 4), st.integers(2, 12)), elements=st.integers(0, 2))


def test_fleiss_kappa_of_the_textbook(statistics_dir: Path) -> None:
    counts = reference_rows(statistics_dir, _TEXTBOOK, "data rows (counts per category)")
    found = fleiss_kappa(counts)
    assert found.kappa == pytest.approx(reference_numbers(statistics_dir, _TEXTBOOK, "Fleiss kappa")[0], abs=5.1e-8)
    assert (found.n, found.readers) == (10, 14)
    assert found.z == pytest.approx(found.kappa / found.null_error)


def test_fleiss_error_is_the_spread_without_agreement() -> None:
    generator = np.random.default_rng(0)
    shares, n, m = [0.5, 0.3, 0.2], 60, 4
    drawn = [fleiss_kappa(generator.multinomial(m, shares, size=n)) for _ in range(600)]
    assert np.std([one.kappa for one in drawn]) == pytest.approx(np.mean([one.null_error for one in drawn]), rel=0.1)
    assert np.mean([one.p < 0.05 for one in drawn]) == pytest.approx(0.05, abs=0.03)


def test_alpha_of_the_published_examples(statistics_dir: Path) -> None:
    ratings = reference_rows(statistics_dir, _FOUR, "data rows (* missing)")
    found = [krippendorff_alpha(ratings, level=level, resamples=0).value for level in _LEVELS]
    expected = reference_numbers(statistics_dir, _FOUR, "alpha nominal ordinal interval ratio")
    np.testing.assert_allclose(found, expected, atol=5.1e-7)
    binary = reference_rows(statistics_dir, "Krippendorff binary 2 x 10", "data rows")
    expected = reference_numbers(statistics_dir, "Krippendorff binary 2 x 10", "alpha nominal")
    assert krippendorff_alpha(binary).value == pytest.approx(expected[0], abs=5.1e-8)


@given(_RATINGS)
def test_nominal_alpha_is_fleiss_kappa_corrected_for_few_ratings(ratings: np.ndarray) -> None:
    alpha = krippendorff_alpha(ratings, resamples=0)
    kappa = fleiss_kappa(category_counts(ratings, [0, 1, 2]))
    if np.isnan(kappa.kappa):
        assert np.isnan(alpha.value)
        assert alpha.reason == kappa.reason != ""
    else:
        # Both compare the same pairs; alpha draws the pairs of chance without putting the first back.
        expected = 1 - (1 - kappa.observed) / ((1 - kappa.expected) * ratings.size / (ratings.size - 1))
        assert alpha.value == pytest.approx(expected)


@given(_RATINGS, st.integers(0, 100))
def test_order_of_readers_and_subjects_does_not_matter(ratings: np.ndarray, seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = np.where(generator.random(ratings.shape) < 0.2, np.nan, ratings + 1.0)
    moved = table[generator.permutation(len(table))][:, generator.permutation(table.shape[1])]
    for level in _LEVELS:
        one, other = (krippendorff_alpha(t, level=level, resamples=0) for t in (table, moved))
        np.testing.assert_allclose(other.value, one.value, atol=1e-12)
        assert (other.n, other.reason) == (one.n, one.reason)


def test_alpha_interval_is_seeded_and_covers() -> None:
    generator = np.random.default_rng(2)
    truth = generator.integers(0, 3, 80)
    ratings = np.where(generator.random((3, 80)) < 0.7, truth, generator.integers(0, 3, (3, 80)))
    found = krippendorff_alpha(ratings, seed=1)
    assert found == krippendorff_alpha(ratings, seed=1)
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.standard_error, rel=0.15)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_ac1_and_pabak_of_two_readers_are_those_of_binary_agreement(pairs: list[tuple[bool, bool]]) -> None:
    first, second = (np.array(column) for column in zip(*pairs, strict=True))
    both = binary_agreement(first, second)
    ac1 = gwet_ac1(category_counts(np.stack([first, second]), [False, True]))
    assert ac1.value == pytest.approx(both.ac1)
    assert ac1.low <= ac1.value <= ac1.high
    assert pabak(contingency(first, second, [False, True])).value == pytest.approx(both.pabak, abs=1e-12)


def test_ac1_error_is_the_spread_over_resampled_subjects() -> None:
    generator = np.random.default_rng(4)
    truth = generator.random(150) < 0.85
    ratings = np.where(generator.random((3, 150)) < 0.85, truth, ~truth)
    counts = category_counts(ratings, [False, True])
    drawn = [gwet_ac1(counts[generator.integers(0, 150, 150)]).value for _ in range(500)]
    assert gwet_ac1(counts).standard_error == pytest.approx(np.std(drawn), rel=0.12)


def test_ac1_takes_subjects_with_different_readers() -> None:
    full = [[3, 0], [2, 1], [0, 3], [3, 0]]
    lone = gwet_ac1([*full, [1, 0]])
    assert lone.observed == gwet_ac1(full).observed
    assert lone.n == 4
    none = gwet_ac1([[1, 0], [0, 1]])
    assert np.isnan(none.value)
    assert "two readers" in none.reason
    single = gwet_ac1([[2, 1]])
    assert np.isnan([single.standard_error, single.low, single.high]).all()
    assert single.reason


def test_pabak_error_is_that_of_a_proportion() -> None:
    found = pabak([[40, 9], [6, 45]])
    assert found.standard_error == pytest.approx(2 * np.sqrt(0.85 * 0.15 / 100))
    assert pabak([[5, 0, 0], [0, 5, 0], [0, 0, 5]]).value == 1.0
    assert pabak([[0, 5], [5, 0]]).low == -1.0


def test_light_kappa_is_the_mean_over_pairs() -> None:
    ratings = np.random.default_rng(3).integers(0, 3, (3, 30))
    pairs = [cohen_kappa_score(ratings[i], ratings[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert light_kappa(ratings, [0, 1, 2]).value == pytest.approx(np.mean(pairs))
    same = light_kappa([[1, 1], [1, 1]], [0, 1])
    assert np.isnan(same.value)
    assert same.reason


def test_nothing_to_compare_is_nan_with_a_reason() -> None:
    apart = krippendorff_alpha([[1, np.nan], [np.nan, 2]])
    assert (np.isnan(apart.value), apart.reason, apart.n) == (True, "no subject was rated twice", 0)
    empty = krippendorff_alpha(np.full((2, 3), np.nan))
    assert np.isnan(empty.value)
    same = krippendorff_alpha([[1, 1], [1, 1]])
    assert np.isnan(same.value)
    assert "same" in same.reason
    kappa = fleiss_kappa([[2, 0], [2, 0]])
    assert np.isnan([kappa.kappa, kappa.p]).all()
    assert "same" in kappa.reason


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match="same number of readers"):
        fleiss_kappa([[2, 0], [1, 0]])
    with pytest.raises(ValueError, match="every subject needs a rating"):
        gwet_ac1([[0, 0]])
    with pytest.raises(ValueError, match="subjects, categories"):
        fleiss_kappa([1, 2])
    with pytest.raises(ValueError, match="not among the categories"):
        category_counts([[0, 5]], [0, 1])
    with pytest.raises(ValueError, match="readers, subjects"):
        category_counts([0, 1], [0, 1])
    with pytest.raises(ValueError, match="level"):
        krippendorff_alpha([[1, 2], [1, 2]], level="cubic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="two readers"):
        krippendorff_alpha([[1, 2]])
    with pytest.raises(ValueError, match="two readers"):
        light_kappa([[1, 2]], [1, 2])
    with pytest.raises(ValueError, match="square"):
        pabak([[1, 2]])
    with pytest.raises(ValueError, match="counts"):
        pabak([[0, 0], [0, 0]])
