"""Lightning's remarks that do not concern who trains: left out where they arise, and nowhere else."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOG = "lightning.pytorch"
_REMARKS = (
    # Clips are read from mapped memory: another process would only add copies.
    "The '.*_dataloader' does not have many workers",
    # Of 1 x 1 convolutions, whose gradients lie the same in memory under both names.
    "Grad strides do not match bucket view strides",
    # What is frozen is meant to be.
    r"Found \d+ module\(s\) in eval mode at the start of training",
    # Lightning 2.6 asks torch in the way of older versions.
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    # Its progress bar and summary are off.
    "The number of training batches",
)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Without its lines about devices and its advice."""
    log = logging.getLogger(_LOG)
    level = log.level
    try:
        with warnings.catch_warnings():
            hush_lightning()
            yield
    finally:
        log.setLevel(level)


def hush_lightning() -> None:
    """The same for good: in a process that Lightning started to train."""
    logging.getLogger(_LOG).setLevel(logging.ERROR)
    for remark in _REMARKS:
        warnings.filterwarnings("ignore", message=remark)
