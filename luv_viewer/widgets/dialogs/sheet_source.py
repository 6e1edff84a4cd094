"""Where a sheet comes from: a reader of the project, or a file; and how one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

SHEET_FILES = "Sheets (*.csv *.xlsx *.xlsm *.tsv);;All files (*)"


@dataclass(frozen=True)
class SheetSource:
    """name: for people. path: of a sheet file; None: the reader of that name in the project."""

    name: str
    path: Path | None = None

    @classmethod
    def of_file(cls, path: Path) -> SheetSource:
        """A sheet in a file, named after it."""
        return cls(path.name, path)

    @property
    def words(self) -> str:
        """For lists.

        >>> SheetSource("kim").words, SheetSource.of_file(Path("a/b.csv")).words
        ('kim', 'b.csv (file)')
        """
        return self.name if self.path is None else f"{self.name} (file)"


def ask_sheet_file(parent: QWidget) -> SheetSource | None:
    """A sheet file; None when the user thought better of it."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Choose a sheet", "", SHEET_FILES)
    return SheetSource.of_file(Path(chosen)) if chosen else None


class SourceBox(QComboBox):
    """Chooses one source; its last entry asks for a file."""

    changed = Signal()

    def __init__(self, name: str, sources: Sequence[SheetSource], current: SheetSource | None) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumWidth(300)
        self._sources: list[SheetSource] = []
        self._last = -1
        self.addItem("Choose a file …")
        for source in sources:
            self.add(source)
        if current is not None and current not in self._sources:
            self.add(current)
        self.setCurrentIndex(-1 if current is None else self._sources.index(current))
        self._last = self.currentIndex()
        self.activated.connect(self._activated)

    def source(self) -> SheetSource | None:
        """The source chosen, None for none yet."""
        index = self.currentIndex()
        return self._sources[index] if 0 <= index < len(self._sources) else None

    def add(self, source: SheetSource) -> None:
        """One source more, the last before the entry that asks for a file."""
        if source not in self._sources:
            self.insertItem(len(self._sources), source.words)
            self._sources.append(source)

    def choose(self, source: SheetSource) -> None:
        """Choose a source, listed or not."""
        self.add(source)
        self.setCurrentIndex(self._sources.index(source))
        self._last = self.currentIndex()
        self.changed.emit()

    def _activated(self, index: int) -> None:
        if index < len(self._sources):
            self._last = index
            self.changed.emit()
            return
        found = ask_sheet_file(self)
        self.setCurrentIndex(self._last)
        if found is not None:
            self.choose(found)
