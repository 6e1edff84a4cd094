"""Buttons that leave the keys to the window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from luv_viewer.widgets.quiet_controls import QuietButton


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Qt.FocusReason.TabFocusReason, "button"),
        (Qt.FocusReason.BacktabFocusReason, "button"),
        (Qt.FocusReason.ActiveWindowFocusReason, "window"),
    ],
)
def test_enter_is_the_buttons_only_where_tab_led_to_it(reason: Qt.FocusReason, expected: str) -> None:
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    window, said = QMainWindow(), []
    whole, button, other = QWidget(), QuietButton("press"), QuietButton("other")
    column = QVBoxLayout(whole)
    column.addWidget(button)
    column.addWidget(other)
    window.setCentralWidget(whole)
    action = QAction("enter", window)
    action.setShortcut(QKeySequence(Qt.Key.Key_Return))
    action.triggered.connect(lambda: said.append("window"))
    window.addAction(action)
    button.clicked.connect(lambda: said.append("button"))
    window.show()
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    other.setFocus(Qt.FocusReason.OtherFocusReason)
    button.setFocus(reason)
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert said == [expected]
    other.setFocus(Qt.FocusReason.OtherFocusReason)
    QTest.keyClick(other, Qt.Key.Key_Return)
    assert said == [expected, "window"], "Enter is the window's again"
    window.close()
    window.deleteLater()
    app.sendPostedEvents(None, 0)
