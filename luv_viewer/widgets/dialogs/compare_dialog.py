"""Which two sheets to compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from luv_viewer.widgets.dialogs.modal import accept_buttons, run, sentence
from luv_viewer.widgets.dialogs.sheet_source import SheetSource, SourceBox


@dataclass(frozen=True)
class CompareChoice:
    """Sheets A and B, which differ."""

    first: SheetSource
    second: SheetSource


class CompareDialog(QDialog):
    """Takes the readers of a project and the last choice, gives a choice."""

    def __init__(
        self, readers: Sequence[SheetSource], previous: CompareChoice | None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare two sheets")
        first = previous.first if previous else next(iter(readers), None)
        second = previous.second if previous else next(iter(readers[1:]), None)
        self.first, self.second = SourceBox("Sheet A", readers, first), SourceBox("Sheet B", readers, second)
        self._problem = QLabel()
        self._problem.setObjectName("muted")
        box, self.ok = accept_buttons(self, "Compare")
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.addRow("Sheet A", self.first)
        form.addRow("Sheet B", self.second)
        form.addRow("", self._problem)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(
            sentence("Readers of the project, or sheet files. Videos are paired by their study_id.", muted=True)
        )
        layout.addLayout(form)
        layout.addWidget(box)
        for sources in (self.first, self.second):
            sources.changed.connect(self._check)
        self._check()

    def chosen(self) -> CompareChoice | None:
        """The choice; None while two different sheets are not chosen."""
        first, second = self.first.source(), self.second.source()
        return CompareChoice(first, second) if first and second and first != second else None

    def _check(self) -> None:
        self.ok.setEnabled(self.chosen() is not None)
        same = self.first.source() is not None and self.first.source() == self.second.source()
        self._problem.setText("" if self.chosen() else "Choose two different sheets." if same else "Choose two sheets.")


def ask_compare(
    readers: Sequence[SheetSource], previous: CompareChoice | None, parent: QWidget
) -> CompareChoice | None:
    """Two sheets; None when the user thought better of it."""
    dialog = CompareDialog(readers, previous, parent)
    return dialog.chosen() if run(dialog) else None
