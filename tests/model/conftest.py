"""A small network and made-up frames for the tests of `model`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from model import Checkpoint, Preprocessing, build_network

MakeFrames = Callable[[int], NDArray[np.uint8]]


@pytest.fixture(scope="session")
def small_checkpoint() -> Checkpoint:
    """LUV-Net with ResNet-18 at 32 pixels and batch statistics that are not trivial, never written to a file."""
    torch.manual_seed(5)
    network = build_network("luv_net", encoder="resnet18", kernel_size=13, mlp_hidden=32).eval()
    with torch.no_grad():
        network.temporal[1].running_mean.normal_(0, 0.2)
        network.temporal[1].running_var.uniform_(0.5, 2)
        network.queries.mul_(3)
    return Checkpoint(
        network=network,
        network_name="luv_net",
        network_options=network.option_values,
        name="small",
        thresholds=np.full(4, 0.5),
        preprocessing=Preprocessing(size=32),
    )


@pytest.fixture(scope="session")
def make_frames() -> MakeFrames:
    """make_frames(T): (T, 40, 50, 3) uint8 noise whose brightness changes over time, the same at every call."""

    def make(n_frames: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng(n_frames)
        top = rng.integers(40, 256, n_frames)
        return np.stack([rng.integers(0, high, (40, 50, 3), dtype=np.uint8) for high in top])

    return make
