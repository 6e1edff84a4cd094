"""Where two sheets differ: a list to walk through, filtered by video and pattern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from luv_viewer.domain.pattern import Pattern
from luv_viewer.domain.span import Span
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.quiet_controls import MARGIN_PX
from luv_viewer.widgets.suggestion_list import span_words
from luv_viewer.widgets.timeline_labels import SMALL, draw_chip, text_font
from luv_viewer.widgets.track_counts import CHIP_PX

AnyIndex = QModelIndex | QPersistentModelIndex
Side = Literal["A", "B", "unlooked A", "unlooked B", "unlooked", "neither"]
SIDE_WORDS: dict[Side, str] = {
    "A": "only A",
    "B": "only B",
    "unlooked A": "A has not looked",
    "unlooked B": "B has not looked",
    "unlooked": "one has not looked",
    "neither": "neither has looked",
}
Verdict = Literal["A", "B", "both", "mine"]
VERDICT_WORDS: dict[Verdict, str] = {"A": "A is right", "B": "B is right", "both": "both", "mine": "mine"}
_ROLE = Qt.ItemDataRole.UserRole
LOW_PX, HIGH_PX = 26, 42


@dataclass(frozen=True)
class DisagreementItem:
    """A stretch of frames on which two sheets differ. video: for people, the same for all of one video.

    who: the sheet that marks the pattern while the other says absent, or who has not looked (SIDE_WORDS).
    decision: what the adjudicator said.
    """

    video: str
    pattern: Pattern
    span: Span
    who: Side
    decision: Verdict | None = None

    @property
    def sentence(self) -> str:
        """For people.

        >>> DisagreementItem("R2 lat", Pattern.B_LINE, Span(23, 51), "A").sentence
        'B-lines, frames 24–51 of R2 lat: only A'
        """
        frames = f"frames {span_words(self.span)}" if len(self.span) > 1 else f"frame {self.span.stop}"
        words = f"{self.pattern.plural}, {frames} of {self.video}: {SIDE_WORDS[self.who]}"
        return words if self.decision is None else f"{words}; decided: {VERDICT_WORDS[self.decision]}"


@dataclass(frozen=True)
class DisagreementFilter:
    """video "": all videos. pattern None: all patterns."""

    video: str = ""
    pattern: Pattern | None = None

    def keeps(self, item: DisagreementItem) -> bool:
        """True for an item to list."""
        return self.video in ("", item.video) and self.pattern in (None, item.pattern)


class _Model(QAbstractListModel):
    """The items that are listed, each with its place in the whole list."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.listed: list[tuple[int, DisagreementItem]] = []

    def set_listed(self, listed: list[tuple[int, DisagreementItem]]) -> None:
        self.beginResetModel()
        self.listed = listed
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.listed)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item = self.listed[index.row()][1]
        if role == _ROLE:
            return item
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return item.sentence
        return None


class _Painter(QStyledItemDelegate):
    """Chip, frames, who; the video below where several are listed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK
        self.names_videos = False

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        return QSize(160, HIGH_PX if self.names_videos else LOW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        item, rect, theme = index.data(_ROLE), QRect(option.rect), self.theme
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.line))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(theme.accent))
        font = QFont(option.font)
        font.setPixelSize(13)
        painter.setFont(text_font(font))
        chip = QRectF(rect.left() + MARGIN_PX, rect.top() + (LOW_PX - CHIP_PX) / 2, CHIP_PX + 2, CHIP_PX)
        draw_chip(painter, chip, item.pattern, theme)
        painter.setFont(text_font(font))
        painter.setPen(QColor(theme.muted if item.decision else theme.text))
        line = QRectF(chip.right() + 8, rect.top(), rect.right() - chip.right() - 8 - MARGIN_PX, LOW_PX)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, span_words(item.span))
        painter.setFont(text_font(font, SMALL))
        painter.setPen(QColor(theme.muted))
        words = f"✓ {VERDICT_WORDS[item.decision]}" if item.decision else SIDE_WORDS[item.who]
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)
        if self.names_videos:
            below = QRectF(line.left(), line.bottom() - 4, line.width(), HIGH_PX - LOW_PX)
            name = painter.fontMetrics().elidedText(item.video, Qt.TextElideMode.ElideMiddle, int(below.width()))
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, name)
        painter.restore()


class DisagreementList(QListView):
    """Lists what a filter keeps; a double click chooses. Takes no focus: the keys belong to the window."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Disagreements")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setUniformItemSizes(True)
        self.setMinimumHeight(3 * LOW_PX)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet("QListView { border: none; padding: 0; border-radius: 0; }")
        self._items: tuple[DisagreementItem, ...] = ()
        self._filter = DisagreementFilter()
        self._current: int | None = None
        self._model = _Model(self)
        self._painter = _Painter(self)
        self.setModel(self._model)
        self.setItemDelegate(self._painter)
        self.doubleClicked.connect(lambda index: self.chosen.emit(self._model.listed[index.row()][0]))

    @property
    def listed(self) -> tuple[int, ...]:
        """Places, in the whole list, of the items shown."""
        return tuple(index for index, _ in self._model.listed)

    def sizeHint(self) -> QSize:
        """A few rows; the panel gives it what is left."""
        return QSize(200, 3 * LOW_PX)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._painter.theme = theme
        self.viewport().update()

    def show_items(self, items: Sequence[DisagreementItem]) -> None:
        """List other items; the current one is kept by its place."""
        if items is not self._items:
            self._items = tuple(items)
            self._list()

    def set_filter(self, wanted: DisagreementFilter) -> None:
        """List only what a filter keeps."""
        if wanted != self._filter:
            self._filter = wanted
            self._list()

    def set_current(self, index: int | None) -> None:
        """Mark an item by its place in the whole list."""
        self._current = index
        listed = self.listed
        if index is not None and index in listed:
            row = self._model.index(listed.index(index), 0)
            self.setCurrentIndex(row)
            self.scrollTo(row)
        else:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())

    def neighbour(self, step: int) -> int | None:
        """Place of the listed item `step` further than the current one; None at the end.

        Without a current one that is the first or the last. A current one that the filter leaves out still has a place.
        """
        return self._neighbour_in(self.listed, step)

    def neighbour_in_all(self, step: int) -> int | None:
        """As `neighbour`, going on to the items of other videos."""
        everywhere = replace(self._filter, video="")
        return self._neighbour_in([i for i, item in enumerate(self._items) if everywhere.keeps(item)], step)

    def _neighbour_in(self, places: Sequence[int], step: int) -> int | None:
        if self._current is None:
            ordered = list(places) if step > 0 else list(places)[::-1]
        elif step > 0:
            ordered = [index for index in places if index > self._current]
        else:
            ordered = [index for index in places if index < self._current][::-1]
        return ordered[abs(step) - 1] if len(ordered) >= abs(step) else None

    def _list(self) -> None:
        names = not self._filter.video and len({item.video for item in self._items}) > 1
        if names != self._painter.names_videos:
            self._painter.names_videos = names
            self._painter.sizeHintChanged.emit(QModelIndex())
        self._model.set_listed([(i, item) for i, item in enumerate(self._items) if self._filter.keeps(item)])
        self.set_current(self._current)
