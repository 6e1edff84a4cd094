"""The head at stride 1: ours, which shares between clips what belongs to a frame, against torch's two plain ways."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from luv_viewer.analysis.benchmarks.networks import chosen_configurations
from luv_viewer.analysis.benchmarks.rows import RowFile
from luv_viewer.analysis.errors import AnalysisError
from model.attention import sum_heads
from model.benchmarks.timing import Timing, time_in_turn
from model.dense_head import run_head
from model.head_weights import HeadWeights
from model.networks.luv_net import LUVNet

FILE_NAME = "heads.csv"
OURS, ONE_BY_ONE, UNFOLDED = "taps shared by clips", "one clip at a time", "all clips unfolded in one batch"


@dataclass(frozen=True)
class HeadRow:
    """One way to run the head over all clips of a video. times_ours: its median by ours, above 1 where ours is faster.

    Differences are with ours: of probabilities, of attention (summed over heads), and of logits as a part of the
    largest logit.
    """

    network: str
    n_features: int
    n_frames: int
    clip_length: int
    stride: int
    n_clips: int
    way: str
    engine: str
    precision: str
    seconds: float
    quartile_1_s: float
    quartile_3_s: float
    n_runs: int
    n_warm_up: int
    times_ours: float
    probability_difference: float
    attention_difference: float
    logit_difference: float


@dataclass(frozen=True)
class HeadRuns:
    """network: a LUV-Net of `model.benchmarks.configurations`, with random weights."""

    network: str = "luv_net/densenet161"
    n_frames: int = 152
    clip_length: int = 30
    n_runs: int = 7
    n_warm_up: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.clip_length <= self.n_frames:
            raise ValueError(f"a clip of {self.clip_length} frames does not fit {self.n_frames} frames")


def measure_heads(table: RowFile[HeadRow], runs: HeadRuns, say: Callable[[str], None]) -> None:
    """Put three rows into the table, again after every round; on the CPU. Raises AnalysisError for an unknown network,
    WriteError."""
    say(f"{runs.network}: drawing random weights")
    network, features = _network_and_features(runs)
    weights, array = HeadWeights.of(network), features.numpy()
    starts = np.arange(runs.n_frames - runs.clip_length + 1)
    windows = torch.from_numpy(starts)[:, None] + torch.arange(runs.clip_length)

    def one_by_one() -> tuple[Tensor, Tensor]:
        parts = [network.head(features[start : start + runs.clip_length][None]) for start in starts.tolist()]
        return torch.cat([logits for logits, _ in parts]), torch.cat([attention for _, attention in parts])

    ways: dict[str, Callable[[], tuple[object, object]]] = {
        OURS: lambda: run_head(weights, array, starts, runs.clip_length),
        ONE_BY_ONE: one_by_one,
        UNFOLDED: lambda: network.head(features[windows]),
    }
    with torch.inference_mode():
        results = {name: _plain_arrays(*way()) for name, way in ways.items()}
        seconds: dict[str, tuple[float, ...]] = dict.fromkeys(ways, ())
        for turn in range(runs.n_runs):
            say(f"heads: round {turn + 1} of {runs.n_runs}")
            order = ways if turn % 2 == 0 else dict(reversed(ways.items()))
            for name, timing in time_in_turn(order, 1, runs.n_warm_up if turn == 0 else 0).items():
                seconds[name] += timing.seconds
            timings = {name: Timing(found, runs.n_warm_up) for name, found in seconds.items()}
            for name in ways:
                table.put(name, _row(runs, network, name, timings, results))


def _network_and_features(runs: HeadRuns) -> tuple[LUVNet, Tensor]:
    """The network and (T, D) features, none negative, as an encoder that ends in ReLU gives."""
    (configuration,) = chosen_configurations([runs.network])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = configuration.build()
        if not isinstance(network, LUVNet):
            raise AnalysisError(f"{runs.network} has no head of LUV-Net to measure.")
        return network, torch.randn(runs.n_frames, network.options.n_features).relu()


Results = tuple[np.ndarray, np.ndarray]


def _plain_arrays(logits: object, attention: object) -> Results:
    """Logits (C, P) and attention (C, L, P) summed over heads, float64."""
    return np.asarray(logits, dtype=np.float64), sum_heads(np.asarray(attention))


def _row(
    runs: HeadRuns, network: LUVNet, name: str, timings: dict[str, Timing], results: dict[str, Results]
) -> HeadRow:
    timing, (logits, attention), (our_logits, our_attention) = timings[name], results[name], results[OURS]
    low, high = timing.quartiles_s
    difference = np.abs(logits - our_logits).max()
    return HeadRow(
        network=runs.network,
        n_features=network.options.n_features,
        n_frames=runs.n_frames,
        clip_length=runs.clip_length,
        stride=1,
        n_clips=len(logits),
        way=name,
        engine="numpy" if name == OURS else "torch on the CPU",
        precision="fp32",
        seconds=timing.median_s,
        quartile_1_s=low,
        quartile_3_s=high,
        n_runs=len(timing.seconds),
        n_warm_up=timing.n_warm_up,
        times_ours=timing.median_s / timings[OURS].median_s,
        probability_difference=float(np.abs(_sigmoid(logits) - _sigmoid(our_logits)).max()),
        attention_difference=float(np.abs(attention - our_attention).max()),
        logit_difference=float(difference / np.abs(our_logits).max()),
    )


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))
