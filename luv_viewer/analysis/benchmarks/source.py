"""The network that is measured: a checkpoint file, or a configuration with random weights in a file of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

import model
from luv_viewer.analysis.benchmarks.cine import CineSize, demo_frames
from luv_viewer.analysis.benchmarks.networks import chosen_configurations
from luv_viewer.analysis.engine import load_checkpoint
from luv_viewer.analysis.errors import AnalysisError
from model.frames import InputFrames
from model.networks.luv_net import LUVNet
from model.preprocessing import normalize
from model.runtimes.prepared import cache_folder

SEED = 0
RANDOM_WEIGHTS = f"random weights (seed {SEED}), batch norm set on demo frames"
_SETTLING_FRAMES, _SETTLING_STEP = 8, 12


@dataclass(frozen=True)
class MeasuredNetwork:
    """path: its file. name: for the table. weights: what they are, in words. clip_length: frames."""

    path: Path
    name: str
    weights: str
    clip_length: int


@contextmanager
def checkpoint_source(path: Path) -> Iterator[MeasuredNetwork]:
    """A checkpoint file as it is. Raises CheckpointUnusableError."""
    checkpoint = load_checkpoint(path)
    yield MeasuredNetwork(path, f"{checkpoint.name} {checkpoint.version}", "of the checkpoint", checkpoint.clip_length)


@contextmanager
def random_source(name: str, report: Callable[[str], None]) -> Iterator[MeasuredNetwork]:
    """A configuration of `model.benchmarks.configurations` with random weights, in a temporary file.

    File and what was prepared from it are removed at the end. Batch norm takes its statistics from frames of the demo
    study, so that features vary from frame to frame, as those of a trained network do.
    Raises AnalysisError for an unknown name, or a network that is not a LUV-Net.
    """
    (configuration,) = chosen_configurations([name])
    report(f"{name}: drawing random weights")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = configuration.build()
        if not isinstance(network, LUVNet):
            raise AnalysisError(f"{name} cannot be measured on a study: only LUV-Net slides over a video.")
        _set_batch_norm(network)
    checkpoint = model.Checkpoint(
        network=network,
        network_name=configuration.network,
        network_options=dict(configuration.options),
        name=name,
        thresholds=np.full(network.options.n_patterns, 0.5),
    )
    with TemporaryDirectory(prefix="luv-benchmark-") as folder:
        path = Path(folder) / "random.pt"
        version = model.save_checkpoint(path, checkpoint).version
        del network, checkpoint
        try:
            yield MeasuredNetwork(path, name, RANDOM_WEIGHTS, clip_length=30)
        finally:
            shutil.rmtree(cache_folder() / version, ignore_errors=True)


def _set_batch_norm(network: LUVNet) -> None:
    """Put the statistics of a few demo frames into every batch norm; the network is in eval mode afterwards."""
    rules = model.Preprocessing()
    frames = InputFrames(demo_frames(CineSize(_SETTLING_FRAMES * _SETTLING_STEP, 256, 256))[::_SETTLING_STEP], rules)
    images = normalize([frames.image(i) for i in range(_SETTLING_FRAMES)], rules)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        # None: the plain average over all batches, and one batch is all there is.
        norm.momentum = None
    with torch.no_grad():
        network.train()
        network.head(network.encode(images)[None])
    for norm in norms:
        norm.momentum = 0.1
    network.eval()
