"""Frames prepared on a device, against OpenCV on the host; the same arithmetic runs on a card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import Checkpoint, Preprocessing, predict_video
from model.devices import Engine
from model.frames import InputFrames
from model.preprocessing import Region, normalize
from model.runtimes.device_frames import DeviceFrames
from model.runtimes.opened import OpenedNetwork
from model.runtimes.torch_runtime import TorchRuntime


@dataclass
class Video:
    """Frames with a region, as a reader gives them."""

    frames: NDArray[np.uint8]
    region: Region

    @property
    def n_frames(self) -> int:
        return len(self.frames)

    def frame(self, i: int) -> NDArray[np.uint8]:
        return self.frames[i]


def noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("rule", ["luminance", "channel0"])
@pytest.mark.parametrize(("height", "width"), [(300, 400), (700, 260), (40, 50), (256, 256)])
def test_a_video_on_a_device_is_the_video_on_the_host(height: int, width: int, rule: str) -> None:
    rules = Preprocessing(size=64, channel_rule=rule)  # type: ignore[arg-type]
    video = Video(noise(3, height, width, 3), (3, 5, width - 7, height - 9))
    frames, places = InputFrames(video, rules), np.arange(3)
    expected = normalize([frames.image(i) for i in range(3)], rules)
    found = DeviceFrames.read(frames, places).normalized(torch.device("cpu"))
    _assert_same_grey_levels(found, expected, rules)


def test_an_array_on_a_device_keeps_its_colours() -> None:
    rules = Preprocessing(size=64)
    frames = InputFrames(noise(2, 90, 120, 3), rules)
    expected = normalize([frames.image(i) for i in range(2)], rules)
    found = DeviceFrames.read(frames, np.arange(2)).normalized(torch.device("cpu"))
    _assert_same_grey_levels(found, expected, rules)


def _assert_same_grey_levels(found: torch.Tensor, expected: torch.Tensor, rules: Preprocessing) -> None:
    std = torch.tensor(rules.std).view(1, 3, 1, 1)
    levels = ((found - expected) * std * 255).abs()
    assert float(levels.max()) < 0.01


def test_frames_that_are_no_frames_are_refused() -> None:
    video = Video(noise(1, 20, 20, 3), (0, 0, 40, 20))
    with pytest.raises(ValueError, match="does not lie inside a frame of 20 x 20 pixels"):
        DeviceFrames.read(InputFrames(video, Preprocessing(size=32)), np.arange(1))


def test_a_card_would_get_the_same_answer(small_checkpoint: Checkpoint) -> None:
    """The path of a card (tensors in the head, frames prepared by torch), run where every machine can: on the CPU."""

    class OnCard(TorchRuntime):
        def __init__(self) -> None:
            super().__init__(small_checkpoint.network, Engine(torch.device("cpu"), "fp32"))  # type: ignore[arg-type]
            self._on_cpu = False
            self.head = self.head.mapped(self._on_device)

    frames = noise(50, 40, 50, 3)
    expected = predict_video(frames, small_checkpoint, stride=1, tail="align")
    found = predict_video(frames, OpenedNetwork(small_checkpoint, OnCard()), stride=1, tail="align")
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(found.clip_attention, expected.clip_attention, atol=1e-5)
