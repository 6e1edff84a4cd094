"""How many synthetic frames one process renders in a second."""

from __future__ import annotations

import time

import numpy as np
import pytest

from training.phantom.scene import Lung, draw_scene
from training.phantom.video import PhantomVideo

N_FRAMES = 62


@pytest.mark.parametrize("lung", [Lung.HEALTHY, Lung.CONFLUENT, Lung.COMPRESSED])
def test_frames_a_second_at_256_pixels(lung: Lung, capsys: pytest.CaptureFixture[str]) -> None:
    video = PhantomVideo(draw_scene(3, N_FRAMES, lung), (256, 256))
    start = time.perf_counter()
    frames = list(video.greys())
    wall_s = time.perf_counter() - start
    with capsys.disabled():
        print(f"\n{lung.value}: {N_FRAMES / wall_s:.0f} frames/s at 256x256, one process")
    assert np.stack(frames).shape == (N_FRAMES, 256, 256)
