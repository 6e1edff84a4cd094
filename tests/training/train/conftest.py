"""A split and a finished run, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from luv_viewer.cli import main
from tests.training.train.builders_train import arguments_of, write_split


@pytest.fixture(scope="session")
def split_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `clips`, `split`, and a cache."""
    return write_split(tmp_path_factory.mktemp("train"))


@pytest.fixture(scope="session")
def finished_run(split_root: Path) -> Path:
    """The folder of `luv train --fold all` with two epochs; not to be changed."""
    run = split_root / "run"
    assert main(arguments_of(split_root, run, "--fold", "all")) == 0
    return run
