"""What the dialogs of labelling share: how they are shown, and the parts they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

Buttons = QDialogButtonBox.StandardButton
FIELD_PX = 420
_SCREEN_MARGIN = QSize(16, 48)
_WIDEST_PX, _BETWEEN_PX = 300, 2
"""Of a table's column, and what stands between two of them."""


def run(dialog: QDialog) -> bool:
    """Show a dialog, never larger than the screen; True when it was accepted."""
    dialog.resize(dialog.size().boundedTo(dialog.screen().availableSize() - _SCREEN_MARGIN))
    accepted = bool(dialog.exec())
    dialog.deleteLater()
    return accepted


def sentence(text: str, *, muted: bool = False) -> QLabel:
    """A sentence that wraps; muted for what only explains."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(FIELD_PX)
    if muted:
        label.setObjectName("muted")
    return label


def accept_buttons(dialog: QDialog, accept: str) -> tuple[QDialogButtonBox, QPushButton]:
    """(box, its accepting button): an answer and Cancel, wired to the dialog."""
    box = QDialogButtonBox(Buttons.Cancel)
    button = box.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
    button.setDefault(True)
    box.accepted.connect(dialog.accept)
    box.rejected.connect(dialog.reject)
    return box, button


class PathRow(QWidget):
    """A path that can be typed or chosen."""

    def __init__(self, name: str, path: Path | None, choose: Callable[[str], str]) -> None:
        """choose: asks with a file dialog that begins at a path; "" when the user thought better of it."""
        super().__init__()
        self._choose = choose
        self.edit = QLineEdit("" if path is None else str(path))
        self.edit.setAccessibleName(name)
        self.edit.setMinimumWidth(280)
        self.edit.setToolTip(self.edit.text())
        self.edit.textChanged.connect(self.edit.setToolTip)
        self.button = QPushButton("Choose …")
        self.button.setAutoDefault(False)
        self.button.setAccessibleName(f"Choose: {name}")
        self.button.clicked.connect(self._ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(self.button)

    def path(self) -> Path | None:
        """The path, None where nothing stands."""
        text = self.edit.text().strip()
        return Path(text) if text else None

    def set_path(self, path: Path) -> None:
        """Show another path."""
        self.edit.setText(str(path))

    def _ask(self) -> None:
        chosen = self._choose(self.edit.text())
        if chosen:
            self.edit.setText(chosen)


class TextTable(QTableWidget):
    """Rows to read; Ctrl+C copies the selected ones, or all, as text with tabs. The last column, or `room`, is wide."""

    def __init__(
        self, headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = (), room: int = -1
    ) -> None:
        """numbers: columns of numbers, aligned to the right. room: the column that takes the room left."""
        super().__init__(len(rows), len(headers))
        self._headers = tuple(headers)
        self._rows = [tuple(row) for row in rows]
        self.setHorizontalHeaderLabels(self._headers)
        self.verticalHeader().hide()
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setStyleSheet("QTableWidget::item { padding: 2px 8px; } QHeaderView::section { padding: 4px 8px; }")
        for r, row in enumerate(self._rows):
            for c, text in enumerate(row):
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignRight if c in numbers else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(text)
                self.setItem(r, c, item)
        for c in range(len(headers)):
            side = Qt.AlignmentFlag.AlignRight if c in numbers else Qt.AlignmentFlag.AlignLeft
            header = self.horizontalHeaderItem(c)
            if header is not None:
                header.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.resizeColumnsToContents()
        for c in range(len(headers)):
            self.setColumnWidth(c, min(self.columnWidth(c) + _BETWEEN_PX, _WIDEST_PX))
        self.horizontalHeader().setSectionResizeMode(room % len(headers), QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)

    def text(self, rows: Sequence[int] | None = None) -> str:
        """Header and rows, joined by tabs and line ends; None: all rows."""
        chosen = range(len(self._rows)) if rows is None else rows
        return "\n".join("\t".join(row) for row in (self._headers, *(self._rows[i] for i in chosen)))

    def copy(self) -> None:
        """Put the selected rows, or all, on the clipboard."""
        selected = sorted({index.row() for index in self.selectedIndexes()})
        QGuiApplication.clipboard().setText(self.text(selected or None))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)
