"""What holds for every network of the registry: shapes, gradients, learning, determinism, sizes, refusals."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

from model import build_network
from model.networks.contract import has_pattern_attention
from model.registry import NETWORKS
from tests.model.networks.builders_networks import TINY

WITH_MASKS = ["luv_net", "usvn", "frame_net", "cnn_lstm", "b_line_net", "vivit"]
every_network = pytest.mark.parametrize("kind", TINY)


def test_every_network_of_the_registry_is_tried() -> None:
    assert {tiny.name for tiny in TINY.values()} == set(NETWORKS)


@every_network
def test_shapes_and_that_only_luv_net_has_pattern_attention(kind: str) -> None:
    tiny = TINY[kind]
    network = tiny.build().eval()
    with torch.inference_mode():
        logits, attention = network(tiny.clips(2))
    assert logits.shape == (2, 4)
    assert has_pattern_attention(network) == (tiny.name == "luv_net")
    if has_pattern_attention(network):
        assert attention.shape == (2, 4, tiny.clip[0], 8)
    else:
        assert attention is None


@every_network
def test_gradients_reach_every_parameter(kind: str) -> None:
    tiny = TINY[kind]
    network = tiny.build().train()
    logits, _ = network(tiny.clips(3))
    (logits * torch.randn(3, 4, generator=torch.Generator().manual_seed(2))).sum().backward()
    unreached = [name for name, p in network.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    if tiny.options.get("version") == "v2":
        # MViT reads the class token alone, which v2 pools no queries for: its last block's patches ask for nothing.
        unreached = [name for name in unreached if not re.search(r"blocks\.4\.attn\.(rel_pos_|pool_q\.pool)", name)]
    assert unreached == []


@every_network
def test_eight_clips_are_learnt(kind: str) -> None:
    tiny = TINY[kind]
    network, clips = tiny.build().train(), tiny.clips(8)
    labels = (torch.rand(8, 4, generator=torch.Generator().manual_seed(3)) > 0.5).float()
    optimizer = torch.optim.Adam(network.parameters(), lr=tiny.learning_rate, fused=True)
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        for _ in range(tiny.n_steps):
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(clips)[0], labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    assert min(losses) < 0.35 * losses[0], losses


@every_network
def test_in_eval_mode_a_clip_gives_the_same_always_and_in_every_batch(kind: str) -> None:
    tiny = TINY[kind]
    network, clips = tiny.build().eval(), tiny.clips(3)
    with torch.inference_mode():
        together, again = network(clips)[0], network(clips)[0]
        alone = torch.cat([network(clip[None])[0] for clip in clips])
    assert torch.equal(together, again)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(together[0], together[1])


@every_network
def test_the_options_of_a_network_rebuild_it(kind: str) -> None:
    tiny = TINY[kind]
    network = tiny.build().eval()
    twin = build_network(tiny.name, **network.option_values).eval()
    twin.load_state_dict(network.state_dict(), strict=True)
    with torch.inference_mode():
        assert torch.equal(twin(tiny.clips(1))[0], network(tiny.clips(1))[0])


@pytest.mark.parametrize("kind", [kind for kind, tiny in TINY.items() if tiny.name in WITH_MASKS])
def test_masked_frames_at_the_end_have_no_influence(kind: str) -> None:
    tiny = TINY[kind]
    network, clips = tiny.build().eval(), tiny.clips(2)
    length = tiny.clip[0]
    mask = torch.arange(length) < torch.tensor([[length - 1], [length]])
    other = clips.clone()
    other[0, -1] = 50.0
    with torch.inference_mode():
        logits, attention = network(clips, mask)
        changed, seen = network(other, mask)[0], network(other)[0]
        short = network(clips[:1, :-1])[0]
        whole, everything = network(clips)[0], network(clips, torch.ones_like(mask))[0]
    torch.testing.assert_close(logits, changed, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(logits[:1], short, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(everything, whole, rtol=1e-4, atol=1e-5)
    # The bright frame decides even where the largest score of all frames counts.
    assert not torch.allclose(logits[0], seen[0])
    if attention is not None:
        assert torch.all(attention[0, :, -1] == 0)


@pytest.mark.parametrize("kind", [kind for kind, tiny in TINY.items() if tiny.name not in WITH_MASKS])
def test_a_network_over_blocks_of_frames_refuses_to_leave_one_out(kind: str) -> None:
    tiny = TINY[kind]
    network, clips = tiny.build().eval(), tiny.clips(1)
    mask = torch.ones(1, tiny.clip[0], dtype=torch.bool)
    with torch.inference_mode():
        assert torch.equal(network(clips, mask)[0], network(clips)[0])
    mask[0, -1] = False
    with pytest.raises(ValueError, match="cannot leave frames out: pad short clips by repeating"):
        network(clips, mask)


@every_network
def test_clips_and_masks_of_another_shape_are_refused(kind: str) -> None:
    tiny = TINY[kind]
    network, clips = tiny.build().eval(), tiny.clips(1)
    with pytest.raises(ValueError, match=r"clips must have shape \(N, L, 3, H, W\), got \(1, 3, 32, 32\)"):
        network(torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match=rf"mask must be bool of shape \(1, {tiny.clip[0]}\), got torch.float32"):
        network(clips, torch.ones(1, tiny.clip[0]))
    with pytest.raises(ValueError, match="at least one real frame"):
        network(clips, torch.zeros(1, tiny.clip[0], dtype=torch.bool))


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [
        ("usvn", {}, 26_483_044),
        ("usvn", {"encoder": "resnet50"}, 23_518_276),
        ("frame_net", {}, 26_480_836),
        ("cnn_lstm", {}, 27_707_120),
        ("cnn_lstm", {"n_layers": 3}, 28_759_792),
        ("c3d", {}, 214_327_044),
        ("r2plus1d", {}, 61_628_513),
        ("r2plus1d", {"layers": (2, 2, 2, 2)}, 31_302_177),
        ("r2plus1d", {"layout": "authors"}, 63_510_749),
        ("r2plus1d", {"layout": "authors", "layers": (2, 2, 2, 2)}, 33_176_989),
        ("vivit", {}, 5_184_580),
        ("vivit", {"clip_length": 16, "n_patterns": 100}, 4_512_292),
        ("mvit", {}, 36_398_980),
        ("mvit", {"clip_length": 16, "size": 224}, 36_306_148),
        ("mvit", {"version": "v2"}, 34_270_468),
        ("mvit", {"version": "v2", "clip_length": 16, "size": 224}, 34_233_220),
        ("swin", {}, 87_643_084),
        ("swin", {"channels": 96, "n_heads": (3, 6, 12, 24)}, 49_512_154),
    ],
)
def test_published_parameter_counts(name: str, options: dict[str, Any], count: int) -> None:
    with torch.device("meta"):
        network = build_network(name, **options)
    assert sum(parameter.numel() for parameter in network.parameters()) == count


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("usvn", {"pool": "sum"}, "pool must be one of attn, tanh_attn, max, avg, got 'sum'"),
        ("usvn", {"n_heads": 7}, "n_heads must divide the 2208 features of a frame, got 7"),
        ("usvn", {"dropout": 1.0}, r"dropout must lie from 0 to below 1, got 1\.0"),
        ("usvn", {"encoder": "vgg"}, "unknown encoder 'vgg'"),
        ("frame_net", {"pool": "or"}, "pool must be one of max, mean, top_k, noisy_or, got 'or'"),
        ("frame_net", {"top_k": 0}, "top_k must be at least 1 and whole, got 0"),
        ("cnn_lstm", {"n_layers": 1.5}, r"n_layers must be at least 1 and whole, got 1\.5"),
        ("cnn_lstm", {"axis_order": "time"}, "axis_order must be one of batch_first, legacy, got 'time'"),
        ("c3d", {"clip_length": 15}, "clip_length must be at least 16 for C3D's five pools, got 15"),
        ("r2plus1d", {"layers": (2, 2)}, r"layers must be the blocks of four stages, got \(2, 2\)"),
        ("r2plus1d", {"layout": "own"}, "layout must be one of torchvision, authors, got 'own'"),
        ("vivit", {"size": 250}, "size must be a multiple of the patch of 16 pixels, got 250"),
        ("mvit", {"version": "v2", "size": 250}, "size must be a multiple of 32 pixels for MViT v2, got 250"),
        ("mvit", {"depths": (1, 2, 0, 2)}, r"depths must be at least 1 and whole, got \(1, 2, 0, 2\)"),
        ("mvit", {"depths": (1, 2)}, r"depths must be the blocks of four stages, got \(1, 2\)"),
        ("swin", {"depths": (2, 2)}, "depths and n_heads must name the same stages"),
        ("swin", {"n_heads": (3, 8, 16, 32)}, "n_heads must divide 128 channels in stage 0, got 3"),
        ("b_line_net", {"hidden": 0}, "hidden must be at least 1 and whole, got 0"),
        ("swin", {"kernel": 3}, "network 'swin' does not take these options"),
    ],
)
def test_options_that_do_not_fit_are_refused(name: str, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build_network(name, **options)
