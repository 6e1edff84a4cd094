"""What to do about edits that the disk does not take."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

UnsavedAnswer = Literal["again", "copy", "lose", "stay"]


def ask_unsaved(parent: QWidget) -> UnsavedAnswer:
    """Before the window closes; closing the question keeps it open ("stay")."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Not saved", "Some of your work is not on the disk yet.", parent=parent)
    box.setInformativeText(
        "The disk or folder does not take it; the reason stands above the cine. Make room and try again, or save all "
        "your work as a copy somewhere else."
    )
    answers: dict[object, UnsavedAnswer] = {
        box.addButton("Try again", QMessageBox.ButtonRole.AcceptRole): "again",
        box.addButton("Save a copy elsewhere …", QMessageBox.ButtonRole.ActionRole): "copy",
        box.addButton("Close and lose it", QMessageBox.ButtonRole.DestructiveRole): "lose",
        box.addButton("Keep the window open", QMessageBox.ButtonRole.RejectRole): "stay",
    }
    box.exec()
    answer = answers.get(box.clickedButton(), "stay")
    box.deleteLater()
    return answer


def ask_copy_path(parent: QWidget) -> Path | None:
    """A name for the copy, None for none."""
    name, _ = QFileDialog.getSaveFileName(parent, "Save a copy of your work", "", "Reader files (*.luv)")
    if not name:
        return None
    return Path(name) if name.endswith(".luv") else Path(f"{name}.luv")
