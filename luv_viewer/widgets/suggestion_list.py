"""What the model suggests in this video, what the reader makes of it, and what became of what it suggested before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from luv_viewer.domain.annotation import Fate, Suggestion, VideoAnnotation, what_became
from luv_viewer.domain.span import Span
from luv_viewer.domain.span_set import NO_FRAMES, SpanSet
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.icons import icon
from luv_viewer.widgets.quiet_controls import QuietButton, heading, titled_row
from luv_viewer.widgets.timeline_labels import SMALL, draw_chip, text_font
from luv_viewer.widgets.track_counts import CHIP_PX, frames_words

Verdict = Literal["accept", "edit", "reject"]
PENDING_PX, PAST_PX = 30, 22
_VERDICTS: tuple[tuple[Verdict, str], ...] = (
    ("accept", "Accept: mark these frames as present"),
    ("edit", "Accept and select, to change its edges"),
    ("reject", "Reject: the pattern is not there"),
)


@dataclass(frozen=True)
class SuggestionItem:
    """One suggestion and what became of it. index: its place in the annotation. now: frames of an edited one today."""

    index: int
    suggestion: Suggestion
    fate: Fate
    now: SpanSet

    @property
    def sentence(self) -> str:
        """All about it, for the tool tip."""
        s = self.suggestion
        words = (
            f"{s.made_by} suggests {s.pattern.plural} in frames {span_words(s.span)}, probability {s.probability:.2f}"
        )
        if self.fate is Fate.EDITED:
            return f"{words}. Accepted and then edited: now frames {frames_words(self.now) or 'none'}"
        return words if self.fate is Fate.PENDING else f"{words}. You {self.fate.value} it"


def suggestion_items(annotation: VideoAnnotation) -> tuple[SuggestionItem, ...]:
    """Every suggestion of an annotation with what became of it; `now` only where it was edited."""
    became = [what_became(annotation, s) for s in annotation.suggestions]
    return tuple(
        SuggestionItem(i, s, fate, now if fate is Fate.EDITED else NO_FRAMES)
        for i, (s, (fate, now)) in enumerate(zip(annotation.suggestions, became, strict=True))
    )


def span_words(span: Span) -> str:
    """A run of frames as people read it.

    >>> span_words(Span(23, 51)), span_words(Span(4, 5))
    ('24–51', '5')
    """
    return frames_words(SpanSet.of(span))


class SuggestionRow(QWidget):
    """One suggestion: chip, frames and probability, then three buttons or its fate. A click jumps there."""

    decided = Signal(int, str)
    frame_requested = Signal(int)

    def __init__(self, item: SuggestionItem, theme: Theme) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addStretch(1)
        self.buttons: dict[Verdict, QuietButton] = {}
        for verdict, tip in _VERDICTS:
            button = QuietButton("", tip, kind="icon")
            button.setIconSize(QSize(16, 16))
            button.setFixedSize(28, 24)
            button.clicked.connect(lambda _=False, verdict=verdict: self.decided.emit(self.item.index, verdict))
            self.buttons[verdict] = button
            row.addWidget(button)
        self.set_theme(theme)
        self.show_item(item)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self.theme = theme
        for verdict, button in self.buttons.items():
            button.setIcon(icon(verdict, theme))
        self.update()

    def show_item(self, item: SuggestionItem) -> None:
        """Stand for another suggestion, or for another state of the same one."""
        self.item = item
        pending = item.fate is Fate.PENDING
        self.setFixedHeight(PENDING_PX if pending else PAST_PX)
        self.setToolTip(item.sentence)
        self.setAccessibleName(item.sentence)
        what = f"{item.suggestion.pattern.plural} {span_words(item.suggestion.span)}"
        for verdict, button in self.buttons.items():
            button.setVisible(pending)
            button.setAccessibleName(f"{verdict} {what}")
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Jump to where it begins."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.frame_requested.emit(self.item.suggestion.span.start)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chip, frames, probability, and the fate of a past one."""
        painter = QPainter(self)
        item, pending, high = self.item, self.item.fate is Fate.PENDING, self.height()
        painter.setFont(text_font(self.font()))
        painter.setOpacity(1.0 if pending else 0.6)
        draw_chip(painter, QRectF(0, (high - CHIP_PX) / 2, CHIP_PX + 2, CHIP_PX), item.suggestion.pattern, self.theme)
        painter.setOpacity(1.0)
        font = text_font(self.font())
        painter.setFont(font)
        painter.setPen(QColor(self.theme.text if pending else self.theme.muted))
        left, middle = CHIP_PX + 10, Qt.AlignmentFlag.AlignVCenter
        frames = QFontMetrics(font).horizontalAdvance("000–000") + 8
        painter.drawText(QRectF(left, 0, frames, high), middle, span_words(item.suggestion.span))
        painter.setPen(QColor(self.theme.muted))
        painter.setFont(text_font(self.font(), SMALL))
        painter.drawText(QRectF(left + frames, 0, 40, high), middle, f"{item.suggestion.probability:.2f}")
        if not pending:
            end = QRectF(left + frames + 36, 0, self.width() - left - frames - 36, high)
            painter.drawText(end, middle | Qt.AlignmentFlag.AlignRight, _fate_words(item))


class SuggestionList(QWidget):
    """Pending suggestions first, then the fates of past ones; a sentence where there is nothing to show."""

    suggestion_decided = Signal(int, str)
    all_accepted = Signal()
    frame_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._theme = DARK
        self._rows: list[SuggestionRow] = []
        self._title = heading("AI suggestions")
        self._accept_all = QuietButton("accept all", "Mark all of them as present, in one step", kind="link")
        self._accept_all.clicked.connect(lambda: self.all_accepted.emit())
        self._message = QLabel()
        self._message.setObjectName("small")
        self._message.setWordWrap(True)
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(titled_row(self._title, self._accept_all))
        layout.addWidget(self._message)
        layout.addLayout(self._column)
        self.show_items(())

    @property
    def rows(self) -> tuple[SuggestionRow, ...]:
        """From top to bottom."""
        return tuple(self._rows)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        for row in self._rows:
            row.set_theme(theme)

    def show_items(self, items: tuple[SuggestionItem, ...]) -> None:
        """Show these. Rows are kept and only those that changed are drawn again: this runs at every edit."""
        self._say("" if items else "None for this video.")
        self._accept_all.setVisible(sum(item.fate is Fate.PENDING for item in items) > 1)
        self._show_rows(items)

    def hide_items(self, reason: str) -> None:
        """Show nothing, on purpose, and say why."""
        self._show_rows(())
        self._accept_all.hide()
        self._say(reason)

    def _say(self, text: str) -> None:
        self._message.setText(text)
        self._message.setVisible(bool(text))

    def _show_rows(self, items: tuple[SuggestionItem, ...]) -> None:
        ordered = sorted(items, key=lambda item: (item.fate is not Fate.PENDING, item.index))
        while len(self._rows) > len(ordered):
            row = self._rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for row, item in zip(self._rows, ordered, strict=False):
            if row.item != item:
                row.show_item(item)
        for item in ordered[len(self._rows) :]:
            row = SuggestionRow(item, self._theme)
            row.decided.connect(self.suggestion_decided)
            row.frame_requested.connect(self.frame_requested)
            self._rows.append(row)
            self._column.addWidget(row)


def _fate_words(item: SuggestionItem) -> str:
    if item.fate is Fate.EDITED:
        return f"edited: {frames_words(item.now)}" if item.now else "edited: removed"
    return item.fate.value
