"""The AI worker: what runs in its thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.prediction import Prediction
from luv_viewer.domain.video import Video
from luv_viewer.jobs.preparing import run_preparation
from luv_viewer.task import Report

if TYPE_CHECKING:
    from model.runtimes.opened import OpenedNetwork

log = logging.getLogger(__name__)

SHOW_EVERY_S = 0.2
"""Growing results are shown this often at most: at stride 1 a long video has thousands of clips."""

PAPER_STRIDE = 24


@dataclass(frozen=True)
class AiSettings:
    """What a result depends on besides the video. checkpoint: a file, None for the bundled one."""

    checkpoint: Path | None
    device: str
    precision: str
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


@dataclass(frozen=True)
class EngineReason:
    """Why this engine and precision run, for people."""

    sentence: str


def file_stamp(path: Path | None) -> tuple[int, int]:
    """Changes when the file does; (0, 0) for the bundled checkpoint and for one that cannot be read."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        found = None
    return (0, 0) if found is None else (found.st_mtime_ns, found.st_size)


class NetworkShelf:
    """Keeps the last opened network, so that the next video need not open it again. Used by one thread at a time."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._network: OpenedNetwork | None = None

    def take(self, settings: AiSettings, report: Report) -> OpenedNetwork:
        """The network for these settings, prepared first where that was never done. Raises what opening raises."""
        from luv_viewer.analysis.engine import open_network
        from luv_viewer.analysis.predict import default_checkpoint_path

        path = settings.checkpoint or default_checkpoint_path()
        key = (path, *file_stamp(path), settings.device, settings.precision)
        if self._network is None or self._key != key:
            self.forget()
            device = _ready_device(path, settings, report)
            self._network = open_network(path, device, settings.precision, background=True)
            self._key = key
        return self._network

    def forget(self) -> None:
        """Let go of the network: it is opened anew when it is next asked for."""
        self._key, self._network = None, None


def _ready_device(path: Path, settings: AiSettings, report: Report) -> str:
    """The device asked for, once the checkpoint is prepared for it; torch when it cannot be and no engine was named."""
    from luv_viewer.analysis.engine import find_prepared_file, resolved_device, runs_on_openvino
    from luv_viewer.analysis.errors import AnalysisError, CheckpointUnusableError

    device = resolved_device(settings.device)
    if not runs_on_openvino(device, settings.precision):
        return device
    try:
        prepared = find_prepared_file(path)
        if prepared is None:
            run_preparation(path, "convert", report)
        if settings.precision == "int8" and (prepared is None or not prepared.has_int8):
            run_preparation(path, "measure", report)
    except CheckpointUnusableError:
        raise
    except AnalysisError as error:
        if device != "cpu":
            raise
        log.warning("OpenVINO cannot be used: %s", error)
        return "torch"
    return device


def measure_engines(settings: AiSettings, report: Report) -> str:
    """Measure what `auto` should run, unless that is known or not asked for; why, in sentences, or nothing.

    Reports PreparationProgress.
    """
    from luv_viewer.analysis.engine import find_prepared_file, resolved_device, runs_on_openvino
    from luv_viewer.analysis.predict import default_checkpoint_path
    from model.runtimes.choice import read_choice

    path = settings.checkpoint or default_checkpoint_path()
    device = resolved_device(settings.device)
    prepared = find_prepared_file(path)
    if settings.precision != "auto" or not runs_on_openvino(device, "auto") or prepared is None:
        return ""
    if read_choice(prepared) is not None:
        return ""
    run_preparation(path, "measure", report)
    choice = read_choice(prepared)
    return "" if choice is None else choice.reason


def run_ai(request: AiRequest, shelf: NetworkShelf, report: Report) -> Prediction:
    """Reports CheckpointInfo once, then AiProgress and growing Predictions; returns the complete one.

    A network that does not slide runs the paper's clips whatever the settings say: a clip at every frame would take it
    as many passes as the video has frames.
    The imports stand here so that OpenVINO, or torch for a card, is loaded by this thread, after the window is up.
    """
    from luv_viewer.analysis.checkpoint_info import describe_checkpoint
    from luv_viewer.analysis.predict import iter_video_predictions

    network = shelf.take(request.settings, report)
    info: CheckpointInfo = describe_checkpoint(network.facts)
    report(info)
    report(EngineReason(network.reason))
    prediction = None
    for prediction in iter_video_predictions(
        request.video,
        network,
        stride=request.settings.stride if network.slides else PAPER_STRIDE,
        tail=request.settings.tail if network.slides else "pad",
        play_head=request.play_head,
        report=lambda done, total: report(AiProgress(done, total)),
        every_s=SHOW_EVERY_S,
    ):
        report(prediction)
    assert prediction is not None  # a video has at least one frame, so at least one clip
    return prediction
