"""Undo and redo without end: what a video's entries say can be taken back, and what can be done again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.edit import Change, Entry, EntryKind, applied


@dataclass(frozen=True)
class History:
    """done: edits in force, oldest first. undone: edits taken back, the next to redo last.

    >>> from luv_viewer.domain.edit import Entry, EntryKind
    >>> entry = lambda n, kind, of=None: Entry(n, kind, "v", "", (), "kim", "", undoes=of)
    >>> history = History.of([entry(1, EntryKind.EDIT), entry(2, EntryKind.EDIT), entry(3, EntryKind.UNDO, 2)])
    >>> [e.number for e in history.done], [e.number for e in history.undone]
    ([1], [2])
    """

    done: tuple[Entry, ...] = ()
    undone: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> History:
        """From all entries of one video in order. Raises ValueError when an undo or redo does not fit."""
        history = cls()
        for entry in entries:
            history = history.after(entry)
        return history

    def after(self, entry: Entry) -> History:
        """With one more entry. Raises ValueError when an undo or redo does not fit."""
        if entry.kind is EntryKind.EDIT:
            return History((*self.done, entry))
        if entry.kind in (EntryKind.UNDO, EntryKind.REDO):
            source, target = (self.done, self.undone) if entry.kind is EntryKind.UNDO else (self.undone, self.done)
            if not source or source[-1].number != entry.undoes:
                raise ValueError(f"entry {entry.number} is about edit {entry.undoes}, which is not the last one")
            source, target = source[:-1], (*target, source[-1])
            return History(source, target) if entry.kind is EntryKind.UNDO else History(target, source)
        return self

    def undoing(self) -> tuple[Entry, tuple[Change, ...]] | None:
        """(edit, changes that take it back), None when there is nothing left."""
        if not self.done:
            return None
        return self.done[-1], tuple(change.reversed for change in reversed(self.done[-1].changes))

    def redoing(self) -> tuple[Entry, tuple[Change, ...]] | None:
        """(edit, changes that do it again), None when there is nothing left."""
        return (self.undone[-1], self.undone[-1].changes) if self.undone else None


def replayed(n_frames: int, entries: Iterable[Entry]) -> VideoAnnotation:
    """The annotation after all entries of one video. Raises ValueError for entries that do not fit."""
    annotation = VideoAnnotation(n_frames)
    for entry in entries:
        annotation = applied(annotation, entry.changes)
    return annotation
