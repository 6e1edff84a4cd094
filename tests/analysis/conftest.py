"""A network and an archive for every test of batches."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.builders_batch import predict, write_archive
from tests.builders import write_tiny_checkpoint


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.pt")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("archive") / "in")


@pytest.fixture(scope="session")
def plain_results(tmp_path_factory: pytest.TempPathFactory, archive: Path, tiny_checkpoint: Path) -> Path:
    """What one process makes of the archive, never stopped."""
    folder = tmp_path_factory.mktemp("plain") / "out"
    assert predict(tiny_checkpoint, folder, archive) == 1
    return folder
