"""Frames of a video that an index describes: the file is opened when the first one is asked for."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from luv_viewer.domain.project_index import IndexedVideo
from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from luv_viewer.io.errors import MissingFileError, StudyError, UnreadableFileError
from luv_viewer.io.study_reader import open_study


class OpenedStudies:
    """Archives and folders of images opened once for all the videos in them; safe to share between threads."""

    def __init__(self) -> None:
        self._studies: dict[Path, Study] = {}
        self._locks: dict[Path, threading.Lock] = {}
        self._lock = threading.Lock()

    def open(self, path: Path) -> Study:
        """The study at `path`. Raises StudyError."""
        with self._lock:
            lock = self._locks.setdefault(path, threading.Lock())
        with lock:
            study = self._studies.get(path)
            if study is None:
                study = self._studies[path] = open_study(path)
            return study

    def forget(self, path: Path) -> None:
        """Open it anew the next time."""
        self._studies.pop(path, None)


class LazyFrames:
    """A FrameStore; see there. Reading raises StudyError too when the file is gone or is not the one indexed."""

    def __init__(self, indexed: IndexedVideo, opened: OpenedStudies) -> None:
        self._indexed = indexed
        self._opened = opened
        self._video: Video | None = None
        self._refused: StudyError | None = None
        self._lock = threading.Lock()

    def read(self, i: int) -> NDArray[np.uint8]:
        """See FrameStore."""
        return self._open().store.read(i)

    @property
    def reads_in_order(self) -> bool:
        """See Video; True as long as the file was not opened."""
        return self._video is None or self._video.reads_in_order

    def video_id(self) -> str:
        """The identity in the index; nothing is opened."""
        return self._indexed.video_id

    def frame_digest(self, i: int) -> str:
        """See FrameStore. Raises StudyError."""
        return self._open().store.frame_digest(i)

    def close(self) -> None:
        """See FrameStore. A file that was refused is looked at again afterwards."""
        with self._lock:
            if self._video is not None:
                self._video.store.close()
            self._refused = None

    def _open(self) -> Video:
        with self._lock:
            if self._refused is not None:
                # Told apart by a digest of the whole file: not to be computed again for every frame asked for.
                raise type(self._refused)(str(self._refused))
            if self._video is None:
                try:
                    self._video = self._find()
                except UnreadableFileError as error:
                    self._refused = UnreadableFileError(str(error))
                    raise
            return self._video

    def _find(self) -> Video:
        """Raises StudyError."""
        source = self._indexed.source
        try:
            study = self._opened.open(source.path)
        except MissingFileError as error:
            if source.path.exists():
                raise
            raise MissingFileError(
                f"{source.name} is not where the project looks for it: put it back, or add the videos once more from "
                "where they are now."
            ) from error
        for video in sorted(study.videos, key=lambda video: video.title != self._indexed.title):
            if video.source.member == source.member and self._is_same(video):
                return video
        self._opened.forget(source.path)
        raise UnreadableFileError(
            f"{source.name} is no longer the video that was added to the project: put the old file back, or add the "
            "new one as another video."
        )

    def _is_same(self, video: Video) -> bool:
        """True for the same path, size, frames and, what is costly and therefore last, identity."""
        known = self._indexed
        shape = (video.source.path, video.n_frames, video.height, video.width)
        if shape != (known.source.path, known.n_frames, known.height, known.width):
            return False
        return video.identity == known.video_id
