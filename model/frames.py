"""Where frames come from, and how they are prepared on the CPU."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model.preprocessing import Preprocessing, Region, array_frame, check_frame, video_frame


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
        self.preprocessing = preprocessing
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

    @property
    def region(self) -> Region | None:
        """What of a frame the network sees, (x0, y0, x1, y1); None for a plain array, whose frames enter whole."""
        return None if isinstance(self._frames, np.ndarray) else self._frames.region

    def raw(self, i: int) -> NDArray[np.uint8]:
        """Frame i as it came: (H, W, 3) uint8 RGB."""
        return self._frames[i] if isinstance(self._frames, np.ndarray) else self._frames.frame(i)

    def image(self, i: int) -> NDArray[np.uint8]:
        """Frame i letterboxed: (size, size) grey of a video, (size, size, 3) of an array."""
        region = self.region
        if region is None:
            return array_frame(self.raw(i), self.preprocessing)
        return video_frame(self.raw(i), region, self.preprocessing)

    def images(self, indices: NDArray[np.int64]) -> NDArray[np.uint8]:
        """(M, size, size, 3) uint8 of some frames; grey is replicated to three channels."""
        size = self.preprocessing.size
        made = np.empty((len(indices), size, size, 3), np.uint8)
        for place, i in enumerate(indices.tolist()):
            image = self.image(i)
            made[place] = image[:, :, None] if image.ndim == 2 else image
        return made
