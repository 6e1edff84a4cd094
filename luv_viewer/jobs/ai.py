"""The AI worker: what runs in its thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.video import Video
from luv_viewer.task import Report

if TYPE_CHECKING:
    from model import Checkpoint


@dataclass(frozen=True)
class AiSettings:
    """What a result depends on besides the video. checkpoint: a file, None for the bundled one."""

    checkpoint: Path | None
    device: str
    stride: int
    tail: Literal["pad", "align", "drop"]


@dataclass(frozen=True)
class AiRequest:
    """One run of LUV-Net over a video. play_head: the frame shown now; clips near it run first."""

    video: Video
    settings: AiSettings
    play_head: Callable[[], int]


@dataclass(frozen=True)
class AiProgress:
    """done of total units of work (frames encoded and clips combined)."""

    done: int
    total: int


class CheckpointShelf:
    """Keeps the last loaded network, so that the next video need not load it again. Used by one thread at a time."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._checkpoint: Checkpoint | None = None

    def take(self, path: Path) -> Checkpoint:
        """The network in `path`; read again when another one is on the shelf. Raises what loading raises."""
        from luv_viewer.analysis.predict import load_checkpoint

        if self._checkpoint is None or self._path != path:
            self._checkpoint = load_checkpoint(path)
            self._path = path
        return self._checkpoint


def _leave_a_core() -> None:
    """One torch thread fewer than cores, so that the window always has one.

    A lower priority would not do: a thread that holds the interpreter while others run before it holds the window too.
    """
    import torch

    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


def run_ai(request: AiRequest, shelf: CheckpointShelf, report: Report) -> Prediction:
    """Reports CheckpointInfo once, then AiProgress and growing Predictions; returns the complete one.

    The imports stand here so that torch is loaded by this thread, after the window is up.
    """
    _leave_a_core()
    from luv_viewer.analysis.checkpoint_info import describe_checkpoint
    from luv_viewer.analysis.predict import default_checkpoint_path, iter_video_predictions

    checkpoint = shelf.take(request.settings.checkpoint or default_checkpoint_path())
    info: CheckpointInfo = describe_checkpoint(checkpoint)
    report(info)
    prediction = None
    for prediction in iter_video_predictions(
        request.video,
        checkpoint,
        stride=request.settings.stride,
        tail=request.settings.tail,
        device=request.settings.device,
        play_head=request.play_head,
        report=lambda done, total: report(AiProgress(done, total)),
    ):
        report(prediction)
    assert prediction is not None  # a video has at least one frame, so at least one clip
    return prediction
