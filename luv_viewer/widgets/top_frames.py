"""The three frames of the video that the network attends to most, as pictures."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from luv_viewer.domain.pattern import Pattern
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.timeline_labels import SMALL, text_font
from luv_viewer.widgets.timeline_paint import DOT_PX, LETTERS

_MARGIN_PX, _GAP_PX = 12, 8
_DIMMED = 0.5
NONE_STANDS_OUT = "No frame stands out"


class TopFrameTile(QAbstractButton):
    """One key frame: its picture, letter and number. A click or Enter jumps to it."""

    def __init__(self, letter: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.letter = letter
        self.theme = DARK
        self.frame = 0
        self.image: QImage | None = None
        self.dimmed = False

    def show_frame(self, frame: int, image: QImage | None) -> None:
        """Stand for another frame (from 0); image None: its picture is still loading."""
        self.frame, self.image = frame, image
        self.setAccessibleName(f"Top frame {self.letter}: frame {frame + 1}")
        self.setToolTip(f"Show frame {frame + 1}")
        self.update()

    def sizeHint(self) -> QSize:
        """A picture of 4 : 3 and a line below."""
        return QSize(80, 60 + 4 + self._caption_height())

    def hasHeightForWidth(self) -> bool:
        """The picture keeps its shape."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of picture and caption."""
        return round(width * 0.75) + 4 + self._caption_height()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter jumps; every other key belongs to the window."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture on black, whole and undistorted; below it the dot, letter and frame number as in the timeline."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        theme, caption = self.theme, self._caption_height()
        area = QRectF(0, 0, self.width(), self.height() - caption - 4)
        painter.fillRect(area, QColor("black") if self.image is not None else QColor(theme.line))
        painter.setFont(text_font(self.font(), SMALL))
        if self.image is not None:
            size = self.image.size().toSizeF().scaled(area.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRectF(0, 0, size.width(), size.height())
            target.moveCenter(area.center())
            painter.setOpacity(_DIMMED if self.dimmed else 1.0)
            painter.drawImage(target, self.image)
            painter.setOpacity(1.0)
        else:
            painter.setPen(QColor(theme.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, "loading")
        middle = self.height() - caption / 2
        painter.setPen(QPen(QColor("black"), 1))
        dot = QColor(theme.top_frame)
        dot.setAlphaF(_DIMMED if self.dimmed else 1.0)
        painter.setBrush(dot)
        painter.drawEllipse(QPointF(DOT_PX + 1, middle), DOT_PX, DOT_PX)
        painter.setPen(QColor(theme.muted if self.dimmed else theme.text))
        text = QRectF(2 * DOT_PX + 6, self.height() - caption, self.width(), caption)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, f"{self.letter} {self.frame + 1}")
        if self.hasFocus() or self.underMouse():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area.adjusted(0, 0, -1, -1))

    def _caption_height(self) -> int:
        return QFontMetrics(text_font(self.font(), SMALL)).height()


class TopFrames(QWidget):
    """Key frames A, B and C of one pattern. Pictures are asked for and handed in; frames are counted from 0."""

    frame_requested = Signal(int)
    pictures_needed = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = DARK
        self._frames: tuple[int, ...] = ()
        self._pictures: dict[int, QImage] = {}
        self._heading = QLabel("TOP FRAMES", self)
        self._heading.setObjectName("heading")
        self._message = QLabel(self)
        self._message.setObjectName("muted")
        self._message.setWordWrap(True)
        self._tiles = tuple(TopFrameTile(letter, self) for letter in LETTERS)
        row = QHBoxLayout()
        row.setSpacing(_GAP_PX)
        for tile in self._tiles:
            policy = tile.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            policy.setHeightForWidth(True)
            tile.setSizePolicy(policy)
            tile.clicked.connect(lambda _=False, tile=tile: self.frame_requested.emit(tile.frame))
            row.addWidget(tile)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, 8, _MARGIN_PX, 12)
        layout.setSpacing(8)
        layout.addWidget(self._heading)
        layout.addWidget(self._message)
        layout.addLayout(row)
        layout.addStretch(1)
        self._show_frames("Not assessed")

    @property
    def tiles(self) -> tuple[TopFrameTile, ...]:
        """The places of A, B and C."""
        return self._tiles

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self._theme = theme
        for tile in self._tiles:
            tile.theme = theme
            tile.update()
        self.update()

    def set_key_frames(
        self, pattern: Pattern | None, frames: tuple[int, ...] | None, why_none: str = NONE_STANDS_OUT
    ) -> None:
        """Show these frames of `pattern` by rank, and ask for the pictures not yet here.

        frames: at most three; empty: none, for the reason `why_none`; None: not assessed. Without frames all pictures
        are forgotten, so do that when the video changes.
        """
        self._heading.setText(f"TOP FRAMES ({pattern.plural})" if pattern is not None else "TOP FRAMES")
        self.setAccessibleName(self._heading.text())
        new = (frames or ())[: len(LETTERS)]
        changed = new != self._frames
        self._frames = new
        self._pictures = {frame: image for frame, image in self._pictures.items() if frame in new}
        self._show_frames("Not assessed" if frames is None else why_none)
        missing = [frame for frame in new if frame not in self._pictures]
        if changed and missing:
            self.pictures_needed.emit(missing)

    def set_picture(self, frame: int, image: QImage) -> None:
        """Hand in the picture of a frame; one that is no longer shown is dropped."""
        for tile, shown in zip(self._tiles, self._frames, strict=False):
            if shown == frame:
                self._pictures[frame] = image
                tile.show_frame(frame, image)

    def set_present(self, present: bool) -> None:
        """Dim the frames of a pattern below its threshold."""
        for tile in self._tiles:
            tile.dimmed = not present
            tile.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The panel's ground."""
        QPainter(self).fillRect(self.rect(), QColor(self._theme.panel))

    def _show_frames(self, message: str) -> None:
        self._message.setText(message)
        self._message.setVisible(not self._frames)
        for i, tile in enumerate(self._tiles):
            if i < len(self._frames):
                tile.show_frame(self._frames[i], self._pictures.get(self._frames[i]))
            tile.setVisible(i < len(self._frames))
