"""The page of live mode: picture, patterns, what comes in, and the last seconds."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.live_bar import LiveBar
from luv_viewer.widgets.live_patterns import LivePatterns
from luv_viewer.widgets.live_timeline import LiveTimeline
from luv_viewer.widgets.notice_bar import NoticeBar
from luv_viewer.widgets.video_view import VideoView

SECONDS_SHOWN = 10.0
TIMELINE_SHARE = 0.36


class LiveView(QWidget):
    """Stands in the window in place of a study."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Live")
        self.notice = NoticeBar()
        self.source = QLabel()
        self.source.setTextFormat(Qt.TextFormat.PlainText)
        self.source_action = QPushButton()
        self.source_action.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.source_action.hide()
        self.end = QPushButton("End live mode")
        self.end.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.video_view = VideoView()
        self.video_view.setObjectName("live_picture")
        self.video_view.setAccessibleName("Live picture")
        self.patterns = LivePatterns()
        self.bar = LiveBar()
        self.timeline = LiveTimeline(SECONDS_SHOWN)
        head = QHBoxLayout()
        head.setContentsMargins(12, 4, 12, 4)
        head.setSpacing(8)
        head.addWidget(self.source)
        head.addWidget(self.source_action)
        head.addStretch(1)
        head.addWidget(self.end)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(1)
        middle.addWidget(self.video_view, 1)
        middle.addWidget(self.patterns)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice)
        layout.addLayout(head)
        layout.addLayout(middle, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.timeline)
        self.set_theme(DARK)

    def set_theme(self, theme: Theme) -> None:
        """Redraw every part in another theme."""
        for part in (self.patterns, self.bar, self.timeline):
            part.set_theme(theme)
        self.video_view.theme = theme
        self.video_view.update()

    def set_source(self, sentence: str, action: str | None = None) -> None:
        """Where the picture comes from, and a button for what can be done about it."""
        self.source.setText(sentence)
        self.source_action.setText(action or "")
        self.source_action.setVisible(action is not None)
