"""How the window hands work to a thread that lives as long as the program."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestMailbox(Generic[T]):
    """Holds one item: a newer one replaces an older one that was not taken, because only the newest is of use.

    >>> box = LatestMailbox[int]()
    >>> box.put(1); box.put(2); box.take()
    2
    """

    def __init__(self) -> None:
        self._item: T | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, item: T) -> None:
        """Replace whatever waits."""
        with self._changed:
            self._item = item
            self._changed.notify()

    def take(self) -> T | None:
        """Wait for an item; None once the mailbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed)
            item, self._item = self._item, None
            return None if self._closed else item

    def has_item(self) -> bool:
        """True when somebody waits."""
        with self._changed:
            return self._item is not None or self._closed

    def close(self) -> None:
        """Let the taker go home."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class QueueMailbox(Generic[T]):
    """Items in order of urgency; a batch put later with `urgent` goes before everything that waits.

    >>> box = QueueMailbox[str]()
    >>> box.put(["b", "c"]); box.put(["a"], urgent=True); box.take(), box.take()
    ('a', 'b')
    """

    def __init__(self) -> None:
        self._items: list[T] = []
        self._closed = False
        self._changed = threading.Condition()

    def put(self, items: list[T], *, urgent: bool = False) -> None:
        """Add a batch at the end, or before all others."""
        with self._changed:
            self._items = [*items, *self._items] if urgent else [*self._items, *items]
            self._changed.notify()

    def clear(self) -> None:
        """Forget what waits."""
        with self._changed:
            self._items.clear()

    def take(self) -> T | None:
        """Wait for the next item; None once the mailbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed)
            return None if self._closed else self._items.pop(0)

    def close(self) -> None:
        """Let the taker go home."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
