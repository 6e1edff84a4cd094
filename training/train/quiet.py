"""Lightning's remarks that do not concern who trains: left out where they arise, and nowhere else."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_REMARKS = (
    # Clips are read from mapped memory: another process would only add copies.
    "The '.*_dataloader' does not have many workers",
    # Lightning 2.6 asks torch in the way of older versions.
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    # Its progress bar and summary are off.
    "The number of training batches",
)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Without its lines about devices and its advice."""
    log = logging.getLogger("lightning.pytorch")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for remark in _REMARKS:
                warnings.filterwarnings("ignore", message=remark)
            yield
    finally:
        log.setLevel(level)
