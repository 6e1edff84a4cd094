"""Fixtures for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is not a wrong result.
settings.register_profile("luv", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("luv")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Several test processes share the cores.
    os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def prepared_networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Converted networks are kept in one cache for all tests, which goes with them; never in the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUV_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real studies (`LUV_TEST_DATA`, else `../shared/data`); a test without it is skipped, saying so."""
    folder = Path(os.environ.get("LUV_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the data folder {folder} is missing: set LUV_TEST_DATA to run this test")
    return folder
