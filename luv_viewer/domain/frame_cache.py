"""The last decoded frames, kept within a byte budget."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

DEFAULT_BUDGET_BYTES = 160 * 2**20

Frame = NDArray[np.uint8]


class FrameCache:
    """Least-recently-used frames of all videos of a study, bounded by bytes; safe to share between threads.

    >>> cache = FrameCache(budget_bytes=8)
    >>> cache.put("a", np.zeros(8, np.uint8)); cache.put("b", np.zeros(8, np.uint8))
    >>> cache.get("a") is None, cache.get("b") is not None, cache.used_bytes
    (True, True, 8)
    """

    def __init__(self, budget_bytes: int = DEFAULT_BUDGET_BYTES) -> None:
        if budget_bytes < 0:
            raise ValueError(f"the cache budget must not be negative, got {budget_bytes} bytes")
        self._budget_bytes = budget_bytes
        self._used_bytes = 0
        self._frames: OrderedDict[object, Frame] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        """Bytes held now; never above the budget."""
        return self._used_bytes

    def get(self, key: object) -> Frame | None:
        """The frame stored under `key`, or None."""
        with self._lock:
            frame = self._frames.get(key)
            if frame is not None:
                self._frames.move_to_end(key)
            return frame

    def put(self, key: object, frame: Frame) -> None:
        """Keep `frame`; the least recently used ones leave until the budget holds. A frame above it is not kept."""
        if frame.nbytes > self._budget_bytes:
            return
        with self._lock:
            old = self._frames.pop(key, None)
            if old is not None:
                self._used_bytes -= old.nbytes
            self._frames[key] = frame
            self._used_bytes += frame.nbytes
            while self._used_bytes > self._budget_bytes:
                _, dropped = self._frames.popitem(last=False)
                self._used_bytes -= dropped.nbytes
