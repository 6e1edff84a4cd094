"""The head over shared frames against the network's own head on each clip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model import build_network
from model.dense_head import frame_products, run_head
from model.head_weights import HeadWeights, LinearLayer
from model.networks.luv_net import LUVNet

VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"kernel_size": 1},
    {"kernel_size": 5},
    {"head": "text"},
    {"temporal": False},
    {"temporal": False, "ablation_head": "full"},
    {"n_heads": 3, "n_patterns": 5},
)


def small_network(**options: Any) -> LUVNet:
    """D = 12, batch statistics that are not trivial."""
    torch.manual_seed(3)
    network = build_network(
        "luv_net", **{"encoder": "resnet18", "projection": 12, "n_heads": 4, "mlp_hidden": 9} | options
    )
    assert isinstance(network, LUVNet)
    if network.temporal is not None:
        norm = network.temporal[1]
        with torch.no_grad():
            norm.running_mean.normal_(0, 0.2)
            norm.running_var.uniform_(0.5, 2)
            norm.weight.uniform_(0.5, 2)
            norm.bias.normal_(0, 0.3)
    return network.eval()


NETWORKS = [small_network(**options) for options in VARIANTS]


def one_by_one(network: LUVNet, features: torch.Tensor, starts: np.ndarray, clip_length: int) -> tuple[Any, Any]:
    with torch.inference_mode():
        made = [network.head(features[None, s : s + clip_length]) for s in starts.tolist()]
    return np.concatenate([m[0].numpy() for m in made]), np.concatenate([m[1].numpy() for m in made])


@settings(max_examples=120)
@given(data=st.data())
def test_equal_to_the_networks_head_on_each_clip(data: st.DataObject) -> None:
    network = data.draw(st.sampled_from(NETWORKS))
    clip_length = data.draw(st.integers(1, 32))
    n_rows = clip_length + data.draw(st.integers(0, 20))
    starts = np.array(data.draw(st.lists(st.integers(0, n_rows - clip_length), min_size=1, max_size=6)))
    features = torch.from_numpy(np.random.default_rng(n_rows).normal(0, 1.5, (n_rows, 12)).astype(np.float32))
    expected, expected_attention = one_by_one(network, features, starts, clip_length)
    weights = HeadWeights.of(network)
    logits, attention = run_head(weights, features.numpy(), starts, clip_length)
    assert attention.shape == expected_attention.shape
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(logits, expected, atol=1e-5 * scale)
    np.testing.assert_allclose(attention, expected_attention, atol=1e-6)


@pytest.mark.parametrize("network", NETWORKS, ids=map(str, VARIANTS))
def test_tensors_give_what_arrays_give(network: LUVNet) -> None:
    features = torch.from_numpy(np.random.default_rng(0).normal(0, 1, (40, 12)).astype(np.float32))
    starts = np.array([0, 1, 9, 10])
    weights = HeadWeights.of(network)
    as_tensors = weights.mapped(lambda array: torch.tensor(array))
    expected = run_head(weights, features.numpy(), starts, 30)
    found = run_head(as_tensors, features, starts, 30)
    for tensor, array in zip(found, expected, strict=True):
        assert isinstance(tensor, torch.Tensor)
        np.testing.assert_allclose(tensor.numpy(), array, atol=1e-5)


def test_products_may_be_given() -> None:
    weights = HeadWeights.of(NETWORKS[0])
    assert weights.temporal is not None
    features = np.random.default_rng(1).normal(0, 1, (33, 12)).astype(np.float32)
    products = frame_products(weights.temporal, features)
    assert products.shape == (33, 13, 12)
    starts = np.array([0, 3])
    given_them, without = run_head(weights, features, starts, 30, products), run_head(weights, features, starts, 30)
    np.testing.assert_array_equal(given_them[0], without[0])


def test_large_scores_do_not_overflow() -> None:
    network = small_network()
    with torch.no_grad():
        network.queries.mul_(1e4)
    features = np.random.default_rng(2).normal(0, 10, (31, 12)).astype(np.float32)
    logits, attention = run_head(HeadWeights.of(network), features, np.array([0, 1]), 30)
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(attention.sum(axis=2), 1.0, atol=1e-5)


@pytest.mark.parametrize("starts", [[], [-1], [0, 2]])
def test_clips_outside_the_rows_are_refused(starts: list[int]) -> None:
    weights = HeadWeights.of(NETWORKS[0])
    with pytest.raises(ValueError, match="do not lie inside 31 rows"):
        run_head(weights, np.zeros((31, 12), np.float32), np.array(starts, dtype=np.int64), 30)


@pytest.mark.parametrize("network", NETWORKS, ids=map(str, VARIANTS))
def test_weights_survive_as_named_arrays(network: LUVNet) -> None:
    weights = HeadWeights.of(network)
    again = HeadWeights.from_arrays(weights.arrays())
    assert again.arrays().keys() == weights.arrays().keys()
    for name, array in weights.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)
    assert (again.n_patterns, again.n_features) == (network.options.n_patterns, 12)


def test_weights_that_do_not_fit_are_refused() -> None:
    weights = HeadWeights.of(NETWORKS[0])
    wrong = LinearLayer(np.zeros((4, 7), np.float32), np.zeros(4, np.float32))
    with pytest.raises(ValueError, match="a layer of the head takes 7 values and has 4 biases, expected 12 values"):
        HeadWeights(weights.queries, weights.temporal, weights.spatial, (wrong,))
    with pytest.raises(ValueError, match="the head ends in 12 values, expected one per pattern: 4"):
        HeadWeights(weights.queries, weights.temporal, weights.spatial, ())
    with pytest.raises(ValueError, match="the temporal branch is for 12 features, expected 24"):
        HeadWeights(np.zeros((4, 4, 6), np.float32), weights.temporal, (), _layers(96, 4))


def _layers(n_in: int, n_out: int) -> tuple[LinearLayer, ...]:
    return (LinearLayer(np.zeros((n_out, n_in), np.float32), np.zeros(n_out, np.float32)),)


def test_a_head_of_another_make_is_refused() -> None:
    network = small_network()
    network.output = torch.nn.Sequential(torch.nn.Linear(12, 4), torch.nn.Sigmoid())
    with pytest.raises(ValueError, match="the head holds"):
        HeadWeights.of(network)
