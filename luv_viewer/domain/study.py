"""What opening a path gave: videos, and the files that could not be opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.video import Video


@dataclass(frozen=True)
class Failure:
    """A file that could not be opened. message: one plain sentence without a patient name."""

    path: Path
    message: str


@dataclass(frozen=True, eq=False)
class Study:
    """Videos of one opened path, grouped by patient and study, in acquisition order.

    title: file or folder name. path: what was opened, the first of several. failures: the files left out, each with
    its reason.
    """

    title: str
    path: Path
    videos: tuple[Video, ...]
    failures: tuple[Failure, ...] = ()

    def close(self) -> None:
        """Release all files and forget all decoded frames."""
        for video in self.videos:
            video.store.close()
            video.cache.clear()
