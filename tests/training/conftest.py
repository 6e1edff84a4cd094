"""Where the published numbers lie that statistics and tables are checked against."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def statistics_dir(data_dir: Path) -> Path:
    """The folder of reference numbers for statistics, which belongs beside the data folder."""
    folder = data_dir.parent / "reference" / "statistics"
    assert (folder / "VanDyke.csv").is_file(), f"the reference numbers belong beside the data folder, in {folder}"
    return folder
