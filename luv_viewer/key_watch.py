"""Knows whether a key is held down, so that the stall of importing torch never swallows one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from PySide6.QtGui import QKeyEvent


class KeyWatch(QObject):
    """Says which keys go up, and which went down last: the key of an action that is held.

    Watches the application's key events until `stop` (a filter in Python costs a little on every event)."""

    held_key_released = Signal()

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._application = application
        self._down: set[int] = set()
        self._last: tuple[int, int] = (0, 0)
        self._held: tuple[int, int] | None = None
        application.installEventFilter(self)

    def is_quiet(self) -> bool:
        """True while no key is held down."""
        return not self._down

    def hold(self) -> None:
        """The key that went down last is held for something: `held_key_released` when it, not another, goes up."""
        self._held = self._last

    def stop(self) -> None:
        """Stop watching."""
        self._application.removeEventFilter(self)
        self._down.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's call for every event; never keeps one back."""
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if event.type() == QEvent.Type.ShortcutOverride:
                self._last = (event.key(), event.nativeScanCode())
            elif event.type() == QEvent.Type.KeyPress:
                self._last = (event.key(), event.nativeScanCode())
                self._down.add(event.key())
            elif event.type() == QEvent.Type.KeyRelease:
                self._down.discard(event.key())
                self._release(event.key(), event.nativeScanCode())
        elif event.type() == QEvent.Type.ApplicationDeactivate:
            self._down.clear()
            if self._held is not None:
                self._held = None
                self.held_key_released.emit()
        return False

    def _release(self, key: int, scan_code: int) -> None:
        """With Shift, a key may go up under another name than it went down with; its scan code stays."""
        held = self._held
        if held is not None and (key == held[0] or (scan_code != 0 and scan_code == held[1])):
            self._held = None
            self.held_key_released.emit()
