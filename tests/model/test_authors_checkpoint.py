"""The LUV-Net authors' own files, rebuilt here with their names from networks with known weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from model import CheckpointError, build_network, load_checkpoint
from model.networks.luv_net import LUVNet

THEIR_NAMES = {"queries": "attn_query_vecs", "temporal": "conv1d", "spatial": "attn_fc", "output": "fc_out_final"}
THRESHOLDS = [0.226, 0.159, 0.25, 0.05]


def their_state(network: LUVNet) -> dict[str, Tensor]:
    own_head = network.temporal is None and network.options.ablation_head == "own"
    state = {}
    for key, value in network.state_dict().items():
        block, dot, rest = key.partition(".")
        name = "attn_fc" if own_head and block == "output" else THEIR_NAMES.get(block, block)
        state[f"{name}{dot}{rest}"] = value
    return state


def their_table(model: dict[str, Tensor], thresholds: Any = None) -> dict[str, Any]:
    facts = {"best_epoch": 17, "best_valid_loss": np.float64(0.31), "best_valid_acc": 0.5, "best_valid_auc": 0.9}
    return {"model": model, **facts, "best_valid_thres": THRESHOLDS if thresholds is None else thresholds}


@pytest.fixture(scope="module")
def network() -> LUVNet:
    torch.manual_seed(3)
    built = build_network("luv_net", encoder="resnet18", kernel_size=5, mlp_hidden=16).eval()
    assert isinstance(built, LUVNet)
    return built


def assert_same_network(path: Path, network: LUVNet) -> None:
    loaded = load_checkpoint(path)
    assert loaded.network_options["encoder"] == network.options.encoder
    expected, found = network.state_dict(), loaded.network.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_an_authors_file_loads_with_its_rules(network: LUVNet, tmp_path: Path) -> None:
    path = tmp_path / "fold0.pt"
    torch.save(their_table(their_state(network)), path)
    assert_same_network(path, network)
    loaded = load_checkpoint(path)
    assert loaded.preprocessing.channel_rule == "channel0"
    assert loaded.preprocessing.size == 256
    assert loaded.clip_length == 30
    assert loaded.name == "fold0"
    assert loaded.thresholds.tolist() == THRESHOLDS
    assert loaded.metadata["best_epoch"] == 17
    assert loaded.metadata["best_valid_loss"] == 0.31
    assert loaded.network_options["kernel_size"] == 5


def test_module_prefix_and_bare_tables_load(network: LUVNet, tmp_path: Path) -> None:
    path = tmp_path / "parallel.pt"
    torch.save(their_table({f"module.{key}": value for key, value in their_state(network).items()}), path)
    assert_same_network(path, network)
    torch.save(their_state(network), path)
    assert_same_network(path, network)
    assert load_checkpoint(path).thresholds.tolist() == [0.5] * 4


@pytest.mark.parametrize("ablation_head", ["own", "full"])
def test_the_variant_without_the_temporal_branch_loads(ablation_head: str, tmp_path: Path) -> None:
    network = build_network(
        "luv_net", encoder="resnet18", temporal=False, mlp_hidden=16, n_heads=4, ablation_head=ablation_head
    )
    assert isinstance(network, LUVNet)
    path = tmp_path / "no_temporal.pt"
    torch.save(their_table(their_state(network)), path)
    assert_same_network(path, network)
    assert load_checkpoint(path).network_options["temporal"] is False


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array(THRESHOLDS), THRESHOLDS),
        (np.array(THRESHOLDS, dtype=np.float32)[:, None], np.float32(THRESHOLDS).tolist()),
        ([np.float64(value) for value in THRESHOLDS], THRESHOLDS),
        ([np.array([value]) for value in THRESHOLDS], THRESHOLDS),
        (torch.tensor(THRESHOLDS, dtype=torch.float64), THRESHOLDS),
        (dict(enumerate(THRESHOLDS)), THRESHOLDS),
        (
            {
                "Pleural effusion_lbl": 0.05,
                "A-line_lbl": 0.226,
                "Consolidation_lbl": 0.25,
                "total-B-line_lbl": np.float64(0.159),
            },
            THRESHOLDS,
        ),
        ([np.inf, 0.159, float("nan"), 0.05], [0.5, 0.159, 0.5, 0.05]),
    ],
)
def test_every_form_of_thresholds_is_read(stored: Any, expected: list[float], network: LUVNet, tmp_path: Path) -> None:
    path = tmp_path / "thresholds.pt"
    torch.save(their_table(their_state(network), stored), path)
    assert load_checkpoint(path).thresholds.tolist() == expected


def test_queries_kept_per_pattern_or_with_spare_axes_load(network: LUVNet, tmp_path: Path) -> None:
    path = tmp_path / "queries.pt"
    state = their_state(network)
    queries = state.pop("attn_query_vecs")
    torch.save(their_table(state | {f"attn_query_vecs.{p}": queries[p] for p in range(4)}), path)
    assert_same_network(path, network)
    torch.save(their_table(state | {"attn_query_vecs": queries[:, None, None]}), path)
    assert_same_network(path, network)


Change = Callable[[dict[str, Tensor]], dict[str, Tensor]]


def without(start: str) -> Change:
    return lambda state: {key: value for key, value in state.items() if not key.startswith(start)}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without("encoder.layer4"), r"odd.pt is a LUV-Net file with an unknown encoder: expected one of densenet161"),
        (without("attn_fc"), r"odd.pt is not a complete LUV-Net file: tensor attn_fc.0.weight is missing"),
        (without("conv1d.1"), r"odd.pt does not fit this network: tensors \d missing \(temporal.1.bias"),
        (lambda s: s | {"extra.weight": torch.zeros(1)}, r"1 unexpected \(extra.weight\)"),
        (
            lambda s: s | {"attn_query_vecs": torch.zeros(3, 8, 64)},
            r"queries of shape \(3, 8, 64\), expected \(4, H, d\)",
        ),
        (lambda s: s | {"attn_query_vecs": torch.zeros(4, 8, 65)}, r"H \* d = 512 for resnet18"),
        (
            lambda s: s | {"attn_query_vecs": torch.zeros(8, 64)},
            r"attention queries of shape \(8, 64\), expected \(P, H, d\)",
        ),
        (lambda s: s | {"conv1d.0.weight": torch.zeros(512, 512, 4)}, r"temporal kernel of shape \(512, 512, 4\)"),
    ],
)
def test_files_that_are_not_quite_theirs_are_refused(
    change: Change, sentence: str, network: LUVNet, tmp_path: Path
) -> None:
    path = tmp_path / "odd.pt"
    torch.save(their_table(change(their_state(network))), path)
    with pytest.raises(CheckpointError, match=sentence):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [([0.5] * 3, "has 3 thresholds, expected 4"), ({"A-line": 0.5, "B": 0.1}, "none fits B-line")],
)
def test_thresholds_that_fit_no_pattern_are_refused(
    stored: Any, sentence: str, network: LUVNet, tmp_path: Path
) -> None:
    path = tmp_path / "thresholds.pt"
    torch.save(their_table(their_state(network), stored), path)
    with pytest.raises(CheckpointError, match=sentence):
        load_checkpoint(path)
