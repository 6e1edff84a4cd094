"""Under the live picture: freeze, record, what comes in, how far behind the numbers are."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from luv_viewer.domain.live import RecordingPhase, RecordingStatus
from luv_viewer.domain.live_timing import LiveFigures
from luv_viewer.widgets.bar_parts import bar_button, value_label
from luv_viewer.widgets.colors import DARK, Theme
from luv_viewer.widgets.icons import icon
from luv_viewer.widgets.playback_bar import clock_text

_NAME_PX = 260


class LiveBar(QFrame):
    """Buttons trigger the window's actions, so that keys and buttons agree."""

    opening_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._theme: Theme = DARK
        self._is_frozen = False
        self._status = RecordingStatus(RecordingPhase.FINISHED, "")
        self.freeze = bar_button("Freeze")
        self.record = bar_button("Record")
        self.recording = QLabel()
        self.open_recording = QPushButton("Open it")
        self.open_recording.setObjectName("open_recording")
        self.open_recording.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.open_recording.setToolTip("End live mode and open the recording")
        self.open_recording.clicked.connect(lambda: self.opening_requested.emit(self._status.path))
        self.rates = value_label("", "Frames that come each second, and how many of them LUV-Net assesses")
        self.dropped = value_label(
            "dropped 0000", "Frames LUV-Net should have seen but that had to go, because newer ones had come"
        )
        self.latency = value_label(
            "1000 ms behind (95 % within 1000 ms)",
            "From a frame's arrival in this program to its numbers on the screen: the median of all so far.\n"
            "What the scanner and the capture device take before that is not in it.",
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 12, 4)
        row.setSpacing(8)
        for widget in (self.freeze, self.record, self.recording, self.open_recording):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.rates, self.dropped, self.latency):
            row.addWidget(widget)
        self.set_frozen(False)
        self.set_recording(self._status, can_record=False)
        self.set_figures(LiveFigures())

    def bind(self, actions: dict[str, QAction]) -> None:
        """Let each button trigger its action, and say its key."""
        for button, name, what in (
            (self.freeze, "play", "Hold the picture and its numbers; capture and recording go on"),
            (self.record, "record", "Keep what comes in a file, without loss"),
        ):
            button.clicked.connect(actions[name].trigger)
            keys = " or ".join(key.toString() for key in actions[name].shortcuts())
            button.setToolTip(f"{what}  [{keys}]" if keys else what)

    def set_theme(self, theme: Theme) -> None:
        """Redraw the icons."""
        self._theme = theme
        self.set_frozen(self._is_frozen)
        self._show_record()

    def set_frozen(self, frozen: bool) -> None:
        """Whether the screen is held."""
        self._is_frozen = frozen
        self.freeze.setIcon(icon("play" if frozen else "pause", self._theme))
        self.freeze.setText("Go on" if frozen else "Freeze")
        self.freeze.setAccessibleName(self.freeze.text())

    def set_recording(self, status: RecordingStatus, *, can_record: bool) -> None:
        """What becomes of the recording; can_record: whether frames come."""
        self._status = status
        self.record.setEnabled(can_record or status.phase is RecordingPhase.RUNNING)
        self._show_record()

    def set_figures(self, figures: LiveFigures) -> None:
        """Rates, dropped frames and latency."""
        self.rates.setText(f"{figures.fps_in:.1f} frames/s in, {figures.fps_assessed:.1f} assessed")
        self.dropped.setText(f"dropped {figures.dropped}")
        self.latency.setText(figures.latency_words)

    def _show_record(self) -> None:
        status, theme = self._status, self._theme
        runs = status.phase is RecordingPhase.RUNNING
        self.record.setIcon(icon("stop" if runs else "record", theme))
        self.record.setText("Stop recording" if runs else "Record")
        self.record.setAccessibleName(self.record.text())
        color = theme.top_frame if runs or status.phase is RecordingPhase.FAILED else theme.muted
        self.recording.setStyleSheet(f"color: {color};")
        words = recording_words(status)
        self.recording.setText(QFontMetrics(self.font()).elidedText(words, Qt.TextElideMode.ElideMiddle, _NAME_PX * 2))
        self.recording.setToolTip(f"{status.path}\n{status.sentence}".strip())
        self.recording.setAccessibleName(words)
        is_there = status.phase is not RecordingPhase.RUNNING and status.n_frames > 0
        self.open_recording.setVisible(is_there)


def recording_words(status: RecordingStatus) -> str:
    """What is said of a recording beside its button.

    >>> recording_words(RecordingStatus(RecordingPhase.RUNNING, "/x/live_1.mkv", 12.34, 300, 2))
    '● 00:12.34  live_1.mkv  2 frames not recorded'
    """
    name = status.path.replace("\\", "/").rpartition("/")[2]
    lost = f"  {status.n_lost} frame{'s' * (status.n_lost != 1)} not recorded" if status.n_lost else ""
    if status.phase is RecordingPhase.RUNNING:
        return f"● {clock_text(status.seconds)}  {name}{lost}".rstrip()
    if status.phase is RecordingPhase.FAILED:
        return "Recording stopped, see above"
    return f"Recorded {status.n_frames} frames, {clock_text(status.seconds)}: {name}{lost}" if status.n_frames else ""
