"""How soon a study shows, against pydicom, as ratios in one run.

`python -m pytest tests/benchmarks/test_reading.py --benchmark-enable -s` prints them.

Disabled benchmarks (the usual test run) read a small study once, so that the code here keeps working.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import ExplicitVRLittleEndian, JPEGBaseline8Bit
from pytest_benchmark.fixture import BenchmarkFixture

from luv_viewer.io import open_study
from tests.io.builders_dicom import dataset, save

FULL = (150, 924, 1232)
SMALL = (4, 48, 64)
MEGABYTE = 2**20


def cine(folder: Path, shape: tuple[int, int, int], syntax: str) -> Path:
    """A speckled RGB cine that moves, uncompressed or as JPEG (4:2:2), one frame made at a time."""
    n, rows, columns = shape
    noise = np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)
    speckle = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    frames = (cv2.cvtColor(np.roll(speckle, 5 * i, axis=0), cv2.COLOR_GRAY2RGB) for i in range(n))
    made = dataset(np.zeros((1, 1, 1, 3), np.uint8), CineRate=30)
    made.NumberOfFrames, made.Rows, made.Columns = shape
    if syntax == JPEGBaseline8Bit:
        options = [cv2.IMWRITE_JPEG_QUALITY, 90]
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
        made.PhotometricInterpretation = "YBR_FULL_422"
        made.PixelData = encapsulate([cv2.imencode(".jpg", frame, options)[1].tobytes() for frame in frames])
        made["PixelData"].is_undefined_length = True
    else:
        made.PixelData = b"".join(frame.tobytes() for frame in frames)
    return save(folder / "cine.dcm", made, syntax)


@pytest.fixture
def shape(request: pytest.FixtureRequest) -> tuple[int, int, int]:
    """The study of the goals when benchmarks run, a small one otherwise."""
    return FULL if request.config.getoption("benchmark_enable") else SMALL


def seconds(action: Callable[[], object], times: int) -> float:
    """Median duration."""
    durations = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def show_first(path: Path) -> None:
    """Open a study and decode its first frame."""
    study = open_study(path)
    study.videos[0].frame(0)
    study.close()


@pytest.mark.parametrize(("syntax", "goal"), [(ExplicitVRLittleEndian, 50), (JPEGBaseline8Bit, 20)])
def test_first_frame_against_pydicom(
    benchmark: BenchmarkFixture, tmp_path: Path, shape: tuple[int, int, int], syntax: str, goal: int
) -> None:
    path = cine(tmp_path, shape, syntax)
    ours = seconds(lambda: show_first(path), 7)
    theirs = seconds(lambda: dcmread(path).pixel_array, 1 if syntax == JPEGBaseline8Bit else 3)
    benchmark.extra_info["ratio"] = theirs / ours
    print(f"\n| first frame, {syntax} | {ours * 1e3:.1f} ms | pydicom {theirs * 1e3:.0f} ms | {theirs / ours:.0f}x |")
    benchmark.pedantic(show_first, args=(path,), rounds=5)
    if shape == FULL:
        assert theirs / ours >= goal


def one_by_one(decode: Callable[[int], object], frames: list[int]) -> None:
    """Decode frames, letting each go before the next: fresh memory for all of them would be timed too."""
    for i in frames:
        decode(i)


def plugin_frame(decoder: Decoder, made: Dataset, plugin: str, i: int) -> object:
    """Frame i by one of pydicom's plug-ins."""
    return decoder.as_array(made, index=i, decoding_plugin=plugin)


def test_jpeg_frames_against_the_fastest_plugin(
    benchmark: BenchmarkFixture, tmp_path: Path, shape: tuple[int, int, int]
) -> None:
    """Each of pydicom's plug-ins decodes the same frames one by one, told where to look by the offset table."""
    path = cine(tmp_path, shape, JPEGBaseline8Bit)
    (video,) = open_study(path).videos
    made = dcmread(path)
    decoder = get_decoder(JPEGBaseline8Bit)
    chosen = list(range(min(10, video.n_frames)))
    rounds: list[dict[str, float]] = []
    for _ in range(5):  # in turn, so that a machine that slows down slows all of them
        times = {"ours": seconds(lambda: one_by_one(video.read, chosen), 1) / len(chosen)}
        for plugin in decoder.available_plugins:
            decode = partial(plugin_frame, decoder, made, plugin)
            times[plugin] = seconds(lambda decode=decode: one_by_one(decode, chosen), 1) / len(chosen)  # type: ignore[misc]
        rounds.append(times)
    middle = {name: statistics.median(times[name] for times in rounds) for name in rounds[0]}
    ours = middle.pop("ours")
    fastest = min(middle, key=lambda name: middle[name])
    ratio = statistics.median(r[fastest] / r["ours"] for r in rounds)
    print(f"\n| JPEG frame | {ours * 1e3:.1f} ms | {fastest} {middle[fastest] * 1e3:.1f} ms | {ratio:.1f}x |")
    benchmark.extra_info["ratio"] = ratio
    benchmark.pedantic(video.read, args=(0,), rounds=5)
    if shape == FULL:
        assert ratio >= 3


SCROLL = """
import sys
from pathlib import Path
from luv_viewer.io import open_study

def anonymous_bytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))

(video,) = open_study(sys.argv[1]).videos
start, most = anonymous_bytes(), 0
for i in (*range(video.n_frames), *reversed(range(video.n_frames))):
    video.frame(i)
    most = max(most, anonymous_bytes() - start)
print(most)
"""


def scrolled_bytes(path: Path) -> int:
    """Growth of anonymous memory while a fresh process scrolls to and fro; here, freed memory would hide it."""
    command = [sys.executable, "-c", SCROLL, str(path)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, JPEGBaseline8Bit])
def test_memory_while_scrolling(
    benchmark: BenchmarkFixture, tmp_path: Path, shape: tuple[int, int, int], syntax: str
) -> None:
    path = cine(tmp_path, shape, syntax)
    most = benchmark.pedantic(scrolled_bytes, args=(path,), rounds=1)
    print(f"\n| RssAnon while scrolling, {syntax} | +{most / MEGABYTE:.0f} MB |")
    assert most <= 300 * MEGABYTE
    if shape == FULL:
        assert most >= 924 * 1232 * 3, "the frames kept must show in what is measured"
