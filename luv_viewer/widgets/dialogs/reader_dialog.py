"""Who labels, in which project and role."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from luv_viewer.domain.reader_file import Reader, Role
from luv_viewer.widgets.dialogs.modal import PathRow, accept_buttons, run, sentence

_ROLES = (
    (Role.ANNOTATOR, "Annotator: labels videos"),
    (Role.ADJUDICATOR, "Adjudicator: decides where two readers differ"),
    (Role.COORDINATOR, "Coordinator: runs the project"),
)


@dataclass(frozen=True)
class ReaderChoice:
    """A reader and the project folder that keeps the work."""

    reader: Reader
    folder: Path


class ReaderDialog(QDialog):
    """Takes a previous choice and what a folder's project knows of its readers; gives a choice."""

    def __init__(
        self,
        previous: ReaderChoice | None,
        folder: Path,
        readers_of: Callable[[Path], Sequence[Reader]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Who is labelling?")
        self._readers_of = readers_of
        self._known: dict[str, Reader] = {}
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.setAccessibleName("Reader's name")
        self.folder = PathRow("Project folder", previous.folder if previous else folder, self._choose_folder)
        self.role = QComboBox()
        for role, text in _ROLES:
            self.role.addItem(text, role)
        self.blinded = QCheckBox("Blinded: sees nobody else's labels, nor the AI's result")
        self._by_project = QLabel()
        self._by_project.setObjectName("muted")
        self._where = sentence("", muted=True)
        self._problem = sentence("")
        box, self.ok = accept_buttons(self, "Start labelling")
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.addRow("Name", self.name)
        form.addRow("Project folder", self.folder)
        form.addRow("Role", self.role)
        form.addRow("", self.blinded)
        form.addRow("", self._by_project)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self._where)
        layout.addWidget(self._problem)
        layout.addWidget(box)
        self._list_readers()
        self.name.setCurrentText(previous.reader.name if previous else "")
        self.name.editTextChanged.connect(self._show)
        self.folder.edit.textChanged.connect(self._folder_changed)
        if previous:
            self._show_reader(previous.reader)
        self._show()

    def chosen(self) -> ReaderChoice:
        """The choice as the dialog shows it. Raises ValueError while it is none."""
        folder = self.folder.path()
        if folder is None:
            raise ValueError("Choose the folder that keeps the work.")
        name = self.name.currentText().strip()
        if not name:
            raise ValueError("Type your name, as it should stand in the sheets.")
        return ReaderChoice(Reader(name, self.role.currentData(), self.blinded.isChecked()), folder)

    def _choose_folder(self, start: str) -> str:
        return QFileDialog.getExistingDirectory(self, "Project folder", start)

    def _folder_changed(self) -> None:
        typed = self.name.currentText()
        self._list_readers()
        self.name.setCurrentText(typed)
        self._show()

    def _list_readers(self) -> None:
        folder = self.folder.path()
        readers = () if folder is None else self._readers_of(folder)
        self._known = {reader.name.casefold(): reader for reader in readers}
        self.name.blockSignals(True)
        self.name.clear()
        self.name.addItems([reader.name for reader in readers])
        self.name.blockSignals(False)

    def _show(self) -> None:
        known = self._known.get(self.name.currentText().strip().casefold())
        if known:
            self._show_reader(known)
        for control in (self.role, self.blinded):
            control.setEnabled(known is None)
        self._by_project.setText(
            "As the project says; its coordinator can change it." if known else "New in this project."
        )
        self._by_project.setVisible(bool(self.name.currentText().strip()))
        folder = self.folder.path()
        name = self.name.currentText().strip().casefold() or "name"
        self._where.setText(
            "Every edit is kept at once in one file that only you write"
            + (f": {folder / 'readers' / f'{name}.luv'}." if folder else ".")
            + " There is nothing to save."
        )
        try:
            self.chosen()
        except ValueError as error:
            problem = str(error)
        else:
            problem = ""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self.ok.setEnabled(not problem)

    def _show_reader(self, reader: Reader) -> None:
        self.role.setCurrentIndex(self.role.findData(reader.role))
        self.blinded.setChecked(reader.blinded)


def ask_reader(
    previous: ReaderChoice | None, folder: Path, readers_of: Callable[[Path], Sequence[Reader]], parent: QWidget
) -> ReaderChoice | None:
    """Who labels; None when the user thought better of it.

    folder: offered where there is no previous choice. readers_of: the readers that a project folder knows, empty for
    a folder without project; it must not raise.
    """
    dialog = ReaderDialog(previous, folder, readers_of, parent)
    return dialog.chosen() if run(dialog) else None
