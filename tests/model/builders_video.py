"""A video that tells what was asked of it, and an error that stops a run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


class StoppedError(Exception):
    """What a caller raises to stop a run."""


@dataclass
class LoggedVideo:
    """A video that notes which frames were asked for."""

    frames: NDArray[np.uint8]
    region: tuple[int, int, int, int] = (5, 3, 45, 38)
    asked: list[int] = field(default_factory=list)

    @property
    def n_frames(self) -> int:
        return len(self.frames)

    def frame(self, i: int) -> NDArray[np.uint8]:
        self.asked.append(i)
        return self.frames[i]
