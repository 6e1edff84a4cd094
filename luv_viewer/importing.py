"""Rows of a sheet on their way into the notebook, a few at a time so that the window stays quick."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.label_sheet import SheetRow
from luv_viewer.domain.reader_file import VideoRecord
from luv_viewer.domain.sheet_import import with_row
from luv_viewer.notebook import Notebook

SLICE_S = 0.005
"""So long the window waits in one go; a frame is shown for 16 ms or more."""


@dataclass(frozen=True)
class Imported:
    """n_changed: videos that got an edit; n_same: that said the same before. left: a sentence for each locked one."""

    n_changed: int
    n_same: int
    left: tuple[str, ...]


class Importing(QObject):
    """One edit per video, which can be undone there. Ends with `done`, or without a word when another reader sits down.

    rows: (video_id, row). records: of their videos; a row without one is passed over. file: name, for the record.
    """

    done = Signal(object)

    def __init__(
        self,
        notebook: Notebook,
        rows: Sequence[tuple[str, SheetRow]],
        records: Mapping[str, VideoRecord],
        file: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._notebook, self._file = notebook, file
        self._waiting = [(records[video_id], row) for video_id, row in reversed(rows) if video_id in records]
        self._n_changed, self._n_same, self._left = 0, 0, list[str]()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        notebook.reader_changed.connect(self._stop)

    def start(self) -> None:
        """Begin at the next turn of the event loop."""
        self._timer.start()

    def _go_on(self) -> None:
        end = time.monotonic() + SLICE_S
        while self._waiting and time.monotonic() < end:
            self._import(*self._waiting.pop())
        if not self._waiting:
            self._stop()
            self.done.emit(Imported(self._n_changed, self._n_same, tuple(self._left)))

    def _import(self, record: VideoRecord, row: SheetRow) -> None:
        lock = self._notebook.lock_of(record.video_id)
        before = self._notebook.annotations.get(record.video_id) or VideoAnnotation(record.n_frames)
        if lock:
            self._left.append(f"{record.name} ({row.study_id}): {lock}")
        elif self._notebook.apply_to(record, with_row(before, row), f"import {self._file}", {"row": row.study_id}):
            self._n_changed += 1
        else:
            self._n_same += 1

    def _stop(self) -> None:
        self._timer.stop()
        self._waiting.clear()
        self.deleteLater()
