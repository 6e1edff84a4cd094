"""The encoder on OpenVINO equals torch's; its file is whole, exact, and refused when it is damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import Preprocessing, build_network
from model.networks.luv_net import LUVNet
from model.preprocessing import normalize
from model.runtimes.openvino_model import (
    ModelFileError,
    compile_encoder,
    convert_encoder,
    encode_images,
    read_model,
    save_model,
)

if TYPE_CHECKING:
    import openvino


def network_of(encoder: str, projection: int | None = None) -> LUVNet:
    """Random weights, batch norm with statistics that are not trivial, eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = build_network("luv_net", encoder=encoder, projection=projection, mlp_hidden=8, kernel_size=3)
        for module in network.encoder.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.7, 1.4)
    return network.eval()


def noise(n_images: int, size: int) -> NDArray[np.uint8]:
    """(M, size, size, 3) RGB, the channels different."""
    return np.random.default_rng(size).integers(0, 256, (n_images, size, size, 3), dtype=np.uint8)


def of_torch(network: LUVNet, images: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.float32]:
    with torch.inference_mode():
        return network.encode(normalize(list(images), preprocessing)).numpy()


@pytest.fixture(scope="module")
def small_model() -> openvino.Model:
    """ResNet-18 with 8 features at 32 pixels."""
    return convert_encoder(network_of("resnet18", 8), Preprocessing(size=32))


def largest_error(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Relative to the largest."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize(
    ("encoder", "projection", "size"), [("resnet18", None, 33), ("resnet50", 24, 64), ("mobilenet_v2", 16, 64)]
)
def test_features_equal_those_of_torch_for_any_batch(encoder: str, projection: int | None, size: int) -> None:
    network = network_of(encoder, projection)
    preprocessing = Preprocessing(size=size, mean=(0.4, 0.5, 0.6), std=(0.2, 0.3, 0.25))
    compiled = compile_encoder(convert_encoder(network, preprocessing))
    images = noise(7, size)
    expected = of_torch(network, images, preprocessing)
    for frames_at_once in (1, 4, 7):
        assert largest_error(encode_images(compiled, images, frames_at_once), expected) < 1e-4


def test_densenet_too() -> None:
    network, preprocessing = network_of("densenet161"), Preprocessing(size=64)
    compiled = compile_encoder(convert_encoder(network, preprocessing), n_threads=1)
    images = noise(2, 64)
    assert largest_error(encode_images(compiled, images), of_torch(network, images, preprocessing)) < 1e-4


def test_names_shapes_and_types_are_as_promised(small_model: openvino.Model) -> None:
    images, features = small_model.input("images"), small_model.output("features")
    assert images.partial_shape[0].is_dynamic
    assert [side.get_length() for side in list(images.partial_shape)[1:]] == [32, 32, 3]
    assert features.partial_shape[1].get_length() == 8
    assert (images.element_type.get_type_name(), features.element_type.get_type_name()) == ("u8", "f32")


def test_converting_leaves_the_network_alone_and_the_model_does_not_follow_it() -> None:
    network, preprocessing = network_of("resnet18", 8), Preprocessing(size=32)
    network.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    images = noise(2, 32)
    model = convert_encoder(network, preprocessing)
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    expected = of_torch(network.eval(), images, preprocessing)
    with torch.no_grad():
        network.projection.weight.zero_()
    assert largest_error(encode_images(compile_encoder(model), images), expected) < 1e-4


def test_a_file_gives_back_exactly_what_was_written(tmp_path: Path, small_model: openvino.Model) -> None:
    save_model(tmp_path / "encoder.ov", small_model)
    assert [path.name for path in tmp_path.iterdir()] == ["encoder.ov"]
    model = read_model(tmp_path / "encoder.ov")
    written, again = constants(small_model), constants(model)
    assert len(written) == len(again) > 20
    assert all(np.array_equal(one, other) for one, other in zip(written, again, strict=True))
    (tmp_path / "encoder.ov").unlink()
    assert np.isfinite(encode_images(compile_encoder(model), noise(2, 32))).all()


def constants(model: openvino.Model) -> list[NDArray]:
    return [op.data for op in model.get_ordered_ops() if op.get_type_name() == "Constant"]


def test_writing_again_replaces_and_a_failure_keeps_the_old_file(tmp_path: Path, small_model: openvino.Model) -> None:
    path = tmp_path / "encoder.ov"
    save_model(path, small_model)
    held = path.read_bytes()
    with pytest.raises(TypeError):
        save_model(path, object())  # type: ignore[arg-type]
    assert path.read_bytes() == held
    path.write_bytes(b"another file")
    save_model(path, small_model)
    assert read_model(path).output(0).partial_shape[1].get_length() == 8
    assert [entry.name for entry in tmp_path.iterdir()] == ["encoder.ov"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, small_model: openvino.Model, damage: str) -> None:
    path = tmp_path / "encoder.ov"
    save_model(path, small_model)
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 0xFF
    path.write_bytes({"cut": held[: len(held) // 2], "flipped": held, "other": b"PK not a zip", "empty": b""}[damage])
    with pytest.raises(ModelFileError, match=r"encoder\.ov .* damaged") as caught:
        read_model(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "encoder.ov")


def test_a_prepared_file_runs_without_torch(tmp_path: Path, small_model: openvino.Model) -> None:
    network, preprocessing, images = network_of("resnet18", 8), Preprocessing(size=32), noise(3, 32)
    save_model(tmp_path / "encoder.ov", small_model)
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, numpy as np\n"
        "from model.runtimes.openvino_model import compile_encoder, encode_images, read_model\n"
        "compiled = compile_encoder(read_model('encoder.ov'), n_threads=1)\n"
        "np.save('features.npy', encode_images(compiled, np.load('images.npy')))\n"
        "assert 'torch' not in sys.modules\n"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert largest_error(np.load(tmp_path / "features.npy"), of_torch(network, images, preprocessing)) < 1e-4
