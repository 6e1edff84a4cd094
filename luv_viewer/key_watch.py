"""Knows whether a key is held down, so that the stall of importing torch never swallows one."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QKeyEvent


class KeyWatch(QObject):
    """Watches the application's key events until `stop` (a filter in Python costs a little on every event)."""

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._application = application
        self._down: set[int] = set()
        application.installEventFilter(self)

    def is_quiet(self) -> bool:
        """True while no key is held down."""
        return not self._down

    def stop(self) -> None:
        """Stop watching."""
        self._application.removeEventFilter(self)
        self._down.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's call for every event; never keeps one back."""
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            if event.type() == QEvent.Type.KeyPress:
                self._down.add(event.key())
            elif event.type() == QEvent.Type.KeyRelease:
                self._down.discard(event.key())
        elif event.type() == QEvent.Type.ApplicationDeactivate:
            self._down.clear()
        return False
