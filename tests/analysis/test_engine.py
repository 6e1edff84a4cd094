"""From a checkpoint file to a network that runs, whatever state the cache is in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from luv_viewer.analysis.engine import (
    check_engine,
    find_prepared_file,
    has_nvidia_card,
    open_network,
    resolved_device,
    runs_on_openvino,
)
from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError
from luv_viewer.jobs.ai import AiSettings, NetworkShelf
from tests.builders import write_tiny_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path / "cache"))
    return write_tiny_checkpoint(tmp_path / "tiny.pt")


def test_it_is_converted_once(checkpoint: Path) -> None:
    said: list[str] = []
    first = open_network(checkpoint, "cpu", say=said.append)
    assert said == ["Converting LUV-Net for this computer, once ..."]
    assert (first.runtime.name, first.runtime.precision, first.facts.name) == ("cpu (OpenVINO)", "fp32", "tiny")
    assert first.reason == "fp32 on cpu (OpenVINO)."
    open_network(checkpoint, "cpu", say=said.append)
    assert len(said) == 1


@pytest.mark.parametrize("part", ["encoder.openvino", "head/queries.npy"])
def test_a_damaged_cache_is_made_again(checkpoint: Path, part: str) -> None:
    open_network(checkpoint, "cpu")
    prepared = find_prepared_file(checkpoint)
    assert prepared is not None
    damaged = prepared.folder / part
    damaged.write_bytes(damaged.read_bytes()[:100])
    said: list[str] = []
    assert open_network(checkpoint, "cpu", say=said.append).runtime.name == "cpu (OpenVINO)"
    assert said == ["Converting LUV-Net for this computer again ..."]
    assert damaged.stat().st_size > 100


def test_what_killed_conversions_left_is_swept_away(checkpoint: Path) -> None:
    folder = Path(os.environ["LUV_CACHE_DIR"]) / "networks"
    old, fresh = folder / ".0123456789ab-old", folder / ".0123456789ab-new"
    for left in (old, fresh):
        left.mkdir(parents=True)
    os.utime(old, (1e9, 1e9))
    open_network(checkpoint, "cpu")
    assert not old.exists()
    assert fresh.exists(), "another window may be converting just now"


def test_torch_is_there_when_it_is_named(checkpoint: Path) -> None:
    network = open_network(checkpoint, "torch", "bf16")
    assert (network.runtime.name, network.runtime.precision) == ("cpu", "bf16")
    assert not runs_on_openvino("torch", "auto")
    assert not runs_on_openvino("cpu", "fp16")
    assert runs_on_openvino("openvino:gpu", "fp16")


def test_a_full_disk_is_one_sentence(checkpoint: Path) -> None:
    program = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from luv_viewer.analysis.engine import open_network\n"
        "from luv_viewer.analysis.errors import AnalysisError\n"
        "import torch, openvino\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "try:\n"
        "    open_network(Path(sys.argv[1]), 'cpu')\n"
        "except AnalysisError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, checkpoint],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "LUV-Net cannot run on OpenVINO: the converted network cannot be kept in" in done.stdout
    assert "With device torch it runs without." in done.stdout


def test_a_missing_or_broken_file_is_one_sentence(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointUnusableError, match=r"gone\.pt cannot be read"):
        open_network(tmp_path / "gone.pt", "cpu")
    (tmp_path / "broken.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointUnusableError, match=r"broken\.pt could not be read as a file of network weights"):
        open_network(tmp_path / "broken.pt", "cpu")


@pytest.mark.parametrize(
    ("device", "precision", "sentence"),
    [
        ("openvino:npu", "auto", "LUV-Net cannot run: OpenVINO finds no NPU here"),
        ("tpu", "auto", "LUV-Net cannot run: unknown device 'tpu'"),
        ("torch", "fp4", "LUV-Net cannot run: unknown precision 'fp4'"),
    ],
)
def test_engines_that_are_not_there_are_refused_before_anything_is_read(
    device: str, precision: str, sentence: str
) -> None:
    with pytest.raises(AnalysisError, match=sentence):
        check_engine(device, precision)


def test_auto_is_a_card_only_where_there_is_one() -> None:
    assert resolved_device("openvino") == "openvino"
    if not has_nvidia_card():
        assert resolved_device("auto") == "cpu"


def test_a_checkpoint_replaced_while_the_window_is_open_is_noticed(checkpoint: Path, tmp_path: Path) -> None:
    shelf, settings = NetworkShelf(), AiSettings(checkpoint, "torch", "fp32", 1, "align")
    first = shelf.take(settings, lambda value=None: None)
    assert shelf.take(settings, lambda value=None: None) is first
    shutil.copy(write_tiny_checkpoint(tmp_path / "other.pt", seed=9), checkpoint)
    os.utime(checkpoint, (2e9, 2e9))
    second = shelf.take(settings, lambda value=None: None)
    assert second is not first
    assert second.facts.version != first.facts.version
