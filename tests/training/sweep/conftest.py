"""The cohort and the sweep that several tests look at."""

from __future__ import annotations

import pytest

from tests.training.sweep.builders_sweep import Cohort, Swept, write_small_cohort


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Prepared once."""
    return write_small_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="session")
def kernels(small_cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """`luv sweep kernel --values 1,3 --fold all`."""
    folder = tmp_path_factory.mktemp("kernels") / "sweep"
    return Swept(folder, *small_cohort.sweep("kernel", folder, "--values", "1,3", "--fold", "all"))
