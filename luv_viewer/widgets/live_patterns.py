"""Beside the live picture: how probable each pattern is in the newest clip, large enough to be read from afar."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from luv_viewer.domain.ai_summary import told_apart
from luv_viewer.domain.pattern import NETWORK_PATTERNS
from luv_viewer.widgets.ai_status import MARGIN_PX, AiKind, AiStatus
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.pattern_panel import PatternScore
from luv_viewer.widgets.timeline_labels import CHIP_PX, SMALL, draw_chip, text_font

PANEL_PX = 320
_BAR_PX = 10
_NUMBER_SCALE = 24 / 13
_NAME_SCALE = 15 / 13


class LivePatternRow(QWidget):
    """One pattern: name, large probability, a bar with the threshold's mark, and what that means in words."""

    def __init__(self, score: PatternScore, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = DARK
        self.setAccessibleName(score.pattern.plural)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_score(score)

    def set_score(self, score: PatternScore) -> None:
        """Show other numbers of the same pattern; `video` is that of the newest clip."""
        self.score = score
        self.setToolTip(score.sentence)
        self.setAccessibleDescription(score.sentence)
        self.update()

    @property
    def words(self) -> str:
        """The state below the bar: "present (threshold 0.18)"."""
        if self.score.video is None or self.score.threshold is None:
            return "not assessed"
        threshold = told_apart(self.score.video, self.score.threshold)[1]
        return f"{self.score.state} (threshold {threshold})"

    def sizeHint(self) -> QSize:
        """A large line, the bar, a small line."""
        number = QFontMetrics(self._font(_NUMBER_SCALE)).height()
        small = QFontMetrics(self._font(SMALL)).height()
        return QSize(PANEL_PX, number + _BAR_PX + small + 9)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The row."""
        painter, theme, score = QPainter(self), self.theme, self.score
        present = score.state == "present"
        number_font, name_font, small_font = self._font(_NUMBER_SCALE), self._font(_NAME_SCALE), self._font(SMALL)
        number_px = QFontMetrics(number_font).height()
        top = QRectF(MARGIN_PX, 0, self.width() - 2 * MARGIN_PX, number_px)
        middle = Qt.AlignmentFlag.AlignVCenter
        chip = QRectF(MARGIN_PX, top.center().y() - CHIP_PX / 2, CHIP_PX, CHIP_PX)
        draw_chip(painter, chip, score.pattern, theme)
        painter.setFont(name_font)
        painter.setPen(QColor(theme.text))
        painter.drawText(top.adjusted(CHIP_PX + 8, 0, 0, 0), middle | Qt.AlignmentFlag.AlignLeft, score.pattern.plural)
        painter.setFont(number_font)
        painter.setPen(QColor(theme.text if present else theme.muted))
        number = "–" if score.video is None else self._number()
        painter.drawText(top, middle | Qt.AlignmentFlag.AlignRight, number)
        self._draw_bar(painter, QRectF(MARGIN_PX, top.bottom() + 1, top.width(), _BAR_PX))
        below = QRectF(MARGIN_PX, top.bottom() + _BAR_PX + 4, top.width(), QFontMetrics(small_font).height())
        painter.setFont(small_font)
        painter.setPen(QColor(theme.text if present else theme.muted))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, self.words)

    def _number(self) -> str:
        assert self.score.video is not None
        threshold = self.score.threshold
        return f"{self.score.video:.2f}" if threshold is None else told_apart(self.score.video, threshold)[0]

    def _draw_bar(self, painter: QPainter, bar: QRectF) -> None:
        score, theme = self.score, self.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.line))
        painter.drawRoundedRect(bar, 3, 3)
        if score.video is not None:
            painter.setBrush(theme.curve(score.pattern, score.state == "present"))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * score.video, bar.height()), 3, 3)
        if score.threshold is not None:
            mark = round(bar.left() + bar.width() * score.threshold)
            painter.fillRect(QRectF(mark - 1, bar.top() - 3, 2, bar.height() + 6), QColor(theme.text))

    def _font(self, scale: float) -> QFont:
        return text_font(self.font(), scale, bold=scale == _NUMBER_SCALE)


class LivePatterns(QWidget):
    """The rows, and below them which network it is and what it is doing.

    painted: numbers of a result are on the screen; carries what `set_scores` was given as their token.
    """

    painted = Signal(object)
    action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Patterns in the newest clip")
        self.setFixedWidth(PANEL_PX)
        self._theme = DARK
        self._token: object = None
        self.rows: tuple[LivePatternRow, ...] = ()
        self._row_box = QVBoxLayout()
        self._row_box.setSpacing(0)
        self.status = AiStatus(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._row_box)
        words = QVBoxLayout()
        words.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 0)
        words.setSpacing(8)
        self.words = QLabel(self)
        self.words.setWordWrap(True)
        self.action = QPushButton(self)
        self.action.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.action.clicked.connect(lambda: self.action_requested.emit())
        words.addWidget(self.words)
        words.addWidget(self.action, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(words)
        # What does not change scrolls where the window is low; what changes is always in sight.
        below = QScrollArea(self)
        below.setFrameShape(QFrame.Shape.NoFrame)
        below.setWidgetResizable(True)
        below.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        below.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        below.setMinimumHeight(40)
        below.setAlignment(Qt.AlignmentFlag.AlignTop)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.status)
        column.addStretch(1)
        below.setWidget(page)
        layout.addWidget(below, 1)
        self.clear()
        self.set_state("", "idle")

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        for row in self.rows:
            row.theme = theme
            row.update()
        self.status.set_theme(theme)
        self.update()

    def set_scores(self, scores: Sequence[PatternScore], token: object = None) -> None:
        """Show numbers; `painted(token)` follows when they are on the screen, unless the token is None."""
        if [row.score.pattern for row in self.rows] != [score.pattern for score in scores]:
            for row in self.rows:
                self._row_box.removeWidget(row)
                row.deleteLater()
            self.rows = tuple(LivePatternRow(score, self) for score in scores)
            for row in self.rows:
                row.theme = self._theme
                self._row_box.addWidget(row)
        for row, score in zip(self.rows, scores, strict=True):
            row.set_score(score)
        self._token = token
        self.update()

    def clear(self) -> None:
        """Nothing is assessed."""
        self.set_scores([PatternScore(pattern) for pattern in NETWORK_PATTERNS])

    def set_state(self, text: str, kind: AiKind, action: str | None = None) -> None:
        """What LUV-Net is doing, and a button for what can be done about it."""
        self.words.setText(text)
        self.words.setVisible(bool(text))
        self.words.setAccessibleName(f"AI {kind}: {text}")
        loud = kind == "failed" or action is not None
        self.words.setStyleSheet(f"color: {self._theme.text if loud else self._theme.muted};")
        self.action.setVisible(action is not None)
        self.action.setText(action or "")

    def paintEvent(self, event: QPaintEvent) -> None:
        """The panel's ground. Its rows are painted in the same pass, right after it."""
        QPainter(self).fillRect(self.rect(), QColor(self._theme.panel))
        if self._token is not None:
            token, self._token = self._token, None
            self.painted.emit(token)
