"""Live sources: a file at its own rate, a file that grows, a device that is not there or goes away."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from luv_viewer.domain.live import LiveFrame, SourcePhase, SourceStatus
from luv_viewer.io import open_study
from luv_viewer.io.growing_file import GrowingFile
from luv_viewer.io.live_source import BREAK, FrameClock, live_source
from luv_viewer.io.live_source_device import CaptureSource
from luv_viewer.io.live_source_file import FileSource
from tests.builders import moving_speckle, write_mp4
from tests.io.builders_media import Coding, decode_all, write_video

LONG_AGO = 1_600_000_000


class Clock:
    """Time that passes only while somebody waits; whoever waits past `end_s` is told that nobody wants more."""

    def __init__(self, end_s: float = 1e9) -> None:
        self.now_s, self.end_s = 0.0, end_s

    def now(self) -> float:
        return self.now_s

    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        if self.now_s > self.end_s:
            raise KeyboardInterrupt


def finished(path: Path) -> Path:
    """A file that was last written long ago."""
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def split(events: Iterator[LiveFrame | SourceStatus]) -> tuple[list[LiveFrame], list[SourceStatus]]:
    got = list(events)
    return [e for e in got if isinstance(e, LiveFrame)], [e for e in got if isinstance(e, SourceStatus)]


def until_nobody_wants_more(events: Iterator[LiveFrame | SourceStatus]) -> Iterator[LiveFrame | SourceStatus]:
    """What comes before `wait` raises TimeoutError, which it must."""
    with pytest.raises(TimeoutError):
        yield from events


def test_a_finished_file_plays_every_frame_at_its_own_rate(tmp_path: Path) -> None:
    path = finished(write_mp4(tmp_path / "clip.mp4", moving_speckle(20), fps=25))
    video, clock = open_study(path).videos[0], Clock()
    frames, states = split(FileSource(path, clock.now).events(clock.wait))
    assert [frame.number for frame in frames] == list(range(20))
    np.testing.assert_allclose([frame.time_s for frame in frames], video.times_s)
    np.testing.assert_allclose([frame.arrived_s for frame in frames], video.times_s, atol=1e-9)
    for i, frame in enumerate(frames):
        assert np.array_equal(frame.rgb, video.frame(i))
    assert [state.phase for state in states] == [SourcePhase.OPENING, SourcePhase.RUNNING, SourcePhase.ENDED]
    assert states[1].fps == pytest.approx(25)
    assert states[-1].sentence == "clip.mp4 has ended after 0.8 s."
    video.store.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "none.mp4", "none.mp4 does not exist"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: finished(_written(folder / "text.mp4", b"no video" * 99)), "text.mp4"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path, make: Callable[[Path], Path], words: str) -> None:
    clock = Clock()
    frames, states = split(live_source(str(make(tmp_path))).events(clock.wait))
    assert frames == []
    assert states[-1].phase is SourcePhase.FAILED
    assert words in states[-1].sentence
    assert states[-1].is_over


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "coding", "container"),
    [
        ("grows.mkv", Coding("mpeg4", b_frames=0), None),
        ("grows.ts", Coding("mpeg2video", b_frames=0), "mpegts"),
        ("grows.avi", Coding("mjpeg", "yuvj420p", b_frames=0), None),
    ],
)
def test_a_growing_file_is_followed_from_its_newest_frame(
    tmp_path: Path, name: str, coding: Coding, container: str | None
) -> None:
    whole = write_video(tmp_path / f"whole_{name}", coding, 60, container=container)
    content, path = whole.read_bytes(), tmp_path / name
    path.write_bytes(content[: len(content) // 2])
    written = threading.Event()

    def write() -> None:
        for first in range(len(content) // 2, len(content), 997):
            time.sleep(0.02)
            with path.open("ab") as file:
                file.write(content[first : first + 997])
        written.set()

    def wait(seconds: float) -> None:
        time.sleep(min(seconds, 0.01))
        if written.is_set() and seconds == 0.02 and time.monotonic() > patience[0]:
            raise TimeoutError
        if not written.is_set():
            patience[0] = time.monotonic() + 1.0

    patience = [time.monotonic() + 60]
    writer = threading.Thread(target=write)
    writer.start()
    frames: list[LiveFrame] = []
    try:
        for event in until_nobody_wants_more(FileSource(path).events(wait)):
            if isinstance(event, LiveFrame):
                frames.append(event)
            elif event.phase is SourcePhase.RUNNING:
                assert "followed while it is written" in event.sentence
    finally:
        writer.join()
    pictures = decode_all(whole)
    shown = [next(i for i, p in enumerate(pictures) if np.array_equal(p, frame.rgb)) for frame in frames]
    assert shown == list(range(shown[0], shown[0] + len(shown)))
    assert 10 <= shown[0] <= 45
    assert shown[-1] >= 57


def test_a_file_that_cannot_be_read_before_its_end_says_how_to_record(tmp_path: Path) -> None:
    whole = write_mp4(tmp_path / "whole.mp4", moving_speckle(20)).read_bytes()
    path = _written(tmp_path / "grows.mp4", whole[:2000])
    clock, left = Clock(), [whole[2000:4000], whole[4000:6000]]

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        if left:
            with path.open("ab") as file:
                file.write(left.pop())

    frames, states = split(FileSource(path, clock.now).events(wait))
    assert frames == []
    assert states[-1].phase is SourcePhase.FAILED
    assert "grows.mp4 cannot be followed while it is written: record as MKV" in states[-1].sentence


def test_a_growing_file_waits_and_gives_up_after_its_patience(tmp_path: Path) -> None:
    path, clock = _written(tmp_path / "a.bin", b"abc"), Clock()
    file = GrowingFile(path, clock.wait, 5.0, clock.now)
    assert file.read(2) == b"ab"
    assert not file.has_waited
    assert file.read(2) == b"c"
    assert file.read(2) == b""
    assert file.has_waited
    assert clock.now_s == pytest.approx(5.0, abs=0.1)
    file.check()
    file.close()
    stopped = GrowingFile(path, Clock(end_s=0.0).wait, 5.0)
    assert stopped.read(9) == b"abc"
    assert stopped.read(9) == b""
    with pytest.raises(KeyboardInterrupt):
        stopped.check()
    stopped.close()


def test_the_source_is_what_its_name_says() -> None:
    assert isinstance(live_source("0"), CaptureSource)
    assert live_source(" 2 ").name == "device 2"
    assert live_source("/dev/video0").name == "/dev/video0"
    assert live_source("rtsp://kim:secret@scanner/live?token=1").name == "rtsp://scanner/live"
    assert isinstance(live_source("clip.mp4"), FileSource)
    assert isinstance(live_source(r"C:\clips\a.mp4"), FileSource)


@pytest.mark.parametrize("device", ["97", "/dev/video97"])
def test_a_device_that_is_not_there_is_a_sentence(device: str, capfd: pytest.CaptureFixture[str]) -> None:
    frames, states = split(live_source(device).events(Clock().wait))
    assert frames == []
    assert states[-1].phase is SourcePhase.FAILED
    assert "cannot be opened: it is not there, or another program uses it" in states[-1].sentence
    assert capfd.readouterr().err == ""


class Camera:
    """An address that gives JPEG pictures, as network cameras do; after `n_frames` it hangs up."""

    def __init__(self, n_frames: int) -> None:
        jpeg = cv2.imencode(".jpg", moving_speckle(1)[0])[1].tobytes()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.n_calls += 1
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                for _ in range(n_frames):
                    self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n")
                    self.wfile.write(f"Content-Length: {len(jpeg)}\r\n\r\n".encode() + jpeg + b"\r\n")

            def log_message(self, *_: object) -> None:
                return

        self.n_calls = 0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://user:secret@127.0.0.1:{self.server.server_port}/video.mjpg"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def test_a_device_that_goes_away_is_opened_again_and_then_given_up() -> None:
    camera, clock, states, frames = Camera(30), Clock(), [], []
    for event in CaptureSource(camera.address, clock.now).events(clock.wait):
        if isinstance(event, LiveFrame):
            frames.append(event)
        else:
            states.append(event)
            # It comes back once, and is unplugged for good the second time.
            if [s.phase for s in states].count(SourcePhase.WAITING) == 2 and event.phase is SourcePhase.WAITING:
                camera.close()
    phases = [state.phase for state in states]
    again = [SourcePhase.RUNNING, SourcePhase.WAITING]
    assert phases == [SourcePhase.OPENING, *again, *again, SourcePhase.FAILED]
    assert "secret" not in "".join(state.sentence for state in states)
    assert "check its cable" in states[2].sentence
    assert states[-1].sentence.endswith("It did not come back within 30 s.")
    numbers = [frame.number for frame in frames]
    assert len(numbers) > 30
    leaps = np.diff(numbers)
    assert sorted(set(leaps.tolist())) == [1, BREAK + 1]
    assert frames[0].rgb.shape == (96, 128, 3)


def test_a_capture_is_stopped_within_a_frame() -> None:
    camera, clock = Camera(10_000), Clock()
    events = CaptureSource(camera.address, clock.now).events(clock.wait)
    try:
        while not isinstance(next(events), LiveFrame):
            pass
        clock.end_s = -1.0
        with pytest.raises(KeyboardInterrupt):
            next(events)
    finally:
        events.close()
        camera.close()


def test_a_clock_that_stands_still_or_steps_back_gives_rising_times() -> None:
    clock = FrameClock(lambda: 7.0)
    rgb = np.zeros((4, 4, 3), np.uint8)
    times = [clock.frame(rgb.copy(), time_s=stamp).time_s for stamp in (3.0, 3.04, 3.04, 2.0, 3.2)]
    assert times[:2] == [0.0, pytest.approx(0.04)]
    assert all(b > a for a, b in pairwise(times))
    assert times[-1] == pytest.approx(0.2)
