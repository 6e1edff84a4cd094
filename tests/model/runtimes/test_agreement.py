"""Agreement with float32: figures by hand, against scikit-learn, and where there is nothing to agree on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from model.runtimes.agreement import Agreement, ClipResults, area_under_curve, compare


def results(
    attention: NDArray[np.float64], probabilities: NDArray[np.float64] | None = None, n_real: list[int] | None = None
) -> ClipResults:
    """For (K, L, P) attention; every probability 0.5 unless given."""
    k, _, p = attention.shape
    given_probabilities = np.full((k, p), 0.5) if probabilities is None else probabilities
    return ClipResults(given_probabilities, attention, None if n_real is None else np.array(n_real))


def one_pattern(*clips: list[float]) -> NDArray[np.float64]:
    """(K, L, 1) attention."""
    return np.array(clips)[:, :, None]


def test_a_path_agrees_fully_with_itself() -> None:
    rng = np.random.default_rng(0)
    same = results(rng.random((5, 8, 4)), rng.random((5, 4)))
    found = compare(same, same, (rng.random((5, 4)) > 0.5).astype(float))
    assert found == Agreement(0.0, 1.0, 0.0, 5, 20)
    assert found.passes


def test_the_largest_probability_difference_counts_whatever_its_sign() -> None:
    attention = one_pattern([1, 2, 3, 4], [1, 2, 3, 4])
    reference = results(attention, np.array([[0.5], [0.2]]))
    fast = results(attention, np.array([[0.51], [0.17]]))
    assert compare(reference, fast).max_probability_difference == pytest.approx(0.03)


def test_the_order_among_the_three_does_not_count_but_another_frame_does() -> None:
    reference = results(one_pattern([1, 5, 6, 7], [1, 5, 6, 7]))
    fast = results(one_pattern([1, 7, 6, 5], [5.5, 5, 6, 7]))
    found = compare(reference, fast)
    assert found.top3_agreement == 0.5
    assert (found.n_clips, found.n_pairs) == (2, 2)


def test_ties_go_to_the_earlier_frame() -> None:
    reference = results(one_pattern([2, 1, 1, 1, 2]))
    assert reference.top_sets() == [frozenset({0, 1, 4})]


def test_constant_attention_has_no_top_frames_and_agrees_only_with_constant_attention() -> None:
    flat, noisy = one_pattern([1, 1, 1, 1]), one_pattern([1, 1 + 1e-7, 1, 1 - 1e-7])
    rising = one_pattern([1, 2, 3, 4])
    assert results(flat).top_sets() == results(noisy).top_sets() == [frozenset()]
    assert compare(results(flat), results(noisy)).top3_agreement == 1.0
    assert compare(results(flat), results(rising)).top3_agreement == 0.0


def test_copies_past_the_real_frames_are_not_read() -> None:
    reference = results(one_pattern([4, 3, 2, 1, 1, 1]), n_real=[4])
    fast = results(one_pattern([4, 3, 2, 1, 9, 9]), n_real=[4])
    assert compare(reference, fast).top3_agreement == 1.0
    assert reference.top_sets() == [frozenset({0, 1, 2})]


def test_a_clip_of_two_frames_has_two_top_frames() -> None:
    assert results(one_pattern([1, 2])).top_sets() == [frozenset({0, 1})]


@given(st.integers(0, 2**31), st.integers(2, 60))
def test_the_area_is_scikit_learns_ties_and_unknown_labels_included(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 6, n) / 5
    labels = rng.choice([0.0, 1.0, np.nan], n)
    known = ~np.isnan(labels)
    if len(set(labels[known].tolist())) < 2:
        assert area_under_curve(scores, labels) is None
    else:
        assert area_under_curve(scores, labels) == pytest.approx(roc_auc_score(labels[known], scores[known]))


def test_the_auc_difference_is_the_largest_over_patterns_with_both_labels() -> None:
    attention = np.tile(np.arange(4.0)[None, :, None], (4, 1, 3))
    labels = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 1], [0, 0, 1]], dtype=float)
    base = np.array([[0.9, 0.9, 0.1], [0.8, 0.1, 0.2], [0.2, 0.8, 0.3], [0.1, 0.2, 0.4]])
    moved = base.copy()
    moved[1, 0] = 0.15
    moved[:, 2] = moved[::-1, 2]
    found = compare(results(attention, base), results(attention, moved), labels)
    assert found.auc_difference == pytest.approx(0.25)
    nothing = compare(results(attention, base), results(attention, moved), np.ones((4, 3)))
    assert nothing.auc_difference is None


@pytest.mark.parametrize(
    ("difference", "top3", "passes"),
    [(0.02, 0.95, True), (0.0201, 1.0, False), (0.0, 0.949, False), (0.02, 1.0, True)],
)
def test_the_gate(difference: float, top3: float, passes: bool) -> None:
    assert Agreement(difference, top3, None, 10, 40).passes is passes


def test_the_sentence_is_never_rounded_to_the_better_side() -> None:
    words = Agreement(0.0201, 0.9499, 0.00001, 30, 120).sentence
    assert "at most 0.021" in words
    assert "94 % of 120" in words
    assert "AUC differs by at most 0.001" in words
    exact = Agreement(0.02, 0.95, 0.0, 1, 1).sentence
    assert "at most 0.020;" in exact
    assert "95 % of 1 clip-pattern pair (1 clip)" in exact
    assert exact.endswith("by at most 0.000")


@pytest.mark.parametrize(
    "values",
    [(np.nan, 1.0, None, 1, 1), (0.0, 1.1, None, 1, 1), (0.0, 1.0, -0.1, 1, 1), (0.0, 1.0, None, 0, 0)],
)
def test_figures_that_cannot_be_are_refused(values: tuple) -> None:
    with pytest.raises(ValueError, match=r"must be|at least"):
        Agreement(*values)


def test_clips_that_do_not_fit_are_refused() -> None:
    four, five = results(one_pattern([1, 2, 3, 4])), results(one_pattern([1, 2, 3, 4, 5]))
    with pytest.raises(ValueError, match="shape"):
        compare(four, five)
    with pytest.raises(ValueError, match="real frames"):
        compare(four, results(one_pattern([1, 2, 3, 4]), n_real=[3]))
    with pytest.raises(ValueError, match="labels must have shape"):
        compare(four, four, np.zeros((2, 1)))
    with pytest.raises(ValueError, match="0, 1 or NaN"):
        compare(four, four, np.full((1, 1), 0.5))
    with pytest.raises(ValueError, match="n_real"):
        results(one_pattern([1, 2]), n_real=[3])
    with pytest.raises(ValueError, match="finite"):
        results(one_pattern([1, np.nan]))
