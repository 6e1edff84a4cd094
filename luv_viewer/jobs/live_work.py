"""What runs in the threads of live mode: capture, LUV-Net, recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.domain.live import LiveFrame, LiveOutcome, RecordingPhase, RecordingStatus
from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.prediction import Provenance
from luv_viewer.jobs.ai import AiSettings, NetworkShelf
from luv_viewer.jobs.live_box import AssessBox, RecordBox
from luv_viewer.task import Report

if TYPE_CHECKING:
    from luv_viewer.io.live_recording import LiveRecording

POLL_S = 0.1
"""How long a thread may sleep without looking whether it was cancelled."""

_STATUS_S = 0.25
_TOO_SLOW = "LUV-Net cannot keep up with this source on this computer, not even with every 8th frame."


class Assessor(Protocol):
    """`luv_viewer.analysis.live.LiveAssessor` is one."""

    patterns: tuple[Pattern, ...]
    thresholds: NDArray[np.float64]
    provenance: Provenance

    @property
    def frames_at_once(self) -> int: ...

    def assess(self, frames: Sequence[LiveFrame], spacing: int) -> LiveOutcome | None: ...


@dataclass(frozen=True, eq=False)
class AssessorReady:
    """LUV-Net is loaded. thresholds: (P,) in [0, 1]."""

    patterns: tuple[Pattern, ...]
    thresholds: NDArray[np.float64]
    provenance: Provenance
    info: CheckpointInfo | None = None


OpenAssessor = Callable[[Report], tuple[Assessor, CheckpointInfo | None]]
"""Loads LUV-Net, reporting PreparationProgress where that takes a while."""


class TooSlowError(Exception):
    """str(error) is one sentence."""


def serve_capture(text: str, take: Callable[[LiveFrame], None], report: Report) -> None:
    """Hand the frames of the source called `text` to `take`; reports every SourceStatus."""
    from luv_viewer.io.live_source import live_source

    def wait(seconds: float) -> None:
        end = time.monotonic() + seconds
        report()
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, POLL_S))
            report()

    source = live_source(text)
    events = source.events(wait)
    try:
        for event in events:
            if isinstance(event, LiveFrame):
                take(event)
            else:
                report(event)
    finally:
        events.close()  # type: ignore[attr-defined]


def serve_assessing(box: AssessBox, open_assessor: OpenAssessor, report: Report) -> None:
    """Assess what comes until the box is closed; reports PreparationProgress, AssessorReady once, then LiveOutcomes.

    Raises what the assessor raises, TooSlowError when frames keep coming too fast.
    """
    assessor, info = open_assessor(report)
    report(AssessorReady(assessor.patterns, assessor.thresholds, assessor.provenance, info))
    box.open()
    n_slow = 0
    while (frames := box.take(assessor.frames_at_once, POLL_S)) is not None:
        report()
        if not frames:
            continue
        begun_s = time.monotonic()
        outcome = assessor.assess(frames, box.spacing)
        box.note_step(assessor.frames_at_once, time.monotonic() - begun_s)
        report(outcome)
        n_slow = n_slow + 1 if box.is_too_slow else 0
        if n_slow > 20:
            raise TooSlowError(_TOO_SLOW)


def open_luv_net(settings: AiSettings) -> OpenAssessor:
    """Opens the network of these settings when called, as for a study; stride and tail do not matter."""

    def load(report: Report) -> tuple[Assessor, CheckpointInfo | None]:
        from luv_viewer.analysis.checkpoint_info import describe_checkpoint
        from luv_viewer.analysis.live import live_assessor

        network = NetworkShelf().take(settings, report)
        return live_assessor(network), describe_checkpoint(network.facts)

    return load


def serve_recording(box: RecordBox, wanted: Path | None, fps: float | None, report: Report) -> None:
    """Write what comes until the box is finished and empty; reports RecordingStatus several times a second.

    A picture of another size goes on in a file of its own. Raises RecordingError.
    """
    from luv_viewer.io.live_recording import LiveRecording, recording_path

    recording: LiveRecording | None = None
    note, next_word_s = "", 0.0
    try:
        while (frame := box.take()) is not None:
            if recording is not None and frame.rgb.shape[:2] != recording.size_px:
                recording.close()
                note = f"The picture changed its size: it goes on in another file than {recording.path.name}."
                recording = None
            if recording is None:
                path = recording_path(wanted, datetime.now())
                recording = LiveRecording(path, frame.rgb.shape[:2], fps)
                next_word_s = 0.0
            recording.add(frame)
            if time.monotonic() >= next_word_s:
                next_word_s = time.monotonic() + _STATUS_S
                report(_status(recording, RecordingPhase.RUNNING, box, note))
        if recording is not None:
            recording.close()
            report(_status(recording, RecordingPhase.FINISHED, box, note))
    finally:
        if recording is not None:
            _close_quietly(recording)


def _close_quietly(recording: LiveRecording) -> None:
    """After a failure that was raised already; what was written stays."""
    from luv_viewer.io.live_recording import RecordingError

    try:
        recording.close()
    except RecordingError:
        return


def _status(recording: LiveRecording, phase: RecordingPhase, box: RecordBox, note: str) -> RecordingStatus:
    return RecordingStatus(phase, str(recording.path), recording.seconds, recording.n_frames, box.n_lost, note)
