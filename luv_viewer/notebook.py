"""What the reader at the screen has stated: annotations in force, the record to be kept, undo and redo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Change, Entry, EntryKind, JsonValue, applied, changes_between
from luv_viewer.domain.history import History
from luv_viewer.domain.reader_file import Reader, ReaderFile, Role, VideoRecord
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from luv_viewer.domain.track import track_from_text

SEEN_FLUSH_MS = 1000
"""What was on the screen is written this often; a crash loses that much seeing, which errs to unseen."""

FINALISED = "This video is finalised. Reopen it to change it (Ctrl+Enter)."

NO_READER = "No reader is chosen."


def utc_now() -> str:
    """ISO 8601 with milliseconds and Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Notebook(QObject):
    """One reader's open file. Edits take effect here at once; `entries_made` hands them on to be written.

    now_utc: gives the time of an entry; tests hand in their own.
    reader_changed: another file, or none. video_changed: another video may now be annotated, or why it may not.
    video_closing: what is typed and not yet kept has its last chance.
    annotation_changed: of the video shown; seen_grew: only by frames that were on the screen.
    refused: a sentence why an edit was not made.
    """

    reader_changed = Signal()
    video_changed = Signal()
    annotation_changed = Signal()
    seen_grew = Signal()
    entries_made = Signal(object, object)
    refused = Signal(str)
    video_closing = Signal()

    def __init__(self, now_utc: Callable[[], str] = utc_now, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now_utc = now_utc
        self.file: ReaderFile | None = None
        self.records: dict[str, VideoRecord] = {}
        self.annotations: dict[str, VideoAnnotation] = {}
        self.record: VideoRecord | None = None
        self.refusal = ""
        self._history = History()
        # Complete for videos that were shown; of others, the edits that the file may not hold yet when they are.
        self._histories: dict[str, History] = {}
        self._unshown: dict[str, list[Entry]] = {}
        self._next_number = 1
        self._unwritten_seen: NDArray[np.bool_] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(SEEN_FLUSH_MS)
        self._timer.timeout.connect(self.write_seen)

    @property
    def reader(self) -> Reader | None:
        """Who reads, None while nobody does."""
        return None if self.file is None else self.file.reader

    @property
    def annotation(self) -> VideoAnnotation | None:
        """Of the video shown; None without a reader, or where the file was refused."""
        return None if self.record is None else self.annotations[self.record.video_id]

    @property
    def lock(self) -> str:
        """Why the video shown cannot be edited, as a sentence; "" when it can."""
        annotation = self.annotation
        if self.file is None:
            return NO_READER
        if annotation is None:
            return self.refusal or "This video is still being read; it can be labelled in a moment."
        return self.lock_of(self.record_id)

    def open(
        self, file: ReaderFile, records: Mapping[str, VideoRecord], annotations: Mapping[str, VideoAnnotation]
    ) -> None:
        """Read for the owner of `file`, whose content the caller has read already."""
        self.close_video()
        self.file = file
        self.records, self.annotations = dict(records), dict(annotations)
        self._histories, self._unshown = {}, {}
        self._next_number = file.last_number + 1
        self.reader_changed.emit()

    def close(self) -> None:
        """Nobody reads any more; what was seen is handed on to be written first. The file is the caller's to close."""
        self.close_video()
        self.file = None
        self.records, self.annotations = {}, {}
        self.reader_changed.emit()

    def show_video(self, record: VideoRecord, history: History) -> None:
        """The video on the screen is `record`. One that the file knows with other content is refused, and says why."""
        self.close_video()
        if self.file is None:
            return
        known = self.records.get(record.video_id)
        difference = known.difference(record) if known is not None else None
        if difference is not None:
            self.refuse_video(
                f"{record.name} is not the file that {self.file.reader.name} annotated: {difference}. "
                "Nothing can be added to it; put the first file back, or annotate this one in another project."
            )
            return
        self.record, self._history, self.refusal = record, self._whole_history(record.video_id, history), ""
        self.annotations.setdefault(record.video_id, VideoAnnotation(record.n_frames))
        self._unwritten_seen = np.zeros(record.n_frames, bool)
        if not self.file.read_only:
            self._timer.start()
        self.video_changed.emit()
        self.annotation_changed.emit()

    def refuse_video(self, sentence: str) -> None:
        """The video on the screen cannot be annotated."""
        self.close_video()
        self.refusal = sentence
        self.video_changed.emit()
        self.annotation_changed.emit()

    def close_video(self) -> None:
        """No video on the screen, or none yet that is known to be the annotated one."""
        if self.record is not None:
            self.video_closing.emit()
        self.write_seen()
        self._timer.stop()
        was_open = self.record is not None or self.refusal
        if self.record is not None:
            self._histories[self.record.video_id] = self._history
        self.record, self._history, self.refusal, self._unwritten_seen = None, History(), "", None
        if was_open:
            self.video_changed.emit()
            self.annotation_changed.emit()

    def apply(self, after: VideoAnnotation, verb: str, raw: Mapping[str, JsonValue] | None = None) -> bool:
        """Make `after` the annotation of the video shown. False, and `refused` says why, where that cannot be.

        verb: what was done, for the record ("mark present"). raw: measured values behind it. Nothing new: nothing done.
        """
        before = self.annotation
        lock = self.lock
        if lock == FINALISED and not after.finalised:
            lock = ""
        if lock or before is None:
            self.refused.emit(lock)
            return False
        changes = changes_between(before, replace(after, seen=before.seen))
        if not changes:
            return False
        self._enter(EntryKind.EDIT, verb, changes, raw=raw or {})
        return True

    def lock_of(self, video_id: str) -> str:
        """As `lock`, of any video."""
        if self.file is None:
            return NO_READER
        if self.file.read_only:
            return f"Read only: {self.file.read_only}."
        annotation = self.annotations.get(video_id)
        return FINALISED if annotation is not None and annotation.finalised else ""

    def apply_to(
        self, record: VideoRecord, after: VideoAnnotation, verb: str, raw: Mapping[str, JsonValue] | None = None
    ) -> bool:
        """As `apply`, for any video, shown or not. record: what the file knows of it, or will know of it.

        False, and `refused` says why, also where the file knows the video with other content.
        """
        video_id = record.video_id
        if video_id == self.record_id:
            return self.apply(after, verb, raw)
        known = self.records.get(video_id)
        difference = known.difference(record) if known is not None else None
        lock = self.lock_of(video_id)
        if lock or difference is not None:
            self.refused.emit(lock or f"{record.name} is not the file that was annotated: {difference}.")
            return False
        before = self.annotations.get(video_id) or VideoAnnotation(record.n_frames)
        changes = changes_between(before, replace(after, seen=before.seen))
        if not changes:
            return False
        entries, records = self._entries(record, EntryKind.EDIT, verb, changes, raw=raw)
        self.annotations[video_id] = applied(before, changes)
        if video_id in self._histories:
            self._histories[video_id] = self._histories[video_id].after(entries[-1])
        else:
            self._unshown.setdefault(video_id, []).append(entries[-1])
        self.entries_made.emit(entries, records)
        return True

    def undo(self) -> bool:
        """Take the last edit of the video shown back; False when there is none."""
        return self._go(self._history.undoing(), EntryKind.UNDO)

    def redo(self) -> bool:
        """Do the edit that was taken back last again; False when there is none."""
        return self._go(self._history.redoing(), EntryKind.REDO)

    @property
    def next_undo(self) -> str:
        """What `undo` would take back; "" for nothing."""
        return self._history.done[-1].verb if self._history.done else ""

    @property
    def next_redo(self) -> str:
        """What `redo` would do again; "" for nothing."""
        return self._history.undone[-1].verb if self._history.undone else ""

    def see(self, frame: int) -> None:
        """A frame of the video shown was on the screen. Not an edit: it cannot be undone, and is no statement.

        Nothing is kept for an adjudicator: a frame seen counts as absent, and theirs are open until they are decided.
        """
        if self.reader is not None and self.reader.role is Role.ADJUDICATOR:
            return
        annotation, pending = self.annotation, self._unwritten_seen
        if annotation is None or pending is None or pending[frame] or frame in annotation.seen:
            return
        pending[frame] = True
        self.annotations[self.record_id] = replace(annotation, seen=annotation.seen | SpanSet.from_mask(pending))
        self.seen_grew.emit()

    def write_seen(self) -> None:
        """Hand what was seen since the last time on to be written."""
        entries, records = self._take_seen()
        if entries:
            self.entries_made.emit(entries, records)

    def _take_seen(self) -> tuple[tuple[Entry, ...], tuple[VideoRecord, ...]]:
        """The entry of what was seen since the last time; none where there is nothing new or nothing can be written."""
        pending = self._unwritten_seen
        if pending is None or self.record is None or self.file is None or not pending.any():
            return (), ()
        frames = SpanSet.from_mask(pending)
        pending[:] = False
        if self.file.read_only:
            return (), ()
        return self._entries(self.record, EntryKind.SEEN, "seen", (Change("seen", "", frames.label),))

    def note(self, verb: str, raw: Mapping[str, JsonValue]) -> None:
        """Keep something about the reader, not about a video."""
        if self.file is not None and not self.file.read_only:
            self.entries_made.emit((self._entry(EntryKind.NOTE, None, verb, (), raw=raw),), ())

    @property
    def record_id(self) -> str:
        """Identity of the video shown, "" where none can be annotated."""
        return "" if self.record is None else self.record.video_id

    def _go(self, step: tuple[Entry, tuple[Change, ...]] | None, kind: EntryKind) -> bool:
        if step is None or self.annotation is None:
            return False
        if self.file is not None and self.file.read_only:
            self.refused.emit(self.lock)
            return False
        edit, changes = step
        self._enter(kind, f"{kind.value} {edit.verb}", changes, undoes=edit.number)
        return True

    def _whole_history(self, video_id: str, read: History) -> History:
        """read: from the file, which may lack what is still on its way to the disk."""
        if video_id in self._histories:
            return self._histories[video_id]
        newest = max((entry.number for entry in (*read.done, *read.undone)), default=0)
        for entry in self._unshown.pop(video_id, []):
            if entry.number > newest:
                read = read.after(entry)
        return read

    def _enter(
        self,
        kind: EntryKind,
        verb: str,
        changes: tuple[Change, ...],
        undoes: int | None = None,
        raw: Mapping[str, JsonValue] | None = None,
    ) -> None:
        record, annotation = self.record, self.annotation
        if record is None or annotation is None:
            return
        # What was seen before goes to the disk together with the edit, in one transaction.
        seen, seen_records = self._take_seen()
        entries, records = self._entries(record, kind, verb, changes, undoes, raw)
        self.annotations[record.video_id] = applied(annotation, changes)
        self._history = self._history.after(entries[-1])
        # First on its way to the disk: who answers the change with one of his own comes after it.
        self.entries_made.emit((*seen, *entries), (*seen_records, *records))
        self.annotation_changed.emit()

    def _entries(
        self,
        record: VideoRecord,
        kind: EntryKind,
        verb: str,
        changes: tuple[Change, ...],
        undoes: int | None = None,
        raw: Mapping[str, JsonValue] | None = None,
    ) -> tuple[tuple[Entry, ...], tuple[VideoRecord, ...]]:
        """The entry of a video, after the one that makes the video known where it is new, and its record then."""
        if record.video_id in self.records:
            return (self._entry(kind, record, verb, changes, undoes, raw),), ()
        self.records[record.video_id] = record
        first = self._entry(EntryKind.VIDEO, record, "first opened", ())
        return (first, self._entry(kind, record, verb, changes, undoes, raw)), (record,)

    def _entry(
        self,
        kind: EntryKind,
        record: VideoRecord | None,
        verb: str,
        changes: tuple[Change, ...],
        undoes: int | None = None,
        raw: Mapping[str, JsonValue] | None = None,
    ) -> Entry:
        number = self._next_number
        self._next_number += 1
        touched = touched_frames(changes)
        ends = sorted({touched.spans[0].start, touched.stop - 1}) if touched else []
        frames = tuple(record.frame_identity(frame) for frame in ends) if record is not None else ()
        name = self.reader.name if self.reader is not None else ""
        video_id = "" if record is None else record.video_id
        return Entry(number, kind, video_id, verb, changes, name, self._now_utc(), frames, undoes, raw or {})


def touched_frames(changes: tuple[Change, ...]) -> SpanSet:
    """The frames whose statement the changes alter; none for changes of the whole video.

    >>> touched_frames((Change("present/B-line", "1_10", "1_12"), Change("zone", "", "R2"))).label
    '11_12'
    """
    touched = NO_FRAMES
    for change in changes:
        if change.field == "seen" or change.field.startswith(("present/", "absent/")):
            before, after = (track_from_text(str(text)) for text in (change.before, change.after))
            # A split alters no frame; what it is about is the interval.
            touched |= (SpanSet.union(before) ^ SpanSet.union(after)) or SpanSet.union(set(before) ^ set(after))
    return touched
