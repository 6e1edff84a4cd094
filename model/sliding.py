"""Encode every frame once, then give each clip its rows: the run between `plan_clips` and the combined result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.attention import sum_heads
from model.clips import clip_rows
from model.devices import Engine, PredictionError
from model.networks.encoders import encoder_spec
from model.networks.luv_net import LUVNet, TemporalTaps
from model.preprocessing import Preprocessing, Region, array_frame, check_frame, normalize, video_frame

Report = Callable[[int, int], None]
PlayHead = Callable[[], int | None]

_CLIPS_AT_ONCE = {"cpu": 8, "cuda": 64, "mps": 16}
_FRAMES_AT_ONCE = {"cuda": 32, "mps": 8}


class FrameSource(Protocol):
    """A video: frame(i) is (H, W, 3) uint8 RGB, 0 <= i < n_frames; region (x0, y0, x1, y1) half-open pixels."""

    @property
    def n_frames(self) -> int: ...

    @property
    def region(self) -> Region: ...

    def frame(self, i: int) -> NDArray[np.uint8]: ...


Frames = FrameSource | NDArray[np.uint8]


class InputFrames:
    """Frames as the network wants them, one at a time: a video is cropped and made grey, an array only letterboxed.

    Raises ValueError, with expected and found, when `frames` is neither (T, H, W, 3) uint8 nor a `FrameSource`.
    """

    def __init__(self, frames: Frames, preprocessing: Preprocessing) -> None:
        self._frames = frames
        self._preprocessing = preprocessing
        if isinstance(frames, np.ndarray):
            if frames.ndim != 4 or frames.shape[3] != 3 or frames.size == 0:
                raise ValueError(f"frames must have shape (T, H, W, 3), got {frames.shape}")
            check_frame(frames[0], "frames")
            self.n_frames = len(frames)
        else:
            missing = [name for name in ("frame", "n_frames", "region") if not hasattr(frames, name)]
            if missing:
                raise ValueError(
                    f"frames must be a (T, H, W, 3) uint8 array or have frame(i), n_frames and region; "
                    f"{type(frames).__name__} has no {', '.join(missing)}"
                )
            self.n_frames = int(frames.n_frames)
        if self.n_frames < 1:
            raise ValueError(f"a video needs at least one frame, got {self.n_frames}")

    def image(self, i: int) -> NDArray[np.uint8]:
        """Frame i letterboxed: (size, size) grey of a video, (size, size, 3) of an array."""
        if isinstance(self._frames, np.ndarray):
            return array_frame(self._frames[i], self._preprocessing)
        return video_frame(self._frames.frame(i), self._frames.region, self._preprocessing)


class SlidingRun:
    """One pass of a network over the clips of a video; its arrays fill as clips are done, NaN before.

    logits: (K, P). clip_attention: (K, L, P), summed over heads (equation 7).
    """

    def __init__(
        self,
        network: LUVNet,
        frames: InputFrames,
        preprocessing: Preprocessing,
        clips: tuple[NDArray[np.int64], int],
        engine: Engine,
    ) -> None:
        spans, clip_length = clips
        n_patterns, n_features = network.options.n_patterns, network.options.n_features
        self._network, self._frames, self._preprocessing, self._engine = network, frames, preprocessing, engine
        self._rows = clip_rows(spans, clip_length)
        self._to_encode = np.zeros(frames.n_frames, dtype=bool)
        self._to_encode[self._rows] = True
        self._waiting = np.ones(len(spans), dtype=bool)
        self._uses = np.bincount(np.concatenate([np.unique(r) for r in self._rows]), minlength=frames.n_frames)
        self._products: dict[int, Tensor] = {}
        self.logits = np.full((len(spans), n_patterns), np.nan)
        self.clip_attention = np.full((len(spans), clip_length, n_patterns), np.nan)
        spec, kind = encoder_spec(network.options.encoder), engine.device.type
        self._frames_at_once = _FRAMES_AT_ONCE.get(kind, spec.cpu_batch)
        self._clips_at_once = _CLIPS_AT_ONCE[kind]
        stride = int(spans[1, 0] - spans[0, 0]) if len(spans) > 1 else 1
        self._clips_to_start = max(1, self._clips_at_once // max(1, stride))
        self._channels_last = kind == "cpu" and spec.cpu_channels_last
        with engine.guarded():
            network.eval().to(engine.device)
            if self._channels_last:
                network.encoder.to(memory_format=torch.channels_last)
        with engine.running():
            self._features = torch.zeros(frames.n_frames, n_features, device=engine.device)
            self._taps = TemporalTaps.of(network.temporal) if network.temporal is not None else None

    def steps(self, report: Report, play_head: PlayHead) -> Iterator[None]:
        """Run to the end, frames nearest to the play head first; yields each time more clips are done.

        report(done, total) is called before the first and after every small batch of frames or clips; what it raises
        ends the run.
        """
        total = int(self._to_encode.sum()) + len(self._waiting)
        done = 0
        report(done, total)
        while self._waiting.any():
            chunk = self._next_frames(play_head() or 0)
            if chunk.size:
                self._encode(chunk)
                done += chunk.size
                report(done, total)
            ready = self._ready_clips()
            if ready.size < self._clips_to_start and self._to_encode.any():
                continue
            for first in range(0, ready.size, self._clips_at_once):
                batch = ready[first : first + self._clips_at_once]
                self._run_clips(batch)
                done += batch.size
                report(done, total)
            if ready.size:
                yield

    def _next_frames(self, near: int) -> NDArray[np.int64]:
        """The frames still to encode of the fixed group whose member lies nearest to `near`, later ones first on ties.

        Groups are fixed so that results do not depend on where the play head was.
        """
        left = np.flatnonzero(self._to_encode)
        if left.size == 0:
            return left
        distance = np.abs(left - near)
        nearest = left[np.flatnonzero(distance == distance.min())[-1]]
        first = nearest - nearest % self._frames_at_once
        return left[(left >= first) & (left < first + self._frames_at_once)]

    def _encode(self, chunk: NDArray[np.int64]) -> None:
        images = [self._frames.image(int(i)) for i in chunk]
        with self._engine.running():
            batch = normalize(images, self._preprocessing, self._engine.device)
            if self._channels_last:
                batch = batch.contiguous(memory_format=torch.channels_last)
            with self._engine.encoder_precision():
                features = self._network.encode(batch)
            self._features[torch.from_numpy(chunk).to(self._engine.device)] = features.float()
        self._to_encode[chunk] = False

    def _ready_clips(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._waiting & ~self._to_encode[self._rows].any(axis=1))

    def _run_clips(self, clips: NDArray[np.int64]) -> None:
        frames, rows = np.unique(self._rows[clips], return_inverse=True)
        with self._engine.running():
            local_rows = torch.from_numpy(rows.reshape(len(clips), -1)).to(self._engine.device)
            features = self._features[torch.from_numpy(frames).to(self._engine.device)]
            temporal = None
            if self._taps is not None:
                temporal = self._taps.combine(self._frame_products(self._taps, frames, features), local_rows)
            logits, attention = self._network.head(features[local_rows], temporal=temporal)
            finite = bool(torch.isfinite(logits).all() & torch.isfinite(attention).all())
            self.logits[clips] = logits.cpu().numpy()
            self.clip_attention[clips] = sum_heads(attention.cpu().numpy())
        if not finite:
            self.logits[clips], self.clip_attention[clips] = np.nan, np.nan
            raise PredictionError(
                "the network gave values that are not numbers for this video: its result is not shown"
            )
        self._waiting[clips] = False
        self._forget_products(clips)

    def _frame_products(self, taps: TemporalTaps, frames: NDArray[np.int64], features: Tensor) -> Tensor:
        """(M, k, D) of `frames`, computed once and kept while clips need them."""
        new = [place for place, frame in enumerate(frames.tolist()) if frame not in self._products]
        if new:
            for place, product in zip(new, taps.products(features[new]), strict=True):
                self._products[int(frames[place])] = product.clone()
        return torch.stack([self._products[frame] for frame in frames.tolist()])

    def _forget_products(self, clips: NDArray[np.int64]) -> None:
        """Release what no clip needs any more, so that memory does not grow with the length of the video."""
        for rows in self._rows[clips]:
            self._uses[np.unique(rows)] -= 1
        self._products = {frame: product for frame, product in self._products.items() if self._uses[frame] > 0}
