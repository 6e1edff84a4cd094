"""Which sheet to write, in which layout, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QFileDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from luv_viewer.widgets.dialogs.modal import PathRow, accept_buttons, run, sentence

Layout = Literal["template", "development", "leader", "reader", "merged", "frames", "clips", "cvat", "elan"]
FileFormat = Literal["csv", "xlsx", "folder"]


@dataclass(frozen=True)
class LayoutChoice:
    """One layout. formats: what it can be written as; `folder`: one file per video. holds: which videos it holds, of
    those that the reader has begun, or of the whole project."""

    layout: Layout
    text: str
    explains: str
    formats: tuple[FileFormat, ...]
    holds: Literal["finalised", "all", "project"]


_SHEET: tuple[FileFormat, ...] = ("csv", "xlsx")
LAYOUTS = (
    LayoutChoice(
        "development", "Sheet of one reader (development)", "14 columns, with the LUS score.", _SHEET, "finalised"
    ),
    LayoutChoice(
        "template", "Blank labelling template", "12 columns, one row per video, to fill in.", _SHEET, "project"
    ),
    LayoutChoice("leader", "Temporal set, senior reader", "14 columns, two LUS scores.", _SHEET, "finalised"),
    LayoutChoice("reader", "Temporal set, reader 1 or 2", "14 columns, with the score alignment.", _SHEET, "finalised"),
    LayoutChoice(
        "merged", "Merged development sheet", "With an index column, as versions 1 and 2.", _SHEET, "finalised"
    ),
    LayoutChoice("frames", "Tidy table of frames", "A row per frame, with the state of each pattern.", ("csv",), "all"),
    LayoutChoice(
        "clips",
        "Clips of 30 frames, step 24",
        "A label is blank where an unseen frame could decide it.",
        ("csv",),
        "all",
    ),
    LayoutChoice(
        "cvat", "CVAT for video", "One XML file per video; what CVAT cannot hold is listed.", ("folder",), "all"
    ),
    LayoutChoice(
        "elan", "ELAN", "One table of intervals per video; what ELAN cannot hold is listed.", ("folder",), "all"
    ),
)
_FORMAT_WORDS: dict[FileFormat, str] = {
    "csv": "CSV",
    "xlsx": "Excel (XLSX)",
    "folder": "Folder, one file per video",
}


@dataclass(frozen=True)
class ExportChoice:
    """path: a file, or for format `folder` a folder. identifiers: PatientID and StudyDate are written as they are."""

    layout: Layout
    format: FileFormat
    path: Path
    identifiers: bool = False


class ExportDialog(QDialog):
    """Takes how many videos there are, gives an ExportChoice."""

    def __init__(
        self, n_finalised: int, n_unfinished: int, folder: Path, reader: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export labels")
        self._counts = n_finalised, n_unfinished
        self._folder, self._reader = folder, reader
        self._own_path = False
        self.layouts = QComboBox()
        for choice in LAYOUTS:
            self.layouts.addItem(choice.text, choice.layout)
        self.format = QComboBox()
        self._explains = QLabel()
        self._explains.setObjectName("muted")
        self.path = PathRow("Where", None, self._ask_path)
        self.identifiers = QCheckBox("Write patient identifiers")
        note = sentence("Off: a running number stands for each PatientID, and StudyDate is blank.", muted=True)
        note.setMinimumWidth(280)
        self.counts = sentence("")
        box, self.ok = accept_buttons(self, "Export")
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.addRow("Layout", self.layouts)
        form.addRow("", self._explains)
        form.addRow("Format", self.format)
        form.addRow("Where", self.path)
        form.addRow("Privacy", self.identifiers)
        form.addRow("", note)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(self.counts)
        layout.addWidget(box)
        self.layouts.currentIndexChanged.connect(self._layout_changed)
        self.format.currentIndexChanged.connect(self._show_path)
        self.path.edit.textEdited.connect(self._path_typed)
        self.path.edit.textChanged.connect(self._check)
        self._layout_changed()

    def chosen(self) -> ExportChoice:
        """The choice as the dialog shows it. Raises ValueError without a path."""
        path = self.path.path()
        if path is None:
            raise ValueError("Choose where to write.")
        return ExportChoice(self.layouts.currentData(), self.format.currentData(), path, self.identifiers.isChecked())

    def _layout_changed(self) -> None:
        choice = LAYOUTS[self.layouts.currentIndex()]
        kept = self.format.currentData()
        self.format.blockSignals(True)
        self.format.clear()
        for name in choice.formats:
            self.format.addItem(_FORMAT_WORDS[name], name)
        self.format.setCurrentIndex(max(0, self.format.findData(kept)))
        self.format.blockSignals(False)
        self.format.setEnabled(len(choice.formats) > 1)
        self._explains.setText(choice.explains)
        self.counts.setText(counts_words(choice, *self._counts))
        self._show_path()

    def _show_path(self) -> None:
        if self._own_path:
            path = self.path.path()
            if path is not None and self.format.currentData() != "folder":
                self.path.set_path(path.with_suffix(f".{self.format.currentData()}"))
        else:
            name = f"{self._reader}_{self.layouts.currentData()}"
            suffix = "" if self.format.currentData() == "folder" else f".{self.format.currentData()}"
            self.path.set_path(self._folder / f"{name}{suffix}")
        self._check()

    def _path_typed(self) -> None:
        self._own_path = True

    def _ask_path(self, start: str) -> str:
        if self.format.currentData() == "folder":
            chosen = QFileDialog.getExistingDirectory(self, "Export to folder", str(Path(start).parent))
        else:
            suffix = self.format.currentData()
            chosen, _ = QFileDialog.getSaveFileName(self, "Export to", start, f"{_FORMAT_WORDS[suffix]} (*.{suffix})")
        self._own_path = self._own_path or bool(chosen)
        return chosen

    def _check(self) -> None:
        empty = LAYOUTS[self.layouts.currentIndex()].holds == "finalised" and not self._counts[0]
        self.ok.setEnabled(self.path.path() is not None and not empty)


def counts_words(choice: LayoutChoice, n_finalised: int, n_unfinished: int) -> str:
    """How many videos will be in the file, and which not.

    >>> counts_words(LAYOUTS[0], 12, 3)
    '12 finalised videos go in. 3 not yet finalised are left out and listed beside the sheet.'
    >>> counts_words(LAYOUTS[0], 0, 3)
    'No video is finalised yet, and this layout holds finalised videos only: a blank means absent in it.'
    >>> counts_words(LAYOUTS[5], 12, 3)
    '15 videos go in, 3 of them not yet finalised.'
    """
    if choice.holds == "project":
        return "Every video of the project gets a row."
    if choice.holds == "all":
        unfinished = f", {n_unfinished} of them not yet finalised" if n_unfinished else ""
        return f"{_videos(n_finalised + n_unfinished)} in{unfinished}."
    if not n_finalised:
        return "No video is finalised yet, and this layout holds finalised videos only: a blank means absent in it."
    left = f" {n_unfinished} not yet finalised are left out and listed beside the sheet." if n_unfinished else ""
    return f"{_videos(n_finalised, 'finalised ')} in.{left}"


def _videos(n: int, kind: str = "") -> str:
    return f"{n} {kind}video{'s go' if n != 1 else ' goes'}"


def ask_export(n_finalised: int, n_unfinished: int, folder: Path, reader: str, parent: QWidget) -> ExportChoice | None:
    """What to export; None when the user thought better of it. reader: begins the offered file name."""
    dialog = ExportDialog(n_finalised, n_unfinished, folder, reader, parent)
    return dialog.chosen() if run(dialog) else None
