"""`luv predict` on folders of thousands: what everything but the network and the figure costs, and what grows.

`python -m pytest tests/benchmarks/test_predict_folders.py --benchmark-enable -s` prints it. The videos are one MP4
with some bytes added, so that none is the same; one ready result stands for what workers send. What is already done is
skipped for real, with every file opened and read.

Disabled benchmarks (the usual test run) take a handful of videos once, so that the code here keeps working.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from luv_viewer.analysis import batch
from luv_viewer.analysis.batch import BatchListener, BatchOptions, run_batch
from luv_viewer.analysis.batch_crew import chosen_engine
from luv_viewer.analysis.batch_job import BatchAnswer, BatchJob, BatchTask, VideoWorker, file_version
from luv_viewer.io import open_study
from luv_viewer.io.study_parts import open_part
from tests.builders import moving_speckle, write_mp4, write_tiny_checkpoint

ROOT = Path(__file__).resolve().parent.parent.parent
QUIET = BatchListener(lambda progress: None, lambda sentence: None)
OPTIONS = BatchOptions(device="openvino", precision="fp32")


def write_folder(root: Path, n_videos: int) -> Path:
    """n_videos different videos of 5 frames, 100 a folder."""
    root.mkdir(parents=True)
    one = write_mp4(root.parent / "one.mp4", moving_speckle(5)).read_bytes()
    for number in range(n_videos):
        place = root / f"{number // 100:03}" / f"{number % 100}.mp4"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(one + b"\0\0\0\x10free" + number.to_bytes(8, "big"))
    return root


class ReadyCrew:
    """Computes the first video, and gives its result for every other one, with the key that is the video's own."""

    def __init__(self, checkpoint: Path, task: BatchTask) -> None:
        self._worker = VideoWorker(task, chosen_engine(checkpoint, task, lambda sentence: None))
        self._jobs: list[BatchJob] = []
        self._first: BatchAnswer | None = None

    @property
    def has_room(self) -> bool:
        return len(self._jobs) < 4

    def add(self, job: BatchJob) -> None:
        self._jobs.append(job)

    def next_answer(self) -> BatchAnswer | None:
        if not self._jobs:
            return None
        job = self._jobs.pop(0)
        if self._first is None:
            self._first = self._worker.do(job, lambda done, total: None)
        made, row = self._first.result, self._first.row
        assert made is not None
        assert row is not None
        video = open_part(job.part)
        key = self._worker.task.key(video)
        video.store.close()
        return BatchAnswer(job, replace(row, video=job.name, file=job.file), replace(made, key=key))

    def close(self) -> None:
        self._jobs.clear()


def _run(root: Path, out: Path, checkpoint: Path) -> list[float]:
    """Seconds to each outcome."""
    began_s = time.perf_counter()
    return [time.perf_counter() - began_s for _ in run_batch([root], out, checkpoint, OPTIONS, QUIET)]


def test_a_large_folder_is_written_and_then_skipped(
    benchmark: BenchmarkFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_videos = 2000 if benchmark.enabled else 20
    root = write_folder(tmp_path / "in", n_videos)
    checkpoint = write_tiny_checkpoint(tmp_path / "tiny.pt")
    task = BatchTask(file_version(checkpoint), device=OPTIONS.device, precision=OPTIONS.precision)
    crew = ReadyCrew(checkpoint, task)
    monkeypatch.setattr(batch, "open_crew", lambda *arguments: crew)
    _run(root, tmp_path / "warm-up", checkpoint)
    written_s = _run(root, tmp_path / "out", checkpoint)
    skipped_s = benchmark.pedantic(_run, (root, tmp_path / "out", checkpoint), rounds=1, iterations=1)
    began_s = time.perf_counter()
    open_study(root).close()
    opened_s = time.perf_counter() - began_s
    assert len(written_s) == len(skipped_s) == n_videos
    tenth = n_videos // 10
    late, early = written_s[-1] - written_s[-tenth], written_s[tenth] - written_s[0]
    print(f"\n{n_videos} videos written: {1000 * written_s[-1] / n_videos:.1f} ms each")
    print(f"the last tenth took {late / early:.2f} times as long as the first")
    print(f"already done: {1000 * skipped_s[-1] / n_videos:.2f} ms each, the first after {1000 * skipped_s[0]:.0f} ms")
    print(f"opening all of them before the first takes {opened_s:.2f} s")


@pytest.mark.parametrize("n_videos", [300, 3000])
def test_peak_memory_stays(benchmark: BenchmarkFixture, n_videos: int, tmp_path: Path) -> None:
    n_videos = n_videos if benchmark.enabled else n_videos // 100
    root = write_folder(tmp_path / "in", n_videos)
    command = [sys.executable, "-m", "tests.benchmarks.test_predict_folders", str(root), str(tmp_path)]
    done = benchmark.pedantic(
        lambda: subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True), rounds=1, iterations=1
    )
    print(f"\n{n_videos} videos: {done.stdout.strip()}")


def main(root: Path, place: Path) -> None:
    """Write a folder's results, and say how much memory this process needed for it beyond the first hundred."""
    checkpoint = write_tiny_checkpoint(place / "tiny.pt")
    task = BatchTask(file_version(checkpoint), device=OPTIONS.device, precision=OPTIONS.precision)
    crew = ReadyCrew(checkpoint, task)
    batch.open_crew = lambda *arguments: crew
    first = write_folder(place / "first", 100)
    _run(first, place / "first out", checkpoint)
    before = _resident_kb()
    _run(root, place / "out", checkpoint)
    print(f"resident memory {before / 1024:.0f} MB after a hundred, {_resident_kb() / 1024:.0f} MB at the end")


def _resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
