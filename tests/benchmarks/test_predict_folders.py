"""`luv predict` on folders of thousands: what everything but the network costs, and what grows with their number.

`python -m pytest tests/benchmarks/test_predict_folders.py --benchmark-enable -s` prints it; the videos are one short MP4
with a few bytes added, so that none is the same, the network is a tiny one.

Disabled benchmarks (the usual test run) take a handful of videos once, so that the code here keeps working.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from luv_viewer.analysis.batch import BatchListener, BatchOptions, run_batch
from luv_viewer.io import open_study
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint

ROOT = Path(__file__).resolve().parent.parent.parent
QUIET = BatchListener(lambda progress: None, lambda sentence: None)
OPTIONS = BatchOptions(device="openvino", precision="fp32")
_PEAK = "import resource, sys; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(status)"


def write_folder(root: Path, n_videos: int) -> Path:
    """n_videos different videos of 5 frames, 100 a folder."""
    root.mkdir(parents=True)
    one = write_mp4(root.parent / "one.mp4", moving_speckle(5)).read_bytes()
    for number in range(n_videos):
        place = root / f"{number // 100:03}" / f"{number % 100}.mp4"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(one + b"\0\0\0\x10free" + number.to_bytes(8, "big"))
    return root


def test_a_large_folder_is_computed_and_then_skipped(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    n_videos = 2000 if benchmark.enabled else 3
    root = write_folder(tmp_path / "in", n_videos)
    checkpoint = write_tiny_checkpoint(tmp_path / "tiny.pt")

    def run() -> tuple[float, float]:
        """Seconds to the first outcome, and to the last."""
        began_s, first_s = time.perf_counter(), 0.0
        for outcome in run_batch([root], tmp_path / "out", checkpoint, OPTIONS, QUIET):
            first_s = first_s or time.perf_counter() - began_s
            assert outcome.row.status == "ok"
        return first_s, time.perf_counter() - began_s

    first_s, computed_s = run()
    first_skipped_s, skipped_s = benchmark.pedantic(run, rounds=1, iterations=1)
    began_s = time.perf_counter()
    open_study(root).close()
    opened_s = time.perf_counter() - began_s
    print(f"\n{n_videos} videos computed: {1000 * computed_s / n_videos:.1f} ms each, the first after {first_s:.2f} s")
    print(f"already done: {1000 * skipped_s / n_videos:.2f} ms each, the first after {first_skipped_s:.2f} s")
    print(f"opening all of them at once takes {opened_s:.2f} s, {opened_s / first_skipped_s:.0f} times that")


@pytest.mark.parametrize("n_videos", [300, 3000])
def test_peak_memory_stays(benchmark: BenchmarkFixture, n_videos: int, tmp_path: Path) -> None:
    n_videos = n_videos if benchmark.enabled else n_videos // 100
    root = write_folder(tmp_path / "in", n_videos)
    checkpoint = write_tiny_checkpoint(tmp_path / "tiny.pt")
    program = f"import sys; from luv_viewer.cli import main; status = main(sys.argv[1:]); {_PEAK}"
    how = ["--checkpoint", checkpoint, "--device", "openvino", "--precision", "fp32"]
    command = [sys.executable, "-c", program, "predict", root, "-o", tmp_path / "out", *how]

    def run() -> int:
        """Peak resident memory of a run, kB."""
        environment = {**os.environ, "LUV_CACHE_DIR": str(tmp_path / "cache")}
        words = list(map(str, command))
        done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        return int(done.stdout.split()[-1])

    # The conversion of the network, in the first run, needs more than all that follows.
    run()
    skipped_kb = benchmark.pedantic(run, rounds=1, iterations=1)
    command.append("--overwrite")
    computed_kb = run()
    print(f"\n{n_videos} videos: peak {computed_kb / 1024:.0f} MB computed, {skipped_kb / 1024:.0f} MB already done")
