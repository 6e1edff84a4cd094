"""Below the patterns: which network is used, what to keep in mind about it, and what it is doing."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from luv_viewer.widgets.colors import DARK, Theme

AiKind = Literal["idle", "waiting", "running", "done", "stopped", "failed"]

MARGIN_PX = 12
_RING_PX = 4
"""How far the focus ring stands off a line of text, so that the text keeps to the margin."""

_PROGRESS_STEPS = 1000


class AiStatus(QWidget):
    """Which checkpoint is used, what the AI is doing, how far it is, and what the user can do about it."""

    checkpoint_info_requested = Signal()
    action_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._kind: AiKind = "idle"
        self._checkpoint_name: str | None = None
        self._checkpoint = QPushButton(self)
        self._checkpoint.setFlat(True)
        self._checkpoint.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._checkpoint.setCursor(Qt.CursorShape.PointingHandCursor)
        self._checkpoint.clicked.connect(lambda: self.checkpoint_info_requested.emit())
        self._caution = QLabel(self)
        self._caution.setWordWrap(True)
        self._caution.setToolTip("No test of this checkpoint shows that it tells these patterns from chance")
        self._text = QLabel(self)
        self._text.setWordWrap(True)
        self._progress = QProgressBar(self)
        self._progress.setRange(0, _PROGRESS_STEPS)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(4)
        self._progress.setAccessibleName("AI progress")
        self._action = QPushButton(self)
        self._action.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._action.clicked.connect(lambda: self.action_requested.emit())
        below = QVBoxLayout()
        below.setContentsMargins(_RING_PX, 0, _RING_PX, 0)
        below.setSpacing(8)
        below.addWidget(self._caution)
        below.addWidget(self._text)
        below.addWidget(self._progress)
        below.addWidget(self._action, 0, Qt.AlignmentFlag.AlignLeft)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX - _RING_PX, 8, MARGIN_PX - _RING_PX, 12)
        layout.setSpacing(8)
        layout.addWidget(self._checkpoint)
        layout.addLayout(below)
        self.set_checkpoint(None)
        self.set_caution("")
        self.set_state("", None, "idle")
        self.set_action(None)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        self._checkpoint.setStyleSheet(
            f"QPushButton {{ border: 1px solid transparent; padding: 2px {_RING_PX - 1}px; text-align: left;"
            f" color: {theme.accent}; }}"
            f"QPushButton:hover {{ background: transparent; text-decoration: underline; }}"
            f"QPushButton:focus {{ border-color: {theme.accent}; }}"
        )
        self._color_text()

    def set_checkpoint(self, name: str | None) -> None:
        """The checkpoint's name, whole in the tool tip; None hides the line."""
        self._checkpoint_name = name
        self._checkpoint.setVisible(name is not None)
        self._checkpoint.setToolTip(f"About this checkpoint: {name}")
        self._checkpoint.setAccessibleName(f"About checkpoint {name}")
        self._elide()

    def set_caution(self, text: str) -> None:
        """What to keep in mind about this checkpoint's numbers; empty for nothing."""
        self._caution.setText(text)
        self._caution.setVisible(bool(text))

    def set_state(self, text: str, progress: float | None, kind: AiKind, why: str = "") -> None:
        """One plain sentence, how much is done in [0, 1] (None: no bar), and why it is so, for the tool tip."""
        self._kind = kind
        self._text.setText(text)
        self._text.setToolTip(why)
        self._text.setVisible(bool(text))
        self._text.setAccessibleName(f"AI {kind}: {text}")
        self._progress.setVisible(progress is not None)
        if progress is not None:
            self._progress.setValue(round(min(max(progress, 0.0), 1.0) * _PROGRESS_STEPS))
        self._color_text()

    def set_action(self, text: str | None) -> None:
        """A button with this text; None: no button."""
        self._action.setVisible(text is not None)
        self._action.setText(text or "")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the checkpoint's name to the width."""
        self._elide()

    def changeEvent(self, event: QEvent) -> None:
        """Shorten it again in another font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._elide()

    def _elide(self) -> None:
        text = self._checkpoint_name or ""
        width = self.width() - 2 * MARGIN_PX - 4
        self._checkpoint.setText(self._checkpoint.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width))

    def _color_text(self) -> None:
        loud = self._kind == "failed"
        self._text.setStyleSheet(f"color: {self._theme.text if loud else self._theme.muted};")
