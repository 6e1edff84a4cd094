"""Process start to the first frame painted, against `import torch`: `python -m tests.benchmarks.start_up [PATH]`.

Opens 152 frames of 924x1232 as JPEG baseline (or PATH, or `--demo`) in a fresh process, and imports torch in another,
in turn. The first run of each is left out: it reads the files from the disk. The window ends itself when the view says
that a frame was painted. Needs a display, or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.cines import write_jpeg_cine

GOAL = 0.6
ROOT = Path(__file__).resolve().parent.parent.parent

WINDOW = """
import os, sys
from luv_viewer.widgets import video_view

class Watched(video_view.VideoView):
    def __init__(self, parent=None):
        super().__init__(parent)
        self.painted.connect(lambda *_: self.leave())

    def leave(self):
        loaded = sorted({"torch", "openvino"} & sys.modules.keys())
        print("loaded before the first frame:", ", ".join(loaded) or "no engine", flush=True)
        os._exit(0)

video_view.VideoView = Watched
from luv_viewer.app import main
sys.exit(main(sys.argv[1:]))
"""
"""Leaves the process at the first paint, without closing: what closing takes is not measured."""


def seconds(command: list[str]) -> tuple[float, str]:
    """How long a process took from start to end, and what it printed. Raises CalledProcessError."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return time.perf_counter() - start, done.stdout.strip()


def run(what: list[str], times: int) -> None:
    """Time both in turn and print medians, spread and ratio."""
    window, torch, said = [], [], ""
    for number in range(times + 1):
        opened_s, said = seconds([sys.executable, "-c", WINDOW, *what])
        imported_s, _ = seconds([sys.executable, "-c", "import torch"])
        if number:
            window.append(opened_s)
            torch.append(imported_s)
    ratios = sorted(ours / theirs for ours, theirs in zip(window, torch, strict=True))
    for name, values in (("start to first frame painted", window), ("import torch", torch)):
        print(f"{name}: median {statistics.median(values):.2f} s, {min(values):.2f} to {max(values):.2f} s")
    ratio = statistics.median(window) / statistics.median(torch)
    print(f"ratio {ratio:.2f} (goal {GOAL}), pair by pair {ratios[0]:.2f} to {ratios[-1]:.2f}; {said}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path)
    parser.add_argument("--demo", action="store_true", help="the bundled study")
    parser.add_argument("--times", type=int, default=9, help="runs of each")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LUV_CONFIG_DIR"] = folder
        path = arguments.path.absolute() if arguments.path else Path(folder) / "cine.dcm"
        if not arguments.demo and arguments.path is None:
            write_jpeg_cine(path)
        run(["--demo"] if arguments.demo else [str(path)], arguments.times)


if __name__ == "__main__":
    main()
