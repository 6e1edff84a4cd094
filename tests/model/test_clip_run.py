"""Networks that do not slide: saved, loaded, and run clip by clip over a video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model import (
    Checkpoint,
    CheckpointError,
    PredictionError,
    Preprocessing,
    build_network,
    iter_predictions,
    load_checkpoint,
    predict_video,
    save_checkpoint,
)
from model.clips import clip_rows
from model.preprocessing import normalize, video_frame
from model.runtimes.opened import OpenedNetwork
from model.runtimes.opening import open_runtime
from tests.model.builders_video import LoggedVideo, StoppedError
from tests.model.conftest import MakeFrames
from tests.model.networks.builders_networks import TINY

CLIP_BY_CLIP = [kind for kind, tiny in TINY.items() if tiny.name != "luv_net"]


class CountedClips(torch.nn.Module):
    """A network that keeps the clips it was given; its logits are their brightness."""

    option_values: dict[str, Any] = {}
    has_pattern_attention = False

    def __init__(self) -> None:
        super().__init__()
        self.clips: list[torch.Tensor] = []

    def forward(self, clips: torch.Tensor, mask: torch.Tensor | None = None) -> tuple[torch.Tensor, None]:
        self.clips.append(clips[0].clone())
        return clips.mean(dim=(1, 2, 3, 4))[:, None].expand(-1, 4), None


def checkpoint_of(kind: str) -> Checkpoint:
    tiny = TINY[kind]
    network = tiny.build().eval()
    return Checkpoint(
        network=network,
        network_name=tiny.name,
        network_options=network.option_values,
        name=kind,
        thresholds=np.full(4, 0.5),
        clip_length=tiny.clip[0],
        preprocessing=Preprocessing(size=tiny.clip[1]),
    )


def counted() -> tuple[CountedClips, Checkpoint]:
    network = CountedClips()
    checkpoint = Checkpoint(
        network=network,
        network_name="counted",
        network_options={},
        name="counted",
        thresholds=np.full(4, 0.5),
        preprocessing=Preprocessing(size=16),
    )
    return network, checkpoint


@pytest.mark.parametrize("kind", TINY)
def test_a_checkpoint_of_every_network_comes_back_whole(kind: str, tmp_path: Path) -> None:
    checkpoint, clips = checkpoint_of(kind), TINY[kind].clips(1)
    save_checkpoint(tmp_path / "one.pt", checkpoint)
    loaded = load_checkpoint(tmp_path / "one.pt")
    assert loaded.network_options == checkpoint.network_options
    assert loaded.has_attention == checkpoint.has_attention == (kind == "luv_net")
    assert not loaded.network.training
    with torch.inference_mode():
        assert torch.equal(loaded.network(clips)[0], checkpoint.network(clips)[0])


@pytest.mark.parametrize("kind", ["usvn-attn", "swin"])
def test_tensors_of_another_network_are_refused(kind: str, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "one.pt", checkpoint_of(kind))
    content = dict(torch.load(tmp_path / "one.pt", weights_only=True))
    content["state_dict"].popitem()
    torch.save(content, tmp_path / "one.pt")
    with pytest.raises(CheckpointError, match="does not fit this network: tensors 1 missing"):
        load_checkpoint(tmp_path / "one.pt")


@pytest.mark.parametrize("kind", CLIP_BY_CLIP)
def test_a_video_is_run_clip_by_clip(kind: str, make_frames: MakeFrames) -> None:
    checkpoint, video = checkpoint_of(kind), LoggedVideo(make_frames(23))
    length, rules = checkpoint.clip_length, checkpoint.preprocessing
    prediction = predict_video(video, checkpoint, clip_length=length, stride=8)
    inputs = normalize([video_frame(frame, video.region, rules) for frame in video.frames], rules)
    with torch.inference_mode():
        logits = [checkpoint.network(inputs[rows][None])[0][0] for rows in clip_rows(prediction.clip_spans, length)]
    np.testing.assert_allclose(prediction.logits, torch.stack(logits).numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(prediction.video_probabilities, prediction.probabilities.max(axis=0))
    assert prediction.provenance.device == "cpu"


def test_a_network_without_pattern_attention_says_so(make_frames: MakeFrames) -> None:
    prediction = predict_video(make_frames(9), checkpoint_of("usvn-attn"), clip_length=3, stride=3)
    assert prediction.is_complete
    assert not prediction.has_attention
    assert prediction.head_attention is None
    assert np.isnan(prediction.clip_attention).all()
    assert np.isnan(prediction.frame_attention).all()
    assert not prediction.constant_attention.any()
    assert [prediction.top_frames(p) for p in range(4)] == [()] * 4


@pytest.mark.parametrize(("n_frames", "stride", "tail"), [(62, 24, "pad"), (7, 24, "pad"), (62, 1, "align")])
def test_no_clip_runs_twice_and_no_frame_is_read_twice(
    n_frames: int, stride: int, tail: Any, make_frames: MakeFrames
) -> None:
    network, checkpoint = counted()
    video = LoggedVideo(make_frames(n_frames))
    prediction = predict_video(video, checkpoint, stride=stride, tail=tail)
    assert len(network.clips) == len(prediction.clip_spans)
    assert sorted(video.asked) == list(range(n_frames))
    assert all(clip.shape == (30, 3, 16, 16) for clip in network.clips)


def test_the_tail_is_the_last_frame_repeated(make_frames: MakeFrames) -> None:
    network, checkpoint = counted()
    prediction = predict_video(make_frames(33), checkpoint)
    assert prediction.clip_spans.tolist() == [[0, 30], [24, 33]]
    first, tail = network.clips
    assert torch.equal(tail[:6], first[24:])
    assert torch.equal(tail[9:], tail[8:9].expand(21, -1, -1, -1))
    assert not torch.equal(tail[7], tail[8])


def test_frames_are_let_go_when_no_clip_needs_them(make_frames: MakeFrames) -> None:
    from model.clip_run import ClipRun
    from model.clips import plan_clips
    from model.devices import resolve_engine
    from model.frames import InputFrames
    from model.runtimes.clip_runtime import ClipRuntime

    network, checkpoint = counted()
    spans = plan_clips(300, 30, 10)
    frames = InputFrames(make_frames(300), checkpoint.preprocessing)
    run = ClipRun(ClipRuntime(network, resolve_engine("cpu")), frames, spans, 30, 4)
    held = []
    for _ in run.steps(lambda done, total: None, lambda: None):
        held.append(len(run._images))
    assert max(held) == 20
    assert held[-1] == 0


def test_results_grow_from_the_play_head(make_frames: MakeFrames) -> None:
    _, checkpoint = counted()
    frames = make_frames(152)
    grown = list(iter_predictions(frames, checkpoint, tail="align", play_head=lambda: 100))
    done = [np.flatnonzero(~np.isnan(p.logits[:, 0])).tolist() for p in grown]
    assert done[0] == [4]
    assert [len(clips) for clips in done] == list(range(1, len(done) + 1))
    assert [p.is_complete for p in grown] == [False] * (len(grown) - 1) + [True]
    whole = predict_video(frames, checkpoint, tail="align")
    np.testing.assert_array_equal(grown[-1].logits, whole.logits)


def test_progress_rises_to_the_total_and_a_report_that_raises_stops(make_frames: MakeFrames) -> None:
    network, checkpoint = counted()
    seen: list[tuple[int, int]] = []

    def report(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 40:
            raise StoppedError

    predict_video(make_frames(33), checkpoint, report=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 35) for done in range(36)]
    network.clips.clear()
    with pytest.raises(StoppedError):
        predict_video(make_frames(62), checkpoint, report=report)
    assert len(network.clips) == 1


def test_what_cannot_be_shown_is_refused(make_frames: MakeFrames) -> None:
    _, checkpoint = counted()
    broken = build_network("usvn", encoder="resnet18")
    with torch.no_grad():
        broken.output[1].bias.fill_(float("nan"))
    with pytest.raises(PredictionError, match="values that are not numbers"):
        predict_video(make_frames(3), replace(checkpoint, network=broken), clip_length=3)
    with pytest.raises(ValueError, match=r"built for clips of 16 x 16 x 16 .*, got 30 x 16 x 16"):
        predict_video(make_frames(3), checkpoint_of("c3d"))
    with pytest.raises(PredictionError, match="holds a CountedClips, and OpenVINO runs LUV-Net only"):
        predict_video(make_frames(3), checkpoint, device="openvino")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clip_length": 30}, "the network was built for clip_length 16, got 30"),
        ({"preprocessing": Preprocessing(size=32)}, "the network was built for height 16, got 32"),
    ],
)
def test_a_checkpoint_fits_the_size_of_its_network(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        replace(checkpoint_of("c3d"), **changes)


@pytest.mark.parametrize("kind", CLIP_BY_CLIP)
def test_half_precision_is_near_and_said(kind: str, make_frames: MakeFrames) -> None:
    checkpoint = checkpoint_of(kind)
    exact = predict_video(make_frames(3), checkpoint, clip_length=checkpoint.clip_length)
    rough = predict_video(make_frames(3), checkpoint, clip_length=checkpoint.clip_length, precision="bf16")
    assert rough.provenance.precision == "bf16"
    np.testing.assert_allclose(rough.probabilities, exact.probabilities, atol=0.05)
    assert not np.array_equal(rough.logits, exact.logits)


def test_only_luv_net_has_features_to_share() -> None:
    checkpoint = checkpoint_of("usvn-max")
    opened = OpenedNetwork(checkpoint, open_runtime(checkpoint, "cpu"))
    assert opened.reason == "fp32 on cpu."
    assert not opened.slides
    with pytest.raises(PredictionError, match="usvn-max holds a network of kind usvn, expected luv_net"):
        _ = opened.sliding_runtime
