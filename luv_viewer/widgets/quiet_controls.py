"""Controls that leave the keyboard to the window: a click never takes it, and only text being typed keeps it.

Tab still reaches the buttons; Enter presses one that was reached so, and every other key goes to the window.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMargins, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from luv_viewer.widgets.colors import Theme

MARGIN_PX, GAP_PX = 12, 8
SCROLL_BAR_PX = 10
"""Of the application's style sheet."""
COMMIT_MS = 1000
"""Typing that stops for so long is kept."""

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_TABBED = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


def quiet_style(theme: Theme) -> str:
    """Style sheet of a panel made of these controls, beside the application's own."""
    return f"""
    QPushButton#segment {{ border-radius: 0; padding: 3px 2px; font-size: 12px; color: {theme.text};
        border-left: none; }}
    QPushButton#segment[first="yes"] {{ border-left: 1px solid {theme.line}; }}
    QPushButton#segment:disabled {{ color: {theme.muted}; }}
    QPushButton#segment:hover {{ background: {theme.line}; }}
    QPushButton#segment:checked {{ background: {theme.accent}; color: {theme.accent_text};
        border-color: {theme.accent}; }}
    QPushButton#segment:checked:disabled {{ background: {theme.line}; color: {theme.text};
        border-color: {theme.line}; }}
    QPushButton#segment[offered="yes"] {{ border: 1px dashed {theme.accent}; }}
    QPushButton#link {{ border: 1px solid transparent; padding: 0; margin: 0 -1px; text-align: left;
        color: {theme.accent}; }}
    QPushButton#link:hover {{ background: transparent; text-decoration: underline; }}
    QPushButton#link:disabled {{ color: {theme.muted}; }}
    QPushButton#link:focus {{ border-bottom-color: {theme.accent}; }}
    QPushButton#segment:focus {{ border: 1px solid {theme.accent}; }}
    QPushButton#segment:checked:focus {{ border: 1px solid {theme.text}; }}
    QPushButton#icon {{ padding: 0; }}
    QLabel#small {{ color: {theme.muted}; font-size: 11px; }}
    QLabel#loud {{ color: {theme.text}; font-size: 11px; font-weight: 600; }}
    QLabel#failed {{ color: {theme.top_frame}; font-weight: 600; }}
    """


class QuietButton(QPushButton):
    """A button that a click never focuses. kind: `link` looks like one; `segment` is part of a row."""

    def __init__(self, text: str, tip: str = "", *, kind: str = "") -> None:
        super().__init__(text)
        self.setObjectName(kind)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tip)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._reached_by_tab = False

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Remember whether the reader came here with Tab: only then is Enter meant for this button."""
        self._reached_by_tab = event.reason() in _TABBED
        if self._reached_by_tab:
            # Only now: buttons get thousands of events while the window is built, and Python sees none of them.
            self.installEventFilter(self)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Enter is the window's again."""
        self.removeEventFilter(self)
        super().focusOutEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep Enter from the window's actions where it is meant for this button."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _ENTER
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            event.accept()
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses; every other key belongs to the window."""
        if event.key() in _ENTER and self._reached_by_tab:
            self.click()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Releases belong to the window too: a key may be held to label."""
        event.ignore()


class ElidedLabel(QLabel):
    """One line that is shortened in the middle where the panel is narrow; whole in the tool tip."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._whole = ""

    def show_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the text."""
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))


class Segments(QWidget):
    """One choice out of a few, side by side. `chosen(value)` comes from clicks only."""

    chosen = Signal(object)

    def __init__(self, name: str, choices: Sequence[tuple[str, object, str]]) -> None:
        """choices: (text, value, tool tip); values are told apart with ==."""
        super().__init__()
        self.setAccessibleName(name)
        self._values = [value for _, value, _ in choices]
        self._group = QButtonGroup(self)
        # Not exclusive for Qt: a value that is none of the choices leaves every button up.
        self._group.setExclusive(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.buttons: tuple[QuietButton, ...] = tuple(QuietButton(t, tip, kind="segment") for t, _, tip in choices)
        for i, ((text, _, _), button) in enumerate(zip(choices, self.buttons, strict=True)):
            button.setCheckable(True)
            button.setMinimumWidth(24)
            button.setAccessibleName(f"{name}: {text}")
            self._group.addButton(button, i)
            button.setProperty("first", "yes" if i == 0 else "")
            row.addWidget(button, len(text) + 2)
        self._value: object = None
        self._group.idClicked.connect(self._clicked)

    def value(self) -> object:
        """What is shown."""
        return self._value

    def set_value(self, value: object) -> None:
        """Show a value; no button is down for one that is not among the choices."""
        self._value = value
        for button, own in zip(self.buttons, self._values, strict=True):
            button.setChecked(own == value)

    def _clicked(self, index: int) -> None:
        self.set_value(self._value)
        if self._values[index] != self._value:
            self.set_value(self._values[index])
            self.chosen.emit(self._value)


def _keeps_keys(event: QEvent) -> bool:
    """True for a key that text being typed keeps from the window: all but Alt, function keys and other commands."""
    if not isinstance(event, QKeyEvent) or event.modifiers() & Qt.KeyboardModifier.AltModifier:
        return False
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return event.key() in _ENTER if control else not Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35


class NoteEdit(QPlainTextEdit):
    """Free text of several lines. Kept 1 s after typing stops, on Ctrl+Enter, on Esc and when the focus goes."""

    committed = Signal(str)

    def __init__(self, name: str, placeholder: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setTabChangesFocus(True)
        self._kept = ""
        self._timer = QTimer(self, singleShot=True, interval=COMMIT_MS)
        self._timer.timeout.connect(self.commit)
        self.textChanged.connect(self._timer.start)

    def sizeHint(self) -> QSize:
        """Three lines."""
        return QSize(120, 3 * self.fontMetrics().lineSpacing() + 14)

    def minimumSizeHint(self) -> QSize:
        """Two lines."""
        return QSize(80, 2 * self.fontMetrics().lineSpacing() + 14)

    def commit(self) -> None:
        """Say what has been typed, where it is not what was last kept."""
        self._timer.stop()
        if self.toPlainText() != self._kept:
            self._kept = self.toPlainText()
            self.committed.emit(self._kept)

    def show_kept(self, text: str, *, replaces_typing: bool) -> None:
        """Show what is kept. Text still being typed stays unless it is replaced, as for another video."""
        typing = self.toPlainText() != self._kept
        if typing and not replaces_typing:
            return
        self._kept = text
        if text != self.toPlainText():
            self.setPlainText(text)
        self._timer.stop()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keep what was typed."""
        super().focusOutEvent(event)
        self.commit()

    def event(self, event: QEvent) -> bool:
        """What is typed here is not for the window."""
        if event.type() == QEvent.Type.ShortcutOverride and _keeps_keys(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter and Esc give the keyboard back."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() == Qt.Key.Key_Escape or (control and event.key() in _ENTER):
            self.clearFocus()
        else:
            super().keyPressEvent(event)


class TextLine(QLineEdit):
    """One line of text. Enter keeps it and gives the keyboard back; Esc gives it back with what was there before."""

    committed = Signal(str)

    def __init__(self, name: str, placeholder: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self._kept = ""

    def commit(self) -> None:
        """Say what has been typed, where it is not what was last kept."""
        if self.text().strip() != self._kept:
            self._kept = self.text().strip()
            self.committed.emit(self._kept)

    def show_kept(self, text: str, *, replaces_typing: bool) -> None:
        """Show what is kept. Text still being typed stays unless it is replaced, as for another video."""
        typing = self.text().strip() != self._kept
        if replaces_typing or not typing:
            self._kept = text
            if text != self.text().strip():
                self.setText(text)
                self.setCursorPosition(0)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Keep what was typed."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.setCursorPosition(0)
            self.commit()

    def event(self, event: QEvent) -> bool:
        """What is typed here is not for the window."""
        if event.type() == QEvent.Type.ShortcutOverride and _keeps_keys(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Esc give the keyboard back."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._kept)
            self.clearFocus()
        elif event.key() in _ENTER:
            self.clearFocus()
        else:
            super().keyPressEvent(event)


def heading(text: str) -> QLabel:
    """The small capitals over a part of a panel."""
    label = QLabel(text.upper())
    label.setObjectName("heading")
    return label


def titled_row(title: QLabel, *others: QWidget) -> QHBoxLayout:
    """A heading with something at the right of it."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GAP_PX)
    row.addWidget(title)
    row.addStretch(1)
    for other in others:
        row.addWidget(other)
    return row


def rule() -> QFrame:
    """A line across a panel."""
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def panel_scroll(middle: QWidget, padded: QLayout) -> QScrollArea:
    """The part of a panel that scrolls where the window is low; never sideways.

    padded: the layout whose right margin makes room for the scroll bar, so that nothing moves when it comes.
    """
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(middle)
    plain = padded.contentsMargins()
    area.verticalScrollBar().rangeChanged.connect(
        lambda _, most: padded.setContentsMargins(plain - QMargins(0, 0, SCROLL_BAR_PX if most else 0, 0))
    )
    return area
