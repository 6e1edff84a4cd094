"""From a network and the frames of a clip to maps of where the evidence lies; the equations stand in `model.saliency`.

Axis letters: n real frames of a clip, L clip length, P patterns, H heads, C channels, h and w rows and columns of a
map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from model.checkpoint import Checkpoint
from model.devices import resolve_engine
from model.errors import PredictionError
from model.map_grid import MapGrid
from model.networks.contract import classify_maps, has_feature_maps
from model.networks.encoders import encoder_spec, feature_map
from model.networks.luv_net import LUVNet
from model.preprocessing import Image, Region, normalize

FloatMaps = NDArray[np.float32]

_CARD_BATCH = 32


@dataclass(frozen=True, eq=False)
class ClipExplanation:
    """Of the n real frames of one clip, float32.

    logits: (P,). attention: (L, P), summed over heads, rows past n are the copies. scores: (n, P, H, h, w), the
    attention score taken apart, per head. gradients: (n, P, h, w). Attention and scores are None for a network without
    pattern attention.
    """

    logits: FloatMaps
    attention: FloatMaps | None
    scores: FloatMaps | None
    gradients: FloatMaps


class Explainer:
    """A network with a frame encoder in true float32 on torch; used by one thread at a time.

    The network is put into eval mode, moved to the device and stays there.
    """

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        """device: as `model.devices.resolve_engine` takes it; "torch" is the CPU. Raises PredictionError for a network
        without a frame encoder, and for a device that is not there."""
        network = checkpoint.network
        if not has_feature_maps(network):
            raise PredictionError(
                f"checkpoint {checkpoint.name} holds a network of kind {checkpoint.network_name}, which has no frame "
                f"encoder and so no feature map of each frame: maps need luv_net, usvn, frame_net, cnn_lstm or "
                f"b_line_net"
            )
        self.checkpoint = checkpoint
        self._network = network
        self._encoder = cast(nn.Module, network.encoder)
        self._spec = encoder_spec(str(cast(LUVNet, network).options.encoder))
        self._engine = resolve_engine("cpu" if device == "torch" else device, "fp32")
        on_cpu = self._engine.device.type == "cpu"
        self.frames_at_once = self._spec.cpu_batch if on_cpu else _CARD_BATCH
        self._channels_last = on_cpu and self._spec.cpu_channels_last
        with self._engine.guarded():
            network.eval().to(self._engine.device)

    @property
    def has_attention(self) -> bool:
        """Whether there is a score to take apart."""
        return isinstance(self._network, LUVNet)

    @property
    def device(self) -> str:
        """Where it runs, for people."""
        return self._engine.name

    def grid(self, shape: tuple[int, int], region: Region) -> MapGrid:
        """Of maps of `shape` (h, w), of frames with this region."""
        cell = (self._spec.map_centre_px, self._spec.map_stride_px)
        return MapGrid.of(shape, self.checkpoint.preprocessing.size, region, cell)

    def encode(self, images: Sequence[Image]) -> Tensor:
        """n images as `model.preprocessing.video_frame` gives them -> (n, C, h, w), `frames_at_once` at a time.

        Raises ValueError without an image, PredictionError when memory runs out.
        """
        if not images:
            raise ValueError("there is no image to encode")
        made = []
        with self._engine.running():
            for first in range(0, len(images), self.frames_at_once):
                group = images[first : first + self.frames_at_once]
                frames = normalize(group, self.checkpoint.preprocessing, self._engine.device)
                if self._channels_last:
                    frames = frames.contiguous(memory_format=torch.channels_last)
                made.append(feature_map(self._encoder, frames).contiguous())
            return torch.cat(made)

    def explain(self, maps: Tensor, clip_length: int) -> ClipExplanation:
        """(n, C, h, w) maps of the real frames of one clip, 1 <= n <= clip_length; the last is repeated to fill it.

        Raises ValueError when n does not fit, PredictionError when memory runs out or a value is not a number.
        """
        if not 1 <= len(maps) <= clip_length:
            raise ValueError(f"a clip of {clip_length} frames has 1 to {clip_length} real ones, got {len(maps)}")
        with self._engine.differentiating():
            leaf = maps.clone().requires_grad_()
            rows = torch.arange(clip_length, device=leaf.device).clamp(max=len(leaf) - 1)
            logits, attention = classify_maps(self._network, leaf[rows][None])
            copies = torch.bincount(rows, minlength=len(leaf))[:, None, None, None]
            by_pattern = [torch.autograd.grad(logit, leaf, retain_graph=True)[0] / copies for logit in logits[0]]
            found = ClipExplanation(
                logits=_on_host(logits[0]),
                attention=None if attention is None else _on_host(attention[0].sum(dim=2).T),
                scores=_on_host(score_maps(self._network, leaf)) if isinstance(self._network, LUVNet) else None,
                gradients=_on_host(torch.stack([grad_cam(leaf, gradient) for gradient in by_pattern], dim=1)),
            )
        for values in (found.logits, found.scores, found.gradients):
            if values is not None and not np.isfinite(values).all():
                raise PredictionError("the network gave values that are not numbers for this clip: it has no maps")
        return found


def score_maps(network: LUVNet, maps: Tensor) -> Tensor:
    """(n, C, h, w) -> (n, P, H, h, w), whose mean over h, w is the network's score of the frame, bias included.

    Raises ValueError for a projection that is not affine, over which the score could not be split.
    """
    projection = network.projection
    if isinstance(projection, nn.Linear):
        maps = F.conv2d(maps, projection.weight[:, :, None, None], projection.bias)
    elif not isinstance(projection, nn.Identity):
        raise ValueError(f"the score splits over positions of a Linear projection, got {type(projection).__name__}")
    heads = maps.unflatten(1, network.queries.shape[1:])
    return torch.einsum("nkdyx,pkd->npkyx", heads, network.queries) / network.queries.shape[2] ** 0.5


def grad_cam(maps: Tensor, gradient: Tensor) -> Tensor:
    """(n, C, h, w) maps and the gradient of one number with respect to them -> (n, h, w), never negative."""
    weights = gradient.mean(dim=(2, 3))
    return torch.einsum("nchw,nc->nhw", maps, weights).clamp(min=0)


def _on_host(values: Tensor) -> FloatMaps:
    return np.asarray(values.detach().float().cpu().numpy())
