"""The column of names at the left of the timeline."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_labels import SMALL, LaneLabel, Name, text_font
from luv_viewer.widgets.timeline_rows import Row, RowKind, row_edges


class LaneGutter(QWidget):
    """A name beside the rows of each pattern, a heading beside the axis, and how much was seen beside its strip."""

    clicked = Signal(object)

    def __init__(self, axis_px: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._axis_px = axis_px
        self._theme = DARK
        self._heading = QLabel("Frame", self)
        self._seen = QLabel(self)
        self._seen.setAccessibleName("Frames looked at")
        self._labels: list[LaneLabel] = []
        self._rows: tuple[Row, ...] = ()

    @property
    def labels(self) -> tuple[LaneLabel, ...]:
        """The names from top to bottom."""
        return tuple(self._labels)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        for text in (self._heading, self._seen):
            text.setFont(text_font(self.font(), SMALL))
            text.setStyleSheet(f"color: {theme.muted}; background: transparent; font-size: 11px;")
        for label in self._labels:
            label.theme = theme
        self.update()

    def set_heading(self, text: str) -> None:
        """What the axis counts."""
        self._heading.setText(text)
        self._heading.setToolTip(text)

    def set_seen(self, text: str, sentence: str) -> None:
        """How much was seen, short and in full."""
        if text != self._seen.text() or sentence != self._seen.toolTip():
            self._seen.setText(text)
            self._seen.setToolTip(sentence)
            self._seen.setAccessibleDescription(sentence)

    def set_rows(self, rows: tuple[Row, ...], names: Sequence[Name]) -> None:
        """Show these names; a pattern's label stays the same object as long as the pattern is there."""
        kept = {label.pattern: label for label in self._labels}
        self._labels = [kept.pop(n.pattern) if n.pattern in kept else self._new_label(n) for n in names]
        for label in kept.values():
            label.hide()
            label.deleteLater()
        for label, name in zip(self._labels, names, strict=True):
            label.set_name(name)
        if rows != self._rows:
            self._rows = rows
            self._seen.setVisible(any(row.kind is RowKind.SEEN for row in rows))
            self._fit_width()

    def _new_label(self, name: Name) -> LaneLabel:
        label = LaneLabel(name, self)
        label.theme = self._theme
        label.clicked.connect(lambda _=False, pattern=name.pattern: self.clicked.emit(pattern))
        label.show()
        return label

    def set_selected(self, pattern: Pattern | None) -> None:
        """Mark one name."""
        for label in self._labels:
            label.setChecked(label.pattern is pattern)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the names beside their rows."""
        self._arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The same ground as the rows, and the line under the axis."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.fillRect(0, self._axis_px - 1, self.width(), 1, QColor(self._theme.line))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(self._theme.line))

    def event(self, event: QEvent) -> bool:
        """Make room when a name asks for it, as it does in another font."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit_width()
        return bool(super().event(event))

    def changeEvent(self, event: QEvent) -> None:
        """A style sheet or a setting changed the font: keep the longest name readable."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            for label in self._labels:
                label.ensurePolished()
            self._fit_width()

    def _fit_width(self) -> None:
        self.setFixedWidth(max((label.sizeHint().width() for label in self._labels), default=0))
        self._arrange()

    def _arrange(self) -> None:
        self._heading.setGeometry(12, 0, self.width() - 20, self._axis_px - 1)
        edges = row_edges(self._rows, self._axis_px, self.height())
        for label in self._labels:
            own = [i for i, row in enumerate(self._rows) if row.pattern is label.pattern]
            if own:
                top, bottom = edges[own[0]], edges[own[-1] + 1]
                curve_px = edges[own[0] + 1] - top if self._rows[own[0]].kind is RowKind.CURVE else 0
                label.set_rows(QRect(0, top, self.width() - 1, bottom - top), curve_px)
        for row, top, bottom in zip(self._rows, edges, edges[1:], strict=False):
            if row.kind is RowKind.SEEN:
                self._seen.setGeometry(12, top, self.width() - 20, bottom - top)
                self._seen.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
