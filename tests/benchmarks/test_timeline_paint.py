"""How long the timeline takes to show an edit with 200 intervals on the screen."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from luv_viewer.domain.annotation import Suggestion, VideoAnnotation
from luv_viewer.domain.pattern import TRACK_PATTERNS, Pattern
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.widgets.timeline import Timeline
from tests.widgets.builders_widgets import build_prediction

N_FRAMES = 1200
EACH = 40
GOAL_MS = 10.0


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    widget = Timeline()
    qtbot.addWidget(widget)
    widget.resize(1920, 420)
    widget.show()
    widget.set_video(N_FRAMES, np.arange(N_FRAMES) / 30)
    widget.set_prediction(build_prediction(N_FRAMES))
    widget.set_annotation(annotated(0))
    widget.set_other_sheet((SpanSet.of(*(Span(i * 30 + 5, i * 30 + 25) for i in range(EACH))),) * 5, "Reader lee")
    widget.set_suggestions([Suggestion(p, Span(i * 120, i * 120 + 40), 0.9, "x") for p in Pattern for i in range(10)])
    qtbot.wait(100)
    return widget


def annotated(step: int) -> VideoAnnotation:
    """EACH intervals per pattern, one B-line of which ends elsewhere at each step."""
    annotation = VideoAnnotation(N_FRAMES, seen=SpanSet.of(Span(0, 600)))
    for pattern in TRACK_PATTERNS:
        annotation = annotation.with_track(pattern, tuple(Span(i * 30, i * 30 + 20) for i in range(EACH)))
    track = list(annotation.track(Pattern.B_LINE))
    track[10] = Span(300, 305 + step % 20)
    return annotation.with_track(Pattern.B_LINE, tuple(track))


def shown_ms(change: list[VideoAnnotation], timeline: Timeline) -> list[float]:
    times = []
    for annotation in change:
        start = time.perf_counter()
        timeline.set_annotation(annotation)
        QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - start))
    return times


def test_an_edit_is_shown_within_ten_milliseconds(timeline: Timeline, capsys: pytest.CaptureFixture[str]) -> None:
    times = shown_ms([annotated(step) for step in range(1, 101)], timeline)
    p95 = float(np.percentile(times, 95))
    with capsys.disabled():
        print(f"\nan edit among {5 * EACH} intervals: median {np.median(times):.2f} ms, p95 {p95:.2f} ms")
    assert p95 < GOAL_MS


def test_all_tracks_at_once_are_drawn_within_a_screen_refresh(
    timeline: Timeline, capsys: pytest.CaptureFixture[str]
) -> None:
    times = []
    for step in range(50):
        start = time.perf_counter()
        timeline.set_marks(step, step + 100)
        QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - start))
    with capsys.disabled():
        print(f"\nmarks moved, everything drawn again: median {np.median(times):.2f} ms, max {max(times):.2f} ms")
    assert float(np.median(times)) < 2 * GOAL_MS
