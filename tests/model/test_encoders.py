"""Encoder weights from files with the names of torchvision, of its oldest files, and of timm."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import torch
from torch import Tensor

from model import WeightFileError, build_network
from model.networks.encoders import ENCODERS, build_encoder, canonical_names, identify_encoder, load_encoder_weights


def random_state(name: str, seed: int = 4) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return dict(build_encoder(name).state_dict())


def timm_mobilenet_name(name: str) -> str:
    """torchvision's MobileNetV2 name as timm writes it, from the published layout of both."""
    stem = {"features.0.0": "conv_stem", "features.0.1": "bn1", "features.18.0": "conv_head", "features.18.1": "bn2"}
    head, _, tail = name.rpartition(".")
    if head in stem:
        return f"{stem[head]}.{tail}"
    block, layer = re.fullmatch(r"features\.(\d+)\.(.+)", head).groups()  # type: ignore[union-attr]
    sizes = (1, 2, 3, 4, 3, 3, 1)
    stage, place = next((s, int(block) - 1 - sum(sizes[:s])) for s in range(7) if int(block) - 1 < sum(sizes[: s + 1]))
    if stage == 0:
        inner = {"conv.0.0": "conv_dw", "conv.0.1": "bn1", "conv.1": "conv_pw", "conv.2": "bn2"}
    else:
        inner = {"conv.0.0": "conv_pw", "conv.0.1": "bn1", "conv.1.0": "conv_dw", "conv.1.1": "bn2"}
        inner |= {"conv.2": "conv_pwl", "conv.3": "bn3"}
    return f"blocks.{stage}.{place}.{inner[layer]}.{tail}"


def assert_loads(state: dict[str, Tensor], expected: dict[str, Tensor], name: str, path: Path) -> None:
    torch.save(state, path)
    encoder = build_encoder(name)
    digest = load_encoder_weights(encoder, path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert all(torch.equal(value, expected[key]) for key, value in encoder.state_dict().items())


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2"])
def test_torchvision_names_with_prefix_and_classifier(name: str, tmp_path: Path) -> None:
    state = random_state(name)
    spoilt = {f"module.{key}": value for key, value in state.items()}
    spoilt |= {"module.fc.weight": torch.zeros(2), "module.classifier.1.bias": torch.zeros(2)}
    assert_loads(spoilt, state, name, tmp_path / "weights.pth")
    assert_loads({"state_dict": spoilt}, state, name, tmp_path / "weights.pth")  # type: ignore[dict-item]


def test_timm_mobilenet_names(tmp_path: Path) -> None:
    state = random_state("mobilenet_v2")
    theirs = {timm_mobilenet_name(key): value for key, value in state.items()}
    assert "blocks.6.0.conv_pwl.weight" in theirs
    assert_loads(theirs, state, "mobilenet_v2", tmp_path / "timm.pth")


def test_the_oldest_densenet_names_without_counters() -> None:
    with torch.device("meta"):
        state = build_encoder("densenet161").state_dict()
    old = {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", key): value
        for key, value in state.items()
        if not key.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    renamed = canonical_names(old)
    assert renamed.keys() == {key for key in state if not key.endswith("num_batches_tracked")}


def test_counters_missing_from_old_files_are_no_fault(tmp_path: Path) -> None:
    state = random_state("resnet18")
    old = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    assert_loads(old, state, "resnet18", tmp_path / "old.pth")


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_known_by_its_tensors(name: str) -> None:
    with torch.device("meta"):
        assert identify_encoder(build_encoder(name).state_dict()) == name


def test_other_encoders_are_not_mistaken() -> None:
    from torchvision import models

    with torch.device("meta"):
        for other in ("resnet34", "resnet101", "densenet121"):
            assert identify_encoder(canonical_names(models.get_model(other).state_dict())) is None
    assert identify_encoder({}) is None


def test_the_wrong_file_is_refused_by_the_names_of_its_tensors(tmp_path: Path) -> None:
    path = tmp_path / "wrong.pth"
    torch.save(random_state("resnet18"), path)
    with pytest.raises(WeightFileError, match=r"wrong.pth does not fit .* missing \(.*unexpected \(") as caught:
        build_network("luv_net", encoder="mobilenet_v2", mlp_hidden=8, encoder_weights=path)
    assert "bn1.bias" in str(caught.value)
    with pytest.raises(WeightFileError, match=r"none.pth is not a file"):
        load_encoder_weights(build_encoder("resnet18"), tmp_path / "none.pth")


def test_a_network_remembers_which_weights_it_started_from(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    state = random_state("resnet18")
    torch.save(state, path)
    network = build_network("luv_net", encoder="resnet18", mlp_hidden=8, encoder_weights=str(path))
    assert network.encoder_weights_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert torch.equal(network.encoder.state_dict()["conv1.weight"], state["conv1.weight"])


def test_the_mobilenet_weights_of_the_data_folder_load(data_dir: Path) -> None:
    encoder = build_encoder("mobilenet_v2")
    load_encoder_weights(encoder, data_dir / "weights" / "mobilenet_v2_from_coral_tf2_ptq.pth")
    with torch.inference_mode():
        features = encoder.eval()(torch.zeros(1, 3, 64, 64))
    assert features.shape == (1, 1280)
    assert bool(torch.isfinite(features).all())
