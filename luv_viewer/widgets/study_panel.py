"""The videos of the open study: thumbnail, zone, length, how much of each has been on the screen."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from luv_viewer.domain.study import Study
from luv_viewer.domain.video import Video
from luv_viewer.widgets.colors import DARK, Theme

THUMBNAIL_PX = (64, 48)
ROW_PX, HEADING_PX = 64, 28
INDEX_ROLE = Qt.ItemDataRole.UserRole
PICTURE_ROLE = Qt.ItemDataRole.UserRole + 1
SEEN_ROLE = Qt.ItemDataRole.UserRole + 2
DETAIL_ROLE = Qt.ItemDataRole.UserRole + 3

AnyIndex = QModelIndex | QPersistentModelIndex


def seen_word(fraction: float) -> str:
    """The status word of a video: `unseen`, `part seen` or `seen`."""
    if fraction == 0:
        return "unseen"
    return "seen" if fraction >= 1 else f"{fraction:.0%} seen"


def video_details(video: Video) -> str:
    """Second line of a row: lung zone where it is known, and length."""
    zone = f"{video.zone}  ·  " if video.zone else ""
    return zone + ("still image" if video.is_still else f"{video.n_frames} frames, {video.timing.duration_s:.1f} s")


class _RowPainter(QStyledItemDelegate):
    """Draws one video, or the heading of a group."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme: Theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Rows and headings have fixed heights."""
        return QSize(120, HEADING_PX if index.data(INDEX_ROLE) is None else ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Qt's call to draw a row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRect(option.rect)
        if index.data(INDEX_ROLE) is None:
            self._text(painter, rect.adjusted(12, 8, -8, 0), index.data(), self.theme.muted, 11, bold=True)
        else:
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            self._paint_video(painter, rect, index, selected)
        painter.restore()

    def _paint_video(self, painter: QPainter, rect: QRect, index: AnyIndex, selected: bool) -> None:
        if selected:
            painter.fillRect(rect, QColor(self.theme.line))
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), QColor(self.theme.accent))
        frame = QRect(rect.left() + 12, rect.top() + 8, *THUMBNAIL_PX)
        painter.fillRect(frame, QColor("#000000"))
        picture = index.data(PICTURE_ROLE)
        if isinstance(picture, QPixmap):
            target = QRectF(0, 0, picture.deviceIndependentSize().width(), picture.deviceIndependentSize().height())
            target.moveCenter(QRectF(frame).center())
            painter.drawPixmap(target, picture, QRectF(picture.rect()))
        left = frame.right() + 10
        fraction = float(index.data(SEEN_ROLE) or 0)
        title = QRect(left, rect.top() + 8, rect.right() - left - 8, 18)
        self._text(painter, title, index.data(), self.theme.text, 13, bold=selected)
        self._text(painter, title.translated(0, 17), index.data(DETAIL_ROLE), self.theme.muted, 11)
        self._status_dot(painter, QPointF(left + 4.5, title.top() + 42.5), fraction)
        self._text(painter, title.translated(14, 33), seen_word(fraction), self.theme.muted, 11)

    def _status_dot(self, painter: QPainter, centre: QPointF, fraction: float) -> None:
        painter.setPen(QPen(QColor(self.theme.accent if fraction else self.theme.muted), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        circle = QRectF(centre.x() - 4, centre.y() - 4, 8, 8)
        painter.drawEllipse(circle)
        if fraction:
            painter.setBrush(QColor(self.theme.accent))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawPie(circle, 90 * 16, -int(360 * 16 * fraction))

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str, color: str, pixels: int, bold: bool = False) -> None:
        font = QFont(painter.font())
        font.setPixelSize(pixels)
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(QColor(color))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), elided)


class StudyPanel(QFrame):
    """Lists a study's videos; says which one was chosen and which thumbnails it needs."""

    video_chosen = Signal(int)
    failures_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setMinimumWidth(160)
        self._rows: dict[int, QListWidgetItem] = {}
        self._heading = QLabel("STUDY")
        self._heading.setObjectName("heading")
        self._heading.setContentsMargins(12, 10, 8, 6)
        self._list = QListWidget()
        self._list.setAccessibleName("Videos of the study")
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setStyleSheet("QListWidget { border: none; padding: 0; border-radius: 0; }")
        self._painter = _RowPainter(self._list)
        self._list.setItemDelegate(self._painter)
        self._list.itemClicked.connect(self._chosen)
        self._failures = QPushButton()
        self._failures.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._failures.clicked.connect(self.failures_requested)
        self._failures.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._heading)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._failures)

    def sizeHint(self) -> QSize:
        """220 px wide, as drawn in the design."""
        return QSize(220, 400)

    def set_theme(self, theme: Theme) -> None:
        """Redraw in another theme."""
        self._painter.theme = theme
        self._list.viewport().update()

    def set_study(self, study: Study | None) -> None:
        """List the videos under one heading per patient and study (no heading when there is only one group)."""
        self._list.clear()
        self._rows.clear()
        videos = study.videos if study else ()
        grouped = len({video.group.key for video in videos}) > 1
        last_group = None
        for index, video in enumerate(videos):
            if grouped and video.group.key != last_group:
                heading = QListWidgetItem(video.group.label)
                heading.setFlags(Qt.ItemFlag.NoItemFlags)
                self._list.addItem(heading)
                last_group = video.group.key
            item = QListWidgetItem(video.title)
            item.setData(INDEX_ROLE, index)
            item.setData(DETAIL_ROLE, video_details(video))
            item.setData(SEEN_ROLE, 0.0)
            item.setToolTip("\n".join((video.source.name, video.source.format, *video.notes)))
            self._rows[index] = item
            self._list.addItem(item)
        count = len(study.failures) if study else 0
        self._failures.setText(f"{count} file{'s' if count != 1 else ''} left out …")
        self._failures.setVisible(count > 0)
        self._heading.setText(f"STUDY   {len(videos)} video{'s' if len(videos) != 1 else ''}" if videos else "STUDY")

    def set_current(self, index: int) -> None:
        """Mark the video shown."""
        item = self._rows.get(index)
        if item is not None:
            self._list.setCurrentItem(item)
            self._list.scrollToItem(item)

    def set_thumbnail(self, index: int, image: QImage) -> None:
        """Show a picture in a row; its device pixel ratio counts."""
        if index in self._rows:
            self._rows[index].setData(PICTURE_ROLE, QPixmap.fromImage(image))

    def set_seen(self, index: int, fraction: float) -> None:
        """How much of a video has been on the screen, 0 to 1."""
        if index in self._rows:
            self._rows[index].setData(SEEN_ROLE, fraction)

    def _chosen(self, item: QListWidgetItem) -> None:
        index = item.data(INDEX_ROLE)
        if index is not None:
            self.video_chosen.emit(index)
