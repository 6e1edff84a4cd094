"""What showing the next moment of live mode's curves costs: `python -m tests.benchmarks.live_curves` prints medians.

Ten seconds at 30 frames a second, a result with every frame; processor time of the window's thread, in ms.
"""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtWidgets import QApplication

from luv_viewer.domain.live_history import LiveCurves
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.widgets.live_timeline import LiveTimeline

SIZES_PX = ((1284, 208), (1920, 280))
RATE, SECONDS, TIMES = 30, 10.0, 120


def curves_at(end_s: float) -> LiveCurves:
    """Waves of several lengths."""
    times_s = end_s - np.arange(round(SECONDS * RATE) - 1, -1, -1) / RATE
    probabilities = 0.5 + 0.45 * np.sin(times_s[:, None] * np.array([1.0, 1.7, 0.6, 2.3]))
    attention = np.abs(np.sin(times_s[:, None] * np.array([3.0, 4.7, 2.6, 5.3])))
    return LiveCurves(end_s - SECONDS, end_s, times_s, probabilities, times_s, attention)


def main() -> None:
    """Print a line for each size."""
    application = QApplication([])
    for size_px in SIZES_PX:
        timeline = LiveTimeline(SECONDS)
        timeline.resize(*size_px)
        timeline.set_network(NETWORK_PATTERNS, (0.5, 0.18, 0.3, 0.25))
        timeline.show()
        while not (handle := timeline.windowHandle()) or not handle.isExposed():
            application.processEvents()
        taken, painted = [], []
        for i in range(TIMES):
            curves = curves_at(20 + i / RATE)
            start = time.thread_time()
            timeline.set_curves(curves)
            middle = time.thread_time()
            timeline.plot.viewport().repaint()
            taken.append(1000 * (middle - start))
            painted.append(1000 * (time.thread_time() - middle))
        print(f"{size_px[0]}x{size_px[1]}: taking them {np.median(taken):.1f} ms, painting {np.median(painted):.1f} ms")
        timeline.close()
    application.quit()


if __name__ == "__main__":
    main()
