"""All six intraclass correlations against the published table and the model they estimate."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.builders_reference import reference_numbers, reference_rows, reference_text
from training.statistics import IntraclassCorrelation, IntraclassCorrelations, intraclass_correlations

_DATA = "Shrout-Fleiss 1979 (6x4)"


def _forms(found: IntraclassCorrelations) -> list[IntraclassCorrelation]:
    return [getattr(found, field.name) for field in fields(found)[:6]]


def test_the_published_table(statistics_dir: Path) -> None:
    ratings = reference_rows(statistics_dir, _DATA, "data rows", separator="|")
    found = intraclass_correlations(ratings)
    expected = reference_numbers(statistics_dir, _DATA, "ICC1 ICC2 ICC3 ICC1k ICC2k ICC3k")
    np.testing.assert_allclose([form.value for form in _forms(found)], expected, atol=5.1e-8)
    text = reference_text(statistics_dir, _DATA, "95% CI ICC1, ICC2, ICC3")
    bounds = [float(v) for v in re.findall(r"-?\d+\.\d+", text)]
    ours = [v for form in _forms(found)[:3] for v in (form.low, form.high)]
    np.testing.assert_allclose(ours, bounds, atol=5.1e-6)


@given(st.integers(0, 10_000))
def test_the_mean_of_k_ratings_follows_from_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n, k = (int(v) for v in generator.integers(2, 7, 2))
    found = intraclass_correlations(generator.normal(size=(n, k)) + 3 * generator.normal(size=(n, 1)))
    for single, average in zip(_forms(found)[:3], _forms(found)[3:], strict=True):
        assert 0 <= single.p <= 1
        if average.reason:
            assert np.isnan(average.value)
            assert single.reason or single.value < 0
            continue
        assert average.value == pytest.approx(k * single.value / (1 + (k - 1) * single.value))
        if single.value > 0:
            assert single.low <= single.value <= single.high


def test_the_model_is_found_again() -> None:
    generator = np.random.default_rng(1)
    subjects, readers = 2 * generator.normal(size=(4000, 1)), np.array([[-1.0, 0.0, 1.0, 2.0]])
    found = intraclass_correlations(subjects + readers + generator.normal(size=(4000, 4)))
    assert found.icc3.value == pytest.approx(4 / 5, abs=0.02)
    assert found.icc2.value == pytest.approx(4 / (4 + 1 + readers.var(ddof=1)), abs=0.02)


def test_intervals_cover_as_often_as_they_say() -> None:
    generator = np.random.default_rng(2)
    held = []
    for _ in range(300):
        ratings = generator.normal(size=(12, 1)) + generator.normal(size=(1, 4)) + generator.normal(size=(12, 4))
        form = intraclass_correlations(ratings).icc2
        held.append(form.low <= 1 / 3 <= form.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_readers_that_agree_fully() -> None:
    found = intraclass_correlations([[1, 1], [2, 2], [4, 4]])
    assert [form.value for form in _forms(found)] == [1.0] * 6
    assert [form.p for form in _forms(found)] == [0.0] * 6
    shifted = intraclass_correlations([[1.0, 2.0], [2.0, 3.0], [4.0, 5.0]])
    assert shifted.icc3.value == 1.0
    assert shifted.icc2.value < 1.0


def test_degenerate_ratings_give_nan_and_a_reason() -> None:
    for form in _forms(intraclass_correlations(np.full((3, 2), 0.1))):
        assert np.isnan([form.value, form.low, form.high, form.p]).all()
        assert form.reason
    alike = intraclass_correlations([[1, 2], [2, 1]])
    assert (alike.icc1.value, alike.icc3.value) == (-1.0, -1.0)
    for form in (alike.icc1_average, alike.icc3_average):
        assert np.isnan(form.value)
        assert "too little" in form.reason


def test_only_readers_differ() -> None:
    found = intraclass_correlations([[1.0, 2.0], [1.0, 2.0]])
    assert found.icc1.value == -1.0
    assert np.isnan(found.icc3.value)
    assert found.icc2.reason


@pytest.mark.parametrize("ratings", [[1, 2], [[1, 2]], [[1], [2]], [[1, np.nan], [2, 3]]])
def test_other_input_is_refused(ratings: list[object]) -> None:
    with pytest.raises(ValueError, match="ratings must"):
        intraclass_correlations(ratings)  # type: ignore[arg-type]
