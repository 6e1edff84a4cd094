"""A window with keys of its own, to see which of them reach it while a panel in it is used."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from luv_viewer.widgets.colors import DARK, style_sheet

KEYS = ("1", "I", "O", "Space", "Left", "PgDown", "Return", "Ctrl+Return", "Shift+1")


class KeyWindow(QMainWindow):
    """Holds one panel; `pressed` are the keys that reached the window."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.setStyleSheet(style_sheet(DARK))
        self.pressed: list[str] = []
        for key in KEYS:
            action = QAction(key, self)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _=False, key=key: self.pressed.append(key))
            self.addAction(action)
        self.setCentralWidget(panel)
        self.resize(280, 900)

    def open(self, qtbot: QtBot) -> None:
        """Show it, the keyboard on none of the panel's parts."""
        qtbot.addWidget(self)
        self.show()
        self.activateWindow()
        qtbot.waitUntil(self.isActiveWindow)
        focused = QApplication.focusWidget()
        if focused is not None:
            focused.clearFocus()

    def press_all(self) -> list[str]:
        """Press every key wherever the keyboard is; gives the ones that reached the window."""
        self.pressed.clear()
        for key in KEYS:
            combination = QKeySequence(key)[0]
            target = QApplication.focusWidget() or self
            QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
        return list(self.pressed)


def click(widget: QWidget) -> None:
    """A left click in the middle."""
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def visible_texts(widget: QWidget) -> set[str]:
    """What the labels in a widget say."""
    return {label.text() for label in widget.findChildren(QLabel) if label.isVisible()}
