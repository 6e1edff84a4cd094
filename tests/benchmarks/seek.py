"""From a click on the timeline to the frame painted: `python -m tests.benchmarks.seek [PATH]` prints percentiles.

Clicks on frames in random order of 152 frames of 924x1232 as JPEG baseline (or PATH), paused, without LUV-Net and while
it runs; most of them are not in the cache. Then prints how much anonymous memory the process gained by all that.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest

from luv_viewer.desk import Desk
from luv_viewer.widgets.timeline_canvas import LaneCanvas
from tests.benchmarks.playback import RUNNING, let_run, wait_until
from tests.benchmarks.window_run import run

GOAL_MS = 40.0
PAUSE_MS = 60
PATIENCE_MS = 5000


def anonymous_mb() -> float:
    """Anonymous resident memory of this process, MB; nan where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def click(desk: Desk, frame: int) -> float:
    """Click where a frame lies and wait until it is painted; milliseconds. Raises RuntimeError when it never is."""
    canvas = desk.window.timeline.findChild(LaneCanvas)
    loop, painted_s = QEventLoop(), []

    def note(painted: int, ticket: object) -> None:
        if painted == frame:
            painted_s.append(time.perf_counter())
            loop.quit()

    desk.window.video_view.painted.connect(note)
    place = QPoint(round(canvas.picture.axis.x_px(frame)), canvas.height() - 8)
    start = time.perf_counter()
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    if not painted_s:
        QTimer.singleShot(PATIENCE_MS, loop.quit)
        loop.exec()
    desk.window.video_view.painted.disconnect(note)
    if not painted_s:
        raise RuntimeError(f"frame {frame + 1} was not painted within {PATIENCE_MS} ms")
    return 1000 * (painted_s[0] - start)


def measure(desk: Desk, clicks: int) -> None:
    """Print one line without LUV-Net, one while it runs, and the memory gained."""
    session = desk.session
    wait_until(lambda: desk.window.video_view.picture is not None)
    session.player.pause()
    let_run(500)
    before_mb = anonymous_mb()
    assert session.video is not None
    rng, n_frames = np.random.default_rng(0), session.video.n_frames
    for with_ai in (False, True):
        if with_ai:
            desk.ai.switch(True)
            wait_until(lambda: session.prediction is not None)
        times, cached = [], 0
        for _ in range(clicks):
            frame = int(rng.choice([f for f in range(n_frames) if f != session.player.frame]))
            if with_ai and session.ai_state.phase not in RUNNING:
                desk.jobs.ai._finished.clear()
                desk.ai.restart()
            cached += session.video.is_cached(frame)
            times.append(click(desk, frame))
            let_run(PAUSE_MS)
        p50, p95 = np.percentile(times, (50, 95))
        print(
            f"{'LUV-Net running' if with_ai else 'without LUV-Net'}: {clicks} clicks, {cached} on cached frames: "
            f"p50 {p50:.1f} p95 {p95:.1f} max {max(times):.1f} ms (goal p95 {GOAL_MS:.0f} ms)",
            flush=True,
        )
        if not with_ai:
            gained = anonymous_mb() - before_mb
            print(f"anonymous memory gained by seeking: {gained:.0f} MB, budget {desk.settings.frame_budget_mb} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=150)
    sys.exit(run(parser, lambda desk, arguments: measure(desk, arguments.clicks)))
