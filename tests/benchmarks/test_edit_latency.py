"""From a key going up to the edit painted and on the disk, in the whole program, while LUV-Net is running.

Prints percentiles; the goal is 50 ms for 95 of 100 edits.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from luv_viewer.domain.ai_state import AiPhase
from luv_viewer.domain.annotation import with_all
from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.domain.span import Span
from luv_viewer.jobs.labelling import LabelJobs
from luv_viewer.label_desk import LabelDesk
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from tests.builders import moving_speckle, write_mp4
from tests.e2e.conftest import Hand, run_viewer

__all__ = ["run_viewer"]

N_FRAMES = 1200
EACH = 40
EDITS = 60
HELD_MS = 270
"""Longer than a tap."""
GOAL_MS = 50.0


class PaintWatch(QObject):
    """Knows when the tracks were painted last."""

    last_s = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.last_s = time.perf_counter()
        return False


def measure(hand: Hand, jobs: LabelJobs) -> tuple[list[float], list[float], int]:
    """(milliseconds until durable, until painted and durable, edits during which LUV-Net ran)."""
    session, notebook = hand.session, hand.session.notebook
    canvas = hand.window.timeline.findChild(LaneCanvas).viewport()
    watch, saved_s = PaintWatch(), [0.0]
    canvas.installEventFilter(watch)
    jobs.saved.connect(lambda _: saved_s.__setitem__(0, time.perf_counter()))
    durable, both, busy = [], [], 0
    for step in range(EDITS):
        session.player.show_frame(30 * (step % EACH) + 15 + step // EACH * 5)
        before = notebook.annotation
        QTest.keyPress(hand.window, Qt.Key.Key_2)
        QTest.qWait(HELD_MS)
        busy += session.ai_state.phase is AiPhase.RUNNING
        start_s = time.perf_counter()
        QTest.keyRelease(hand.window, Qt.Key.Key_2)
        assert notebook.annotation is not before, f"edit {step + 1} was not made"
        # What was seen before may be saved first: the edit is the newest entry.
        edit = notebook._next_number - 1
        while not (saved_s[0] > start_s and watch.last_s > start_s):
            QApplication.processEvents()
            if notebook.file is None or notebook.file.last_number < edit:
                saved_s[0] = 0.0
            assert time.perf_counter() - start_s < 10
        durable.append(1000 * (saved_s[0] - start_s))
        both.append(1000 * (max(saved_s[0], watch.last_s) - start_s))
    canvas.removeEventFilter(watch)
    return durable, both, busy


def test_an_edit_is_painted_and_durable_at_once(run_viewer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_mp4(tmp_path / "long.mp4", moving_speckle(N_FRAMES, seed=3))
    results: list[tuple[list[float], list[float], int]] = []

    def script(hand: Hand) -> None:
        notebook = hand.session.notebook
        jobs = hand.window.findChild(LabelDesk)._jobs
        hand.wait_for_video()
        hand.wait_until(lambda: notebook.annotation is not None, "the recognised video")
        assert notebook.annotation is not None
        track = tuple(Span(30 * i, 30 * i + 12) for i in range(EACH))
        assert notebook.apply(with_all(notebook.annotation, [(p, track) for p in TRACK_PATTERNS]), "mark present")
        hand.session.player.pause()
        hand.wait_until(lambda: hand.session.ai_state.phase is AiPhase.RUNNING, "LUV-Net at work")
        hand.wait_until(lambda: not jobs.is_unwritten(), "the first edits on the disk")
        results.append(measure(hand, jobs))

    run_viewer([tmp_path / "long.mp4", "--reader", "kim", "--project", tmp_path / "work"], script)
    ((durable, both, busy),) = results
    assert len(both) == EDITS
    with capsys.disabled():
        print(f"\n{EDITS} edits, {EACH * len(TRACK_PATTERNS)} intervals on screen, LUV-Net at work during {busy}")
        for name, times in (("durable", durable), ("painted and durable", both)):
            p50, p95 = np.percentile(times, (50, 95))
            print(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms, max {max(times):.1f} ms (goal p95 {GOAL_MS:.0f} ms)")
