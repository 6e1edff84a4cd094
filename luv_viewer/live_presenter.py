"""Shows what the threads of live mode say: picture, numbers, curves, how far behind they are."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.domain.live import (
    LiveRefusal,
    LiveResult,
    LiveWaiting,
    RecordingStatus,
    SourcePhase,
    SourceStatus,
    ordinal,
)
from luv_viewer.domain.live_history import LiveHistory
from luv_viewer.domain.live_timing import Latency, LiveFigures, Rate
from luv_viewer.jobs.live import LiveJobs
from luv_viewer.jobs.live_work import AssessorReady
from luv_viewer.jobs.preparing import PreparationProgress
from luv_viewer.widgets.ai_status import AiKind
from luv_viewer.widgets.live_view import SECONDS_SHOWN, LiveView
from luv_viewer.widgets.pattern_panel import PatternScore

CURVES_MS = 50
FIGURES_MS = 250
SILENT_S = 2.0
_ACTIONS = {SourcePhase.ENDED: "Play again", SourcePhase.FAILED: "Try again"}


class LivePresenter(QObject):
    """One way only: from the jobs to the page. checkpoint_known: a CheckpointInfo. now: monotonic seconds."""

    checkpoint_known = Signal(object)

    def __init__(
        self, jobs: LiveJobs, view: LiveView, now: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs, self._view, self._now = jobs, view, now
        self.status = SourceStatus(SourcePhase.OPENING, "")
        self.result: LiveResult | None = None
        self.is_frozen = False
        self._said: tuple[str, AiKind, str | None] = ("", "idle", None)
        self._ready: AssessorReady | None = None
        self._frozen_at_s = 0.0
        self._newest_s = 0.0
        self._last_arrival_s: float | None = None
        self._forget()
        self._curves_timer = _ticking(self, CURVES_MS, self._show_curves)
        self._figures_timer = _ticking(self, FIGURES_MS, self._show_figures)
        jobs.source_changed.connect(self._show_source)
        jobs.frame_arrived.connect(self._show_picture)
        jobs.ai_said.connect(self._take_word)
        jobs.ai_failed.connect(self._show_ai_failure)
        jobs.recorder.changed.connect(self._show_recording)
        view.patterns.painted.connect(self._count_painted)

    @property
    def figures(self) -> LiveFigures:
        """The numbers of this moment."""
        now_s, latency = self._now(), self._latency
        known = latency.count > 0
        return LiveFigures(
            frames_in=self._jobs.n_frames,
            fps_in=self._jobs.fps_in(now_s),
            fps_assessed=self._assessed.per_second(now_s),
            dropped=self._jobs.dropped,
            latency_ms=latency.percentile_ms(50) if known else None,
            latency_p95_ms=latency.percentile_ms(95) if known else None,
            results=latency.count,
        )

    def begin(self) -> None:
        """Another source: what the old one gave is gone from the screen."""
        self._forget()
        self._view.notice.clear()
        self._view.video_view.set_video(None, None)
        self._view.timeline.set_curves(None)
        self._show_scores(None)
        self.set_frozen(False)
        self._curves_timer.start()
        self._figures_timer.start()

    def end(self) -> None:
        """Nothing is shown any more."""
        self._curves_timer.stop()
        self._figures_timer.stop()

    def set_frozen(self, frozen: bool) -> None:
        """Hold what is on the screen, or show what comes."""
        self.is_frozen = frozen
        self._frozen_at_s = self._newest_s
        self._view.bar.set_frozen(frozen)
        if frozen:
            self._view.video_view.set_caption(f"Frozen at {self._newest_s:.1f} s. Capture goes on; Space shows it.")
        else:
            self._view.video_view.set_caption("")
            self._show_picture()
            self._show_scores(self.result)
            self._view.patterns.set_state(*self._said)

    def say_ai(self, sentence: str, *, action: str | None = None) -> None:
        """LUV-Net gives nothing, and why: no number stays on the screen."""
        self.set_frozen(False)
        self.result = None
        self._show_scores(None)
        self._say(sentence, "stopped", action)
        self._forget_curves()
        self._view.timeline.set_empty(sentence)

    def _say(self, sentence: str, kind: AiKind, action: str | None = None) -> None:
        """What LUV-Net is doing; a frozen screen says it when it goes on."""
        self._said = (sentence, kind, action)
        if not self.is_frozen:
            self._view.patterns.set_state(sentence, kind, action)

    def _forget(self) -> None:
        self.result = None
        self._newest_s, self._last_arrival_s = 0.0, None
        self._latency, self._assessed = Latency(), Rate()
        self._n_counted = 0
        self._forget_curves()

    def _forget_curves(self) -> None:
        n_patterns = 4 if self._ready is None else len(self._ready.patterns)
        self._history = LiveHistory(n_patterns, SECONDS_SHOWN)
        self._view.timeline.set_curves(None)

    def _show_source(self, status: SourceStatus) -> None:
        self.status = status
        self._view.set_source(status.sentence, _ACTIONS.get(status.phase))
        if status.phase is SourcePhase.RUNNING:
            self._view.video_view.set_caption("")
        if status.phase in (SourcePhase.FAILED, SourcePhase.WAITING):
            self.result = None
            self._show_scores(None)
            self._view.timeline.set_empty("No picture comes in")
            self._say("No picture comes in: nothing is assessed.", "idle")
            self._view.video_view.set_caption(status.sentence)
        if status.is_over:
            self._show_clip_words()
            self._view.timeline.set_curves(self._history.curves())
        self._show_recording(self._jobs.recorder.status)
        self._show_figures()

    def _show_picture(self) -> None:
        frame = self._jobs.take_picture() if not self.is_frozen else None
        if frame is None:
            return
        self._newest_s, self._last_arrival_s = frame.time_s, frame.arrived_s
        self._history.advance(frame.time_s)
        self._view.video_view.set_picture(frame.rgb, frame.number, None)

    def _take_word(self, word: object) -> None:
        if isinstance(word, PreparationProgress):
            words = f"{word.sentence[:1].upper()}{word.sentence[1:]}"
            self._say(words, "waiting")
            self._view.timeline.set_empty(words)
        elif isinstance(word, AssessorReady):
            self._take_network(word)
        elif isinstance(word, LiveWaiting):
            self.result = None
            self._show_scores(None)
            words = f"Waiting for the first second: {word.n_frames} of {word.needed} frames"
            self._say(words, "waiting")
            self._view.timeline.set_empty(words)
        elif isinstance(word, LiveRefusal):
            self.result = None
            self._history.refuse(word)
            self._show_scores(None)
            self._say(f"Not assessed: {word.reason}.", "failed")
            self._view.timeline.set_empty("Not assessed")
        elif isinstance(word, LiveResult):
            self._take_result(word)

    def _take_network(self, ready: AssessorReady) -> None:
        self._ready = ready
        self._history = LiveHistory(len(ready.patterns), SECONDS_SHOWN)
        self._view.timeline.set_network(ready.patterns, ready.thresholds.tolist())
        made_by = ready.provenance
        self._view.patterns.status.set_checkpoint(made_by.checkpoint)
        unproven = ", ".join(ready.info.unproven) if ready.info is not None else ""
        self._view.patterns.status.set_caution(f"Unproven: {unproven}" if unproven else "")
        if ready.info is not None:
            self.checkpoint_known.emit(ready.info)
        self._show_scores(None)
        words = "LUV-Net is ready, and waits for frames"
        self._say(words, "waiting")
        self._view.timeline.set_empty(words)

    def _take_result(self, result: LiveResult) -> None:
        if self.status.phase in (SourcePhase.FAILED, SourcePhase.WAITING):
            return
        self.result = result
        self._history.add(result)
        # Of the newest clip's frames, those that no earlier result counted.
        newest, spacing = int(result.numbers[-1]), result.spacing
        n_new = max(1, min(len(result.numbers), (newest - self._n_counted) // spacing)) if self._n_counted else 1
        self._n_counted = newest
        self._assessed.count(self._now(), n_new)
        self._show_scores(result)
        self._show_clip_words()

    def _show_clip_words(self) -> None:
        if self.result is None or self._ready is None:
            return
        made_by = self._ready.provenance
        engine = f"On {made_by.device}, {made_by.precision}."
        if self.status.is_over:
            self._say(f"Ended: these are the numbers of the last clip. {engine}", "done")
        else:
            self._say(f"{clip_words(self.result)} {engine}", "running")

    def _show_scores(self, result: LiveResult | None) -> None:
        if self.is_frozen:
            return
        if self._ready is None:
            self._view.patterns.clear()
            return
        thresholds = self._ready.thresholds.tolist()
        self._view.patterns.set_scores(
            [
                PatternScore(pattern, None, None if result is None else float(result.probabilities[p]), thresholds[p])
                for p, pattern in enumerate(self._ready.patterns)
            ],
            None if result is None else result.arrived_s,
        )

    def _count_painted(self, arrived_s: object) -> None:
        if isinstance(arrived_s, float) and not self.is_frozen:
            self._latency.add(max(0.0, self._now() - arrived_s))

    def _show_ai_failure(self, sentence: str) -> None:
        self.say_ai(sentence, action="Try again")
        self._say(sentence, "failed", "Try again")

    def _show_recording(self, status: RecordingStatus) -> None:
        can_record = self.status.phase in (SourcePhase.RUNNING, SourcePhase.WAITING)
        self._view.bar.set_recording(status, can_record=can_record and not self._jobs.recorder.is_active)
        if status.sentence:
            self._view.notice.say(status.sentence)

    def _show_curves(self) -> None:
        if not self.is_frozen and not self.status.is_over:
            self._view.timeline.set_curves(self._history.curves())

    def _show_figures(self) -> None:
        self._view.bar.set_figures(self.figures)
        if self.status.phase is SourcePhase.RUNNING and self._last_arrival_s is not None and not self.is_frozen:
            silent_s = self._now() - self._last_arrival_s
            silent = f" – no new picture for {silent_s:.0f} s" if silent_s > SILENT_S else ""
            self._view.set_source(self.status.sentence + silent)


def _ticking(owner: QObject, interval_ms: int, tick: Callable[[], None]) -> QTimer:
    timer = QTimer(owner)
    timer.setInterval(interval_ms)
    timer.timeout.connect(tick)
    return timer


def clip_words(result: LiveResult) -> str:
    """Which frames the numbers rest on.

    >>> import numpy as np
    >>> from luv_viewer.domain.pattern import Pattern
    >>> def result(n, spacing):
    ...     numbers = np.arange(n) * spacing
    ...     return LiveResult(numbers, numbers / 30, 0.0, (Pattern.A_LINE,), np.zeros(1), np.zeros((n, 1)), 30)
    >>> clip_words(result(30, 1))
    'Assessing every frame: the numbers are of the last 30, 1.0 s.'
    >>> clip_words(result(30, 2))
    'Assessing every 2nd frame, LUV-Net cannot keep up with all: the numbers are of 30 frames over 2.0 s.'
    >>> clip_words(result(20, 1))
    'Assessing every frame: the numbers are of the last 20, 0.7 s; fewer than the 30 it was trained on.'
    """
    n, spacing = len(result.numbers), result.spacing
    few = f"; fewer than the {result.clip_length} it was trained on" if n < result.clip_length else ""
    if spacing == 1:
        return f"Assessing every frame: the numbers are of the last {n}, {result.duration_s:.1f} s{few}."
    return (
        f"Assessing every {ordinal(spacing)} frame, LUV-Net cannot keep up with all: the numbers are of {n} "
        f"frames over {result.duration_s:.1f} s{few}."
    )
