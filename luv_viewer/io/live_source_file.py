"""A file played at its own rate; one that is still being written is followed from its newest frame on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from luv_viewer.domain.live import SourcePhase, SourceStatus
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from luv_viewer.io.errors import MissingFileError, StudyError, one_line
from luv_viewer.io.growing_file import GrowingFile
from luv_viewer.io.live_source import FrameClock, LiveEvent, Wait, over
from luv_viewer.io.live_source_growing import growing_frames
from luv_viewer.io.study_reader import open_study

FRESH_S = 10.0
"""A file that was last written longer ago is finished."""

WATCH_S = 1.0
_POLL_S = 0.05
SLACK_S = 0.25
"""A frame later than this moves the whole schedule, so that what follows is not hurried."""


class FileSource:
    """Plays `path`: a video, a DICOM file, or a file that grows. now: monotonic seconds."""

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = FrameClock(now)
        self.name = one_line(path.name)

    def events(self, wait: Wait) -> Iterator[LiveEvent]:
        """See `LiveSource.events`."""
        yield SourceStatus(SourcePhase.OPENING, f"Opening {self.name} …")
        try:
            if self._path.is_dir():
                raise MissingFileError(f"{self.name} is a folder: name one file, or a capture device.")
            if self._grows(wait):
                yield from self._follow(wait)
                return
            size = self._size()
            study = open_study(self._path)
            try:
                yield from self._play(study, wait)
            finally:
                study.close()
            if self._size() != size:
                self._clock.leap()
                yield from self._follow(wait)
                return
        except StudyError as error:
            yield over(SourcePhase.FAILED, str(error))
            return
        yield over(SourcePhase.ENDED, f"{self.name} has ended after {self._clock.elapsed_s:.1f} s.")

    def _play(self, study: Study, wait: Wait) -> Iterator[LiveEvent]:
        video: Video = study.videos[0]
        more = f", the first of {len(study.videos)} videos in it" if len(study.videos) > 1 else ""
        yield SourceStatus(
            SourcePhase.RUNNING, f"{self.name}{more}, played as a stream at its own rate", video.timing.fps
        )
        schedule = Schedule(self._clock.now, wait)
        for i in range(video.n_frames):
            rgb = video.read(i)
            time_s = float(video.times_s[i])
            schedule.wait_for(time_s)
            yield self._clock.frame(rgb, video.region, time_s)

    def _follow(self, wait: Wait) -> Iterator[LiveEvent]:
        yield SourceStatus(SourcePhase.RUNNING, f"{self.name}, followed while it is written")
        schedule = Schedule(self._clock.now, wait)
        file = GrowingFile(self._path, wait, now=self._clock.now)
        try:
            for time_s, rgb in growing_frames(file, self.name):
                schedule.wait_for(time_s)
                yield self._clock.frame(rgb)
        finally:
            file.close()
        yield over(SourcePhase.ENDED, f"{self.name} has ended: nothing was added to it for {file.patience_s:.0f} s.")

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise MissingFileError(f"{self.name} does not exist or cannot be read.") from error

    def _grows(self, wait: Wait) -> bool:
        """Whether a file written a moment ago becomes longer while it is watched."""
        size = self._size()
        try:
            age_s = time.time() - self._path.stat().st_mtime
        except OSError as error:
            raise MissingFileError(f"{self.name} does not exist or cannot be read.") from error
        if age_s > FRESH_S:
            return False
        end = self._clock.now() + WATCH_S
        while self._clock.now() < end:
            wait(_POLL_S)
            if self._size() != size:
                return True
        return False


class Schedule:
    """Lets frames go at their times, the first one at once."""

    def __init__(self, now: Callable[[], float], wait: Wait) -> None:
        self._now, self._wait = now, wait
        self._start_s: float | None = None

    def wait_for(self, time_s: float) -> None:
        """Wait until the moment of `time_s` on the file's clock; one that is long past becomes the new present."""
        now = self._now()
        if self._start_s is None or now - (self._start_s + time_s) > SLACK_S:
            self._start_s = now - time_s
        self._wait(max(0.0, self._start_s + time_s - now))
