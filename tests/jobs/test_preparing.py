"""Preparing a checkpoint in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from luv_viewer.analysis.engine import find_prepared_file
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError
from luv_viewer.jobs.ai import AiSettings, NetworkShelf, measure_engines
from luv_viewer.jobs.preparing import PreparationProgress, run_preparation
from luv_viewer.task import Cancelled
from model.runtimes.choice import read_choice
from tests.builders import write_tiny_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint that was never prepared: the cache is empty."""
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    return write_tiny_checkpoint(tmp_path / "tiny.pt")


def nothing(value: object = None, /) -> None:
    """The report of who wants none."""


def test_a_checkpoint_is_converted_then_measured(checkpoint: Path) -> None:
    said: list[object] = []
    run_preparation(checkpoint, "convert", lambda value=None: said.append(value))
    words = {value.sentence for value in said if isinstance(value, PreparationProgress)}
    assert words == {"converting LUV-Net, once for this computer"}
    prepared = find_prepared_file(checkpoint)
    assert prepared is not None
    settings = AiSettings(checkpoint, "cpu", "auto", 1, "align")
    reason = measure_engines(settings, nothing)
    choice = read_choice(prepared)
    assert choice is not None
    assert reason == choice.reason
    assert measure_engines(settings, nothing) == "", "what is known is not measured again"


def test_what_cannot_be_prepared_is_one_sentence(tmp_path: Path, checkpoint: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no weights")
    with pytest.raises(CheckpointUnusableError, match=r"broken\.pt could not be read as a file of network weights"):
        run_preparation(broken, "convert", nothing)


def test_a_cache_that_cannot_be_written_leaves_torch(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = checkpoint.with_name("blocked")
    blocked.write_text("in the way")
    monkeypatch.setenv("LUV_CACHE_DIR", str(blocked))
    with pytest.raises(AnalysisError, match="the converted network cannot be kept in"):
        run_preparation(checkpoint, "convert", nothing)
    network = NetworkShelf().take(AiSettings(checkpoint, "auto", "auto", 1, "align"), nothing)
    assert (network.runtime.name, network.runtime.precision) == ("cpu", "fp32")


def test_a_stop_ends_the_process_at_once(checkpoint: Path) -> None:
    def stop(value: object = None, /) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run_preparation(checkpoint, "measure", stop)
    assert find_prepared_file(checkpoint) is None


def test_the_process_ends_when_nobody_reads_any_more(checkpoint: Path) -> None:
    program = [sys.executable, "-W", "ignore", "-m", "luv_viewer.analysis.preparation_process", "measure"]
    process = subprocess.Popen(
        [*program, str(checkpoint)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT, env=dict(os.environ)
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) != 0
