"""Recordings: the same frames and times again, nothing overwritten, readable after a crash or on a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from luv_viewer.domain.live import LiveFrame
from luv_viewer.io import open_study
from luv_viewer.io.live_recording import LiveRecording, RecordingError, open_new, recording_path

NOW = datetime(2026, 11, 21, 8, 5, 9)
CRASH = """
import sys
from pathlib import Path
from luv_viewer.io.live_recording import LiveRecording
from tests.io.test_live_recording import colour_frames
recording = LiveRecording(Path(sys.argv[1]), (97, 131), 30.0)
for frame in colour_frames(100_000):
    recording.add(frame)
    print(frame.number, flush=True)
"""


def colour_frames(n: int, size_px: tuple[int, int] = (97, 131)):
    """Noise in colour, the hardest there is, at uneven times."""
    height, width = size_px
    for i in range(n):
        rgb = np.random.default_rng(i).integers(0, 256, (height, width, 3), dtype=np.uint8)
        yield LiveFrame(i, i * 0.0373 + (i % 3) * 0.004, 0.0, rgb, (0, 0, width, height))


@pytest.mark.parametrize("size_px", [(96, 128), (97, 131), (1, 1)])
def test_a_recording_opens_again_with_the_same_frames_and_times(tmp_path: Path, size_px: tuple[int, int]) -> None:
    frames = list(colour_frames(40, size_px))
    recording = LiveRecording(tmp_path / "new" / "a.mkv", size_px, 27.0)
    for frame in frames:
        recording.add(frame)
    recording.close()
    recording.close()
    assert recording.n_frames == 40
    assert recording.seconds == pytest.approx(frames[-1].time_s)
    video = open_study(tmp_path / "new" / "a.mkv").videos[0]
    assert video.n_frames == 40
    np.testing.assert_allclose(video.times_s, [frame.time_s for frame in frames], atol=0.0006)
    for i in (*range(40), 3, 17):
        assert np.array_equal(video.frame(i), frames[i].rgb)
    video.store.close()


def test_frames_of_another_size_or_within_a_millisecond(tmp_path: Path) -> None:
    recording = LiveRecording(tmp_path / "a.mkv", (8, 8), None)
    rgb = np.zeros((8, 8, 3), np.uint8)
    for number in range(3):
        recording.add(LiveFrame(number, number * 1e-4, 0.0, rgb.copy(), (0, 0, 8, 8)))
    with pytest.raises(ValueError, match="expected frames of"):
        recording.add(next(colour_frames(1)))
    recording.close()
    video = open_study(tmp_path / "a.mkv").videos[0]
    np.testing.assert_allclose(video.times_s, [0, 0.001, 0.002])
    video.store.close()


def test_a_file_that_is_there_is_never_touched(tmp_path: Path) -> None:
    taken = tmp_path / "scan.mkv"
    taken.write_bytes(b"somebody's")
    assert recording_path(taken, NOW) == tmp_path / "scan_2.mkv"
    (tmp_path / "scan_2.mkv").symlink_to(tmp_path / "nowhere")
    assert recording_path(taken, NOW) == tmp_path / "scan_3.mkv"
    assert recording_path(tmp_path, NOW) == tmp_path / "live_2026-11-21_080509.mkv"
    with pytest.raises(RecordingError, match=r"scan\.mkv cannot be written there: file exists"):
        LiveRecording(taken, (8, 8), None)
    assert taken.read_bytes() == b"somebody's"


def test_without_a_place_it_goes_to_the_usual_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUV_CONFIG_DIR", str(tmp_path))
    assert recording_path(None, NOW) == tmp_path / "recordings" / "live_2026-11-21_080509.mkv"


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RecordingError, match="cannot be written there"):
        LiveRecording(tmp_path / "file" / "a.mkv", (8, 8), None)


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    def full(_: Path):
        return open("/dev/full", "wb", buffering=0)

    recording = LiveRecording(tmp_path / "a.mkv", (97, 131), 30.0, full)
    with pytest.raises(RecordingError) as stop:
        _record_all(recording)
    assert str(stop.value) == "Recording stopped: the disk is full. The 0.0 s until then are in a.mkv."
    with pytest.raises(RecordingError):
        recording.close()


class Nearly:
    """A real file on a disk that becomes full after `room` bytes."""

    def __init__(self, path: Path, room: int) -> None:
        self._file, self._room = open_new(path), room
        self.seek, self.tell, self.fileno = self._file.seek, self._file.tell, self._file.fileno
        self.close = self._file.close

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: bytes) -> int:
        if self._file.tell() + len(data) > self._room:
            raise OSError(28, os.strerror(28))
        return self._file.write(data)


def test_what_was_recorded_before_the_disk_was_full_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    recording = LiveRecording(path, (97, 131), 30.0, lambda p: Nearly(p, 900_000))
    with pytest.raises(RecordingError, match="the disk is full"):
        _record_all(recording)
    with pytest.raises(RecordingError):
        recording.close()
    _compare_beginning(path, least=10)


def test_a_killed_program_leaves_a_file_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    root = Path(__file__).resolve().parents[2]
    running = subprocess.Popen([sys.executable, "-c", CRASH, str(path)], stdout=subprocess.PIPE, cwd=root, text=True)
    assert running.stdout is not None
    for line in running.stdout:
        if int(line) >= 60:
            break
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    _compare_beginning(path, least=40)


def _record_all(recording: LiveRecording) -> None:
    for frame in colour_frames(200):
        recording.add(frame)


def _compare_beginning(path: Path, least: int) -> None:
    """The file opens and holds the first frames, `least` of them, unchanged."""
    video = open_study(path).videos[0]
    assert video.n_frames >= least
    readable = video.n_frames - 1
    for i, frame in zip(range(readable), colour_frames(readable), strict=True):
        assert np.array_equal(video.frame(i), frame.rgb)
    video.store.close()
