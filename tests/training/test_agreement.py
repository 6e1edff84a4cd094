"""Agreement of two readers against published numbers, scikit-learn, and the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, jaccard_score
from statsmodels.stats.inter_rater import cohens_kappa

from training.statistics.agreement import (
    Weights,
    binary_agreement,
    clustered_agreement,
    cohen_kappa,
    contingency,
    edge_distance,
    interval_iou,
    match_intervals,
)

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


@given(st.lists(st.integers(0, 30), min_size=9, max_size=9), st.sampled_from(["none", "linear", "quadratic"]))
def test_errors_interval_and_test_equal_statsmodels(counts: list[int], weights: Weights) -> None:
    # Without a count on the diagonal and off it, there is a rating that nobody gave or nothing to be told.
    table = np.array(counts).reshape(3, 3) + np.eye(3, dtype=int) + np.eye(3, k=1, dtype=int)
    ours = cohen_kappa(table, weights=weights)
    theirs = cohens_kappa(table, wt=None if weights == "none" else weights)
    assert ours.kappa == pytest.approx(theirs.kappa, abs=1e-12)
    assert ours.standard_error == pytest.approx(theirs.std_kappa, rel=1e-8)
    assert ours.null_error == pytest.approx(theirs.std_kappa0, rel=1e-8)
    assert ours.z == pytest.approx(theirs.z_value, rel=1e-8, abs=1e-10)
    assert ours.p_value == pytest.approx(theirs.pvalue_two_sided, rel=1e-7, abs=1e-300)
    assert ours.low == pytest.approx(max(-1, theirs.kappa_low), abs=1e-9)
    assert ours.high == pytest.approx(min(1, theirs.kappa_upp), abs=1e-9)


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


def _tables(n_videos: int, seed: int = 0) -> np.ndarray:
    """(V, 2, 2): videos of 100 frames, some judged alike and some not, so that frames are far from independent."""
    rng = np.random.default_rng(seed)
    tables = np.zeros((n_videos, 2, 2), int)
    for table, differ, marked in zip(tables, rng.beta(0.3, 1.2, n_videos), rng.beta(0.5, 0.5, n_videos), strict=True):
        table[1, 1] = round(100 * marked * (1 - differ))
        table[0, 1] = round(100 * differ / 2)
        table[1, 0] = round(100 * differ / 2)
        table[0, 0] = max(0, 100 - table.sum())
    return tables


def test_clustered_agreement_is_of_all_frames_and_its_interval_of_whole_videos() -> None:
    tables = _tables(60)
    result = clustered_agreement(tables)
    pooled = tables.sum(axis=0)
    plain = cohen_kappa(pooled)
    assert result.kappa == pytest.approx(plain.kappa, abs=1e-12)
    assert result.rate == pytest.approx(np.trace(pooled) / pooled.sum())
    assert result.jaccard == pytest.approx(pooled[1, 1] / (pooled.sum() - pooled[0, 0]))
    assert result.low < result.kappa < result.high
    assert result.high - result.low > 3 * (plain.high - plain.low)
    assert (result.clusters, result.resamples, result.undefined) == (60, 2000, 0)
    assert result.method == "bootstrap over 60 clusters, percentile, 2000 draws, seed 0"


def test_clustered_interval_is_that_of_resampled_videos() -> None:
    tables = _tables(40)
    rng = np.random.default_rng(7)
    kappas = [cohen_kappa(tables[rng.integers(0, 40, 40)].sum(axis=0)).kappa for _ in range(2000)]
    result = clustered_agreement(tables, seed=1)
    low, high = np.quantile(kappas, [0.025, 0.975])
    assert (result.low, result.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))
    assert clustered_agreement(tables, seed=1) == result


def test_clustered_rate_has_the_error_of_a_ratio_of_cluster_totals() -> None:
    tables = _tables(200)
    sizes, agreed = tables.sum(axis=(1, 2)), tables[:, 0, 0] + tables[:, 1, 1]
    rate = agreed.sum() / sizes.sum()
    error = np.sqrt(200 / 199 * ((agreed - rate * sizes) ** 2).sum()) / sizes.sum()
    result = clustered_agreement(tables)
    assert (result.rate_high - result.rate_low) / (2 * 1.96) == pytest.approx(error, rel=0.06)


def test_clustered_agreement_without_what_it_needs() -> None:
    single = clustered_agreement([[[10, 2], [3, 5]]])
    assert single.clusters == 1
    assert np.isnan([single.low, single.high, single.rate_low]).all()
    assert single.kappa == pytest.approx(cohen_kappa([[10, 2], [3, 5]]).kappa)
    never = clustered_agreement([[[10, 0], [0, 0]], [[12, 0], [0, 0]]])
    assert (never.rate, never.rate_low, never.undefined) == (1.0, 1.0, 2000)
    assert np.isnan([never.kappa, never.low, never.jaccard, never.jaccard_high]).all()
    with pytest.raises(ValueError, match="one 2 x 2 table per cluster"):
        clustered_agreement([[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="at least one of them above 0"):
        clustered_agreement(np.zeros((3, 2, 2)))


def test_interval_overlap_by_hand_and_as_scikit_learns_jaccard() -> None:
    first, second = [(0, 10), (20, 50)], [(5, 25), (50, 60), (30, 40)]
    found = interval_iou(first, second)
    assert found.tolist() == [[5 / 25, 0, 0], [5 / 45, 0, 10 / 30]]
    for i, j in np.ndindex(found.shape):
        masks = np.zeros((2, 60), bool)
        masks[0, slice(*first[i])] = True
        masks[1, slice(*second[j])] = True
        assert found[i, j] == pytest.approx(jaccard_score(masks[0], masks[1]))


def test_matching_takes_the_largest_sum_not_the_first_best() -> None:
    first, second = [(0, 10), (10, 12)], [(0, 4), (4, 10)]
    found = match_intervals(first, second)
    assert found.pairs.tolist() == [[0, 1]]
    assert (found.iou.tolist(), found.starts.tolist(), found.ends.tolist()) == ([0.6], [4], [0])
    assert (found.alone_first.tolist(), found.alone_second.tolist()) == ([1], [0])
    # The best single pair, 5_14 with 1_10 (0.43), would leave the other two alone.
    crossed = match_intervals([(0, 10), (10, 20)], [(0, 4), (4, 14)])
    assert crossed.pairs.tolist() == [[0, 0], [1, 1]]
    assert crossed.iou.tolist() == [4 / 10, 4 / 16]
    assert crossed.ends.tolist() == [-6, -6]
    empty = match_intervals([], [(0, 3)])
    assert (empty.pairs.shape, empty.alone_second.tolist()) == ((0, 2), [0])
    with pytest.raises(ValueError, match="start below stop"):
        match_intervals([(3, 3)], [])


def test_edge_distance_by_hand() -> None:
    found = edge_distance([4, 0, -2, 2])
    assert (found.mean, found.median, found.largest, found.n) == (2.0, 2.0, 4.0, 4)
    assert np.isnan(edge_distance([]).mean)
