"""LUV-Net's head over clips that share frames: what belongs to a frame is computed once, however many clips hold it.

Axis letters: R rows (frames in a row), C clips, L clip length, P patterns, H heads, D features, d = D / H, k taps.

The temporal convolution is linear: its output at a row is a sum of k products, each of one frame with one tap. Inside
a clip (more than (k - 1) / 2 rows from both ends) that sum does not know of the clip and is shared; near an end the
taps that would reach outside are left out, which is the clip's zero padding exactly. Batch norm, ReLU and the mean
over time follow per clip (equations 1, 2). Attention scores (equation 5) belong to frames too; the softmax is taken
per clip with the clip's own maximum.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.head_weights import Array, HeadWeights, Layers, TemporalWeights


def run_head(
    weights: HeadWeights, features: Array, starts: NDArray[np.int64], clip_length: int, products: Array | None = None
) -> tuple[Array, Array]:
    """Logits (C, P) and attention (C, P, L, H) of clips over (R, D) consecutive features, like `LUVNet.head` on each.

    starts: (C,) first row of each clip; clip c is rows starts[c] to starts[c] + L, all inside the R given.
    products: (R, k, D) of `frame_products` when they are known. Arrays are numpy's, or tensors of one device, as the
    weights are; logits are what `LUVNet.head` gives up to rounding.
    Raises ValueError when a clip does not lie inside the rows.
    """
    n_rows = features.shape[0]
    if len(starts) == 0 or starts.min() < 0 or starts.max() + clip_length > n_rows or clip_length < 1:
        raise ValueError(f"clips of {clip_length} frames from rows {starts.tolist()} do not lie inside {n_rows} rows")
    xp = array_module(features)
    windows = xp.asarray(starts[:, None] + np.arange(clip_length), device=features.device)
    pooled, attention = _attend(xp, weights.queries, features, windows)
    fused = _through(weights.spatial, pooled)
    if weights.temporal is not None:
        if products is None:
            products = frame_products(weights.temporal, features)
        fused = fused + _temporal_mean(xp, weights.temporal, products, starts, clip_length)
    return _through(weights.output, fused), attention


def frame_products(temporal: TemporalWeights, features: Array) -> Array:
    """(R, D) -> (R, k, D): every frame with every tap, the costly part of the temporal branch."""
    made = features @ temporal.kernels.T
    return made.reshape(features.shape[0], temporal.kernel_size, features.shape[1])


def array_module(array: Array) -> ModuleType:
    """numpy, or torch for a tensor. Torch is imported already where there are tensors."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def _attend(xp: ModuleType, queries: Array, features: Array, windows: Array) -> tuple[Array, Array]:
    """Equations 5, 6, 3: pooled (C, P * D) and attention (C, P, L, H)."""
    p, h, d = queries.shape
    by_head = xp.swapaxes(features.reshape(-1, h, d), 0, 1)
    scores = by_head @ xp.swapaxes(xp.swapaxes(queries, 0, 1), 1, 2) / math.sqrt(d)
    in_clips = scores[:, windows]
    raised = xp.exp(in_clips - xp.amax(in_clips, 2, keepdims=True))
    attention = xp.swapaxes(raised / raised.sum(2, keepdims=True), 2, 3)
    pooled = attention @ by_head[:, windows]
    flat = xp.moveaxis(pooled, 0, 2).reshape(windows.shape[0], p * h * d)
    return flat, xp.moveaxis(attention, 0, 3)


def _through(layers: Layers, values: Array) -> Array:
    for number, layer in enumerate(layers):
        values = (values.clip(0) if number else values) @ layer.weight.T + layer.bias
    return values


def _temporal_mean(
    xp: ModuleType, temporal: TemporalWeights, products: Array, starts: NDArray[np.int64], clip_length: int
) -> Array:
    """(C, D): the mean over a clip's rows of ReLU(BN(convolution)), equations 1, 2."""
    reach = (temporal.kernel_size - 1) // 2
    sums = _ClipSums(xp, products, temporal.shift, starts)
    if clip_length < 2 * reach:
        for row in range(clip_length):
            first, stop = max(0, reach - row), min(temporal.kernel_size, clip_length - row + reach)
            sums.add(sum(sums.term(starts + row + tap - reach, tap) for tap in range(first, stop)))
        return sums.total / clip_length
    _add_inside(sums, reach, clip_length)
    _add_left_end(sums, reach)
    _add_right_end(sums, reach, clip_length)
    return sums.total / clip_length


class _ClipSums:
    """Adds up what the rows of every clip give after shift and ReLU. total: (C, D)."""

    def __init__(self, xp: ModuleType, products: Array, shift: Array, starts: NDArray[np.int64]) -> None:
        self.products, self.shift, self.starts = products, shift, starts
        self._asarray = xp.asarray
        self.total: Any = 0.0

    def term(self, rows: NDArray[np.int64], tap: int) -> Array:
        """(C, D): the product of a frame per clip with one tap."""
        return self.products[self.index(rows), tap]

    def index(self, rows: NDArray[np.int64]) -> Array:
        return self._asarray(rows, device=self.products.device)

    def add(self, convolved: Array) -> None:
        """One row of every clip, before shift and ReLU."""
        self.total = self.total + (convolved + self.shift).clip(0)


def _add_inside(sums: _ClipSums, reach: int, clip_length: int) -> None:
    """Rows reach to L - reach: all taps stay inside the clip, so that clips share them."""
    n_whole = sums.products.shape[0] - 2 * reach
    whole = sums.products[:n_whole, 0] + sums.shift
    for tap in range(1, 2 * reach + 1):
        whole += sums.products[tap : tap + n_whole, tap]
    activated = whole.clip(0)
    for row in range(clip_length - 2 * reach):
        sums.total = sums.total + activated[sums.index(sums.starts + row)]


def _add_left_end(sums: _ClipSums, reach: int) -> None:
    """Rows 0 to reach: row r leaves out the first reach - r taps; each row of the video gets one more tap per step."""
    if reach == 0:
        return
    n_rows = sums.products.shape[0] - reach
    kept = sums.products[:n_rows, reach] + 0.0
    for tap in range(reach + 1, 2 * reach + 1):
        kept += sums.products[tap - reach : tap - reach + n_rows, tap]
    sums.add(kept[sums.index(sums.starts)])
    for row in range(1, reach):
        kept[row:] += sums.products[: n_rows - row, reach - row]
        sums.add(kept[sums.index(sums.starts + row)])


def _add_right_end(sums: _ClipSums, reach: int, clip_length: int) -> None:
    """Rows L - reach to L, from the last backwards: the row q before the last leaves out the last reach - q taps."""
    if reach == 0:
        return
    n_rows = sums.products.shape[0] - reach
    last = sums.starts + clip_length - 1 - reach
    kept = sums.products[:n_rows, 0] + 0.0
    for tap in range(1, reach + 1):
        kept += sums.products[tap : tap + n_rows, tap]
    sums.add(kept[sums.index(last)])
    for before in range(1, reach):
        kept[: n_rows - before] += sums.products[reach + before :, reach + before]
        sums.add(kept[sums.index(last - before)])
