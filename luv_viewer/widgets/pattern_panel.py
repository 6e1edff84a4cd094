"""The panel beside the cine: how probable each pattern is, by which network, and what that network is doing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from luv_viewer.domain.pattern import NETWORK_PATTERNS, Pattern
from luv_viewer.domain.prediction import Prediction
from luv_viewer.widgets.ai_status import MARGIN_PX, AiKind, AiStatus
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_labels import CHIP_PX, SMALL, draw_chip, text_font
from luv_viewer.widgets.timeline_lanes import known, verdict_sentence

PANEL_PX = 280


@dataclass(frozen=True)
class PatternScore:
    """One row's numbers in [0, 1]; None: not assessed. clip: of the clip under the play head, named by `clip_label`."""

    pattern: Pattern
    clip: float | None = None
    video: float | None = None
    threshold: float | None = None
    clip_label: str = ""

    @property
    def state(self) -> str:
        """ "present", "absent" or "not assessed", by the video's probability."""
        if self.video is None or self.threshold is None:
            return "not assessed"
        return "present" if self.video >= self.threshold else "absent"

    @property
    def sentence(self) -> str:
        """The state in words, with the clip's number where there is one."""
        sentence = verdict_sentence(self.pattern, self.video, self.threshold)
        return sentence if self.clip is None else f"{sentence}; frames {self.clip_label}: {self.clip:.2f}"


class PatternRow(QAbstractButton):
    """Name, bar with threshold mark, both numbers and the state of one pattern. Enter or a click selects it."""

    def __init__(self, pattern: Pattern, parent: QWidget) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(pattern.plural)
        self.theme = DARK
        self.score = PatternScore(pattern)
        self.set_score(self.score)

    def set_score(self, score: PatternScore) -> None:
        """Show other numbers of the same pattern."""
        self.score = score
        self.setToolTip(score.sentence)
        self.setAccessibleDescription(score.sentence)
        self.update()

    def nextCheckState(self) -> None:
        """Only the window decides which pattern is selected."""

    def sizeHint(self) -> QSize:
        """Two lines of text."""
        return QSize(PANEL_PX, QFontMetrics(self.font()).height() + self._small_height() + 11)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter selects; every other key belongs to the window."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The row."""
        painter = QPainter(self)
        theme, score = self.theme, self.score
        if self.isChecked():
            painter.fillRect(self.rect(), QColor(theme.line))
            painter.fillRect(QRectF(0, 0, 3, self.height()), QColor(theme.accent))
        elif self.underMouse():
            painter.fillRect(self.rect(), QColor(theme.background))
        metrics = QFontMetrics(self.font())
        top, line = 5, metrics.height()
        chip = QRectF(MARGIN_PX, (self.height() - CHIP_PX) / 2, CHIP_PX, CHIP_PX)
        draw_chip(painter, chip, score.pattern, theme)
        left, column = round(chip.right()) + 8, number_column_px(self)
        numbers = self.width() - MARGIN_PX - 2 * column
        painter.setFont(text_font(self.font()))
        painter.setPen(QColor(theme.text))
        name = metrics.elidedText(score.pattern.plural, Qt.TextElideMode.ElideRight, numbers - left)
        painter.drawText(QRectF(left, top, numbers - left, line), Qt.AlignmentFlag.AlignLeft, name)
        for i, value in enumerate((score.clip, score.video)):
            text = "–" if value is None else f"{value:.2f}"
            painter.setPen(QColor(theme.muted if value is None else theme.text))
            painter.drawText(QRectF(numbers + i * column, top, column, line), Qt.AlignmentFlag.AlignRight, text)
        below = QRectF(left, top + line + 2, self.width() - left - MARGIN_PX, self._small_height())
        painter.setFont(text_font(self.font(), SMALL))
        painter.setPen(QColor(theme.text if score.state == "present" else theme.muted))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, score.state)
        self._draw_bar(painter, QRectF(left, below.center().y() - 3, numbers - left - 4, 6))
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QColor(theme.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw_bar(self, painter: QPainter, bar: QRectF) -> None:
        score, theme = self.score, self.theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.background if self.isChecked() else theme.line))
        painter.drawRoundedRect(bar, 2, 2)
        if score.clip is not None and score.threshold is not None:
            painter.setBrush(theme.curve(score.pattern, score.clip >= score.threshold))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * score.clip, bar.height()), 2, 2)
        if score.threshold is not None:
            mark = round(bar.left() + bar.width() * score.threshold)
            painter.fillRect(QRectF(mark - 1, bar.top() - 3, 2, bar.height() + 6), QColor(theme.text))

    def _small_height(self) -> int:
        return QFontMetrics(text_font(self.font(), SMALL)).height()


def number_column_px(widget: QWidget) -> int:
    """Width of one of the two columns of numbers in a widget's font, wide enough for the state below both."""
    state = QFontMetricsF(text_font(widget.font(), SMALL)).horizontalAdvance("not assessed")
    return max(round(QFontMetricsF(widget.font()).horizontalAdvance("0.00")) + 10, round(state / 2) + 3)


class PatternHeading(QWidget):
    """The heading over the rows, its two column names above the numbers."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = DARK
        self.setAccessibleName("Patterns: probability of the clip and of the video")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One small line."""
        return QSize(PANEL_PX, QFontMetrics(text_font(self.font(), SMALL)).height() + 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        """PATTERNS, clip, video."""
        painter = QPainter(self)
        painter.setFont(text_font(self.font(), SMALL, bold=True))
        painter.setPen(QColor(self.theme.muted))
        middle = Qt.AlignmentFlag.AlignVCenter
        column = number_column_px(self)
        area = QRectF(self.rect()).adjusted(MARGIN_PX, 0, -MARGIN_PX, 0)
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignLeft, "PATTERNS")
        painter.setFont(text_font(self.font(), SMALL))
        painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, "video")
        painter.drawText(area.adjusted(0, 0, -column, 0), middle | Qt.AlignmentFlag.AlignRight, "clip")


class PatternPanel(QWidget):
    """Probabilities of the clip under the play head and of the video against their thresholds, and the AI's state."""

    pattern_selected = Signal(object)
    checkpoint_info_requested = Signal()
    ai_action_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Patterns")
        self._theme = DARK
        self._prediction: Prediction | None = None
        self._frame = 0
        self._clip: int | None = None
        self._selected: Pattern | None = None
        self._rows: list[PatternRow] = []
        self._heading = PatternHeading(self)
        self._row_box = QVBoxLayout()
        self._row_box.setSpacing(0)
        self._status = AiStatus(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._heading)
        layout.addLayout(self._row_box)
        layout.addWidget(self._status)
        self._status.checkpoint_info_requested.connect(self.checkpoint_info_requested)
        self._status.action_requested.connect(self.ai_action_requested)
        self._show_scores()

    @property
    def rows(self) -> tuple[PatternRow, ...]:
        """The rows from top to bottom."""
        return tuple(self._rows)

    def sizeHint(self) -> QSize:
        """280 px wide, as high as its contents."""
        return QSize(PANEL_PX, super().sizeHint().height())

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = self._heading.theme = theme
        for row in self._rows:
            row.theme = theme
            row.update()
        self._status.set_theme(theme)
        self.update()

    def set_prediction(self, prediction: Prediction | None) -> None:
        """Show a prediction, complete or still growing, and name its checkpoint; None: not assessed."""
        self._prediction = prediction
        if prediction is not None:
            self.set_checkpoint(prediction.provenance.checkpoint)
        self._clip = None if prediction is None else prediction.clip_at(self._frame)
        self._show_scores()

    def set_frame(self, frame: int) -> None:
        """Show the numbers of the clip under the play head (frame from 0)."""
        self._frame = frame
        clip = None if self._prediction is None else self._prediction.clip_at(frame)
        if clip != self._clip:
            self._clip = clip
            self._show_scores()

    def set_selected_pattern(self, pattern: Pattern | None) -> None:
        """Mark one row."""
        self._selected = pattern
        for row in self._rows:
            row.setChecked(row.score.pattern is pattern)

    def set_checkpoint(self, name: str | None) -> None:
        """Name the checkpoint before it has given a result; None: no checkpoint."""
        self._status.set_checkpoint(name)

    def set_caution(self, text: str) -> None:
        """What to keep in mind about the checkpoint's numbers; empty for nothing."""
        self._status.set_caution(text)

    def set_ai_state(self, text: str, progress: float | None, kind: AiKind, why: str = "") -> None:
        """What the AI is doing, as one plain sentence; progress in [0, 1] draws a bar, None none; why: its tool tip."""
        self._status.set_state(text, progress, kind, why)

    def set_ai_action(self, text: str | None) -> None:
        """Offer a button, for example "Choose a checkpoint"; None: no button."""
        self._status.set_action(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The panel's ground."""
        QPainter(self).fillRect(self.rect(), QColor(self._theme.panel))

    def _scores(self) -> list[PatternScore]:
        prediction, clip = self._prediction, self._clip
        if prediction is None:
            return [PatternScore(pattern) for pattern in NETWORK_PATTERNS]
        video = prediction.video_probabilities
        scores = [
            PatternScore(pattern, None, known(video[p]), float(prediction.thresholds[p]))
            for p, pattern in enumerate(prediction.patterns)
        ]
        if clip is None:
            return scores
        span = prediction.span(clip)
        label = f"{span.start + 1} to {span.stop}"
        return [
            replace(score, clip=known(prediction.probabilities[clip, p]), clip_label=label)
            for p, score in enumerate(scores)
        ]

    def _show_scores(self) -> None:
        scores = self._scores()
        if [row.score.pattern for row in self._rows] != [score.pattern for score in scores]:
            for row in self._rows:
                self._row_box.removeWidget(row)
                row.deleteLater()
            self._rows = [PatternRow(score.pattern, self) for score in scores]
            for row in self._rows:
                row.theme = self._theme
                row.setChecked(row.score.pattern is self._selected)
                row.clicked.connect(lambda _=False, pattern=row.score.pattern: self.pattern_selected.emit(pattern))
                self._row_box.addWidget(row)
        for row, score in zip(self._rows, scores, strict=True):
            row.set_score(score)
