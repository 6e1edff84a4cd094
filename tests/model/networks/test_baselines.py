"""What is special about one baseline: axis orders, sizes, orders of tokens, attention maps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model import build_network
from model.networks.encoders import ENCODERS, build_encoder, feature_map
from model.networks.vivit import _patches
from tests.model.networks.builders_networks import TINY

_LSTM = {"encoder": "resnet18", "projection": 16, "hidden": 8}


def test_cnn_lstm_reads_the_frames_of_a_clip_in_order() -> None:
    network, clips = build_network("cnn_lstm", **_LSTM).eval(), torch.randn(2, 3, 3, 32, 32)
    other = clips.clone()
    other[0, 0] = -clips[0, 0]
    with torch.inference_mode():
        logits, changed = network(clips)[0], network(other)[0]
    assert not torch.allclose(logits[0], changed[0])
    torch.testing.assert_close(logits[1], changed[1])


def test_the_legacy_axis_order_reads_the_batch_and_only_its_last_frames() -> None:
    network = build_network("cnn_lstm", **_LSTM, axis_order="legacy").eval()
    clips = torch.randn(2, 3, 3, 32, 32)
    early, late = clips.clone(), clips.clone()
    early[:, :2] = 0
    late[0, 2] = -clips[0, 2]
    with torch.inference_mode():
        logits = network(clips)[0]
        torch.testing.assert_close(network(early)[0], logits, rtol=1e-4, atol=1e-5)
        # The first clip is the earlier step of the second.
        assert not torch.allclose(network(late)[0][1], logits[1])
        torch.testing.assert_close(network(clips[:1])[0], logits[:1], rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="the legacy axis order of CNN \\+ LSTM takes no mask"):
        network(clips, torch.ones(2, 3, dtype=torch.bool))


@pytest.mark.parametrize("kind", ["cnn_lstm", "b_line_net"])
def test_recurrent_networks_want_the_real_frames_first(kind: str) -> None:
    tiny = TINY[kind]
    with pytest.raises(ValueError, match="the real frames of a clip must come first"):
        tiny.build().eval()(torch.zeros(1, 3, 3, 16, 16), torch.tensor([[True, False, True]]))


@pytest.mark.parametrize("size", [(16, 16, 16), (31, 33, 48), (47, 16, 80), (64, 47, 31)])
def test_c3d_computes_what_is_left_after_its_pools(size: tuple[int, int, int]) -> None:
    length, height, width = size
    with torch.device("meta"):
        network = build_network("c3d", clip_length=length, height=height, width=width, channels=2, hidden=4)
        left = network.eval().features(torch.zeros(1, 3, length, height, width))
        logits, _ = network(torch.zeros(1, length, 3, height, width))
    assert left.numel() == network.options.n_inputs
    assert logits.shape == (1, 4)


def test_networks_of_one_size_say_which() -> None:
    c3d, mvit, vivit = TINY["c3d"].build(), TINY["mvit-v1"].build(), TINY["vivit-cls"].build()
    clips = torch.zeros(1, 5, 3, 32, 32)
    with pytest.raises(ValueError, match=r"built for clips of 16 x 16 x 16 .*, got 5 x 32 x 32"):
        c3d(clips)
    with pytest.raises(ValueError, match=r"built for clips of 4 x 32 x 32 .*, got 5 x 32 x 32"):
        mvit(clips)
    with pytest.raises(ValueError, match="at most 4 frames of 32 x 32 pixels, got 5 of 32 x 32"):
        vivit(clips)


@pytest.mark.parametrize(("length", "size"), [(1, 17), (5, 30), (30, 66)])
def test_mvit_takes_any_length_and_size(length: int, size: int) -> None:
    with torch.device("meta"):
        network = build_network("mvit", clip_length=length, size=size)
        logits, _ = network.eval()(torch.zeros(2, length, 3, size, size))
    assert logits.shape == (2, 4)


@pytest.mark.parametrize("name", ["swin", "r2plus1d"])
@pytest.mark.parametrize("size", [(1, 32, 40), (7, 64, 33)])
def test_networks_of_any_size(name: str, size: tuple[int, int, int]) -> None:
    length, height, width = size
    with torch.device("meta"):
        logits, _ = build_network(name).eval()(torch.zeros(1, length, 3, height, width))
    assert logits.shape == (1, 4)


def test_vivit_cuts_each_frame_into_its_patches() -> None:
    clips = torch.randn(2, 3, 3, 8, 8)
    patches = _patches(clips, 4)
    assert patches.shape == (2, 3, 4, 48)
    # Patch 1 is the right one of the upper row.
    torch.testing.assert_close(patches[1, 2, 1].reshape(4, 4, 3), clips[1, 2, :, :4, 4:].permute(1, 2, 0))


def test_vivit_tells_the_order_of_frames() -> None:
    tiny = TINY["vivit-cls"]
    network, clips = tiny.build().eval(), tiny.clips(1)
    with torch.inference_mode():
        assert not torch.allclose(network(clips)[0], network(clips.flip(1))[0])


def test_the_b_line_network_attends_in_space_and_time() -> None:
    tiny = TINY["b_line_net"]
    network = tiny.build().eval()
    with torch.inference_mode():
        space = network.spatial_attention(torch.randn(2, 3, 3, 64, 96))
        time = network.attention(torch.randn(2, 3, 64), torch.tensor([[True] * 3, [True, True, False]]))
    assert space.shape == (2, 3, 2, 3)
    assert torch.all((space > 0) & (space < 1))
    torch.testing.assert_close(time.sum(dim=1), torch.ones(2))
    assert time[1, 2] == 0


@pytest.mark.parametrize("name", ENCODERS)
def test_a_feature_map_averages_to_the_features(name: str) -> None:
    encoder, frames = build_encoder(name).eval(), torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        averaged = feature_map(encoder, frames).mean(dim=(2, 3))
        torch.testing.assert_close(averaged, encoder(frames), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["usvn-attn", "frame_net-max", "cnn_lstm", "b_line_net"])
def test_networks_with_a_frame_encoder_start_from_its_weights(kind: str, tmp_path: Path) -> None:
    tiny, encoder = TINY[kind], build_encoder("resnet18")
    torch.save(encoder.state_dict(), tmp_path / "weights.pt")
    network = build_network(tiny.name, **tiny.options, encoder_weights=tmp_path / "weights.pt")
    assert torch.equal(network.encoder.conv1.weight, encoder.conv1.weight)
    assert len(network.encoder_weights_sha256) == 64
    assert "encoder_weights" not in network.option_values


def test_a_feature_map_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="an encoder of build_encoder was expected, got Linear"):
        feature_map(torch.nn.Linear(3, 3), torch.zeros(1, 3, 8, 8))
