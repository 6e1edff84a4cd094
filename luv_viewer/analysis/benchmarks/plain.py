"""The authors' way: every frame prepared once, then the whole network on each clip, float32, one clip at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

import model
from model.attention import sum_heads
from model.benchmarks.clip_time import synchronize
from model.clips import clip_rows
from model.frames import Frames, InputFrames
from model.networks.luv_net import LUVNet
from model.preprocessing import normalize
from model.runtimes.agreement import ClipResults


@dataclass(frozen=True, eq=False)
class PlainRun:
    """Some clips of a video. prepare_s: for all its frames, decoding included. clip_s: of each clip that was run.

    clips: which of the spans they are. results: theirs, in that order.
    """

    prepare_s: float
    clip_s: tuple[float, ...]
    clips: tuple[int, ...]
    results: ClipResults


class PlainNetwork:
    """A checkpoint's network as the authors run it, on one torch device, with torch's defaults for memory and threads.

    The checkpoint is used by nothing else: engines change how weights lie in memory.
    """

    def __init__(self, checkpoint: model.Checkpoint, device: str = "cpu") -> None:
        if not isinstance(checkpoint.network, LUVNet):
            raise ValueError(f"expected a LUV-Net, got a {type(checkpoint.network).__name__}")
        self._device = torch.device(device)
        self._network = checkpoint.network.eval().to(self._device)
        self._rules = checkpoint.preprocessing

    def warm_up(self, clip_length: int) -> None:
        """One clip of black frames."""
        self._clip([np.zeros((self._rules.size, self._rules.size), np.uint8)] * clip_length)

    def run(
        self, open_frames: Callable[[], Frames], spans: NDArray[np.int64], clip_length: int, clips: tuple[int, ...]
    ) -> PlainRun:
        """Prepare all frames, then run some of the clips (indices into `spans`). Raises what reading a frame raises."""
        start = perf_counter()
        inputs = InputFrames(open_frames(), self._rules)
        images = [inputs.image(i) for i in range(inputs.n_frames)]
        prepare_s = perf_counter() - start
        clip_s, probabilities, attention = [], [], []
        for row in clip_rows(spans[list(clips)], clip_length):
            start = perf_counter()
            logits, weights = self._clip([images[i] for i in row])
            clip_s.append(perf_counter() - start)
            probabilities.append(1 / (1 + np.exp(-logits)))
            attention.append(weights)
        n_real = (spans[:, 1] - spans[:, 0])[list(clips)]
        results = ClipResults(np.stack(probabilities), np.stack(attention), n_real)
        return PlainRun(prepare_s, tuple(clip_s), clips, results)

    def _clip(self, images: list[NDArray[np.uint8]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Logits (P,) and attention summed over heads (L, P)."""
        # Channels first in memory too, as torchvision's ToTensor makes frames; normalize may leave them channels last.
        frames = normalize(images, self._rules, self._device).contiguous()
        with torch.no_grad():
            logits, attention = self._network(frames[None])
            synchronize(self._device)
        summed = sum_heads(attention.cpu().numpy())
        return logits[0].double().cpu().numpy(), np.asarray(summed[0], dtype=np.float64)


def spread_clips(n_clips: int, n_wanted: int, turn: int, n_turns: int) -> tuple[int, ...]:
    """The clips of one of several turns, which together spread evenly over the video; each clip at most once.

    >>> spread_clips(123, 2, 0, 3), spread_clips(123, 2, 2, 3), spread_clips(1, 2, 0, 3), spread_clips(1, 2, 1, 3)
    ((0, 73), (49, 122), (0,), (0,))
    """
    places = np.unique(np.linspace(0, n_clips - 1, min(n_clips, n_wanted * n_turns)).round().astype(int))
    return tuple(int(place) for place in places[turn::n_turns]) or (int(places[0]),)
