"""Whether a reader file still says what was written, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import EntryKind, applied
from luv_viewer.domain.history import History
from luv_viewer.io.errors import one_line
from luv_viewer.io.reader_file.chain import EntryRow, Head, entry_hash, origin_hash
from luv_viewer.io.reader_file.opening import open_reader_file
from luv_viewer.io.reader_file.rows import VideoRow, annotation_text, entry_of, record_digest, record_of
from luv_viewer.io.reader_file.sqlite_reader_file import Content

_ORIGIN = "its reader, identity or date of making"


@dataclass(frozen=True)
class Audit:
    """n_entries: entries in the file. first_broken: number of the first entry that is missing or not as it was written,
    0 for what stands before the first one, None when all are sound. sentence: the result for people."""

    n_entries: int
    first_broken: int | None
    sentence: str


@dataclass(frozen=True)
class _Fault:
    number: int
    words: str


def verify_reader_file(path: Path) -> Audit:
    """Check numbers, hashes, undo and redo, video records, the newest entry and the annotations against the entries.

    The file is only read. What this cannot find is said in `chain`: a whole chain computed anew, and a tail cut off by
    somebody who also put back the newest entry's number and hash. Raises ReaderFileError when it cannot be opened.
    """
    with open_reader_file(path) as file:
        content = file.content()
    rows = content.entries
    fault = _Walk(content).first_fault()
    if fault is None:
        return Audit(len(rows), None, one_line(f"{path}: all {len(rows)} entries are as they were written."))
    row = next((row for row in rows if row.number == fault.number), None)
    which = f"entry {fault.number}" if fault.number else "its beginning"
    which += "" if row is None else f" ({_who(row)})"
    return Audit(len(rows), fault.number, one_line(f"{path}: {which} is broken: {fault.words}."))


def _who(row: EntryRow) -> str:
    return f"{row.verb}, by {row.reader}, {row.time_utc}"


class _Walk:
    """One pass over the entries in order, with what they give so far."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._videos = {row.entry_number: row for row in content.videos}
        self._annotations: dict[str, VideoAnnotation] = {}
        self._histories: dict[str, History] = {}
        self._last: dict[str, int] = {}
        meta = content.meta
        self._head = Head(0, origin_hash(meta.get("file_id", ""), meta.get("reader", ""), meta.get("created_utc", "")))

    def first_fault(self) -> _Fault | None:
        for row in self._content.entries:
            if row.number != self._head.number + 1:
                return _Fault(self._head.number + 1, f"it is missing, entry {row.number} comes in its place")
            try:
                words = self._chain_fault(row) or self._content_fault(row)
            except (ValueError, KeyError) as error:
                words = f"it does not fit the entries before it ({error})"
            if words:
                return _Fault(row.number, words)
            self._head = Head(row.number, row.hash)
        return self._tail_fault() or self._leftover_fault()

    def _chain_fault(self, row: EntryRow) -> str | None:
        try:
            is_own = entry_hash(row) == row.hash
        except ValueError:
            is_own = False
        if not is_own:
            return "its content and its hash do not belong together, one of them was changed"
        if row.previous_hash != self._head.hash:
            if row.number == 1:
                return f"it does not follow the file's origin, {_ORIGIN} was changed"
            return f"it does not follow entry {self._head.number}, which was changed and given a new hash"
        return None

    def _content_fault(self, row: EntryRow) -> str | None:
        """Raises ValueError or KeyError where entries do not fit each other."""
        entry = entry_of(row)
        if entry.kind is EntryKind.VIDEO:
            words = self._record_fault(row, self._videos.pop(row.number, None))
            if words:
                return words
        if entry.kind is not EntryKind.NOTE:
            self._annotations[entry.video_id] = applied(self._annotations[entry.video_id], entry.changes)
            self._histories[entry.video_id] = self._histories[entry.video_id].after(entry)
            self._last[entry.video_id] = entry.number
        return None

    def _record_fault(self, row: EntryRow, video: VideoRow | None) -> str | None:
        if video is None:
            return "the record of its video is missing"
        try:
            is_own = record_digest(video) == row.record and video.video_id == row.video_id
        except ValueError:
            is_own = False
        if not is_own:
            return "the record of its video (frames, times, digests, name or row in the sheets) was changed"
        self._annotations.setdefault(video.video_id, VideoAnnotation(record_of(video).n_frames))
        self._histories.setdefault(video.video_id, History())
        return None

    def _tail_fault(self) -> _Fault | None:
        stated = self._content.head
        if stated.number > self._head.number:
            words = f"it is missing, the file should end with entry {stated.number}"
            return _Fault(self._head.number + 1, words)
        if stated.number < self._head.number:
            return _Fault(
                stated.number + 1, f"the file should end with entry {stated.number}, it was added from outside"
            )
        if stated.hash != self._head.hash and stated.number == 0:
            return _Fault(0, f"{_ORIGIN} was changed")
        if stated.hash != self._head.hash:
            return _Fault(
                stated.number, "it is not the entry that the file states as its newest, one of them was changed"
            )
        return None

    def _leftover_fault(self) -> _Fault | None:
        """Tables beside the entries that say something else."""
        for number in sorted(self._videos):
            return _Fault(number, "there is a video record for it, which was added from outside")
        held = {row.video_id: row for row in self._content.snapshots}
        for video_id, annotation in self._annotations.items():
            row, last = held.pop(video_id, None), self._last[video_id]
            if row is None:
                return _Fault(last, "the annotation kept after it is missing")
            if (row.n_frames, row.last_number, row.annotation) != (
                annotation.n_frames,
                last,
                annotation_text(annotation),
            ):
                return _Fault(last, "the annotation kept after it is not what the entries give")
        if held:
            return _Fault(self._head.number, "an annotation is kept of a video that no entry names")
        return None
