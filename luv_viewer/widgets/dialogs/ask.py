"""One question or answer each, in a dialog of its own: values in, values out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QMessageBox, QWidget

from luv_viewer import RESEARCH_USE, __version__
from luv_viewer.domain.checkpoint_info import CheckpointInfo
from luv_viewer.settings import Settings
from luv_viewer.widgets.dialogs.checkpoint_dialog import CheckpointDialog
from luv_viewer.widgets.dialogs.keys_dialog import KeysDialog
from luv_viewer.widgets.dialogs.settings_dialog import SettingsDialog

CHECKPOINT_FILES = "Checkpoints (*.pt *.pth *.ckpt *.tar);;All files (*)"


def ask_files(parent: QWidget) -> list[Path]:
    """Files to open; none when the user thought better of it."""
    chosen, _ = QFileDialog.getOpenFileNames(parent, "Open files")
    return [Path(name) for name in chosen]


def ask_folder(parent: QWidget) -> list[Path]:
    """A folder to open; none when the user thought better of it."""
    chosen = QFileDialog.getExistingDirectory(parent, "Open folder")
    return [Path(chosen)] if chosen else []


def ask_checkpoint(parent: QWidget) -> str:
    """A checkpoint file; empty when the user thought better of it."""
    chosen, _ = QFileDialog.getOpenFileName(parent, "Choose a checkpoint", "", CHECKPOINT_FILES)
    return chosen


def ask_frame(current: int, n_frames: int, parent: QWidget) -> int | None:
    """A frame to go to, counted from 0 here and from 1 on screen; None when the user thought better of it."""
    number, accepted = QInputDialog.getInt(
        parent, "Go to frame", f"Frame number, 1 to {n_frames}", current + 1, 1, n_frames
    )
    return number - 1 if accepted else None


def ask_live_source(parent: QWidget) -> str:
    """A capture device's number, path or address, or a file's path; empty when the user thought better of it."""
    text, accepted = QInputDialog.getText(
        parent, "Watch live", "Number of the capture device (0, 1, …), its path or address, or a file:", text="0"
    )
    return str(text).strip() if accepted else ""


def ask_settings(settings: Settings, parent: QWidget) -> Settings:
    """The settings after the dialog; the same ones when it was cancelled."""
    dialog = SettingsDialog(settings, parent)
    _fit_the_screen(dialog)
    chosen = dialog.chosen() if dialog.exec() else settings
    dialog.deleteLater()
    return chosen


def tell_keys(actions: Mapping[str, QAction], preset: str, parent: QWidget) -> None:
    """Every action with the keys it has now."""
    table = {name: tuple(key.toString() for key in action.shortcuts()) for name, action in actions.items()}
    dialog = KeysDialog(table, preset, parent)
    _fit_the_screen(dialog)
    dialog.exec()
    dialog.deleteLater()


def tell_checkpoint(info: CheckpointInfo, parent: QWidget) -> None:
    """A model card."""
    dialog = CheckpointDialog(info, parent)
    _fit_the_screen(dialog)
    dialog.exec()
    dialog.deleteLater()


def tell_about(parent: QWidget) -> None:
    """What this program is."""
    QMessageBox.about(
        parent,
        "About LUV Viewer",
        f"<b>LUV Viewer {__version__}</b><p>Plays lung-ultrasound studies and shows which frames LUV-Net attends to."
        f"</p><p>{RESEARCH_USE}</p>",
    )


def _fit_the_screen(dialog: QDialog) -> None:
    """Never larger than the screen, so that its buttons can be reached."""
    room = dialog.screen().availableSize()
    dialog.resize(dialog.size().boundedTo(QSize(room.width() - 16, room.height() - 48)))
