"""Encode once against clip by clip with ResNet-50, both measured in one run on the same input.

Measured in processor time of this process, so that other programs on the machine do not decide the ratio.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from model import Checkpoint, Preprocessing, build_network, plan_clips, predict_video
from model.clips import clip_rows
from model.preprocessing import array_frame, normalize

N_FRAMES = 62
SIZE = 256


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
        preprocessing=Preprocessing(size=SIZE),
    )


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (N_FRAMES, SIZE, SIZE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def seconds_per_clip(checkpoint: Checkpoint, frames: np.ndarray) -> float:
    """The whole network on one clip: the faster of two."""
    rules, times = checkpoint.preprocessing, []
    with torch.inference_mode():
        for row in clip_rows(plan_clips(N_FRAMES), 30)[:2]:
            start = time.process_time()
            checkpoint.network(normalize([array_frame(frames[i], rules) for i in row], rules)[None])
            times.append(time.process_time() - start)
    return min(times)


@pytest.mark.parametrize(("stride", "goal"), [(1, 20.0), (24, 1.2)])
def test_encode_once_against_clip_by_clip(
    stride: int,
    goal: float,
    checkpoint: Checkpoint,
    frames: np.ndarray,
    seconds_per_clip: float,
    capsys: pytest.CaptureFixture[str],
) -> None:
    start = time.process_time()
    prediction = predict_video(frames, checkpoint, stride=stride, device="cpu")
    once = time.process_time() - start
    apart = seconds_per_clip * len(prediction.clip_spans)
    text = (
        f"stride {stride}, ResNet-50, {SIZE} px, {torch.get_num_threads()} threads: {len(prediction.clip_spans)} clips "
        f"in {once:.2f} s, clip by clip {apart:.2f} s ({seconds_per_clip:.2f} s each): {apart / once:.2f} times sooner"
    )
    with capsys.disabled():
        print(f"\n{text}")
    assert prediction.is_complete
    assert apart / once >= goal
