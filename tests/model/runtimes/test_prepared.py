"""Prepared networks: converted, kept, found again, and run like the checkpoint itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import (
    Checkpoint,
    PredictionError,
    PreparedNetwork,
    Preprocessing,
    build_network,
    iter_predictions,
    load_checkpoint,
    predict_video,
    save_checkpoint,
)
from model.runtimes.measuring import measure
from model.runtimes.opening import open_runtime
from model.runtimes.openvino_runtime import capabilities
from model.runtimes.prepared import FACTS_NAME, StoreError, cache_folder, find_prepared, find_version, keep_prepared


def noise(n_frames: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(n_frames)
    return np.stack([rng.integers(0, high, (40, 50, 3), dtype=np.uint8) for high in rng.integers(40, 256, n_frames)])


@pytest.fixture(scope="module")
def checkpoint_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained-looking LUV-Net with metadata of every kind, in a file."""
    torch.manual_seed(11)
    network = build_network("luv_net", encoder="resnet18", projection=16, n_heads=4, kernel_size=5, mlp_hidden=8).eval()
    with torch.no_grad():
        network.queries.mul_(3)
    path = tmp_path_factory.mktemp("checkpoint") / "small.pt"
    checkpoint = Checkpoint(
        network=network,
        network_name="luv_net",
        network_options=network.option_values,
        name="small",
        thresholds=np.array([0.2, 0.4, 0.6, 0.8]),
        preprocessing=Preprocessing(size=32, channel_rule="channel0"),
        metadata={"metrics": [{"auc": np.float64(0.5)}], "data": ["made up"]},
    )
    save_checkpoint(path, checkpoint)
    return path


@pytest.fixture(scope="module")
def prepared(checkpoint_file: Path) -> PreparedNetwork:
    return keep_prepared(load_checkpoint(checkpoint_file))


def test_it_is_found_again_by_the_file_with_all_facts(checkpoint_file: Path, prepared: PreparedNetwork) -> None:
    found = find_prepared(checkpoint_file)
    assert found is not None
    original = load_checkpoint(checkpoint_file)
    assert found.facts.thresholds.tolist() == [0.2, 0.4, 0.6, 0.8]
    assert found.facts.preprocessing == original.preprocessing
    assert (found.facts.name, found.facts.version, found.facts.patterns) == (
        "small",
        original.version,
        original.patterns,
    )
    assert found.facts.metadata == {"metrics": [{"auc": 0.5}], "data": ["made up"]}
    assert not [path for path in cache_folder().iterdir() if path.name.startswith(".")], "nothing half-made is left"


def test_another_file_is_not_it(checkpoint_file: Path, prepared: PreparedNetwork, tmp_path: Path) -> None:
    other = tmp_path / "other.pt"
    other.write_bytes(checkpoint_file.read_bytes() + b"x")
    assert find_prepared(other) is None
    with pytest.raises(FileNotFoundError):
        find_prepared(tmp_path / "gone.pt")


@pytest.mark.parametrize(("stride", "tail"), [(1, "align"), (1, "pad"), (24, "pad")])
def test_it_gives_what_torch_gives(checkpoint_file: Path, prepared: PreparedNetwork, stride: int, tail: str) -> None:
    frames = noise(43)
    expected = predict_video(frames, load_checkpoint(checkpoint_file), stride=stride, tail=tail)  # type: ignore[arg-type]
    found = predict_video(frames, prepared, stride=stride, tail=tail, precision="fp32")  # type: ignore[arg-type]
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-4)
    np.testing.assert_allclose(found.clip_attention, expected.clip_attention, atol=1e-4)
    assert (found.provenance.device, found.provenance.precision) == ("cpu (OpenVINO)", "fp32")
    *_, last = iter_predictions(frames, prepared, stride=stride, tail=tail, play_head=lambda: 40)  # type: ignore[arg-type]
    np.testing.assert_allclose(last.logits, found.logits, atol=1e-4)


def test_a_checkpoint_in_memory_runs_on_openvino_when_it_is_named(checkpoint_file: Path) -> None:
    checkpoint, frames = load_checkpoint(checkpoint_file), noise(31)
    found = predict_video(frames, checkpoint, device="openvino")
    np.testing.assert_allclose(found.probabilities, predict_video(frames, checkpoint).probabilities, atol=1e-4)
    assert found.provenance.device == "cpu (OpenVINO)"
    with pytest.raises(PredictionError, match="int8 needs frames to calibrate with"):
        predict_video(frames, checkpoint, device="openvino", precision="int8")


def test_it_runs_without_torch(checkpoint_file: Path, prepared: PreparedNetwork) -> None:
    program = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "import model\n"
        "from model.runtimes.prepared import find_prepared\n"
        "prepared = find_prepared(Path(sys.argv[1]))\n"
        "model.predict_video(np.zeros((31, 40, 50, 3), np.uint8), prepared, precision='fp32')\n"
        "sys.exit('torch' in sys.modules)\n"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", program, checkpoint_file], cwd=root, check=False).returncode == 0


def test_measuring_chooses_and_remembers(prepared: PreparedNetwork) -> None:
    said: list[str] = []
    choice = measure(prepared, [noise(40), noise(36)], lambda stage, done, total: said.append(stage))
    assert choice.candidates[0].precision == "fp32"
    assert {c.precision for c in choice.candidates} >= {"fp32", "int8"}
    assert ("bf16" in {c.precision for c in choice.candidates}) == ("BF16" in capabilities())
    assert all(c.frames_per_s for c in choice.candidates)
    assert prepared.has_int8
    assert {"measuring fp32", "calibrating int8"} <= set(said)
    automatic = predict_video(noise(31), prepared)
    assert automatic.provenance.precision == choice.precision
    assert predict_video(noise(31), prepared, precision="int8").provenance.precision == "int8"


def test_measuring_can_be_stopped(prepared: PreparedNetwork) -> None:
    class Stopped(Exception):
        pass

    def stop(stage: str, done: int, total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        measure(prepared, [noise(40)], stop)
    with pytest.raises(ValueError, match="at least one video"):
        measure(prepared, [], stop)


def test_int8_that_was_never_made_is_one_sentence(
    checkpoint_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path))
    fresh = keep_prepared(load_checkpoint(checkpoint_file))
    assert not fresh.has_int8
    with pytest.raises(PredictionError, match="small was not brought to int8 on this computer yet: run `luv engines`"):
        open_runtime(fresh, "cpu", "int8")
    assert open_runtime(fresh).precision == "fp32", "nothing was measured yet"


@pytest.mark.parametrize(
    ("device", "precision", "sentence"),
    [
        ("cpu", "fp4", "unknown precision 'fp4': expected auto, fp32, bf16, fp16, int8"),
        ("openvino:tpu", "auto", "unknown device openvino:tpu: expected openvino, openvino:gpu, openvino:npu"),
        ("openvino:npu", "auto", "OpenVINO finds no NPU here"),
        ("cuda", "auto", "a prepared network runs on OpenVINO: device 'cuda' needs the checkpoint itself"),
    ],
)
def test_engines_that_do_not_exist_are_refused(
    prepared: PreparedNetwork, device: str, precision: str, sentence: str
) -> None:
    with pytest.raises(PredictionError, match=sentence):
        open_runtime(prepared, device, precision)


@pytest.mark.parametrize("damage", ["head", "encoder.openvino", FACTS_NAME])
def test_a_damaged_cache_is_made_again_or_said(
    checkpoint_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setenv("LUV_CACHE_DIR", str(tmp_path))
    made = keep_prepared(load_checkpoint(checkpoint_file))
    if damage == "head":
        (made.folder / "head" / "queries.npy").write_bytes(b"nothing")
    else:
        (made.folder / damage).write_bytes(b"nothing")
    if damage == FACTS_NAME:
        assert find_prepared(checkpoint_file) is None
        return
    with pytest.raises(PredictionError, match="the prepared network small is damaged"):
        open_runtime(made, "cpu", "fp32")


def test_what_cannot_be_prepared_is_refused(
    checkpoint_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load_checkpoint(checkpoint_file)
    with pytest.raises(ValueError, match="only a LUV-Net from a checkpoint file"):
        keep_prepared(replace(loaded, version="unsaved"))
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("LUV_CACHE_DIR", str(blocked))
    with pytest.raises(StoreError, match="the converted network cannot be kept in"):
        keep_prepared(loaded)
    assert find_version(loaded.version) is None
