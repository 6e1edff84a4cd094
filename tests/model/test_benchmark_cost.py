"""Counted costs against the paper's Table 4, the issue's exact counts, and layers counted by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from luv_viewer.analysis.benchmarks.networks import paper_table
from model.benchmarks.configurations import Configuration, configurations, find_configuration
from model.benchmarks.cost import Cost, count_cost
from model.registry import NETWORKS

# 30 steps of three layers, four gates of 256 units each, from 300 inputs and then from 256.
LSTM_GMACS = 30 * 4 * 256 * ((300 + 256) + 2 * (256 + 256)) / 1e9


@pytest.mark.parametrize(
    ("name", "n_parameters", "gmacs", "thop_m", "thop_g"),
    [
        ("luv_net/densenet161", 136_222_884, 304.67, 135.994, 304.684),
        ("luv_net/resnet50", 121_046_596, 161.828, 121.038, 163.574),
        ("mvit/v1-b", 36_398_980, 223.934, 36.004, 137.906),
        ("swin/b", 87_643_084, 459.725, 58.7235, 200.647),
        ("usvn/densenet161", 26_483_044, 302.721, 26.261, 302.736),
        ("c3d", 214_327_044, 369.143, 214.327, 369.143),
        ("r2plus1d/34/authors", 63_510_749, 759.308, 63.511, 764.448),
        # The published exact count, 302.741, leaves out the products of the LSTM.
        ("cnn_lstm/densenet161/3-layers", 28_759_792, 302.741 + LSTM_GMACS, 28.540, 302.805),
    ],
)
def test_table_4_of_the_paper(name: str, n_parameters: int, gmacs: float, thop_m: float, thop_g: float) -> None:
    cost = count_cost(find_configuration(name))
    assert cost.n_parameters == n_parameters
    assert cost.n_macs / 1e9 == pytest.approx(gmacs, abs=0.001)
    assert cost.thop_n_parameters / 1e6 == pytest.approx(thop_m, abs=0.0005)
    assert cost.thop_n_macs / 1e9 == pytest.approx(thop_g, abs=0.0005)


@pytest.mark.parametrize(
    ("variant", "n_parameters"), [("text-head", 109_375_780), ("no-temporal", 62_677_188), ("kernel-5", 97_220_772)]
)
def test_parameters_of_the_variants(variant: str, n_parameters: int) -> None:
    assert count_cost(find_configuration(f"luv_net/densenet161/{variant}")).n_parameters == n_parameters


def _cost_of(layer: nn.Module, shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> Cost:
    """Of a network that hands one tensor of `shape` to the layer, whatever its clip is."""

    class OneLayer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer
            self.outside = nn.Parameter(torch.zeros(5))

        def forward(self, clips: torch.Tensor) -> torch.Tensor:
            return self.layer(torch.empty(shape, device=clips.device))

    monkeypatch.setitem(NETWORKS, "one_layer", lambda: OneLayer().to("meta"))
    return count_cost(Configuration("one_layer", "one_layer"))


@pytest.mark.parametrize(
    ("layer", "shape", "exact", "thop"),
    [
        (nn.Conv2d(4, 6, 3, padding=1, groups=2), (1, 4, 5, 7), 6 * 35 * 2 * 9, 6 * 35 * 2 * 9),
        (nn.Linear(5, 3), (2, 5), 30, 30),
        (nn.BatchNorm2d(3), (2, 3, 4, 4), 0, 4 * 96),
        (nn.BatchNorm2d(3, affine=False), (2, 3, 4, 4), 0, 2 * 96),
        (nn.LayerNorm(8), (3, 8), 0, 4 * 24),
        (nn.AvgPool2d(2), (1, 2, 4, 4), 0, 8),
        (nn.AdaptiveAvgPool2d(1), (1, 2, 4, 4), 0, 2 * 17),
        (nn.ReLU(), (3, 3), 0, 0),
    ],
    ids=lambda value: str(value) if isinstance(value, nn.Module) else "",
)
def test_a_layer_counted_by_hand(
    layer: nn.Module, shape: tuple[int, ...], exact: int, thop: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    cost = _cost_of(layer, shape, monkeypatch)
    assert (cost.n_macs, cost.thop_n_macs) == (exact, thop)
    own = sum(parameter.numel() for parameter in layer.parameters())
    # A tensor outside layers is a parameter of the network that thop does not see.
    assert (cost.n_parameters, cost.thop_n_parameters) == (own + 5, own)


def test_an_lstm_by_the_published_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = _cost_of(nn.LSTM(3, 4, num_layers=2, batch_first=True), (2, 5, 3), monkeypatch)
    first = 4 * ((3 + 4) * 4 + 4 + 8) + 16
    second = 4 * ((4 + 4) * 4 + 4 + 8) + 16
    assert cost.thop_n_macs == (first + second) * 5 * 2


def test_a_layer_that_is_never_called_is_unknown_to_thop(monkeypatch: pytest.MonkeyPatch) -> None:
    class ByHand(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(5, 3)

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(rows, self.inner.weight, self.inner.bias)

    cost = _cost_of(ByHand(), (2, 5), monkeypatch)
    assert (cost.n_macs, cost.thop_n_macs, cost.thop_n_parameters) == (30, 0, 0)


def test_a_layer_of_a_derived_type_is_unknown_to_thop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(nn.Linear):
        pass

    cost = _cost_of(Own(5, 3), (2, 5), monkeypatch)
    assert (cost.n_macs, cost.thop_n_macs, cost.thop_n_parameters) == (30, 0, 0)


def test_a_network_registered_later_appears_by_itself() -> None:
    networks = {**NETWORKS, "another": NETWORKS["luv_net"]}
    names = [configuration.name for configuration in configurations(networks)]
    assert names[-1] == "another"
    assert len(names) == len(set(names))
    assert {"luv_net/densenet161", "luv_net/mobilenet_v2", "luv_net/densenet161/kernel-5"} <= set(names)


def test_every_row_of_the_papers_table_has_a_configuration() -> None:
    rows = paper_table()
    assert len(rows) == 8
    for name in rows:
        assert find_configuration(name).name == name


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown network 'vgg'.*luv_net/resnet50"):
        find_configuration("vgg")
