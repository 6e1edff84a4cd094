"""Before a video is finalised: what has not been looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from luv_viewer.widgets.dialogs.modal import Buttons, TextTable, run, sentence

FinaliseAnswer = Literal["show", "state_absent"]


class FinaliseDialog(QDialog):
    """Names the unseen frames of each pattern; `answer` after it was accepted."""

    def __init__(self, unlooked: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Frames not looked at")
        self.resize(480, 320)
        self.answer: FinaliseAnswer = "show"
        self.table = TextTable(("Pattern", "Frames"), unlooked)
        box = QDialogButtonBox(Buttons.Cancel)
        self.show_first = box.addButton("Show me the first", QDialogButtonBox.ButtonRole.AcceptRole)
        self.absent = box.addButton("They are absent: finalise", QDialogButtonBox.ButtonRole.AcceptRole)
        self.show_first.setDefault(True)
        self.show_first.clicked.connect(lambda: self._take("show"))
        self.absent.clicked.connect(lambda: self._take("state_absent"))
        box.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(sentence("These frames have not been on your screen, and you have stated nothing about them."))
        layout.addWidget(self.table, 1)
        layout.addWidget(
            sentence(
                "A finalised sheet has no room for “not looked at”: a blank means absent. So look at them, or state "
                "that the patterns are absent there. One undo takes that back.",
                muted=True,
            )
        )
        layout.addWidget(box)

    def _take(self, answer: FinaliseAnswer) -> None:
        self.answer = answer
        self.accept()


def ask_finalise(unlooked: Sequence[tuple[str, str]], parent: QWidget) -> FinaliseAnswer | None:
    """What to do about frames not looked at; None: do not finalise.

    unlooked: (pattern's name, frames as people read them), at least one.
    """
    dialog = FinaliseDialog(unlooked, parent)
    return dialog.answer if run(dialog) else None
