"""The cohort and the sweep that several tests look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.training.sweep.builders_sweep import Cohort, write_small_cohort


@dataclass(frozen=True)
class Swept:
    """A finished sweep. folder: of its results; nobody writes to it. out, told: what the command said."""

    folder: Path
    status: int
    out: str
    told: str


@pytest.fixture(scope="session")
def small_cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Prepared once."""
    return write_small_cohort(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="session")
def kernels(small_cohort: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    """`luv sweep kernel --values 1,3 --fold all`."""
    folder = tmp_path_factory.mktemp("kernels") / "sweep"
    return Swept(folder, *small_cohort.sweep("kernel", folder, "--values", "1,3", "--fold", "all"))
