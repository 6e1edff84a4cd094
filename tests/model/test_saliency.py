"""Maps of where the evidence lies: exact sums, equations by finite differences, and places on the frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import Checkpoint, PredictionError, Preprocessing, build_network, predict_video
from model.clips import nearest_clips
from model.explainer import Explainer, grad_cam, score_maps
from model.map_grid import MapGrid
from model.networks.contract import classify_maps, has_feature_maps
from model.networks.encoders import ENCODERS, build_encoder, feature_map
from model.networks.luv_net import LUVNet
from model.preprocessing import array_frame
from model.saliency import SaliencyMaps, video_saliency
from tests.model.builders_video import LoggedVideo, StoppedError
from tests.model.conftest import MakeFrames
from tests.model.networks.builders_networks import TINY

SIZE = 64


def checkpoint_of(kind: str, network: nn.Module | None = None) -> Checkpoint:
    """A tiny network of the registry as a checkpoint for clips of 6 frames of 64 x 64 pixels."""
    tiny = TINY[kind]
    return Checkpoint(
        network=network or tiny.build().eval(),
        network_name=tiny.name,
        network_options=tiny.options,
        name="small",
        thresholds=np.full(4, 0.5),
        clip_length=6,
        preprocessing=Preprocessing(size=SIZE),
    )


WITH_MAPS = [kind for kind, tiny in TINY.items() if has_feature_maps(tiny.build())]


@pytest.mark.parametrize("projection", [None, 16])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_mean_of_an_attention_map_is_the_networks_own_score(encoder: str, projection: int | None) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = build_network("luv_net", encoder=encoder, projection=projection, temporal=False, mlp_hidden=8).eval()
        frames = torch.randn(2, 3, 96, 96)
        assert isinstance(network, LUVNet)
        if isinstance(network.projection, nn.Linear):
            nn.init.normal_(network.projection.bias)
    with torch.inference_mode():
        # Random encoders give features of any size: scores of up to 5 are what trained ones have.
        network.queries.mul_(5 / network.scores(network.encode(frames)[None]).abs().max())
        maps = score_maps(network, feature_map(network.encoder, frames))
        expected = network.scores(network.encode(frames)[None])[0].transpose(0, 1)
        attention = network(frames[None])[1][0]
    assert maps.shape[-1] > 1
    assert maps.shape[:3] == (2, 4, 8)
    torch.testing.assert_close(maps.mean(dim=(3, 4)), expected, rtol=0, atol=1e-5)
    # And from outside: the softmax of the means over frames is the attention that the network gives.
    torch.testing.assert_close(maps.mean(dim=(3, 4)).softmax(dim=0).transpose(0, 1), attention, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", WITH_MAPS)
def test_a_network_from_its_maps_on_gives_what_it_gives_from_frames(kind: str) -> None:
    tiny = TINY[kind]
    network, clips = tiny.build().eval(), tiny.clips(2)
    mask = torch.arange(tiny.clip[0]) < torch.tensor([[tiny.clip[0] - 1], [tiny.clip[0]]])
    with torch.inference_mode():
        maps = feature_map(network.encoder, clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        for given in (None, mask):
            for found, expected in zip(classify_maps(network, maps, given), network(clips, given), strict=True):
                if expected is not None:
                    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", WITH_MAPS)
def test_gradient_maps_are_gradients_of_the_clips_logits(kind: str) -> None:
    """Against finite differences: a channel of one frame raised everywhere raises the logit by its weight."""
    explainer = Explainer(checkpoint_of(kind), "cpu")
    maps = torch.rand(3, 512, 2, 2, generator=torch.Generator().manual_seed(1))
    found = explainer.explain(maps, clip_length=5)
    network = TINY[kind].build().double().eval()
    rows = [0, 1, 2, 2, 2]

    def logits(values: Tensor) -> Tensor:
        with torch.no_grad():
            return classify_maps(network, values[rows][None])[0][0]

    exact = maps.double()
    np.testing.assert_allclose(found.logits, logits(exact), atol=1e-5)
    for pattern, frame in ((0, 0), (3, 2)):
        weights = torch.zeros(512, dtype=torch.float64)
        for channel in range(0, 512, 64):
            step = torch.zeros_like(exact)
            step[frame, channel] = 1e-5
            weights[channel] = (logits(exact + step) - logits(exact - step))[pattern] / 2e-5 / 4
        leaf = exact.clone().requires_grad_()
        classify_maps(network, leaf[rows][None])[0][0, pattern].backward()
        assert leaf.grad is not None
        own = leaf.grad.mean(dim=(2, 3))
        torch.testing.assert_close(own[frame][::64], weights[::64], rtol=1e-4, atol=1e-9)
        expected = torch.einsum("chw,c->hw", exact[frame], own[frame] / rows.count(frame)).clamp(min=0)
        np.testing.assert_allclose(found.gradients[frame, pattern], expected, rtol=1e-3, atol=1e-6)


def test_grad_cam_by_hand() -> None:
    maps = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])
    gradient = torch.tensor([[[[0.5, 1.5]], [[-1.0, 0.0]]]])
    # Weights 1 and -0.5: 1 - 1.5 is cut off, 2 - 0 stays.
    assert grad_cam(maps, gradient).tolist() == [[[0.0, 2.0]]]


@pytest.mark.parametrize("kind", ["c3d", "r2plus1d", "vivit-cls", "mvit-v1", "swin"])
def test_a_network_without_frame_encoder_says_so(kind: str) -> None:
    length = TINY[kind].clip[0]
    made = Checkpoint(
        network=TINY[kind].build(),
        network_name=TINY[kind].name,
        network_options=TINY[kind].options,
        name="other",
        thresholds=np.full(4, 0.5),
        clip_length=length,
        preprocessing=Preprocessing(size=TINY[kind].clip[1]),
    )
    with pytest.raises(PredictionError, match=r"checkpoint other holds a network of kind .* no frame encoder"):
        Explainer(made)


def test_every_network_has_maps_or_says_why_not() -> None:
    without = {tiny.name for kind, tiny in TINY.items() if kind not in WITH_MAPS}
    assert without == {"c3d", "r2plus1d", "vivit", "mvit", "swin"}


@pytest.mark.parametrize("name", ENCODERS)
def test_cells_see_the_pixels_that_the_table_says(name: str) -> None:
    """The receptive field's middle, from the layers: each adds ((k - 1) / 2 - padding) steps of its input."""
    with torch.device("meta"):
        encoder = build_encoder(name)
    centre, stride = 0.0, 1
    for path, layer in encoder.named_modules():
        if "downsample" in path or not isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            continue
        k, s, p = (v[0] if isinstance(v, tuple) else v for v in (layer.kernel_size, layer.stride, layer.padding))
        centre += ((k - 1) / 2 - p) * stride
        stride *= s
    assert (centre, stride) == (ENCODERS[name].map_centre_px, ENCODERS[name].map_stride_px)


class _Blocks(nn.Module):
    """An encoder that does nothing but average blocks of 8 pixels."""

    def forward(self, frames: Tensor) -> Tensor:
        return self.features(frames).mean(dim=(2, 3))

    def features(self, frames: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(frames, 8)


def test_the_hot_spot_lies_where_the_frame_is_bright(monkeypatch: pytest.MonkeyPatch) -> None:
    """Through crop, letterbox, network and back, for wide and tall regions."""
    plain = Preprocessing(size=SIZE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    explainer = Explainer(replace(checkpoint_of("luv_net", _blocks_network()), preprocessing=plain), "cpu")
    monkeypatch.setattr("model.explainer.feature_map", lambda encoder, frames: encoder.features(frames))
    monkeypatch.setattr(explainer, "_encoder", _Blocks())
    monkeypatch.setattr(explainer, "_spec", replace(explainer._spec, map_stride_px=8, map_centre_px=3.5))
    for shape, region in (((240, 330), (10, 20, 320, 210)), ((300, 200), (40, 5, 180, 295))):
        for y, x in ((60, 70), (150, 160)):
            frames = np.zeros((2, *shape, 3), np.uint8)
            cv2.circle(frames[1], (x, y), 12, (255, 255, 255), -1)
            found = video_saliency(LoggedVideo(frames, region), explainer)
            for maps in (found.attention, found.gradient):
                assert maps is not None
                on_region = maps.grid.on_region(maps.maps[1, 0])
                assert on_region.shape == (region[3] - region[1], region[2] - region[0])
                top = np.argwhere(on_region >= on_region.max() - 1e-6).mean(axis=0)
                side = max(on_region.shape) / SIZE * 8
                assert np.abs(top - (y - region[1], x - region[0])).max() < side, (maps.kind, shape, y, x)


def _blocks_network() -> nn.Module:
    """Bright raises every score and every logit: three channels, one query of ones."""
    network = TINY["luv_net"].build().eval()
    assert isinstance(network, LUVNet)
    with torch.no_grad():
        network.projection = nn.Linear(3, 16)
        network.projection.weight.fill_(1.0)
        network.projection.bias.zero_()
        network.queries.fill_(1.0)
        network.temporal = None
        for layer in (*network.spatial, *network.output):
            if isinstance(layer, nn.Linear):
                layer.weight.fill_(0.01)
                layer.bias.fill_(5.0)
    return network


def test_the_upsampling_is_opencvs_where_cells_tile_the_picture() -> None:
    values = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    grid = MapGrid((8, 8), 256, (0, 0, 256, 256), (0, 0, 512, 512), 15.5, 32)
    np.testing.assert_allclose(grid.on_region(values), cv2.resize(values, (512, 512)), atol=1e-5)


def test_a_map_lies_on_the_letterboxed_part_alone() -> None:
    grid = MapGrid.of((8, 8), 256, (160, 106, 1148, 877), (14, 32))
    values = np.zeros((8, 8), np.float32)
    values[0] = 100.0
    on_region = grid.on_region(values)
    assert on_region.shape == (771, 988)
    # The first row of cells is centred on row 14 of the square, above the picture, which begins at row 28.
    first_px = 28 + 0.5 * 199 / 771 - 0.5
    assert on_region.max() == pytest.approx(100 * (1 - (first_px - 14) / 32))
    with pytest.raises(ValueError, match="a map of \\(8, 8\\) cells was expected"):
        grid.on_region(values[1:])


@pytest.fixture(scope="module")
def tiny_explainer() -> Explainer:
    return Explainer(checkpoint_of("luv_net"), "cpu")


def test_a_videos_maps_and_numbers_are_those_of_its_clips(tiny_explainer: Explainer, make_frames: MakeFrames) -> None:
    frames = make_frames(15)
    found = video_saliency(frames, tiny_explainer, stride=4)
    plain = predict_video(frames, tiny_explainer.checkpoint, clip_length=6, stride=4, device="cpu", precision="fp32")
    assert found.clip_spans.tolist() == plain.clip_spans.tolist()
    np.testing.assert_allclose(found.logits, plain.logits, atol=1e-4)
    np.testing.assert_allclose(found.probabilities, plain.video_probabilities, atol=1e-5)
    attention = found.attention
    assert attention is not None
    assert attention.heads is not None
    assert (attention.maps.shape, attention.heads.shape) == ((15, 4, 2, 2), (15, 4, 8, 2, 2))
    assert found.gradient.maps.dtype == np.float32
    assert found.gradient.maps.min() >= 0
    assert found.clip_of.tolist() == nearest_clips(plain.clip_spans, 15).tolist()
    # The tail clip of 3 real frames, by itself.
    images = [array_frame(frame, tiny_explainer.checkpoint.preprocessing) for frame in frames[12:]]
    tail = tiny_explainer.explain(tiny_explainer.encode(images), 6)
    assert found.clip_of[14] == 3
    np.testing.assert_allclose(found.gradient.maps[14], tail.gradients[2], rtol=1e-4, atol=1e-6)


def test_frames_are_read_and_encoded_once(tiny_explainer: Explainer, make_frames: MakeFrames) -> None:
    video, seen = LoggedVideo(make_frames(15)), []
    video_saliency(video, tiny_explainer, stride=4, report=lambda done, total: seen.append((done, total)))
    assert video.asked == list(range(15))
    assert seen[-1] == (15, 15)


def test_frames_that_no_clip_covers_have_no_map(tiny_explainer: Explainer, make_frames: MakeFrames) -> None:
    found = video_saliency(make_frames(9), tiny_explainer, stride=8, tail="drop")
    assert found.clip_of.tolist() == [0] * 6 + [-1] * 3
    assert np.isnan(found.gradient.maps[6:]).all()
    assert found.attention is not None
    assert np.isnan(found.attention.maps[6:]).all()
    assert not np.isnan(found.attention.maps[:6]).any()


def test_a_run_is_stopped_by_its_report(tiny_explainer: Explainer, make_frames: MakeFrames) -> None:
    def stop(done: int, total: int) -> None:
        if done:
            raise StoppedError

    video = LoggedVideo(make_frames(15))
    with pytest.raises(StoppedError):
        video_saliency(video, tiny_explainer, report=stop)
    assert len(video.asked) <= tiny_explainer.frames_at_once


def test_a_network_without_attention_has_gradient_maps_only(make_frames: MakeFrames) -> None:
    found = video_saliency(make_frames(4), Explainer(checkpoint_of("usvn-attn"), "cpu"))
    assert found.attention is None
    assert np.isnan(found.mean_attention).all()
    assert found.of_kind("gradient").maps.shape == (4, 4, 2, 2)
    with pytest.raises(PredictionError, match="no pattern attention to take apart"):
        found.of_kind("attention")


def test_values_that_are_not_numbers_are_refused(tiny_explainer: Explainer) -> None:
    with pytest.raises(PredictionError, match="not numbers"):
        tiny_explainer.explain(torch.full((2, 512, 2, 2), torch.nan), 6)
    with pytest.raises(ValueError, match="1 to 6 real ones, got 7"):
        tiny_explainer.explain(torch.zeros(7, 512, 2, 2), 6)


Change = Callable[[SaliencyMaps], dict[str, Any]]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: {"kind": "heat"}, "kind must be one of attention, gradient"),
        (lambda m: {"maps": m.maps[:, :, :1]}, "maps must be float32 of shape"),
        (lambda m: {"maps": m.maps.astype(np.float64)}, "maps must be float32 of shape"),
        (lambda m: {"heads": np.zeros((1, 4, 8, 2, 2), np.float32)}, "heads must be maps of"),
    ],
)
def test_maps_that_do_not_fit_are_refused(
    tiny_explainer: Explainer, make_frames: MakeFrames, change: Change, sentence: str
) -> None:
    maps: NDArray[np.uint8] = make_frames(3)
    attention = video_saliency(maps, tiny_explainer).attention
    assert attention is not None
    assert not attention.maps.flags.writeable
    with pytest.raises(ValueError, match=sentence):
        replace(attention, **change(attention))
