"""How to make one sheet out of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from luv_viewer.widgets.dialogs.modal import PathRow, accept_buttons, run, sentence
from luv_viewer.widgets.dialogs.sheet_source import SHEET_FILES, SheetSource, SourceBox, ask_sheet_file

MergeRule = Literal["and", "or", "adjudicated", "majority"]
_MODES: tuple[tuple[MergeRule, str, str], ...] = (
    ("and", "AND (version 1)", "Frames that every sheet marks."),
    ("or", "OR (version 2)", "Frames that at least one sheet marks."),
    (
        "adjudicated",
        "Adjudicated",
        "Where the LUS scores are the same: AND. Where they differ: the leader's intervals.",
    ),
    ("majority", "Majority", "Frames that at least so many sheets mark."),
)
_SOURCE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class MergeChoice:
    """sheets: at least two. at_least: sheets that must mark a frame, for `majority`. leader: for `adjudicated`.

    union_b_first: B-line and confluent B-line are united before merging. exclusions: a CSV of study_id, reason and
    applies_to, or None. Raises ValueError, a plain sentence, when these do not go together.
    """

    sheets: tuple[SheetSource, ...]
    mode: MergeRule
    output: Path
    at_least: int = 2
    union_b_first: bool = False
    exclusions: Path | None = None
    leader: SheetSource | None = None

    def __post_init__(self) -> None:
        n = len(self.sheets)
        if n < 2:
            raise ValueError("Choose at least two sheets to merge.")
        if self.mode == "majority" and not 1 <= self.at_least <= n:
            raise ValueError(f"At least {self.at_least} of {n} sheets cannot be.")
        if self.mode == "adjudicated":
            if n != 2:
                raise ValueError(f"Adjudication is between two sheets, and {n} are chosen.")
            if self.leader is None:
                raise ValueError("Choose the leader's sheet.")
            if self.leader in self.sheets:
                raise ValueError("The leader's sheet must be another one than the two that are merged.")


class MergeDialog(QDialog):
    """Takes the readers of a project, gives a MergeChoice."""

    def __init__(self, readers: Sequence[SheetSource], folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Merge sheets")
        self._folder, self._own_path = folder, False
        self.sheets = QListWidget()
        self.sheets.setAccessibleName("Sheets to merge")
        self.sheets.setFixedHeight(112)
        self.sheets.setSpacing(2)
        for i, source in enumerate(readers):
            self.add_sheet(source, chosen=i < 2)
        add = QPushButton("Add a file …")
        add.setAutoDefault(False)
        add.clicked.connect(self._add_file)
        self.mode = QComboBox()
        for mode, text, _ in _MODES:
            self.mode.addItem(text, mode)
        self.at_least = QSpinBox()
        self.at_least.setRange(1, 99)
        self.at_least.setValue(2)
        self.at_least.setPrefix("at least ")
        self.leader = SourceBox("Leader's sheet", readers, readers[2] if len(readers) > 2 else None)
        self.union = QCheckBox("Unite B-lines and confluent B-lines first")
        self.union.setToolTip("Otherwise AND loses frames that one reader calls B and the other confluent")
        self.exclusions = PathRow("Exclusion list", None, self._ask_exclusions)
        self.exclusions.edit.setPlaceholderText("none (a CSV list of study_id and reason)")
        self.output = PathRow("Merged sheet", None, self._ask_output)
        self._explains = sentence("", muted=True)
        self._explains.setMinimumWidth(280)
        self._problem = sentence("")
        box, self.ok = accept_buttons(self, "Merge")
        self._form = QFormLayout()
        self._form.setVerticalSpacing(12)
        self._fill_form(add)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(self._form)
        layout.addWidget(self._problem)
        layout.addWidget(box)
        self._connect()
        self._mode_changed()

    def _fill_form(self, add: QPushButton) -> None:
        beside = QHBoxLayout()
        beside.addStretch(1)
        beside.addWidget(add)
        self._form.addRow("Sheets", self.sheets)
        self._form.addRow("", beside)
        self._form.addRow("Rule", self.mode)
        self._form.addRow("", self._explains)
        self._form.addRow("Sheets that agree", self.at_least)
        self._form.addRow("Leader", self.leader)
        self._form.addRow("B-lines", self.union)
        self._form.addRow("Exclusion list", self.exclusions)
        self._form.addRow("Merged sheet", self.output)

    def add_sheet(self, source: SheetSource, *, chosen: bool) -> None:
        """List one sheet more."""
        item = QListWidgetItem(source.words)
        item.setData(_SOURCE, source)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
        self.sheets.addItem(item)

    def chosen(self) -> MergeChoice:
        """The choice as the dialog shows it. Raises ValueError, a plain sentence, while it is none."""
        items = (self.sheets.item(row) for row in range(self.sheets.count()))
        sources = tuple(item.data(_SOURCE) for item in items if item.checkState() is Qt.CheckState.Checked)
        output = self.output.path()
        if output is None:
            raise ValueError("Choose where to write the merged sheet.")
        mode: MergeRule = self.mode.currentData()
        return MergeChoice(
            sources,
            mode,
            output,
            self.at_least.value(),
            self.union.isChecked(),
            self.exclusions.path(),
            self.leader.source() if mode == "adjudicated" else None,
        )

    def _connect(self) -> None:
        self.sheets.itemChanged.connect(lambda _: self._check())
        self.sheets.model().rowsInserted.connect(lambda *_: self._check())
        self.mode.currentIndexChanged.connect(self._mode_changed)
        self.at_least.valueChanged.connect(lambda _: self._check())
        self.leader.changed.connect(self._check)
        self.output.edit.textChanged.connect(lambda _: self._check())
        self.output.edit.textEdited.connect(self._path_typed)

    def _mode_changed(self) -> None:
        mode, _, explains = _MODES[self.mode.currentIndex()]
        self._explains.setText(explains)
        self._form.setRowVisible(self.at_least, mode == "majority")
        self._form.setRowVisible(self.leader, mode == "adjudicated")
        if not self._own_path:
            self.output.set_path(self._folder / f"merged_{mode}.csv")
        self._check()

    def _check(self) -> None:
        try:
            self.chosen()
        except ValueError as error:
            self._problem.setText(str(error))
            self.ok.setEnabled(False)
        else:
            self._problem.setText("")
            self.ok.setEnabled(True)

    def _path_typed(self) -> None:
        self._own_path = True

    def _add_file(self) -> None:
        found = ask_sheet_file(self)
        if found is not None:
            self.add_sheet(found, chosen=True)
            self.leader.add(found)

    def _ask_exclusions(self, start: str) -> str:
        return QFileDialog.getOpenFileName(self, "Exclusion list", start, "CSV (*.csv);;All files (*)")[0]

    def _ask_output(self, start: str) -> str:
        chosen, _ = QFileDialog.getSaveFileName(self, "Merged sheet", start, SHEET_FILES)
        self._own_path = self._own_path or bool(chosen)
        return chosen


def ask_merge(readers: Sequence[SheetSource], folder: Path, parent: QWidget) -> MergeChoice | None:
    """How to merge; None when the user thought better of it. folder: where the merged sheet is offered to stand."""
    dialog = MergeDialog(readers, folder, parent)
    return dialog.chosen() if run(dialog) else None
