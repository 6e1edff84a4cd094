"""F1: every action with its keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from luv_viewer.widgets.key_table import ACTIONS, MENUS

MOUSE = (
    ("Wheel on the cine", "Zoom about the pointer"),
    ("Drag on the cine", "Pan"),
    ("Right drag on the cine", "Window (across) and level (down)"),
    ("Shift + drag on the cine", "Measure, where the spacing is known"),
    ("Double click on the cine", "Fit"),
    ("Click or drag on the timeline", "Go to exactly that frame"),
    ("Wheel on the timeline", "Zoom along the frames"),
)


class KeysDialog(QDialog):
    """Lists keys by menu, in two columns, and what the mouse does."""

    def __init__(self, table: Mapping[str, tuple[str, ...]], preset: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(900, 680)
        content = QWidget()
        sides = QHBoxLayout(content)
        sides.setSpacing(40)
        columns = (QVBoxLayout(), QVBoxLayout())
        for menu in MENUS:
            rows = [
                (_keys_text(table[s.name]), s.text.replace("&", ""))
                for s in ACTIONS
                if s.menu == menu and table[s.name]
            ]
            if rows:
                columns[0 if menu in ("File", "Edit", "View", "Help") else 1].addWidget(_block(menu, rows))
        columns[1].addWidget(_block("Mouse", list(MOUSE)))
        for column in columns:
            column.addStretch(1)
            sides.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(content)
        note = QLabel(f"Key preset “{preset}”. Every key can be changed under Edit › Settings.")
        note.setObjectName("muted")
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area, 1)
        layout.addWidget(note)
        layout.addWidget(buttons)


def _keys_text(keys: tuple[str, ...]) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return "  or  ".join(QKeySequence(key).toString(native) for key in keys)


def _block(title: str, rows: list[tuple[str, str]]) -> QWidget:
    block = QWidget()
    grid = QGridLayout(block)
    grid.setContentsMargins(0, 0, 0, 12)
    grid.setVerticalSpacing(4)
    grid.setColumnMinimumWidth(0, 170)
    grid.setColumnStretch(1, 1)
    heading = QLabel(title.upper())
    heading.setObjectName("heading")
    grid.addWidget(heading, 0, 0, 1, 2)
    for row, (keys, text) in enumerate(rows, start=1):
        grid.addWidget(QLabel(keys), row, 0)
        words = QLabel(text)
        words.setObjectName("muted")
        words.setWordWrap(True)
        grid.addWidget(words, row, 1)
    return block
