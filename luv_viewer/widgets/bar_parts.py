"""What the bars below the pictures are made of."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QLabel, QToolButton

from luv_viewer.widgets.icons import ICON_PX

_MARGIN_PX = 8


def bar_button(text: str = "") -> QToolButton:
    """A button with an icon, and the text beside it if there is one, which never takes the keys from the pictures."""
    button = QToolButton()
    button.setText(text)
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    if text:
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def value_label(widest: str, tip: str) -> QLabel:
    """A number that changes: as wide as `widest` from the start, so that its neighbours stand still."""
    label = QLabel()
    label.setToolTip(tip)
    if widest:
        label.setMinimumWidth(QFontMetrics(label.font()).horizontalAdvance(widest) + _MARGIN_PX)
    return label
