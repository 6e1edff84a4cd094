"""What stands where the cine will be, before a study is open."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from luv_viewer import RESEARCH_USE


class Welcome(QWidget):
    """Says what to do first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel("Drop a lung-ultrasound study here")
        self._title.setStyleSheet("font-size: 20px;")
        text = QLabel(
            "A DICOM file or folder, a DICOMDIR, a zip of those, AVI, MP4, MOV, MPEG or GIF,\n"
            "or a folder of numbered images. Files are only read, never changed."
        )
        text.setObjectName("muted")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        research = QLabel(RESEARCH_USE)
        research.setObjectName("muted")
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(12)
        layout = QVBoxLayout(self)
        layout.setSpacing(16)
        layout.addStretch(1)
        layout.addWidget(self._title, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(text, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addLayout(self._buttons)
        layout.addWidget(research, 0, Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(1)

    def bind(self, actions: list[QAction]) -> None:
        """One button per action."""
        self._buttons.addStretch(1)
        for action in actions:
            button = QPushButton(action.text().replace("&", ""))
            button.clicked.connect(action.trigger)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)

    def say(self, sentence: str) -> None:
        """The headline: what is going on, or what to do."""
        self._title.setText(sentence or "Drop a lung-ultrasound study here")
