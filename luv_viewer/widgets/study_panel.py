"""The videos of the open study or project: thumbnail, zone, length, how far the reader is with each."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QListView, QPushButton, QVBoxLayout, QWidget

from luv_viewer.domain.study import Study
from luv_viewer.domain.video_status import VideoStatus
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.quiet_controls import Segments, TextLine, quiet_style
from luv_viewer.widgets.study_row_painter import MARGIN_PX, ROW_PX, THUMBNAIL_PX, StudyRowPainter
from luv_viewer.widgets.study_rows import ROW_ROLE, StudyFilter, StudyRows, VideoRow

__all__ = ["THUMBNAIL_PX", "StudyPanel"]

FILTER_FROM = 12
"""From so many videos on there is something to filter."""
ASK_MS = 50
"""Thumbnails of what came into view are asked for together, so often at most."""
AHEAD_ROWS = 3
_KINDS = (
    ("All", "all", "Every video"),
    ("Unfinished", "unfinished", "Neither finalised nor excluded"),
    ("Excluded", "excluded", "Not to be used, with a reason"),
)


class StudyPanel(QFrame):
    """Lists a study's videos; says which one was chosen and which thumbnails it needs.

    video_chosen(index): a row was clicked. thumbnails_needed(list of indices): these rows came into view, each named
    once per study. A list of thousands costs no more to show than what is in view.
    """

    video_chosen = Signal(int)
    failures_requested = Signal()
    thumbnails_needed = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setMinimumWidth(180)
        self._asked: set[int] = set()
        self._n_done = self._n_labelled = 0
        self._heading = QLabel("STUDY")
        self._heading.setObjectName("heading")
        self._heading.setContentsMargins(MARGIN_PX, 10, 8, 6)
        self._rows = StudyRows(self)
        self._painter = StudyRowPainter(self)
        self._list = self._built_list()
        self._kinds = Segments("Videos listed", _KINDS)
        self._kinds.set_value("all")
        self._kinds.chosen.connect(self._filter)
        self._text = TextLine("Filter the videos", "Filter by name, zone, patient")
        # Out of the Tab chain: Qt would give it the keyboard whenever the window is activated, and keys would be text.
        self._text.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._text.setClearButtonEnabled(True)
        self._text.textChanged.connect(self._filter)
        self._filters = QWidget()
        filters = QVBoxLayout(self._filters)
        filters.setContentsMargins(MARGIN_PX, 0, 8, 8)
        filters.setSpacing(4)
        filters.addWidget(self._kinds)
        filters.addWidget(self._text)
        self._failures = QPushButton()
        self._failures.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._failures.clicked.connect(self.failures_requested)
        self._ask_timer = QTimer(self, singleShot=True, interval=ASK_MS)
        self._ask_timer.timeout.connect(self._ask_thumbnails)
        self._relist_timer = QTimer(self, singleShot=True, interval=0)
        self._relist_timer.timeout.connect(self._relist)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for widget, stretch in ((self._heading, 0), (self._filters, 0), (self._list, 1), (self._failures, 0)):
            layout.addWidget(widget, stretch)
        self.set_theme(DARK)
        self.set_study(None)

    def _built_list(self) -> QListView:
        view = QListView()
        view.setModel(self._rows)
        view.setItemDelegate(self._painter)
        view.setAccessibleName("Videos of the study")
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setStyleSheet("QListView { border: none; padding: 0; border-radius: 0; }")
        view.clicked.connect(self._chosen)
        view.verticalScrollBar().valueChanged.connect(self._view_moved)
        view.verticalScrollBar().rangeChanged.connect(self._view_moved)
        view.verticalScrollBar().setSingleStep(ROW_PX // 2)
        return view

    def sizeHint(self) -> QSize:
        """220 px wide, as drawn in the design."""
        return QSize(220, 400)

    def set_theme(self, theme: Theme) -> None:
        """Redraw in another theme."""
        self._painter.theme = theme
        self._filters.setStyleSheet(quiet_style(theme))
        self._list.viewport().update()

    def set_study(self, study: Study | None, headings: Mapping[str, str] | None = None) -> None:
        """List the videos under one heading per patient and study (no heading when there is only one group).

        headings: by group key, instead of the groups' own labels, such as the PatientID of a project's sheets. Every
        status, thumbnail and filter is forgotten.
        """
        videos = study.videos if study else ()
        self._asked.clear()
        self._n_done = self._n_labelled = 0
        self._text.show_kept("", replaces_typing=True)
        self._kinds.set_value("all")
        self._rows.set_videos(videos, headings or {})
        self._list.scrollToTop()
        self._filters.setVisible(len(videos) >= FILTER_FROM)
        self._kinds.hide()
        count = len(study.failures) if study else 0
        self._failures.setText(f"{count} file{'s' if count != 1 else ''} left out …")
        self._failures.setVisible(count > 0)
        self._say_counts()
        self._view_moved()

    def set_current(self, index: int) -> None:
        """Mark the video shown; it is listed whatever the filter."""
        self._rows.current = index if 0 <= index < len(self._rows.videos) else -1
        self._relist()
        self._list.scrollTo(self._list.currentIndex())

    def set_thumbnail(self, index: int, image: QImage) -> None:
        """Show a picture in a row; its device pixel ratio counts."""
        if 0 <= index < len(self._rows.videos):
            self._rows.videos[index].picture = QPixmap.fromImage(image)
            self._rows.tell(index)

    def set_seen(self, index: int, fraction: float) -> None:
        """How much of a video has been on the screen, 0 to 1; shown while it has no status."""
        if 0 <= index < len(self._rows.videos):
            self._rows.videos[index].seen = fraction
            self._changed(index)

    def set_status(self, index: int, status: VideoStatus | None) -> None:
        """How far the reader is with a video; None while nobody labels."""
        if not 0 <= index < len(self._rows.videos):
            return
        row = self._rows.videos[index]
        if row.status == status:
            return
        before, row.status = row.status, status
        self._n_labelled += (status is not None) - (before is not None)
        self._n_done += (status is not None and status.is_done) - (before is not None and before.is_done)
        self._kinds.setVisible(self._n_labelled > 0)
        self._say_counts()
        self._changed(index)

    def start_filtering(self) -> None:
        """Give the keyboard to the filter, where there is one; Enter and Esc give it back."""
        if self._filters.isVisible():
            self._text.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._text.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        """What is in view now needs its thumbnails."""
        super().showEvent(event)
        self._view_moved()

    def _changed(self, index: int) -> None:
        self._rows.tell(index)
        if self._rows.filter.kind != "all":
            self._relist_timer.start()

    def _filter(self) -> None:
        kind = self._kinds.value()
        self._rows.filter = StudyFilter(kind, self._text.text().strip())  # type: ignore[arg-type]
        self._relist()

    def _relist(self) -> None:
        is_new = self._rows.relist()
        self._list.setCurrentIndex(self._rows.index_of(self._rows.current))
        if is_new:
            self._list.scrollTo(self._list.currentIndex())
        self._say_counts()
        self._view_moved()

    def _say_counts(self) -> None:
        count, kept = len(self._rows.videos), self._rows.n_kept
        words = f"{count} video{'s' if count != 1 else ''}"
        if kept < count:
            words = f"{kept} of {words}"
        elif self._n_labelled:
            words += f", {self._n_done} done"
        self._heading.setText(f"STUDY   {words}" if count else "STUDY")
        self._heading.setToolTip(words if count else "")

    def _view_moved(self) -> None:
        if not self._ask_timer.isActive():
            self._ask_timer.start()

    def _ask_thumbnails(self) -> None:
        if not self.isVisible():
            return
        view = self._list.viewport().rect()
        first = last = max(0, self._list.indexAt(view.topLeft()).row())
        while last < self._rows.rowCount() and self._list.visualRect(self._rows.index(last)).top() <= view.bottom():
            last += 1
        near = range(max(0, first - AHEAD_ROWS), min(self._rows.rowCount(), last + AHEAD_ROWS))
        places = sorted(near, key=lambda place: not first <= place < last)
        shown = (self._rows.index(place).data(ROW_ROLE) for place in places)
        needed = [row.index for row in shown if isinstance(row, VideoRow) and row.index not in self._asked]
        if needed:
            self._asked.update(needed)
            self.thumbnails_needed.emit(needed)

    def _chosen(self, where: QModelIndex) -> None:
        row = where.data(ROW_ROLE)
        if isinstance(row, VideoRow):
            self.video_chosen.emit(row.index)
