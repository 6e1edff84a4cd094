"""Gradient checkpointing of a frame encoder: what its blocks compute is not kept for the backward pass but computed
again, which needs far less memory and a forward pass more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torchvision.models.densenet import _DenseLayer, _Transition
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck

_BLOCKS = (BasicBlock, Bottleneck, _DenseLayer, _Transition, InvertedResidual)


def checkpoint_blocks(encoder: nn.Module) -> None:
    """Change the blocks of an encoder of `build_encoder` so; weights, results and gradients stay what they are.

    Once is enough; a second call changes nothing. Raises ValueError when the encoder has no such block.
    """
    blocks = [module for module in encoder.modules() if isinstance(module, _BLOCKS)]
    if not blocks:
        raise ValueError(f"{type(encoder).__name__} has no blocks that can be computed again")
    for block in blocks:
        if "forward" not in vars(block):
            block.forward = partial(_recomputed, block, block.forward)


def _recomputed(block: nn.Module, forward: Any, *inputs: Any) -> Tensor:
    if not block.training:
        return forward(*inputs)
    # DenseNet's blocks go on appending to the list that they hand to a layer.
    kept = [list(one) if isinstance(one, list) else one for one in inputs]
    # No dropout in these encoders: there is no random state to bring back.
    result: Tensor = checkpoint(
        forward, *kept, use_reentrant=False, preserve_rng_state=False, context_fn=partial(_contexts, block)
    )
    return result


def _contexts(block: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _still_statistics(block)


@contextmanager
def _still_statistics(block: nn.Module) -> Iterator[None]:
    """Batch norm counts the batch once, not again when it is computed again."""
    norms = [module for module in block.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
        norm.num_batches_tracked = None
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
