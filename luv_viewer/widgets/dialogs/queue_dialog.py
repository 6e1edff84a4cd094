"""The work queue: which video to take next, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from luv_viewer.widgets.dialogs.modal import Buttons, TextTable, run, sentence


@dataclass(frozen=True)
class QueueItem:
    """One video in its turn. video: its name for people. why: one plain phrase ("not finalised, 40 frames unseen")."""

    video: str
    why: str


class QueueDialog(QDialog):
    """Lists videos in order; a double click, or Open, takes one."""

    def __init__(self, items: Sequence[QueueItem], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Work queue")
        self.resize(720, 440)
        rows = [(str(rank), item.video, item.why) for rank, item in enumerate(items, start=1)]
        self.table = TextTable(("", "Video", "Why now"), rows, numbers=(0,))
        self.table.setAccessibleName("Videos in the order to take them")
        self.table.cellDoubleClicked.connect(lambda *_: self.accept())
        box = QDialogButtonBox(Buttons.Close)
        self.open_button = box.addButton("Open", QDialogButtonBox.ButtonRole.AcceptRole)
        self.open_button.setDefault(True)
        self.open_button.setEnabled(bool(items))
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        if items:
            self.table.selectRow(0)
        words = "In the order to take them."
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(sentence(words if items else "Nothing is left to do: every video is finalised.", muted=True))
        layout.addWidget(self.table, 1)
        layout.addWidget(box)

    def chosen(self) -> int | None:
        """Place of the selected item; None without any."""
        row = self.table.currentRow()
        return row if row >= 0 else None


def ask_queue(items: Sequence[QueueItem], parent: QWidget) -> int | None:
    """Place of the video to open; None when the user closed the list."""
    dialog = QueueDialog(items, parent)
    return dialog.chosen() if run(dialog) else None
