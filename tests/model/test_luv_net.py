"""LUV-Net against its equations written out with loops, and its exact sizes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import build_network
from model.networks.luv_net import LUVNet

SMALL: dict[str, Any] = {
    "encoder": "resnet18",
    "projection": 6,
    "n_heads": 2,
    "kernel_size": 3,
    "mlp_hidden": 5,
    "n_patterns": 3,
}


def small_network(**options: Any) -> LUVNet:
    torch.manual_seed(1)
    network = build_network("luv_net", **{**SMALL, **options}).double().eval()
    assert isinstance(network, LUVNet)
    if network.temporal is not None:
        with torch.no_grad():
            network.temporal[1].running_mean.normal_()
            network.temporal[1].running_var.uniform_(0.5, 2)
            network.temporal[1].weight.normal_()
            network.temporal[1].bias.normal_()
    return network


def linear(layer: torch.nn.Module, x: NDArray[np.float64]) -> NDArray[np.float64]:
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    return np.array([sum(weight[i, j] * x[j] for j in range(len(x))) + bias[i] for i in range(len(bias))])


def attention_by_hand(network: LUVNet, h: NDArray[np.float64], real: NDArray[np.bool_]) -> tuple[Any, Any]:
    """Equations 5, 6, 3 for one clip: pooled (P, D) and attention (P, L, H)."""
    q = network.queries.detach().numpy()
    n_patterns, n_heads, width = q.shape
    attention = np.zeros((n_patterns, len(h), n_heads))
    pooled = np.zeros((n_patterns, h.shape[1]))
    for p in range(n_patterns):
        for k in range(n_heads):
            part = slice(k * width, (k + 1) * width)
            exps = [math.exp(h[t, part] @ q[p, k] / math.sqrt(width)) if real[t] else 0.0 for t in range(len(h))]
            for t in range(len(h)):
                attention[p, t, k] = exps[t] / sum(exps)
                if real[t]:
                    pooled[p, part] += attention[p, t, k] * h[t, part]
    return pooled, attention


def temporal_by_hand(network: LUVNet, h: NDArray[np.float64], real: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Equations 1, 2 for one clip: (D,)."""
    assert network.temporal is not None
    weight = network.temporal[0].weight.detach().numpy()
    norm = network.temporal[1]
    mean, var = norm.running_mean.numpy(), norm.running_var.numpy()
    gain, shift = norm.weight.detach().numpy(), norm.bias.detach().numpy()
    half = (weight.shape[2] - 1) // 2
    total = np.zeros(h.shape[1])
    for t in np.flatnonzero(real):
        out = np.zeros(h.shape[1])
        for j in range(weight.shape[2]):
            at = t + j - half
            if 0 <= at < len(h) and real[at]:
                out += weight[:, :, j] @ h[at]
        total += np.maximum(0, (out - mean) / np.sqrt(var + norm.eps) * gain + shift)
    return total / real.sum()


def logits_by_hand(network: LUVNet, h: NDArray[np.float64], real: NDArray[np.bool_]) -> NDArray[np.float64]:
    pooled, _ = attention_by_hand(network, h, real)
    joined = pooled.ravel()
    if network.options.head == "text":
        z = linear(network.spatial, joined)
    elif network.temporal is None and network.options.ablation_head == "own":
        return linear(network.output[2], np.maximum(0, linear(network.output[0], joined)))
    else:
        z = linear(network.spatial[2], np.maximum(0, linear(network.spatial[0], joined)))
    if network.temporal is not None:
        z = z + temporal_by_hand(network, h, real)
    if network.options.head == "text":
        return linear(network.output, z)
    return linear(network.output[3], np.maximum(0, linear(network.output[0], z)))


VARIANTS = [
    {},
    {"head": "text"},
    {"temporal": False},
    {"temporal": False, "ablation_head": "full"},
    {"temporal": False, "head": "text"},
    {"kernel_size": 7},
]


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("masked", [False, True])
def test_head_equals_the_equations_written_out(options: dict[str, Any], masked: bool) -> None:
    network = small_network(**options)
    features = torch.randn(2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    real = torch.tensor([[True] * 5, [True, True, True, not masked, not masked]])
    with torch.inference_mode():
        logits, attention = network.head(features, real if masked else None)
    assert logits.shape == (2, 3)
    assert attention.shape == (2, 3, 5, 2)
    for n in range(2):
        h, rows = features[n].numpy(), real[n].numpy()
        np.testing.assert_allclose(logits[n].numpy(), logits_by_hand(network, h, rows), rtol=1e-10)
        np.testing.assert_allclose(attention[n].numpy(), attention_by_hand(network, h, rows)[1], rtol=1e-10)


def test_masked_frames_have_no_influence_and_no_attention() -> None:
    network = small_network()
    features = torch.randn(1, 5, 6, dtype=torch.float64)
    mask = torch.tensor([[True, True, True, False, False]])
    other = features.clone()
    other[:, 3:] = float("nan")
    with torch.inference_mode():
        logits, attention = network.head(features, mask)
        other_logits, other_attention = network.head(other, mask)
        short_logits, short_attention = network.head(features[:, :3])
    assert torch.equal(logits, other_logits)
    assert torch.equal(attention, other_attention)
    assert torch.all(attention[:, :, 3:] == 0)
    torch.testing.assert_close(logits, short_logits)
    torch.testing.assert_close(attention[:, :, :3], short_attention)


def test_forward_is_encode_then_head() -> None:
    network = small_network(projection=None, n_heads=8).float()
    clips = torch.randn(2, 3, 3, 64, 64)
    with torch.inference_mode():
        logits, attention = network(clips)
        features = torch.stack([network.encode(clip) for clip in clips])
        expected, expected_attention = network.head(features)
    assert features.shape == (2, 3, 512)
    torch.testing.assert_close(logits, expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(attention, expected_attention, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(attention.sum(dim=2), torch.ones(2, 3, 8))


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"encoder": "densenet161"}, 136_222_884),
        ({"encoder": "resnet50"}, 121_046_596),
        ({"encoder": "densenet161", "head": "text"}, 109_375_780),
        ({"encoder": "resnet50", "head": "text"}, 94_833_732),
        ({"encoder": "densenet161", "temporal": False}, 62_677_188),
        ({"encoder": "densenet161", "kernel_size": 5}, 97_220_772),
    ],
)
def test_published_parameter_counts(options: dict[str, Any], count: int) -> None:
    with torch.device("meta"):
        network = build_network("luv_net", **options)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


@pytest.mark.parametrize(("encoder", "count"), [("densenet161", 26_472_000), ("resnet50", 23_508_032)])
def test_published_encoder_sizes_and_full_size_shapes(encoder: str, count: int) -> None:
    with torch.device("meta"):
        network = build_network("luv_net", encoder=encoder)
        logits, attention = network.eval()(torch.zeros(1, 30, 3, 256, 256))
    assert sum(parameter.numel() for parameter in network.encoder.parameters()) == count
    assert logits.shape == (1, 4)
    assert attention.shape == (1, 4, 30, 8)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kernel_size": 4}, "kernel_size must be odd and positive, got 4"),
        ({"kernel_size": 13.0}, r"kernel_size must be a whole number, got 13\.0"),
        ({"n_heads": "8"}, "n_heads must be a whole number, got '8'"),
        ({"projection": 64.0}, r"projection must be a whole number, got 64\.0"),
        ({"encoder": "resnet50", "n_heads": 7}, "n_heads must divide the 2048 features of a frame, got 7"),
        ({"encoder": "vgg"}, "unknown encoder 'vgg': expected one of densenet161, resnet50, resnet18, mobilenet_v2"),
        ({"head": "paper"}, "head must be 'code' or 'text', got 'paper'"),
        ({"ablation_head": "none"}, "ablation_head must be 'own' or 'full', got 'none'"),
        ({"n_patterns": 0}, "n_patterns must be at least 1, got 0"),
        ({"projection": 0}, "projection must be None or at least 1, got 0"),
        ({"depth": 3}, "network 'luv_net' does not take these options"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build_network("luv_net", **options)


def test_unknown_network_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown network 'usvn9': expected one of luv_net"):
        build_network("usvn9")


def test_wrong_shapes_and_masks_are_refused() -> None:
    network = small_network()
    with pytest.raises(ValueError, match=r"clips must have shape \(N, L, 3, H, W\), got \(1, 3, 64, 64\)"):
        network(torch.zeros(1, 3, 64, 64))
    with pytest.raises(
        ValueError, match=r"features must have shape \(N, L, 6\) with at least one frame, got \(1, 4, 5\)"
    ):
        network.head(torch.zeros(1, 4, 5))
    with pytest.raises(ValueError, match=r"at least one frame, got \(1, 0, 6\)"):
        network.head(torch.zeros(1, 0, 6))
    features = torch.zeros(1, 4, 6, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"mask must be bool of shape \(1, 4\), got torch.float32"):
        network.head(features, torch.ones(1, 4))
    with pytest.raises(ValueError, match="at least one real frame"):
        network.head(features, torch.zeros(1, 4, dtype=torch.bool))
