"""Encode once against clip by clip with ResNet-50, both measured in one run on the same input."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from model import Checkpoint, Preprocessing, build_network, plan_clips, predict_video
from model.clips import clip_rows
from model.preprocessing import array_frame, normalize

N_FRAMES = 152
TIMED_CLIPS = 2


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    network = build_network("luv_net", encoder="resnet50").eval()
    return Checkpoint(
        network=network,
        network_name="luv_net",
        network_options=network.option_values,
        name="untrained",
        thresholds=np.full(4, 0.5),
        preprocessing=Preprocessing(size=128),
    )


def seconds_per_clip(checkpoint: Checkpoint, frames: np.ndarray) -> float:
    """The whole network on one clip: the fastest of a few after one to warm up (a disturbance only makes it slower)."""
    rules, times = checkpoint.preprocessing, []
    rows = clip_rows(plan_clips(N_FRAMES), 30)
    with torch.inference_mode():
        for row in rows[: TIMED_CLIPS + 1]:
            start = time.perf_counter()
            checkpoint.network(normalize([array_frame(frames[i], rules) for i in row], rules)[None])
            times.append(time.perf_counter() - start)
    return min(times[1:])


@pytest.mark.parametrize(("stride", "tail", "goal"), [(1, "pad", 20.0), (24, "pad", 1.2)])
def test_encode_once_against_clip_by_clip(
    stride: int, tail: str, goal: float, checkpoint: Checkpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (N_FRAMES, 128, 128, 3), dtype=np.uint8)
    n_clips = len(plan_clips(N_FRAMES, stride=stride, tail=tail))  # type: ignore[arg-type]
    per_clip = seconds_per_clip(checkpoint, frames)
    start = time.perf_counter()
    prediction = predict_video(frames, checkpoint, stride=stride, tail=tail, device="cpu")  # type: ignore[arg-type]
    once = time.perf_counter() - start
    per_clip = min(per_clip, seconds_per_clip(checkpoint, frames))
    ratio = per_clip * n_clips / once
    with capsys.disabled():
        print(
            f"\nstride {stride}, tail {tail}, ResNet-50, 128 px, {torch.get_num_threads()} threads: {n_clips} clips in "
            f"{once:.2f} s, clip by clip {per_clip * n_clips:.2f} s ({per_clip:.2f} s each): {ratio:.2f} times sooner"
        )
    assert prediction.is_complete
    assert ratio >= goal
