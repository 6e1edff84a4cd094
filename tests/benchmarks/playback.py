"""How evenly the window plays while LUV-Net runs: `python -m tests.benchmarks.playback [PATH]` prints intervals.

Plays 152 frames of 924x1232 as JPEG baseline at 30 frames a second (or PATH) in a real window, without LUV-Net and with
it, started anew whenever it is done. An interval lies between two frames painted; dropped are those that were not.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer

from luv_viewer.desk import Desk
from luv_viewer.domain.ai_state import AiPhase
from tests.benchmarks.window_run import run

GOAL = 1.5
GOAL_DROPPED = 0.01
RUNNING = (AiPhase.WAITING, AiPhase.RUNNING)


class Stopwatch:
    """Notes when frames are painted, and how many came due, while it is on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._painted_s: list[float] = []
        self._dropped_before = desk.session.player.dropped
        desk.window.video_view.painted.connect(self._note)

    def _note(self, frame: int, ticket: object) -> None:
        self._painted_s.append(time.perf_counter())

    def stop(self) -> str:
        """What was measured, in one line."""
        player = self._desk.session.player
        self._desk.window.video_view.painted.disconnect(self._note)
        video = self._desk.session.video
        assert video is not None
        nominal_ms = 1000 * float(np.diff(video.times_s).mean()) / player.speed
        intervals = 1000 * np.asarray([b - a for a, b in itertools.pairwise(self._painted_s)])
        dropped = player.dropped - self._dropped_before
        p50, p95, p99 = np.percentile(intervals, (50, 95, 99))
        share = dropped / (dropped + len(self._painted_s))
        return (
            f"{len(self._painted_s)} frames painted, interval p50 {p50:.1f} p95 {p95:.1f} p99 {p99:.1f} "
            f"max {intervals.max():.1f} ms, nominal {nominal_ms:.1f} ms: p95 {p95 / nominal_ms:.2f} times nominal "
            f"(goal {GOAL}), dropped {share:.2%} (goal {GOAL_DROPPED:.0%})"
        )


def let_run(milliseconds: float) -> None:
    """Let the program run, its threads included."""
    loop = QEventLoop()
    QTimer.singleShot(round(milliseconds), loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], object]) -> None:
    """Let the program run until the condition holds; RuntimeError after a minute."""
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("the window did not get so far within a minute")
        let_run(10)


def measure(desk: Desk, seconds: float) -> None:
    """Print the line without LUV-Net, then with it from its very start, then once it is under way."""
    session = desk.session
    wait_until(lambda: desk.window.video_view.picture is not None and session.player.is_playing)
    let_run(1000)
    watch = Stopwatch(desk)
    let_run(1000 * seconds)
    print("without LUV-Net:", watch.stop(), flush=True)
    watch = Stopwatch(desk)
    desk.ai.switch(True)
    wait_until(lambda: session.prediction is not None)
    print("while it starts:", watch.stop(), f"({session.ai_state.device})", flush=True)
    watch, runs, end = Stopwatch(desk), 1, time.monotonic() + seconds
    while time.monotonic() < end:
        if session.ai_state.phase not in RUNNING:
            desk.jobs.ai._finished.clear()
            desk.ai.restart()
            runs += 1
        let_run(50)
    print("while it runs:  ", watch.stop(), f"({session.ai_state.device}, {runs} runs)", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long each part is measured")
    sys.exit(run(parser, lambda desk, arguments: measure(desk, arguments.seconds)))
