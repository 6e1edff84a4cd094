"""How far two sheets agree, a row per pattern, in the width of a panel."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_labels import SMALL, draw_chip, text_font
from luv_viewer.widgets.track_counts import CHIP_PX


@dataclass(frozen=True)
class AgreementRow:
    """Agreement of two sheets on one pattern; None: cannot be told.

    n_frames, n_videos: what was compared. agreement: share of frames judged alike. kappa, low, high: Cohen's kappa and
    its 95 % interval. iou: mean over videos of the frames both mark, divided by those at least one marks, 0 to 1.
    edge_frames: mean distance of the edges of matched intervals. no_common, conflicts: videos in which both mark the
    pattern but share no frame, and in which only one marks it.
    """

    pattern: Pattern
    n_frames: int
    n_videos: int
    agreement: float | None = None
    kappa: float | None = None
    low: float | None = None
    high: float | None = None
    iou: float | None = None
    edge_frames: float | None = None
    no_common: int = 0
    conflicts: int = 0


@dataclass(frozen=True)
class ScoreAlignment:
    """LUS scores of two sheets: in how many of n videos they are the same, and kappa with its 95 % interval."""

    n: int
    aligned: int
    kappa: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def sentence(self) -> str:
        """For people.

        >>> ScoreAlignment(40, 31, 0.714, 0.5, 0.9).sentence
        'LUS score the same in 31 of 40 videos, kappa 0.71 (0.50 to 0.90)'
        """
        if not self.n:
            return "No video has a LUS score in both sheets"
        words = f"LUS score the same in {self.aligned} of {self.n} video{'s' if self.n != 1 else ''}"
        if self.kappa is None:
            return words
        return f"{words}, kappa {number(self.kappa)} ({number(self.low)} to {number(self.high)})"


def number(value: float | None, decimals: int = 2) -> str:
    """A number with a true minus sign, or a dash for one that cannot be told.

    >>> number(0.5), number(None), number(-3.25, 1)
    ('0.50', '–', '−3.2')
    >>> number(-1e-9)
    '0.00'
    """
    return "–" if value is None else f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


COLUMNS = (
    ("agree", 1.0, "Share of the frames that both sheets judge alike (present or absent)"),
    ("kappa", 1.45, "Cohen's kappa over frames: 1 full agreement, 0 no better than chance; below it its 95 % interval"),
    ("IoU", 1.0, "Frames that both mark, divided by the frames that at least one marks; mean over videos"),
    ("edges", 1.0, "Mean distance between the edges of intervals that belong together, in frames"),
)
ROW_PX = 36


class AgreementTable(QWidget):
    """Chip and four numbers a row; kappa's interval stands below it."""

    def __init__(self) -> None:
        super().__init__()
        self.theme: Theme = DARK
        self._rows: tuple[AgreementRow, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Agreement by pattern")

    def show_rows(self, rows: tuple[AgreementRow, ...]) -> None:
        """Show other numbers."""
        self._rows = rows
        self.setAccessibleDescription("; ".join(map(row_sentence, rows)))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """A heading and the rows."""
        return QSize(240, self._heading_px() + ROW_PX * len(self._rows))

    def event(self, event: QEvent) -> bool:
        """Explain the row or the column under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, point: QPointF) -> str:
        """What stands under a point, in words."""
        row = int((point.y() - self._heading_px()) // ROW_PX)
        if 0 <= row < len(self._rows):
            return row_sentence(self._rows[row])
        columns = [i for i in range(len(COLUMNS)) if self._cell(i, 0, 1).left() <= point.x()]
        return COLUMNS[columns[-1]][2] if columns else "Agreement by pattern"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Heading and rows."""
        painter = QPainter(self)
        top = self._heading_px()
        painter.setFont(text_font(self.font(), SMALL))
        painter.setPen(QColor(self.theme.muted))
        for i, (name, _, _) in enumerate(COLUMNS):
            painter.drawText(self._cell(i, 0, top), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, name)
        for i, row in enumerate(self._rows):
            self._paint_row(painter, row, top + i * ROW_PX)

    def _paint_row(self, painter: QPainter, row: AgreementRow, top: float) -> None:
        theme = self.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(QRectF(0, top, self.width(), 1), QColor(theme.line))
        font, small = text_font(self.font()), text_font(self.font(), SMALL)
        line = QFontMetrics(font).height()
        painter.setFont(font)
        draw_chip(painter, QRectF(0, top + (ROW_PX - CHIP_PX) / 2, CHIP_PX + 2, CHIP_PX), row.pattern, theme)
        painter.setFont(font)
        right = Qt.AlignmentFlag.AlignRight
        texts = (number(row.agreement), number(row.kappa), number(row.iou), number(row.edge_frames, 1))
        for i, text in enumerate(texts):
            painter.setPen(QColor(theme.muted if text == "–" else theme.text))
            painter.drawText(self._cell(i, top + 4, line), right, text)
        if row.low is not None and row.high is not None:
            painter.setFont(small)
            painter.setPen(QColor(theme.muted))
            below = self._cell(1, top + 3 + line, QFontMetrics(small).height())
            painter.drawText(below.adjusted(-20, 0, 0, 0), right, f"{number(row.low)} to {number(row.high)}")

    def _cell(self, column: int, top: float, height: float) -> QRectF:
        left = CHIP_PX + 8
        weights = [weight for _, weight, _ in COLUMNS]
        unit = (self.width() - left) / sum(weights)
        start = left + unit * sum(weights[:column])
        return QRectF(start, top, unit * weights[column], height)

    def _heading_px(self) -> int:
        return QFontMetrics(text_font(self.font(), SMALL)).height() + 6


def row_sentence(row: AgreementRow) -> str:
    """All numbers of a row in words, for tool tips and screen readers."""
    if row.agreement is None:
        return f"{row.pattern.plural}: nothing to compare"
    words = (
        f"{row.pattern.plural}: {row.agreement:.2f} of {row.n_frames} frames in {row.n_videos} videos judged alike; "
        f"kappa {number(row.kappa)} ({number(row.low)} to {number(row.high)}); "
        f"intervals overlap {number(row.iou)}; edges {number(row.edge_frames, 1)} frames apart"
    )
    if row.no_common:
        words += f"; {row.no_common} videos in which both mark it but share no frame"
    if row.conflicts:
        words += f"; {row.conflicts} videos in which only one marks it"
    return words
