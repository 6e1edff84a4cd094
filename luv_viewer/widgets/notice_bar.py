"""One sentence above the cine: what happened and what to do, without a dialog in the way."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)


class NoticeBar(QFrame):
    """Hidden until there is something to say; details stay folded until asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._details_button = QPushButton("Details")
        self._details_button.setCheckable(True)
        self._details_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close = QToolButton()
        close.setText("✕")
        close.setToolTip("Close this message")
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.clear)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setMaximumHeight(140)
        self._details.hide()
        self._details_button.toggled.connect(self._details.setVisible)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(self._details_button)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addLayout(row)
        layout.addWidget(self._details)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty when hidden."""
        return "" if self.isHidden() else self._text.text()

    def say(self, sentence: str, details: str = "", *, unfolded: bool = False) -> None:
        """Show a sentence; details one line each, folded unless said otherwise."""
        self._text.setText(sentence)
        self._details.setPlainText(details)
        self._details_button.setVisible(bool(details))
        self._details_button.setChecked(unfolded and bool(details))
        self.setAccessibleName(sentence)
        self.show()

    def clear(self) -> None:
        """Say nothing."""
        self._text.clear()
        self.hide()
