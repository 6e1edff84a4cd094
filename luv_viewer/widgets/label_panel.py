"""The panel in which a reader labels a video: its intervals, the AI's suggestions, its fields, and being done."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from luv_viewer.domain.annotation import VideoAnnotation
from luv_viewer.domain.span_set import SpanSet
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.quiet_controls import GAP_PX, MARGIN_PX, QuietButton, panel_scroll, quiet_style, rule
from luv_viewer.widgets.suggestion_list import SuggestionItem, SuggestionList
from luv_viewer.widgets.track_counts import TrackCounts, frames_words
from luv_viewer.widgets.video_fields import VideoFields

SavedKind = Literal["saved", "saving", "failed"]
PANEL_PX, LEAST_PX = 280, 240
_RUNS_NAMED = 3


class LabelHeader(QWidget):
    """Who labels, whether all of it is on the disk, and why nothing can be changed where that is so."""

    reader_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._reader = QuietButton("", "Choose the reader and the project", kind="link")
        self._reader.clicked.connect(lambda: self.reader_requested.emit())
        self._reader.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._name = ""
        self._saved = QLabel()
        self._saved.setObjectName("small")
        self._lock = QLabel()
        self._lock.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self._reader, 1)
        row.addWidget(self._saved, 0, Qt.AlignmentFlag.AlignRight)
        self._failed = QLabel()
        self._failed.setObjectName("failed")
        self._failed.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, GAP_PX)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._failed)
        layout.addWidget(self._lock)
        self.show_reader("")
        self.show_saved("", "saved")
        self.show_lock("")

    def show_reader(self, text: str) -> None:
        """Name and role; "" offers to choose."""
        self._name = text or "Choose a reader …"
        self._reader.setAccessibleName(f"Reader: {self._name}")
        self._reader.setToolTip(f"{self._name}\nChoose the reader and the project")
        self._elide()

    def show_saved(self, text: str, kind: SavedKind) -> None:
        """Small beside the reader, or on a line of its own where it failed."""
        failed = kind == "failed"
        self._saved.setText("" if failed else text)
        self._saved.setVisible(bool(self._saved.text()))
        self._failed.setText(text if failed else "")
        self._failed.setVisible(failed)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the name to the width."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        saved = self._saved.sizeHint().width() + GAP_PX if self._saved.text() else 0
        room = self.width() - 2 * MARGIN_PX - saved - 2
        self._reader.setText(self.fontMetrics().elidedText(self._name, Qt.TextElideMode.ElideMiddle, room))

    def show_lock(self, reason: str) -> None:
        """Why nothing can be changed; "" for no lock."""
        self._lock.setText(reason)
        self._lock.setVisible(bool(reason))


class FinaliseBox(QWidget):
    """What has not been looked at, as a link to its first frame, and the button that says the reader is done."""

    finalise_requested = Signal()
    frame_requested = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._first = 0
        self._unseen = QuietButton("", kind="link")
        self._unseen.clicked.connect(lambda: self.frame_requested.emit(self._first))
        self._state = QLabel()
        self._state.setWordWrap(True)
        self.button = QuietButton("Finalise", "You are done with this video; its row goes into the sheets (Ctrl+Enter)")
        self.button.clicked.connect(lambda: self.finalise_requested.emit())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, MARGIN_PX)
        layout.setSpacing(6)
        layout.addWidget(self._state)
        layout.addWidget(self._unseen)
        layout.addWidget(self.button)

    def show_annotation(self, annotation: VideoAnnotation) -> None:
        """Whether it is finalised, and what is unseen."""
        unseen = annotation.unlooked_anywhere()
        self._first = unseen.spans[0].start if unseen else 0
        done = annotation.finalised
        self._state.setText("Finalised" if done else "Every frame has been looked at" if not unseen else "")
        self._state.setObjectName("" if done else "muted")
        self._state.setVisible(done or not unseen)
        self._unseen.setText(unseen_words(unseen))
        self._unseen.setVisible(bool(unseen))
        self._unseen.setToolTip(f"Frames {frames_words(unseen)}. Press to see the first of them.")
        self.button.setText("Reopen" if done else "Finalise")
        self.button.setDefault(not done)


def unseen_words(unseen: SpanSet) -> str:
    """How many frames nobody has looked at, and where.

    >>> from luv_viewer.domain.span import Span
    >>> unseen_words(SpanSet.of(Span(39, 51)))
    '12 frames not looked at: 40–51'
    >>> unseen_words(SpanSet.of(Span(0, 1), Span(3, 5), Span(8, 9), Span(20, 30)))
    '14 frames not looked at: 1, 4–5, 9 …'
    """
    named = frames_words(SpanSet(unseen.spans[:_RUNS_NAMED]))
    more = " …" if len(unseen.spans) > _RUNS_NAMED else ""
    return f"{len(unseen)} frame{'s' if len(unseen) != 1 else ''} not looked at: {named}{more}"


class LabelPanel(QWidget):
    """Shows one reader's annotation of the open video and says what the reader changes. Its middle part scrolls.

    field_changed(field, value): zone, quality, exclusion, note as str, sliding as bool or None, lus_score as LusScore
    or None. finalise_requested: finalise, or reopen what is finalised. frame_requested: from 0. suggestion_decided
    (index, "accept", "edit" or "reject"): index as handed in; all_suggestions_accepted: every pending one.
    Call `commit_typing` before another video is opened and before the window closes.
    """

    field_changed = Signal(str, object)
    finalise_requested = Signal()
    frame_requested = Signal(int)
    reader_requested = Signal()
    pattern_chosen = Signal(object)
    suggestion_decided = Signal(int, str)
    all_suggestions_accepted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Labels")
        self.setMinimumWidth(LEAST_PX)
        self._lock = ""
        self._annotation: VideoAnnotation | None = None
        self.header = LabelHeader()
        self.fields = VideoFields()
        self.counts = TrackCounts()
        self.suggestions = SuggestionList()
        self.finalising = FinaliseBox()
        self._empty = QLabel("No video is open. Open one to label it.")
        self._empty.setObjectName("muted")
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, GAP_PX)
        self._build_layout()
        self._connect()
        self.set_theme(DARK)
        self.show_annotation(None, "")

    def sizeHint(self) -> QSize:
        """280 px wide; the height is the window's to give."""
        return QSize(PANEL_PX, 720)

    def minimumSizeHint(self) -> QSize:
        """Header, some of the middle, and the button."""
        return QSize(LEAST_PX, 200)

    def set_theme(self, theme: Theme) -> None:
        """Change all colours."""
        self.counts.theme = theme
        self.counts.update()
        self.suggestions.set_theme(theme)
        self.setStyleSheet(
            quiet_style(theme)
            + f"LabelPanel, QWidget#middle {{ background: {theme.panel}; }} QFrame#rule {{ background: {theme.line}; }}"
        )

    def show_annotation(self, annotation: VideoAnnotation | None, zone_hint: str, video: str = "") -> None:
        """Show a reader's statements; None: no video is open.

        zone_hint: the zone that the file names, or "". video: tells one video from another, so that text which is being
        typed stays as long as the video does and never goes to another one.
        """
        self._annotation = annotation
        if annotation is not None:
            self.fields.show_annotation(annotation, zone_hint, video)
            self.counts.show_annotation(annotation)
            self.finalising.show_annotation(annotation)
        self._empty.setVisible(annotation is None)
        self._scroll.setVisible(annotation is not None)
        self.finalising.setVisible(annotation is not None)
        self._show_lock()

    def show_reader(self, text: str) -> None:
        """The reader's name and role, "kim, annotator"; "" where nobody has been chosen."""
        self.header.show_reader(text)

    def show_saved(self, text: str, kind: SavedKind) -> None:
        """ "saved 14:02:11", "saving …", or what went wrong in one sentence (kind "failed")."""
        self.header.show_saved(text, kind)

    def set_locked(self, reason: str) -> None:
        """Nothing can be changed, because; "" to unlock. A finalised video locks its fields by itself."""
        self._lock = reason
        self._show_lock()

    def show_suggestions(self, items: tuple[SuggestionItem, ...]) -> None:
        """The AI's suggestions in this video, see `suggestion_items`."""
        self.suggestions.show_items(items)

    def hide_suggestions(self, reason: str) -> None:
        """Show no suggestion, on purpose: for a blinded reader, or where there is no result."""
        self.suggestions.hide_items(reason)

    def commit_typing(self) -> None:
        """Say what is being typed, now."""
        self.fields.commit_typing()

    def _show_lock(self) -> None:
        finalised = self._annotation is not None and self._annotation.finalised
        self.header.show_lock(self._lock)
        self.fields.setEnabled(not self._lock and not finalised)
        self.suggestions.setEnabled(not self._lock and not finalised)
        self.finalising.button.setEnabled(not self._lock)
        if finalised:
            self.fields.setToolTip("Finalised: reopen the video to change anything")
        else:
            self.fields.setToolTip("")

    def _build_layout(self) -> None:
        middle = QWidget()
        middle.setObjectName("middle")
        column = QVBoxLayout(middle)
        column.setContentsMargins(MARGIN_PX, GAP_PX, MARGIN_PX, MARGIN_PX)
        column.setSpacing(MARGIN_PX)
        for part in (self.counts, self.suggestions, self.fields):
            column.addWidget(part)
        column.addStretch(1)
        self._scroll = panel_scroll(middle, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(rule())
        layout.addWidget(self._empty)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(rule())
        layout.addWidget(self.finalising)
        layout.addStretch(0)

    def _connect(self) -> None:
        self.header.reader_requested.connect(self.reader_requested)
        self.fields.field_changed.connect(self.field_changed)
        self.counts.pattern_chosen.connect(self.pattern_chosen)
        self.suggestions.suggestion_decided.connect(self.suggestion_decided)
        self.suggestions.all_accepted.connect(self.all_suggestions_accepted)
        self.suggestions.frame_requested.connect(self.frame_requested)
        self.finalising.finalise_requested.connect(self.finalise_requested)
        self.finalising.frame_requested.connect(self.frame_requested)
