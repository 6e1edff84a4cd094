"""What is wrong with an imported sheet, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from luv_viewer.widgets.dialogs.modal import Buttons, TextTable, run, sentence

ProblemKind = Literal["error", "warning", "loss"]
_WORDS: dict[ProblemKind, str] = {"error": "wrong", "warning": "check", "loss": "lost"}


@dataclass(frozen=True)
class Problem:
    """kind: `error` (not imported), `warning` (imported, please check), `loss` (the format cannot hold it).

    row: as the file counts them, None where it is about the whole file. column: its header, or "".
    """

    kind: ProblemKind
    sentence: str
    row: int | None = None
    column: str = ""


class ProblemsDialog(QDialog):
    """Lists problems; accepting means importing what is right, where that is offered."""

    def __init__(
        self, title: str, problems: Sequence[Problem], n_right: int | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(760, 420)
        rows = [(_WORDS[p.kind], "" if p.row is None else str(p.row), p.column, p.sentence) for p in problems]
        self.table = TextTable(("", "Row", "Column", "What"), rows, numbers=(1,))
        self.table.resizeRowsToContents()
        copy = QPushButton("Copy")
        copy.setAutoDefault(False)
        copy.clicked.connect(self.table.copy)
        box = QDialogButtonBox()
        box.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        box.rejected.connect(self.reject)
        box.accepted.connect(self.accept)
        if n_right:
            self.importing = box.addButton("Import what is right", QDialogButtonBox.ButtonRole.AcceptRole)
            box.addButton(Buttons.Cancel)
        else:
            box.addButton(Buttons.Ok)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(sentence(problems_words(problems, n_right)))
        layout.addWidget(self.table, 1)
        layout.addWidget(box)


def problems_words(problems: Sequence[Problem], n_right: int | None) -> str:
    """How many of each kind, and what can still be imported.

    >>> problems_words([Problem("error", "x"), Problem("warning", "y")], 3)
    '1 error, 1 warning. 3 rows are right and can be imported.'
    >>> problems_words([Problem("loss", "x"), Problem("loss", "y")], None)
    '2 losses.'
    """
    plurals = {"error": "errors", "warning": "warnings", "loss": "losses"}
    counts = {kind: sum(p.kind == kind for p in problems) for kind in plurals}
    words = ", ".join(f"{n} {kind if n == 1 else plurals[kind]}" for kind, n in counts.items() if n)
    if n_right is None:
        return f"{words}."
    if not n_right:
        return f"{words}. Nothing can be imported."
    return f"{words}. {n_right} row{'s are' if n_right != 1 else ' is'} right and can be imported."


def ask_problems(title: str, problems: Sequence[Problem], n_right: int | None, parent: QWidget) -> bool:
    """Show problems; True: import what is right. n_right: rows that can be imported, None to tell only."""
    accepted = run(ProblemsDialog(title, problems, n_right, parent))
    return accepted and bool(n_right)
