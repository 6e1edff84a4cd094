"""Line icons of one set, drawn in the theme's text colour."""

from __future__ import annotations

from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from luv_viewer.widgets.colors import Theme

ICON_PX = 20


def icon(name: str, theme: Theme) -> QIcon:
    """The icon `resources/icons/<name>.svg`, sharp at 100, 200 and 300 % scaling.

    Raises FileNotFoundError for another name.
    """
    drawing = (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, color in ((QIcon.Mode.Normal, theme.text), (QIcon.Mode.Disabled, theme.line)):
        renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", color).encode()))
        for ratio in (1, 2, 3):
            pixmap = QPixmap(ICON_PX * ratio, ICON_PX * ratio)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, ICON_PX * ratio, ICON_PX * ratio))
            painter.end()
            pixmap.setDevicePixelRatio(ratio)
            result.addPixmap(pixmap, mode)
    return result
