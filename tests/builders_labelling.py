"""A reader at work without a window: a small video, a clock of the test's own, a notebook on a real reader file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Entry
from luv_viewer.domain.frame_cache import FrameCache
from luv_viewer.domain.history import History
from luv_viewer.domain.label_sheet import LabelSheet, sheet_of
from luv_viewer.domain.reader_file import Reader, ReaderFile, VideoRecord
from luv_viewer.domain.study import Study
from luv_viewer.domain.timing import Timing, TimingSource
from luv_viewer.domain.video import StudyGroup, Video, VideoSource
from luv_viewer.domain.video_record import video_record
from luv_viewer.io.reader_file import SqliteReaderFile, open_reader_file
from luv_viewer.notebook import Notebook
from luv_viewer.session import Session

KIM = Reader("kim")


class NumberedFrames:
    """A store of black 4 x 6 frames, each with a digest of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, i: int) -> np.ndarray:
        return np.full((4, 6, 3), i % 256, np.uint8)

    def video_id(self) -> str:
        return f"1.2.826.{len(self.name)}.{sum(map(ord, self.name))}"

    def frame_digest(self, i: int) -> str:
        return hashlib.sha256(f"{self.name} {i}".encode()).hexdigest()

    def close(self) -> None:
        """Holds nothing."""


def small_video(name: str = "a", n_frames: int = 100, fps: float = 25.0, folder: Path = Path()) -> Video:
    """A video that needs no file."""
    return Video(
        title=name,
        height=4,
        width=6,
        timing=Timing.regular(n_frames, fps, TimingSource.CINE_RATE),
        region=(0, 0, 6, 4),
        spacing_mm=None,
        source=VideoSource(folder / f"{name}.dcm", None, "test"),
        group=StudyGroup("a", "Study 1"),
        store=NumberedFrames(name),
        cache=FrameCache(),
    )


class StandingClock:
    """Seconds that pass only when the test says so; also the time of day for entries."""

    now_s = 10.0

    def __call__(self) -> float:
        return self.now_s

    def utc(self) -> str:
        return f"2026-11-21T14:02:{self.now_s % 60:06.3f}Z"


class DirectWriter(QObject):
    """Puts what a notebook hands on into its file at once."""

    def __init__(self, notebook: Notebook) -> None:
        super().__init__(notebook)
        self._notebook = notebook
        notebook.entries_made.connect(self.write)

    def write(self, entries: tuple[Entry, ...], records: tuple[VideoRecord, ...]) -> None:
        assert self._notebook.file is not None
        self._notebook.file.append(entries, records)


class Desk:
    """One reader with a session, the first video of which is recognised. Everything is on the disk at once."""

    def __init__(self, path: Path, videos: tuple[Video, ...] | None = None) -> None:
        self.clock = StandingClock()
        self.session = Session(self.clock)
        self.notebook, self.marking, self.player = self.session.notebook, self.session.marking, self.session.player
        self.writer = DirectWriter(self.notebook)
        self.refusals: list[str] = []
        self.remarks: list[str] = []
        self.notebook.refused.connect(self.refusals.append)
        self.marking.told.connect(self.remarks.append)
        self.path = path
        self.file = open_reader_file(path, KIM)
        open_notebook(self.notebook, self.file)
        self.session.set_study(Study("s", Path("s"), videos or (small_video(), small_video("bb", 30))))
        self.recognise()

    def recognise(self) -> None:
        """What the thread does when a video is shown."""
        assert self.session.video is not None
        recognise(self.notebook, video_record(self.session.video))

    @property
    def annotation(self) -> VideoAnnotation:
        assert self.notebook.annotation is not None
        return self.notebook.annotation

    def last_entry(self) -> Entry:
        return self.file.entries()[-1]

    def play_s(self, seconds: float, step_s: float = 0.01) -> None:
        """Let the clock run as the timer would."""
        began_s = self.clock.now_s
        for step in range(1, int(seconds / step_s) + 1):
            self.clock.now_s = began_s + step * step_s
            self.player.tick()
        self.clock.now_s = began_s + seconds
        self.player.tick()

    def paint(self) -> None:
        """The frame at the play head comes on the screen."""
        assert self.session.video is not None
        self.session.frame_was_shown(self.session.video, self.player.frame, self.player.due_ticket())


def open_notebook(notebook: Notebook, file: SqliteReaderFile) -> None:
    """Go to work with what the file holds."""
    notebook.open(file, file.records(), file.annotations())


def recognise(notebook: Notebook, record: VideoRecord) -> None:
    """Show a video whose identity is known, with its history from the file."""
    assert notebook.file is not None
    notebook.show_video(record, History.of(notebook.file.entries(record.video_id)))


def sheet_in(file: ReaderFile) -> LabelSheet:
    """All work of a reader as it stands in the file."""
    return sheet_of(file.reader.name, file.records(), file.annotations())
