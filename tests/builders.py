"""Small real files for tests: videos, and a network that is quick on a CPU."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

SIZE_PX = (96, 128)


def moving_speckle(n_frames: int, seed: int = 0, size_px: tuple[int, int] = SIZE_PX) -> NDArray[np.uint8]:
    """(T, H, W, 3) uint8 grey frames: speckle with a bright line that moves down a pixel a frame."""
    rng = np.random.default_rng(seed)
    height, width = size_px
    base = rng.gamma(2.0, 18.0, (height, width))
    frames = np.empty((n_frames, height, width, 3), np.uint8)
    for i in range(n_frames):
        grey = np.clip(np.roll(base, i, axis=1), 0, 220)
        grey[(10 + i) % height] = 250
        frames[i] = grey[:, :, None]
    return frames


def write_mp4(path: Path, frames: NDArray[np.uint8], fps: int = 25) -> Path:
    """Encode frames as MPEG-4 part 2 in MP4."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(fps))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode(None))
    return path


def write_tiny_checkpoint(path: Path, seed: int = 0) -> Path:
    """A LUV-Net with random weights, small enough to run in moments: ResNet-18 on 64 x 64 pixels."""
    import torch

    from model import Checkpoint, Preprocessing, build_network, save_checkpoint

    options = {"encoder": "resnet18", "projection": 32, "mlp_hidden": 16, "n_heads": 4, "kernel_size": 5}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build_network("luv_net", **options).eval()
    checkpoint = Checkpoint(
        network=network,
        network_name="luv_net",
        network_options=options,
        name="tiny",
        thresholds=np.full(4, 0.5),
        preprocessing=Preprocessing(size=64),
        metadata={"title": "A tiny network for tests", "licence": "none", "date": "2026-11-21"},
    )
    save_checkpoint(path, checkpoint)
    return path
