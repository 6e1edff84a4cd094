"""The panel that compares two sheets: how far they agree, where they differ, and who is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from luv_viewer.domain.pattern import TRACK_PATTERNS
from luv_viewer.widgets.agreement_table import AgreementRow, AgreementTable, ScoreAlignment
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.disagreement_list import (
    VERDICT_WORDS,
    DisagreementFilter,
    DisagreementItem,
    DisagreementList,
    Verdict,
)
from luv_viewer.widgets.label_panel import LEAST_PX, PANEL_PX
from luv_viewer.widgets.quiet_controls import (
    GAP_PX,
    MARGIN_PX,
    ElidedLabel,
    QuietButton,
    Segments,
    heading,
    panel_scroll,
    quiet_style,
    rule,
    titled_row,
)

_BUTTONS: tuple[tuple[Verdict, str, str], ...] = (
    ("A", "A", "A's frames stand"),
    ("B", "B", "B's frames stand"),
    ("both", "Both", "Only the frames that both of them mark stand"),
    ("mine", "Mine", "Your own intervals stand in these frames"),
)


class SheetNames(QWidget):
    """Which two sheets are compared."""

    sheets_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names = tuple(ElidedLabel() for _ in "AB")
        self._choose = QuietButton("Compare with …", "Choose the two sheets")
        self._choose.clicked.connect(lambda: self.sheets_requested.emit())
        grid = QGridLayout(self)
        grid.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, GAP_PX)
        grid.setHorizontalSpacing(GAP_PX)
        grid.setVerticalSpacing(2)
        self._titles = tuple(heading(letter) for letter in "AB")
        for row, (title, label) in enumerate(zip(self._titles, self._names, strict=True)):
            grid.addWidget(title, row, 0)
            grid.addWidget(label, row, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._choose, 0, 2, 2, 1, Qt.AlignmentFlag.AlignVCenter)

    def show_names(self, first: str, second: str) -> None:
        """Names of A and B; "" where none is chosen."""
        chosen = bool(first and second)
        self._choose.setText("Change …" if chosen else "Compare with …")
        for letter, label, name in zip("AB", self._names, (first, second), strict=True):
            label.show_text(name or "–")
            label.setAccessibleName(f"Sheet {letter}: {name or 'none'}")

    def tell_drawing(self, first: str, second: str) -> None:
        """How the intervals of A and of B are drawn in the timeline, for their tool tips."""
        for title, how in zip(self._titles, (first, second), strict=True):
            title.setToolTip(how)


class AdjudicationBox(QWidget):
    """The current disagreement, four answers with their keys, and how many are left."""

    decision_made = Signal(str)
    adjudication_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title = heading("Adjudication")
        self._left = QLabel()
        self._left.setObjectName("small")
        self._current = QLabel()
        self._current.setWordWrap(True)
        self.start = QuietButton("Start adjudicating this video", "Decide each disagreement of this video in turn")
        self.start.clicked.connect(lambda: self.adjudication_requested.emit())
        self.buttons: dict[Verdict, QuietButton] = {}
        self._keys: dict[Verdict, QLabel] = {}
        self._answers = QWidget()
        grid = QGridLayout(self._answers)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(2)
        for column, (verdict, text, tip) in enumerate(_BUTTONS):
            button, key = QuietButton(text, tip), QLabel()
            button.setMinimumWidth(30)
            button.clicked.connect(lambda _=False, verdict=verdict: self.decision_made.emit(verdict))
            key.setObjectName("small")
            key.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.buttons[verdict], self._keys[verdict] = button, key
            grid.addWidget(button, 0, column)
            grid.addWidget(key, 1, column)
            grid.setColumnStretch(column, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        inner = QVBoxLayout()
        inner.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, MARGIN_PX)
        inner.setSpacing(6)
        inner.addLayout(titled_row(self._title, self._left))
        inner.addWidget(self._current)
        inner.addWidget(self._answers)
        inner.addWidget(self.start)
        layout.addWidget(rule())
        layout.addLayout(inner)
        self.offer()

    def offer(self) -> None:
        """Adjudication can be started."""
        self._answers.hide()
        self._current.hide()
        self._left.hide()
        self.start.show()

    def refuse(self, reason: str) -> None:
        """Nothing can be decided, because."""
        self._answers.hide()
        self._left.hide()
        self.start.hide()
        self._current.setText(reason)
        self._current.show()

    def ask(self, item: DisagreementItem | None, left: int, usable: Collection[Verdict] = tuple(VERDICT_WORDS)) -> None:
        """Ask about one disagreement (None: choose one first, or all are decided); `left` are undecided.

        usable: the answers that can be given; a reader who has not looked cannot be right.
        """
        self.start.hide()
        self._answers.show()
        self._left.show()
        self._left.setText(f"{left} left in this video" if left else "all decided")
        self._current.setText(item.sentence if item else "Choose a disagreement." if left else "Nothing is left here.")
        self._current.show()
        for verdict, button in self.buttons.items():
            button.setEnabled(item is not None and verdict in usable)
            button.setDefault(item is not None and item.decision == verdict)

    def set_keys(self, keys: Mapping[Verdict, str]) -> None:
        """Show which keys answer."""
        for verdict, _, tip in _BUTTONS:
            key = keys.get(verdict, "")
            self._keys[verdict].setText(key)
            self.buttons[verdict].setToolTip(f"{tip} ({key})" if key else tip)
            self.buttons[verdict].setAccessibleName(f"{VERDICT_WORDS[verdict]} {key}".strip())


class ComparisonPanel(QWidget):
    """Two sheets side by side in numbers and places. It computes nothing: values in, wishes out.

    disagreement_chosen(index): double click, its place in the items handed in. step_requested(+1 or -1): next or
    previous; `neighbour` tells which one that is under the filter shown. decision_made: "A", "B", "both" or "mine" for
    the current disagreement.
    """

    sheets_requested = Signal()
    disagreement_chosen = Signal(int)
    step_requested = Signal(int)
    decision_made = Signal(str)
    adjudication_requested = Signal()
    details_requested = Signal()
    merge_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Comparison of two sheets")
        self.setMinimumWidth(LEAST_PX)
        self._video = ""
        self._items: tuple[DisagreementItem, ...] = ()
        self.names = SheetNames()
        self.table = AgreementTable()
        self.list = DisagreementList()
        self.adjudication = AdjudicationBox()
        self._message = QLabel()
        self._message.setObjectName("muted")
        self._message.setWordWrap(True)
        self._message.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, GAP_PX)
        self._score = QLabel()
        self._score.setObjectName("small")
        self._score.setWordWrap(True)
        self._title = heading("Disagreements")
        self._where = Segments(
            "Disagreements of", (("this video", True, "Of the video shown"), ("all videos", False, "Of both sheets"))
        )
        chips = [(pattern.short, pattern, pattern.plural) for pattern in TRACK_PATTERNS]
        self._which = Segments("Pattern", (("all", None, "All patterns"), *chips))
        self._build_layout()
        self._connect()
        self.set_theme(DARK)
        self.show_nothing("No comparison yet. Choose two sheets: two readers of the project, or files.")

    @property
    def items(self) -> tuple[DisagreementItem, ...]:
        """The items handed in."""
        return self._items

    def sizeHint(self) -> QSize:
        """280 px wide; the height is the window's to give."""
        return QSize(PANEL_PX, 720)

    def minimumSizeHint(self) -> QSize:
        """Names, some of the middle, and the answers."""
        return QSize(LEAST_PX, 240)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self.table.theme = theme
        self.table.update()
        self.list.set_theme(theme)
        self.setStyleSheet(
            quiet_style(theme)
            + f"ComparisonPanel, QWidget#middle {{ background: {theme.panel}; }}"
            + f"QFrame#rule {{ background: {theme.line}; }}"
        )

    def show_nothing(self, reason: str, *, offers_sheets: bool = True) -> None:
        """No comparison, because; a blinded reader is not even offered the sheets."""
        self._message.setText(reason)
        self._message.show()
        self._body.hide()
        self.adjudication.hide()
        self.names.show_names("", "")
        self.names.setVisible(offers_sheets)

    def show_comparison(
        self, names: tuple[str, str], rows: Sequence[AgreementRow], score: ScoreAlignment | None = None
    ) -> None:
        """Names of A and B, and their agreement over all videos of both."""
        self._message.hide()
        self._body.show()
        self.names.show()
        self.names.show_names(*names)
        self.table.show_rows(tuple(rows))
        self._score.setText(score.sentence if score else "")
        self._score.setVisible(score is not None)

    def show_disagreements(self, items: Sequence[DisagreementItem], video: str) -> None:
        """Every disagreement of the two sheets; video: the one that is open, as its items name it."""
        self._items = tuple(items)
        self._video = video
        self.list.show_items(self._items)
        self._filter()

    def set_current(self, index: int | None) -> None:
        """Mark one disagreement by its place in the items handed in."""
        self.list.set_current(index)
        self._show_count()
        if index is not None:
            self._body.ensureVisible(0, self.list.geometry().bottom(), 0, 0)

    def neighbour(self, step: int) -> int | None:
        """Place of the next (+1) or previous (-1) disagreement that the filter shows; None at the end."""
        return self.list.neighbour(step)

    def neighbour_in_all(self, step: int) -> int | None:
        """As `neighbour`, going on to other videos where those of this one are through."""
        return self.list.neighbour_in_all(step)

    def hide_adjudication(self) -> None:
        """For readers who are no adjudicators."""
        self.adjudication.hide()

    def offer_adjudication(self) -> None:
        """Offer to start on this video."""
        self.adjudication.offer()
        self.adjudication.show()

    def refuse_adjudication(self, reason: str) -> None:
        """Say why this reader cannot adjudicate here."""
        self.adjudication.refuse(reason)
        self.adjudication.show()

    def ask_decision(self, index: int | None, left: int, usable: Collection[Verdict] = tuple(VERDICT_WORDS)) -> None:
        """Ask about one disagreement; `left`: how many of this video are undecided. usable: answers that can be."""
        self.set_current(index)
        self.adjudication.ask(None if index is None else self._items[index], left, usable)
        self.adjudication.show()

    def set_decision_keys(self, keys: Mapping[Verdict, str]) -> None:
        """Keys of the four answers, as people read them."""
        self.adjudication.set_keys(keys)

    def _filter(self) -> None:
        pattern = self._which.value()
        video = self._video if self._where.value() else ""
        self.list.set_filter(DisagreementFilter(video, next((p for p in TRACK_PATTERNS if p is pattern), None)))
        self._show_count()

    def _show_count(self) -> None:
        listed = self.list.listed
        n = len(listed)
        self._none.setVisible(n == 0)
        self._none.setText("None here." if self._items else "The two sheets agree on every frame.")
        self.list.setVisible(n > 0)
        self._title.setText(f"DISAGREEMENTS   {n}" if n else "DISAGREEMENTS")
        self._previous.setEnabled(self.neighbour(-1) is not None)
        self._next.setEnabled(self.neighbour(1) is not None)

    def _build_layout(self) -> None:
        self._details = QuietButton("Details …", "The whole table, to copy or save")
        self._merge = QuietButton("Merge …", "Make one sheet out of two or more")
        self._previous = QuietButton("‹", "Previous disagreement", kind="icon")
        self._next = QuietButton("›", "Next disagreement", kind="icon")
        for button in (self._previous, self._next):
            button.setFixedSize(28, 24)
        self._none = QLabel()
        self._none.setObjectName("muted")
        self._none.setWordWrap(True)
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, GAP_PX)
        column.setSpacing(GAP_PX)
        column.addWidget(self.table)
        column.addWidget(self._score)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        buttons.addWidget(self._details, 1)
        buttons.addWidget(self._merge, 1)
        column.addLayout(buttons)
        column.addSpacing(4)
        column.addLayout(titled_row(self._title, self._previous, self._next))
        column.addWidget(self._where)
        column.addWidget(self._which)
        column.addWidget(self._none)
        middle = QWidget()
        middle.setObjectName("middle")
        body = QVBoxLayout(middle)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(upper)
        body.addWidget(self.list, 1)
        body.addStretch(0)
        self._body = panel_scroll(middle, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.names)
        layout.addWidget(rule())
        layout.addWidget(self._message)
        layout.addWidget(self._body, 1)
        layout.addWidget(self.adjudication)
        layout.addStretch(0)

    def _connect(self) -> None:
        self._where.set_value(True)
        self._which.set_value(None)
        self.names.sheets_requested.connect(self.sheets_requested)
        self.list.chosen.connect(self.disagreement_chosen)
        self.adjudication.decision_made.connect(self.decision_made)
        self.adjudication.adjudication_requested.connect(self.adjudication_requested)
        self._details.clicked.connect(lambda: self.details_requested.emit())
        self._merge.clicked.connect(lambda: self.merge_requested.emit())
        self._previous.clicked.connect(lambda: self.step_requested.emit(-1))
        self._next.clicked.connect(lambda: self.step_requested.emit(1))
        self._where.chosen.connect(lambda _: self._filter())
        self._which.chosen.connect(lambda _: self._filter())
