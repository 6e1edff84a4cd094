"""Sliding inference: equal to the network run on each clip, growing, stoppable, and honest when it fails."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import Checkpoint, PredictionError, VideoPrediction, build_network, iter_predictions, predict_video
from model.aggregation import video_attention
from model.attention import min_max
from model.clips import clip_rows
from model.preprocessing import array_frame, normalize, video_frame
from tests.model.builders_video import LoggedVideo, StoppedError

MakeFrames = Callable[[int], NDArray[np.uint8]]


def clip_by_clip(checkpoint: Checkpoint, inputs: torch.Tensor, rows: NDArray[np.int64]) -> tuple[Any, Any]:
    """The whole network on every clip, one after the other: logits (K, P), head-summed attention (K, L, P)."""
    logits, attention = [], []
    with torch.inference_mode():
        for row in rows:
            clip_logits, clip_attention = checkpoint.network(inputs[row][None])
            logits.append(clip_logits[0].numpy())
            attention.append(clip_attention[0].sum(dim=2).T.numpy())
    return np.array(logits), np.array(attention)


def assert_same(prediction: VideoPrediction, logits: Any, attention: Any) -> None:
    np.testing.assert_allclose(prediction.logits, logits, rtol=0, atol=1e-5 * np.abs(logits).max())
    np.testing.assert_allclose(prediction.probabilities, 1 / (1 + np.exp(-logits)), rtol=0, atol=1e-5)
    np.testing.assert_allclose(prediction.clip_attention, attention, rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_frames", [7, 30, 62, 152])
def test_equal_to_the_whole_network_on_each_clip(
    n_frames: int, small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    """Strides 1, 7, 24 and tails pad and align; of many clips every 23rd and the last two."""
    frames, rules = make_frames(n_frames), small_checkpoint.preprocessing
    inputs = normalize([array_frame(frame, rules) for frame in frames], rules)
    for stride in (1, 7, 24):
        for tail in ("pad", "align"):
            prediction = predict_video(frames, small_checkpoint, stride=stride, tail=tail)  # type: ignore[arg-type]
            rows = clip_rows(prediction.clip_spans, 30)
            n = len(rows)
            chosen = sorted({*range(0, n, 23), *range(max(0, n - 2), n)})
            logits, attention = clip_by_clip(small_checkpoint, inputs, rows[chosen])
            part = replace(
                prediction,
                clip_spans=prediction.clip_spans[chosen],
                logits=prediction.logits[chosen],
                probabilities=prediction.probabilities[chosen],
                clip_attention=prediction.clip_attention[chosen],
                head_attention=None,
            )
            assert_same(part, logits, attention)
            assert prediction.is_complete


@pytest.mark.parametrize(
    "options",
    [
        {"head": "text", "kernel_size": 3},
        {"temporal": False},
        {"projection": 24, "n_heads": 4},
        {"encoder": "mobilenet_v2", "kernel_size": 5},
    ],
)
def test_equal_for_every_variant_of_the_network(
    options: dict[str, Any], small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    torch.manual_seed(8)
    network = build_network("luv_net", **{"encoder": "resnet18", "mlp_hidden": 16, **options}).eval()
    checkpoint = replace(small_checkpoint, network=network, network_options=network.option_values)
    frames, rules = make_frames(20), checkpoint.preprocessing
    prediction = predict_video(frames, checkpoint, clip_length=8, stride=3)
    inputs = normalize([array_frame(frame, rules) for frame in frames], rules)
    assert_same(prediction, *clip_by_clip(checkpoint, inputs, clip_rows(prediction.clip_spans, 8)))


def test_video_results_follow_from_the_clips(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    prediction = predict_video(make_frames(40), small_checkpoint)
    assert prediction.clip_spans.tolist() == [[0, 30], [24, 40]]
    np.testing.assert_array_equal(prediction.video_probabilities, prediction.probabilities.max(axis=0))
    np.testing.assert_allclose(prediction.clip_attention.sum(axis=1), 8.0, rtol=1e-5)
    a, b = prediction.clip_attention
    raw = np.concatenate([a[:24], (a[24:30] + b[:6]) / 2, b[6:16]])
    curves = (raw - raw.min(axis=0)) / (raw.max(axis=0) - raw.min(axis=0))
    np.testing.assert_allclose(prediction.frame_attention, curves, atol=1e-9)
    assert prediction.top_frames(2) == tuple(np.argsort(-curves[:, 2], kind="stable")[:3])
    assert prediction.provenance.device == "cpu"
    assert prediction.provenance.precision == "fp32"
    assert (prediction.provenance.checkpoint, prediction.provenance.stride) == ("small", 24)
    assert not prediction.logits.flags.writeable


def test_a_video_is_cropped_made_grey_and_read_once_per_frame(
    small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    video = LoggedVideo(make_frames(34))
    prediction = predict_video(video, small_checkpoint, stride=1)
    assert sorted(video.asked) == list(range(34))
    rules = small_checkpoint.preprocessing
    inputs = normalize([video_frame(frame, video.region, rules) for frame in video.frames], rules)
    rows = clip_rows(prediction.clip_spans, 30)
    logits, attention = clip_by_clip(small_checkpoint, inputs, rows[:6])
    np.testing.assert_allclose(prediction.logits[:6], logits, rtol=0, atol=1e-5 * np.abs(logits).max())
    np.testing.assert_allclose(prediction.clip_attention[:6], attention, rtol=0, atol=1e-5)


def test_frames_no_clip_covers_are_not_read(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    video = LoggedVideo(make_frames(20))
    prediction = predict_video(video, small_checkpoint, clip_length=4, stride=7, tail="drop")
    assert sorted(video.asked) == [0, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 17]
    assert np.isnan(prediction.frame_attention[4:7]).all()


@pytest.mark.parametrize("n_frames", [1, 2])
def test_a_very_short_video_has_fewer_top_frames(
    n_frames: int, small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    prediction = predict_video(make_frames(n_frames), small_checkpoint)
    assert sorted(prediction.top_frames(0)) == list(range(n_frames))
    assert prediction.frame_attention.shape == (n_frames, 4)
    assert prediction.is_complete


def test_a_frozen_video_has_flat_attention_that_is_flagged(small_checkpoint: Checkpoint) -> None:
    prediction = predict_video(np.full((33, 40, 50, 3), 90, np.uint8), small_checkpoint, stride=7)
    assert prediction.constant_attention.all()
    assert np.all(prediction.frame_attention == 0)


def test_results_grow_and_the_last_is_the_whole(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    frames = make_frames(62)
    grown = list(iter_predictions(frames, small_checkpoint))
    done = [int(np.count_nonzero(~np.isnan(p.logits).any(axis=1))) for p in grown]
    assert done == [1, 2, 3]
    assert [p.is_complete for p in grown] == [False, False, True]
    first = grown[0]
    np.testing.assert_array_equal(np.isnan(first.frame_attention[:, 0]), np.arange(62) >= 30)
    assert first.frame_attention[:30].max() == 1
    assert max(first.top_frames(1)) < 30
    whole = predict_video(frames, small_checkpoint)
    for name in ("logits", "probabilities", "video_probabilities", "clip_attention", "frame_attention"):
        np.testing.assert_allclose(getattr(grown[-1], name), getattr(whole, name), atol=1e-5)
    expected, _ = min_max(video_attention(whole.clip_attention, whole.clip_spans, 62))
    np.testing.assert_array_equal(whole.frame_attention, expected)


def test_frames_nearest_to_the_play_head_come_first(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    video = LoggedVideo(make_frames(152))
    predictions = iter_predictions(video, small_checkpoint, tail="align", play_head=lambda: 100)
    first = next(predictions)
    assert video.asked[:8] == list(range(96, 104))
    assert np.flatnonzero(~np.isnan(first.logits[:, 0])).tolist() == [4]
    assert set(video.asked) == set(range(80, 128))
    last = list(predictions)[-1]
    whole = predict_video(video.frames, small_checkpoint, tail="align")
    assert last.is_complete
    assert whole.clip_spans.tolist() == last.clip_spans.tolist()


def test_the_order_follows_a_play_head_that_moves(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    video = LoggedVideo(make_frames(96))
    heads = iter([None, 50, 50, 10])
    predictions = iter_predictions(video, small_checkpoint, play_head=lambda: next(heads, 0))
    next(predictions)
    assert video.asked[:32] == [*range(8), *range(48, 56), *range(40, 48), *range(8, 16)]


def test_the_end_does_not_depend_on_the_play_head(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    video = LoggedVideo(make_frames(62))
    whole = predict_video(video, small_checkpoint, stride=7)
    last = list(iter_predictions(video, small_checkpoint, stride=7, play_head=lambda: 61))[-1]
    np.testing.assert_allclose(last.logits, whole.logits, rtol=0, atol=1e-6)
    np.testing.assert_allclose(last.clip_attention, whole.clip_attention, rtol=0, atol=1e-6)


def test_progress_rises_to_the_total(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    seen: list[tuple[int, int]] = []
    predict_video(make_frames(33), small_checkpoint, report=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 35)
    assert seen[-1] == (35, 35)
    steps = np.diff([done for done, _ in seen])
    assert np.all((steps > 0) & (steps <= 8))


@pytest.mark.parametrize("stop_at", [0, 8, 31])
def test_a_report_that_raises_stops_the_run_at_once(
    stop_at: int, small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    video = LoggedVideo(make_frames(62))

    def report(done: int, total: int) -> None:
        if done >= stop_at:
            raise StoppedError

    with pytest.raises(StoppedError):
        predict_video(video, small_checkpoint, report=report)
    assert len(video.asked) <= stop_at + 8


def test_what_reading_a_late_frame_raises_comes_through(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    class Broken(LoggedVideo):
        def frame(self, i: int) -> NDArray[np.uint8]:
            if i == 40:
                raise OSError("frame 41 is damaged")
            return super().frame(i)

    predictions = iter_predictions(Broken(make_frames(62)), small_checkpoint)
    assert not next(predictions).is_complete
    with pytest.raises(OSError, match="frame 41 is damaged"):
        next(predictions)


def test_values_that_are_no_numbers_are_never_shown(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    network = copy.deepcopy(small_checkpoint.network)
    with torch.no_grad():
        network.output[3].bias[1] = float("nan")
    with pytest.raises(PredictionError, match="values that are not numbers"):
        predict_video(make_frames(8), replace(small_checkpoint, network=network))


class Refusing(torch.nn.Module):
    """An encoder that fails as torch does on a device in trouble."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        raise self.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "there is not enough memory on cpu"),
        (MemoryError(), "there is not enough memory on cpu"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "there is not enough memory on cpu"),
        (RuntimeError("unsupported\nstack"), "the network failed on cpu: unsupported$"),
    ],
)
def test_a_device_in_trouble_gives_one_sentence(
    error: Exception, sentence: str, small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    network = copy.deepcopy(small_checkpoint.network)
    network.encoder = Refusing(error)
    with pytest.raises(PredictionError, match=sentence):
        predict_video(make_frames(8), replace(small_checkpoint, network=network))


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"device": "tpu"}, "unknown device 'tpu': expected auto, cpu, cuda, cuda:1 or mps"),
        ({"device": "cpu:1"}, "unknown device 'cpu:1'"),
        ({"device": "cuda:99"}, "device cuda:99 is not available here"),
        ({"precision": "int4"}, "unknown precision 'int4': expected auto, fp32, bf16, fp16"),
    ],
)
def test_devices_and_precisions_that_do_not_exist_are_refused(
    choice: dict[str, str], sentence: str, small_checkpoint: Checkpoint, make_frames: MakeFrames
) -> None:
    with pytest.raises(PredictionError, match=sentence):
        predict_video(make_frames(8), small_checkpoint, **choice)  # type: ignore[arg-type]


def test_bf16_is_near_fp32_and_says_so(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    exact = predict_video(make_frames(10), small_checkpoint, clip_length=8)
    rough = predict_video(make_frames(10), small_checkpoint, clip_length=8, precision="bf16")
    assert rough.provenance.precision == "bf16"
    np.testing.assert_allclose(rough.probabilities, exact.probabilities, atol=0.05)
    assert not np.array_equal(rough.logits, exact.logits)


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [
        (np.zeros((5, 8, 8), np.uint8), r"frames must have shape \(T, H, W, 3\), got \(5, 8, 8\)"),
        (np.zeros((0, 8, 8, 3), np.uint8), r"frames must have shape \(T, H, W, 3\), got \(0, 8, 8, 3\)"),
        (np.zeros((5, 8, 8, 3), np.float32), r"frames must be uint8 \(0 to 255\), got float32"),
        ([1, 2], r"list has no frame, n_frames, region"),
        (LoggedVideo(np.zeros((0, 8, 8, 3), np.uint8)), r"at least one frame, got 0"),
        (
            LoggedVideo(np.zeros((3, 8, 8, 3), np.uint8)),
            r"region \(5, 3, 45, 38\) does not lie inside a frame of 8 x 8",
        ),
    ],
)
def test_what_is_no_video_is_refused(frames: Any, sentence: str, small_checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match=sentence):
        predict_video(frames, small_checkpoint)


def test_arguments_are_checked_when_iterating_is_asked_for(small_checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="stride must be at least 1, got 0"):
        iter_predictions(np.zeros((5, 8, 8, 3), np.uint8), small_checkpoint, stride=0)


def test_a_network_can_be_trained_after_it_has_predicted(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    """MobileNetV2, because its parameters are laid out anew in memory before it runs on a CPU."""
    network = build_network("luv_net", encoder="mobilenet_v2", projection=8, n_heads=2, kernel_size=3, mlp_hidden=4)
    checkpoint = replace(small_checkpoint, network=network, network_options=network.option_values)
    prediction = predict_video(make_frames(3), checkpoint, clip_length=3, device=torch.device("cpu"))
    logits, _ = network(torch.zeros(1, 2, 3, 32, 32))
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in network.encoder.parameters())
    assert prediction.provenance.device == "cpu"


def test_a_module_that_is_no_network_of_ours_is_refused(small_checkpoint: Checkpoint, make_frames: MakeFrames) -> None:
    with pytest.raises(PredictionError, match="small holds a Linear, expected a network of model"):
        predict_video(make_frames(3), replace(small_checkpoint, network=torch.nn.Linear(1, 1)))
